/** The person's word on who somebody is: who accepted an invitation, and whether a recovered side is really theirs. */
import type { Command } from "commander";
import type { Contact, VerifiedHow } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok, type Result } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, oneOf, type Run } from "../command.ts";
import { contactJson, contactNamed, isChangingHands, successionWords, typedName, verifiedWords } from "../contact-view.ts";
import { type Attempt, cliError, type Failure } from "../failure.ts";
import { named } from "../output/shown.ts";
import { type Pass, withProfile } from "../pass.ts";
import { ways } from "./verify.ts";

interface Options {
  readonly petname?: string;
  readonly how?: VerifiedHow;
}

export function successionCommands(contacts: Command, run: Run): void {
  declare(contacts, {
    name: "confirm",
    summary: "say who somebody is",
    description:
      "Confirms that the one who accepted your invitation is the person you meant; until then nothing is sent to them. Where somebody was recovered by their trustees, it confirms that the new device is really theirs: reach them in another way first. Then what you write goes to it, and the devices from before no longer count.",
    examples: [
      ["photon contacts confirm 019c18ba5c --petname Ben", "it is Ben who accepted: begin"],
      ["photon contacts confirm Ana --how known-channel", "Ana was recovered, and you have spoken with her"],
    ],
  })
    .argument("<contact>", "a name, or the id that `photon contacts` shows")
    .option("--petname <name>", "your private name for the person who accepted")
    .addOption(oneOf("--how <way>", "how you made sure", ways))
    .action(async (contact: string, options: Options) => run((cli) => confirm(cli, contact, options)));
  declare(contacts, {
    name: "refuse",
    summary: "do not take a recovered side for the person",
    description:
      "Where somebody was recovered by their trustees: says that the new device is not theirs. You stay with the devices from before, and nothing goes to the new one. This cannot be undone.",
    examples: [["photon contacts refuse Ana", "Ana told you that it was not her; asks you to type the name once more"]],
  })
    .argument("<contact>", "a name or an id")
    .action(async (contact: string) => run((cli) => refuse(cli, contact)));
}

async function confirm(cli: Cli, who: string, options: Options): Attempt<Answer> {
  return withProfile(cli, async (pass) => {
    const contacts = await pass.engine.contacts();
    if (!contacts.ok) return contacts;
    const contact = contactNamed(contacts.value, who);
    return contact !== undefined && isChangingHands(contact)
      ? acceptSuccession(cli, pass, who, contact, options.how)
      : acceptClaim(cli, pass, who, contact, options);
  });
}

async function acceptClaim(
  cli: Cli,
  { engine, flush }: Pass,
  id: string,
  known: Contact | undefined,
  options: Options,
): Attempt<Answer> {
  const name = known === undefined || known.petname === "" ? undefined : known.petname;
  const petname = await cli.need(options.petname ?? name, "Who is it? Choose a name for them; only you see it", "--petname");
  if (!petname.ok) return petname;
  if (cli.globals.dryRun) return cli.would(`confirm ${named(id)} as ${named(petname.value)}`);
  const confirmed = await engine.confirm(id, { petname: petname.value });
  if (!confirmed.ok) return confirmed;
  const contact = options.how === undefined ? confirmed : await engine.verify(confirmed.value.id, options.how);
  if (!contact.ok) return contact;
  const flushed = await flush();
  if (!flushed.ok) return flushed;
  return ok(
    answer({
      json: contactJson(contact.value),
      words: `${named(contact.value.petname)} is confirmed, and you can write to each other. ${options.how === undefined ? "You have not compared words yet, so this rests on the invitation having reached the right person." : `They count as verified (${verifiedWords[options.how]}).`}`,
      next: `\`photon contacts verify ${typedName(contact.value)}\` shows the words to compare when you next meet or speak.`,
    }),
  );
}

async function acceptSuccession(
  cli: Cli,
  { engine, flush }: Pass,
  who: string,
  contact: Contact,
  given: VerifiedHow | undefined,
): Attempt<Answer> {
  const said = named(contact.petname);
  if (cli.globals.dryRun) return cli.would(`confirm that the recovered side is really ${said}`);
  const how = given === undefined ? await askHow(cli, contact) : ok(given);
  if (!how.ok) return how;
  const accepted = await engine.decideSuccession(who, "accept", how.value);
  if (!accepted.ok) return accepted;
  const flushed = await flush();
  if (!flushed.ok) return flushed;
  return ok(
    answer({
      json: contactJson(accepted.value),
      words: `${said} is confirmed on the new device: what waited goes there now, and the devices from before no longer count.${how.value === undefined ? "" : ` They count as verified (${verifiedWords[how.value]}).`}`,
      next:
        how.value === undefined
          ? `\`photon contacts verify ${typedName(accepted.value)}\` shows the words to compare when you next meet or speak.`
          : `\`photon send ${typedName(accepted.value)} TEXT\` writes to them.`,
    }),
  );
}

/** On a terminal nobody is confirmed without a word on how; elsewhere naming them is enough. */
async function askHow(cli: Cli, contact: Contact): Promise<Result<VerifiedHow | undefined, Failure>> {
  if (cli.ask === undefined || cli.globals.json || cli.globals.yes) return ok(undefined);
  cli.say(successionWords(contact, cli.world.now()));
  const choice = await cli.ask.choose(`How did you make sure that it is ${named(contact.petname)}?`, [
    { value: "no", label: "I have not, yet", hint: "nothing is changed" },
    { value: "in-person", label: "We met", hint: "" },
    { value: "known-channel", label: "I reached them on a channel that I already had", hint: "" },
    { value: "words-compared", label: "We compared words", hint: "" },
    { value: "introduced", label: "Somebody I trust vouches for it", hint: "" },
  ]);
  if (choice === undefined) return err(cliError("interrupted"));
  const how = ways.find((way) => way === choice);
  return how === undefined
    ? err(cliError("not-confirmed", "the side stays unconfirmed", "Reach them in another way first; then run this again."))
    : ok(how);
}

async function refuse(cli: Cli, who: string): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    const contacts = await engine.contacts();
    if (!contacts.ok) return contacts;
    const contact = contactNamed(contacts.value, who);
    if (contact === undefined) return err(photonError("unknown-contact", who));
    if (!isChangingHands(contact)) return err(photonError("nothing-to-decide", who));
    const said = named(contact.petname);
    if (cli.globals.dryRun) return cli.would(`refuse for good that the recovered side is ${said}`);
    const sure = await cli.confirmByName(
      who,
      `This says for good that the recovered side is not ${said}. If it is them after all, you would have to meet again.`,
      { unattended: false },
    );
    if (!sure.ok) return sure;
    const refused = await engine.decideSuccession(who, "refuse");
    if (!refused.ok) return refused;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    return ok(
      answer({
        json: contactJson(refused.value),
        words: `You stay with the devices that ${said} had before; nothing goes to the new one.`,
        next: `\`photon contacts history ${typedName(refused.value)}\` shows what happened.`,
      }),
    );
  });
}
