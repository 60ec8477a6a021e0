import type { Command } from "commander";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { contactJson, typedName } from "../contact-view.ts";
import { type Attempt, cliError, needsNetwork } from "../failure.ts";
import { named } from "../output/shown.ts";
import { withProfile } from "../pass.ts";
import { serverOrigin } from "../relay-address.ts";
import { machineName } from "./init.ts";

interface Options {
  readonly petname?: string;
  readonly relay?: string;
  readonly device?: string;
}

export function acceptCommand(program: Command, run: Run): void {
  const command = declare(program, {
    name: "accept",
    summary: "accept someone's invitation",
    description:
      "Takes the link, or the relay's name and the twelve words, that someone gave you. Without a profile it makes one first, with the inviter's relay. What you write waits until the other person has confirmed that it is you.",
    examples: [
      [
        "photon accept 'https://relay.example/i#…' --petname Ana",
        "accept the link that Ana sent; quote it, as the shell gives # a meaning",
      ],
      ["photon accept relay.example word1 word2 … word12 --petname Ana", "accept the words that Ana read to you"],
    ],
  });
  command
    .argument("<invitation...>", "the link, or the relay's name and the twelve words")
    .option("--petname <name>", "your private name for the person who invited you")
    .option("--relay <url>", "your own relay, if there is no profile here yet (default: the inviter's)")
    .option("--device <name>", "what to call this device, if there is no profile here yet")
    .action(async (invitation: readonly string[], options: Options) => run((cli) => accept(cli, invitation.join(" "), options)));
}

async function accept(cli: Cli, invitation: string, options: Options): Attempt<Answer> {
  const petname = await cli.need(options.petname, "Who invited you? Choose a name for them; only you see it", "--petname");
  if (!petname.ok) return petname;
  if (cli.globals.offline) return err(needsNetwork("an invitation lies at a relay, which --offline does not ask"));
  if (cli.globals.dryRun) return cli.would(`accept the invitation of ${named(petname.value)}`);
  const fresh = !cli.world.home.present();
  if (fresh) {
    const made = await makeProfile(cli, invitation, options);
    if (!made.ok) return made;
  }
  return withProfile(cli, async ({ engine, flush }) => {
    const contact = await engine.accept(invitation, { petname: petname.value });
    if (!contact.ok) return contact;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    return ok(
      answer({
        json: contactJson(contact.value),
        words: `${fresh ? "You have a profile now, with the inviter's relay. " : ""}You accepted the invitation of ${named(petname.value)}. Until they confirm that it is you, what you write is held.`,
        next: `\`photon contacts\` shows when they have; \`photon contacts verify ${typedName(contact.value)}\` shows the words to compare when you speak.`,
      }),
    );
  });
}

async function makeProfile(cli: Cli, invitation: string, options: Options): Attempt<void> {
  const invited = await cli.world.home.invitationRelay(invitation);
  if (!invited.ok) return invited;
  const typed = options.relay ?? invited.value;
  if (typed === undefined) {
    return err(
      cliError(
        "usage",
        "the words alone do not say which relay holds the invitation",
        "Put the relay's name before the twelve words, or give --relay.",
      ),
    );
  }
  const relay = serverOrigin(typed, "relay");
  if (!relay.ok) return relay;
  const device = options.device ?? machineName(cli.world.hostname);
  const created = await cli.world.home.create({ device, relay: relay.value, vault: relay.value });
  if (!created.ok) return created;
  await created.value.close();
  return ok(undefined);
}
