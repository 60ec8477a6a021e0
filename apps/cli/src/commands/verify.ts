import type { Command } from "commander";
import type { Contact, SafetyWords, VerifiedHow } from "@photon/engine";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, oneOf, type Run } from "../command.ts";
import { contactJson, contactNamed, typedName, verifiedJson, verifiedWords } from "../contact-view.ts";
import { type Attempt, cliError } from "../failure.ts";
import { named, shown } from "../output/shown.ts";
import { type Pass, withProfile } from "../pass.ts";

/** How somebody can be verified. */
export const ways = ["in-person", "words-compared", "known-channel", "introduced"] as const satisfies readonly VerifiedHow[];

export function verifyCommand(contacts: Command, run: Run): void {
  declare(contacts, {
    name: "verify",
    summary: "compare safety words with someone",
    description:
      "Shows the safety words of one relationship. Both of you see the same words in the same order; if they differ, someone stands between you. With --how it records how you made sure; after a change that this does not cover it falls back to “not verified”.",
    examples: [
      ["photon contacts verify Ben", "show the words, and on a terminal ask how you compared them"],
      ["photon contacts verify Ben --how words-compared", "record that you read them to each other"],
    ],
  })
    .argument("<contact>", "a name or an id")
    .addOption(oneOf("--how <way>", "record how you made sure", ways))
    .action(async (contact: string, options: { readonly how?: VerifiedHow }) => run((cli) => verify(cli, contact, options.how)));
}

async function verify(cli: Cli, who: string, how: VerifiedHow | undefined): Attempt<Answer> {
  return withProfile(cli, async (pass) => {
    if (how !== undefined) return record(cli, pass, who, how);
    const words = await pass.engine.safetyWords(who);
    if (!words.ok) return words;
    const contacts = await pass.engine.contacts();
    if (!contacts.ok) return contacts;
    const contact = contactNamed(contacts.value, who);
    if (cli.ask === undefined || cli.globals.json || cli.globals.dryRun) return ok(wordsAnswer(who, words.value, contact));
    cli.line({}, wordsText(words.value));
    const choice = await cli.ask.choose(`Do they match what ${shown(who, { limit: 64 })} sees?`, [
      { value: "in-person", label: "Yes, we met", hint: "and compared our screens" },
      { value: "words-compared", label: "Yes, we read them to each other", hint: "over a call" },
      { value: "later", label: "I will compare them later", hint: "" },
      { value: "differ", label: "No, they differ", hint: "" },
    ]);
    if (choice === "in-person" || choice === "words-compared") return record(cli, pass, who, choice);
    return choice === undefined ? err(cliError("interrupted")) : ok(notRecorded(who, choice));
  });
}

function notRecorded(who: string, choice: string): Answer {
  return choice === "differ"
    ? answer({
        json: undefined,
        words: `Then you are not talking to ${named(who)} alone: somebody else may have taken the invitation. Write nothing that you would not tell a stranger.`,
        next: "reach the person over another channel, close this contact, and meet again with a new invitation.",
        exit: 22,
      })
    : answer({ json: undefined, words: "Nothing was recorded.", next: `\`photon contacts verify\` shows the words again.` });
}

async function record(cli: Cli, { engine, flush }: Pass, who: string, how: VerifiedHow): Attempt<Answer> {
  if (cli.globals.dryRun) return cli.would(`record that you verified ${named(who)} (${verifiedWords[how]})`);
  const contact = await engine.verify(who, how);
  if (!contact.ok) return contact;
  const flushed = await flush();
  if (!flushed.ok) return flushed;
  return ok(
    answer({
      json: contactJson(contact.value),
      words: `${named(contact.value.petname)} counts as verified (${verifiedWords[how]}), on all your devices.`,
      next: `\`photon send ${typedName(contact.value)} TEXT\` writes to them; a change that this does not cover will be shown.`,
    }),
  );
}

function wordsAnswer(who: string, words: SafetyWords, contact: Contact | undefined): Answer {
  return answer({
    json: {
      petname: contact?.petname ?? who,
      words: words.words,
      digits: words.digits,
      pictures: words.pictures,
      verified: contact === undefined ? null : verifiedJson(contact),
    },
    data: wordsText(words),
    words: `Compare these with what ${named(who)} sees, when you meet or speak. If they differ, someone stands between you.`,
    next: `\`photon contacts verify ${contact === undefined ? "NAME" : typedName(contact)} --how words-compared\` records that you did; in-person, known-channel and introduced are the other ways.`,
  });
}

function wordsText({ words, digits, pictures }: SafetyWords): string {
  const rows = Array.from({ length: Math.ceil(words.length / 5) }, (_, row) => words.slice(row * 5, row * 5 + 5).join(" "));
  return [...rows, digits, pictures.join(", ")].map((line) => shown(line)).join("\n");
}
