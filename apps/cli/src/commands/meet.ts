import type { Command } from "commander";
import type { Contact, Invitation } from "@photon/engine";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { contactJson, idText } from "../contact-view.ts";
import { type Attempt, cliError, needsNetwork } from "../failure.ts";
import { named, shown } from "../output/shown.ts";
import { instant, localTime } from "../output/time.ts";
import { type Pass, withProfile } from "../pass.ts";
import { showQr } from "../qr.ts";

interface Options {
  readonly petname?: string;
  readonly wait?: boolean;
}

/** Milliseconds between looks at the relay while waiting, if no hint comes first. */
const slowPoll = 15_000;

export function meetCommand(program: Command, run: Run): void {
  const command = declare(program, {
    name: "meet",
    summary: "invite someone",
    description:
      "Makes an invitation for one person: a link, a QR code and words that all mean the same. It works once, for seven days, whether or not you are online when it is used. When someone has accepted it, `photon contacts` asks you to confirm who that is.",
    examples: [
      ["photon meet --petname Ben", "an invitation for Ben; send him the link over a channel you already have"],
      ["photon meet --petname Ben --wait", "keep the QR code on the screen until he has accepted"],
      ["photon meet --json --no-input", "for a script: {link, words, expires}"],
    ],
  });
  command
    .option("--petname <name>", "your private name for the person you invite")
    .option("--wait", "stay until someone has accepted")
    .action(async (options: Options) => run((cli) => meet(cli, options)));
}

async function meet(cli: Cli, options: Options): Attempt<Answer> {
  if (cli.globals.offline) return err(needsNetwork("an invitation is laid down at the relay, which --offline does not ask"));
  return withProfile(cli, async (pass) => {
    if (cli.globals.dryRun)
      return cli.would(`make an invitation${options.petname === undefined ? "" : ` for ${named(options.petname)}`}`);
    const invitation = await pass.engine.meet(options.petname === undefined ? {} : { petname: options.petname });
    if (!invitation.ok) return invitation;
    const flushed = await pass.flush();
    if (!flushed.ok) return flushed;
    return options.wait === true ? waitForGuest(cli, pass, invitation.value) : invited(cli, invitation.value);
  });
}

const invitationJson = (invitation: Invitation): { link: string; words: string; expires: string; contact: string } => ({
  link: invitation.link,
  words: invitation.words,
  expires: instant(invitation.expires),
  contact: invitation.contact,
});

async function invited(cli: Cli, invitation: Invitation): Attempt<Answer> {
  await showQr(cli, invitation.link);
  return ok(
    answer({
      json: invitationJson(invitation),
      data: `${cli.style.bold(shown(invitation.link, { limit: 4_000 }))}\n${shown(invitation.words)}`,
      words: invitationWords(cli, invitation),
      next: "give the link, or the words, to that one person. Later, `photon contacts` shows who accepted and asks you to confirm.",
    }),
  );
}

const invitationWords = (cli: Cli, invitation: Invitation): string =>
  `It works once, until ${localTime(invitation.expires, cli.world.now())}. Whoever has it can answer in the person's place, so use a channel that reaches only them.`;

/** Prints the invitation at once, then waits; a stream of two lines. */
async function waitForGuest(cli: Cli, pass: Pass, invitation: Invitation): Attempt<Answer> {
  await showQr(cli, invitation.link);
  cli.line(invitationJson(invitation), `${cli.style.bold(shown(invitation.link, { limit: 4_000 }))}\n${shown(invitation.words)}`);
  cli.say(`${invitationWords(cli, invitation)}\nWaiting for someone to accept. Ctrl-C stops the waiting, not the invitation.`);
  const progress = cli.progress("Waiting");
  try {
    while (!cli.world.cancel.aborted) {
      const contacts = await pass.engine.contacts();
      if (!contacts.ok) return contacts;
      const guest = contacts.value.find((contact) => contact.id === invitation.contact && contact.state !== "waiting");
      if (guest !== undefined) return await accepted(cli, guest);
      await pass.engine.waitForHint(slowPoll, cli.world.cancel);
      const synced = await pass.flush();
      if (!synced.ok) return synced;
    }
    return err(cliError("interrupted", "the invitation stays good", "`photon contacts` shows later whether someone accepted."));
  } finally {
    progress.end();
  }
}

async function accepted(cli: Cli, guest: Contact): Attempt<Answer> {
  cli.line({ accepted: contactJson(guest) }, "");
  return ok(
    answer({
      json: undefined,
      words: `Someone accepted the invitation${guest.petname === "" ? "" : ` that you made for ${named(guest.petname)}`}. Nothing is sent to them until you confirm who it is.`,
      next: `\`photon contacts confirm ${idText(guest)}${guest.petname === "" ? " --petname NAME" : ""}\` if it is the person you meant.`,
    }),
  );
}
