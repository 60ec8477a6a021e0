import type { Command } from "commander";
import type { Contact, HistoryEntry } from "@photon/engine";
import { ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, noSuchCommand, type Run } from "../command.ts";
import {
  changeJson,
  contactJson,
  contactNamed,
  gradeWords,
  howVerified,
  idText,
  isChangingHands,
  isDoubtful,
  standing,
  successionWords,
  typedName,
} from "../contact-view.ts";
import type { Attempt } from "../failure.ts";
import { named, shown } from "../output/shown.ts";
import { table } from "../output/table.ts";
import { localTime, plural } from "../output/time.ts";
import { withProfile } from "../pass.ts";
import { noticesNext, noticesWords } from "../recovery-view.ts";
import { successionCommands } from "./succession.ts";
import { verifyCommand } from "./verify.ts";

export function contactsCommands(program: Command, run: Run): void {
  const contacts = declare(program, {
    name: "contacts",
    summary: "the people you know",
    description:
      "Lists the people you know, confirms who accepted an invitation, and keeps your private names and notes of trust. Alone it lists them.",
    examples: [["photon contacts", "everyone, and what is new about them"]],
  });
  declare(contacts, {
    name: "list",
    isDefault: true,
    summary: "everyone you know",
    description:
      "Lists everyone you know, how you verified them, where their keys are kept, and what changed since you last looked.",
    examples: [
      [
        "photon contacts --json",
        "for a script: {contacts: [{id, petname, state, verified, custody, changes, note?, succession?}]}",
      ],
    ],
  })
    .argument("[unknown...]")
    .action(async (extra: readonly string[]) => run((cli) => list(cli, extra)));
  successionCommands(contacts, run);
  declare(contacts, {
    name: "rename",
    summary: "change your name for someone",
    description: "Changes the private name that you gave someone. They do not see it.",
    examples: [["photon contacts rename Ben 'Ben from work'", "tell two Bens apart"]],
  })
    .argument("<contact>", "the name now, or the id")
    .argument("<petname>", "the new name")
    .action(async (contact: string, petname: string) => run((cli) => rename(cli, contact, petname)));
  verifyCommand(contacts, run);
  declare(contacts, {
    name: "history",
    summary: "what changed on someone's side, and on yours",
    description:
      "Shows every change of devices, of custody and of keys on both sides of one relationship, with the proof that came with it. Looking at it marks the changes as seen.",
    examples: [["photon contacts history Ben", "what Ben's devices did, and when you learnt of it"]],
  })
    .argument("<contact>", "a name or an id")
    .action(async (contact: string) => run((cli) => history(cli, contact)));
  declare(contacts, {
    name: "close",
    summary: "say goodbye to someone",
    description:
      "Ends one relationship. The other person sees that you said goodbye, and neither of you can write any more. The conversation stays readable here. This cannot be undone; to go on you would meet again.",
    examples: [["photon contacts close Ben", "asks you to type the name once more"]],
  })
    .argument("<contact>", "a name or an id")
    .action(async (contact: string) => run((cli) => close(cli, contact)));
}

async function list(cli: Cli, extra: readonly string[]): Attempt<Answer> {
  const meant = noSuchCommand("contacts", extra);
  if (!meant.ok) return meant;
  return withProfile(cli, async ({ engine }) => {
    const contacts = await engine.contacts();
    if (!contacts.ok) return contacts;
    const notices = await engine.recoveryNotices();
    if (!notices.ok) return notices;
    const now = cli.world.now();
    return ok(
      answer({
        json: { contacts: contacts.value.map(contactJson) },
        data: contacts.value.length === 0 ? "" : contactTable(cli, contacts.value),
        words: [
          noticesWords(notices.value),
          contacts.value.length === 0 ? "You know nobody yet." : "",
          ...contacts.value.flatMap((contact) => noteworthy(contact, now)),
        ]
          .filter((line) => line !== "")
          .join("\n"),
        next: noticesNext(notices.value) ?? nextFor(contacts.value),
      }),
    );
  });
}

function contactTable(cli: Cli, contacts: readonly Contact[]): string {
  const rows = contacts.map((contact) => [
    idText(contact),
    contact.petname === "" ? "(no name yet)" : shown(contact.petname, { limit: 40 }),
    standing(contact),
    howVerified(contact),
    shown(contact.custody, { limit: 60 }),
  ]);
  return table(["id", "name", "state", "verified", "keys are kept by"], rows, cli.style);
}

function noteworthy(contact: Contact, now: number): string[] {
  const who = contact.petname === "" ? idText(contact) : named(contact.petname);
  const unseen = contact.changes.filter(({ side }) => side === "peer").length;
  const succession = successionWords(contact, now);
  return [
    ...(succession === "" ? [] : [succession]),
    // The note of a side that changes hands says the same in fewer words.
    ...(contact.note === undefined || isChangingHands(contact) ? [] : [`${who}: ${shown(contact.note)}`]),
    ...(unseen === 0 ? [] : [`${who}: ${plural(unseen, "change")} that you have not looked at.`]),
  ];
}

function nextFor(contacts: readonly Contact[]): string {
  const claim = contacts.find(({ state }) => state === "confirm");
  if (claim !== undefined)
    return `\`photon contacts confirm ${idText(claim)}${claim.petname === "" ? " --petname NAME" : ""}\` if it is the person you meant.`;
  const recovered = contacts.find(isChangingHands);
  if (recovered !== undefined)
    return `reach ${recovered.petname === "" ? "them" : named(recovered.petname)} in another way, then \`photon contacts confirm ${typedName(recovered)}\`, or \`photon contacts refuse ${typedName(recovered)}\`.`;
  const changed = contacts.find(({ changes }) => changes.length > 0);
  if (changed !== undefined) return `\`photon contacts history ${typedName(changed)}\` shows what changed.`;
  return contacts.length === 0
    ? "`photon meet` invites someone."
    : "`photon read NAME` shows a conversation; `photon send NAME TEXT` goes on with it.";
}

async function rename(cli: Cli, who: string, petname: string): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    if (cli.globals.dryRun) return cli.would(`call ${named(who)} ${named(petname)}`);
    const contact = await engine.rename(who, petname);
    if (!contact.ok) return contact;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    return ok(
      answer({
        json: contactJson(contact.value),
        words: `Your name for them is ${named(contact.value.petname)} now, on all your devices. They do not see it.`,
        next: "`photon contacts` lists everyone.",
      }),
    );
  });
}

async function history(cli: Cli, who: string): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    const entries = await engine.history(who);
    if (!entries.ok) return entries;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    const contacts = await engine.contacts();
    if (!contacts.ok) return contacts;
    const contact = contactNamed(contacts.value, who);
    const verify = `\`photon contacts verify ${contact === undefined ? "NAME" : typedName(contact)}\``;
    return ok(
      answer({
        json: { petname: contact?.petname ?? who, history: entries.value.map(changeJson) },
        data: entries.value.map((entry) => historyLine(cli, entry)).join("\n"),
        words: entries.value.length === 0 ? `Nothing has changed between you and ${named(who)}.` : "",
        next: entries.value.some(isDoubtful)
          ? `speak with them over a channel that you already had, then ${verify}.`
          : `${verify} shows the words to compare when you next meet or speak.`,
      }),
    );
  });
}

function historyLine(cli: Cli, entry: HistoryEntry): string {
  const line = `${localTime(entry.at, cli.world.now())}  ${entry.side === "me" ? "you" : "they"}: ${shown(entry.words)}`;
  return entry.side === "me" || entry.kind === "found" ? line : `${line}; ${gradeWords[entry.grade]}`;
}

async function close(cli: Cli, who: string): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    if (cli.globals.dryRun) return cli.would(`say goodbye to ${named(who)} for good`);
    const sure = await cli.confirmByName(who, `This ends your relationship with ${named(who)} for good. They will see it.`, {
      unattended: false,
    });
    if (!sure.ok) return sure;
    const contact = await engine.closeContact(who);
    if (!contact.ok) return contact;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    return ok(
      answer({
        json: contactJson(contact.value),
        words: `You said goodbye to ${named(contact.value.petname)}. The conversation stays readable here.`,
        next: "`photon meet` would begin anew.",
      }),
    );
  });
}
