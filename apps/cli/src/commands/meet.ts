import type { Command } from "commander";
import type { Contact, Invitation } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, type Run } from "../command.ts";
import { contactJson, idText } from "../contact-view.ts";
import { type Attempt, cliError, needsNetwork, nothingKept } from "../failure.ts";
import { givingWay, waysToGive } from "../giving-way.ts";
import { named, shown } from "../output/shown.ts";
import { instant, localTime } from "../output/time.ts";
import { withProfile } from "../pass.ts";
import { showQr } from "../qr.ts";
import { inBursts, type Looked } from "../waiting.ts";
import type { OpenProfile } from "../world.ts";

interface Options {
  readonly petname?: string;
  readonly wait?: boolean;
}

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
  let made: Invitation | undefined;
  const answered = await withProfile(cli, async ({ engine, flush }) => {
    if (cli.globals.dryRun)
      return cli.would(`make an invitation${options.petname === undefined ? "" : ` for ${named(options.petname)}`}`);
    const invitation = await engine.meet(options.petname === undefined ? {} : { petname: options.petname });
    if (!invitation.ok)
      return err(nothingKept(invitation.error, "No invitation was made. Check the network, then run `photon meet` again."));
    made = invitation.value;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    await showQr(cli, invitation.value.link);
    return ok(invited(cli, invitation.value));
  });
  return answered.ok && made !== undefined && options.wait === true ? waitForGuest(cli, made) : answered;
}

const invitationJson = (invitation: Invitation): { link: string; words: string; expires: string; contact: string } => ({
  link: invitation.link,
  words: invitation.words,
  expires: instant(invitation.expires),
  contact: invitation.contact,
});

const invitationText = (cli: Cli, { link, words }: Invitation): string =>
  `${cli.style.bold(shown(link, { limit: 4_000 }))}\n${shown(words)}`;

const invited = (cli: Cli, invitation: Invitation): Answer =>
  answer({
    json: invitationJson(invitation),
    data: invitationText(cli, invitation),
    words: invitationWords(cli, invitation),
    next: "give the link, or the words, to that one person. Later, `photon contacts` shows who accepted and asks you to confirm.",
  });

const invitationWords = (cli: Cli, invitation: Invitation): string =>
  `It works once, until ${localTime(invitation.expires, cli.world.now())}. Whoever has it can answer in the person's place, so use a channel that reaches only them.`;

/** Prints the invitation at once, then waits, without the lock; a stream of two lines. */
async function waitForGuest(cli: Cli, invitation: Invitation): Attempt<Answer> {
  cli.line(invitationJson(invitation), invitationText(cli, invitation));
  cli.say(`${invitationWords(cli, invitation)}\nWaiting for someone to accept. Ctrl-C stops the waiting, not the invitation.`);
  const progress = cli.progress("Waiting");
  const look = async (profile: OpenProfile): Attempt<Looked<Contact>> => {
    const { engine } = profile;
    const { result: report, gaveWay } = await givingWay(cli, profile, waysToGive.watch, (signal) => engine.sync({ signal }));
    if (!report.ok) return report;
    const retired = report.value.problems.find(({ code }) => code === "device-retired");
    if (retired !== undefined) return err(retired);
    const contacts = await engine.contacts();
    if (!contacts.ok) return contacts;
    const guest = contacts.value.find(({ id, state }) => id === invitation.contact && state !== "waiting");
    if (guest !== undefined) return ok({ kind: "done", value: guest });
    return ok({ kind: "again", gaveWay, away: report.value.problems.length > 0, news: report.value.received > 0 });
  };
  const waited = await inBursts(cli, look, invitation.expires);
  progress.end();
  if (waited.ok)
    return waited.value === undefined
      ? err({ ...photonError("invitation-expired"), remedy: "`photon meet` makes a new one." })
      : ok(accepted(cli, waited.value));
  return waited.error.code === "interrupted"
    ? err(cliError("interrupted", "the invitation stays good", "`photon contacts` shows later whether someone accepted."))
    : waited;
}

function accepted(cli: Cli, guest: Contact): Answer {
  cli.line({ accepted: contactJson(guest) }, "");
  return answer({
    json: undefined,
    words: `Someone accepted the invitation${guest.petname === "" ? "" : ` that you made for ${named(guest.petname)}`}. Nothing is sent to them until you confirm who it is.`,
    next: `\`photon contacts confirm ${idText(guest)}${guest.petname === "" ? " --petname NAME" : ""}\` if it is the person you meant.`,
  });
}
