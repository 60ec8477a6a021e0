import type { Command } from "commander";
import type { Contact, Engine } from "@photon/engine";
import { err, ok, type Result } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { contactJson, typedName } from "../contact-view.ts";
import { type Attempt, cliError, type Failure, needsNetwork, nothingKept } from "../failure.ts";
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
  // Whether there is a profile is known when it is opened: a command that made none in the end may have left its files.
  const here = cli.world.home.present() ? await acceptHere(cli, invitation, petname.value) : undefined;
  if (here !== undefined && (here.ok || here.error.code !== "no-profile")) return told(here);
  const made = await makeProfile(cli, invitation, petname.value, options);
  return made.ok ? withProfile(cli, async ({ engine }) => newcomer(engine)) : told(made);
}

const told = <T>(outcome: Result<T, Failure>): Result<T, Failure> =>
  outcome.ok
    ? outcome
    : err(nothingKept(outcome.error, "Nothing was accepted. Check the relay's name and the network, then accept it again."));

const acceptHere = (cli: Cli, invitation: string, petname: string): Attempt<Answer> =>
  withProfile(cli, async ({ engine, flush }) => {
    const contact = await engine.accept(invitation, { petname });
    if (!contact.ok) return contact;
    const flushed = await flush();
    return flushed.ok ? ok(accepted(contact.value, "")) : flushed;
  });

const accepted = (contact: Contact, before: string): Answer =>
  answer({
    json: contactJson(contact),
    words: `${before}You accepted the invitation of ${named(contact.petname)}. Until they confirm that it is you, what you write is held.`,
    next: `\`photon contacts\` shows when they have; \`photon contacts verify ${typedName(contact)}\` shows the words to compare when you speak.`,
  });

/** The invitation by which the profile began is the first thing in it. */
async function newcomer(engine: Engine): Attempt<Answer> {
  const contacts = await engine.contacts();
  if (!contacts.ok) return contacts;
  const [inviter] = contacts.value;
  if (inviter === undefined) throw new Error("a profile that began with an invitation, and knows nobody");
  return ok(accepted(inviter, "You have a profile now, with the inviter's relay. "));
}

async function makeProfile(cli: Cli, invitation: string, petname: string, options: Options): Attempt<void> {
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
  const accepting = { invitation, petname };
  const created = await cli.world.home.create({ device, relay: relay.value, vault: relay.value, accepting });
  if (!created.ok) return created;
  await created.value.close();
  return ok(undefined);
}
