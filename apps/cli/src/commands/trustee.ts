import type { Command } from "commander";
import type { ApproveOptions, Engine, RecoveryCase, Trusteeship } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok, type Result } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, noSuchCommand, oneOf, type Run } from "../command.ts";
import { contactNamed } from "../contact-view.ts";
import { type Attempt, cliError, type Failure } from "../failure.ts";
import { named, shown, typeable } from "../output/shown.ts";
import { table } from "../output/table.ts";
import { lockPatience, type Pass, withProfile, withProfileOffline } from "../pass.ts";
import { delayWords } from "../plan-view.ts";
import {
  beforeApproving,
  caseJson,
  caseLine,
  caseText,
  isOpen,
  trusteeDuties,
  trusteeshipJson,
  trusteeshipWords,
} from "../trustee-view.ts";

const recognisedWays = ["in-person", "video", "voice", "other"] as const satisfies readonly ApproveOptions["recognised"][];
const contactedWays = ["i-reached-them", "they-reached-me"] as const satisfies readonly ApproveOptions["contacted"][];

interface ApproveTyped {
  readonly code?: readonly string[];
  readonly recognised?: ApproveOptions["recognised"];
  readonly contacted?: ApproveOptions["contacted"];
}

export function trusteeCommands(program: Command, run: Run): void {
  const trustee = declare(program, {
    name: "trustee",
    summary: "what you do for people who trust you",
    description:
      "For those who have asked you to be a trustee: answer them, and, when one of them has lost every device, confirm that it is really them. Alone it lists them.",
    examples: [["photon trustee", "whose trustee you are, and who asks for something"]],
  });
  declare(trustee, {
    name: "list",
    isDefault: true,
    summary: "whose trustee you are",
    description: "Lists everyone who has asked you to be a trustee, what you hold, and any recovery in their name.",
    examples: [
      ["photon trustee --json", "for a script: {trusteeships: [{petname, state, since, hint, threshold, delayHours, cases}]}"],
    ],
  })
    .argument("[unknown...]")
    .action(async (extra: readonly string[]) => run((cli) => list(cli, extra)));
  declare(trustee, {
    name: "accept",
    summary: "be somebody's trustee",
    description:
      "Says yes to somebody who asked you to be a trustee. You will hold a share that shows you nothing and can do nothing by itself; your part is to recognise the person when they have lost everything.",
    examples: [["photon trustee accept Ana", "it is explained first, and asked once more"]],
  })
    .argument("<contact>", "a name or an id")
    .action(async (who: string) => run((cli) => reply(cli, who, true)));
  declare(trustee, {
    name: "refuse",
    summary: "do not be somebody's trustee",
    description: "Says no to somebody who asked you to be a trustee. They see that you refused, and choose somebody else.",
    examples: [["photon trustee refuse Ana", "Ana sees that you would rather not"]],
  })
    .argument("<contact>", "a name or an id")
    .action(async (who: string) => run((cli) => reply(cli, who, false)));
  declare(trustee, {
    name: "status",
    summary: "how a recovery stands",
    description:
      "Shows every recovery in the name of one person, or of everyone whose trustee you are: which device asks, how many have approved, when the delay ends, and what you should know.",
    examples: [["photon trustee status Ana", "who asks in Ana's name"]],
  })
    .argument("[contact]", "a name or an id")
    .action(async (who: string | undefined) => run((cli) => status(cli, who)));
  declare(trustee, {
    name: "approve",
    summary: "confirm that somebody is who they say",
    description:
      "Takes the code that somebody speaks who has lost every device: a relay's name and twelve words. Reach them yourself first, on a channel that you already had. On a terminal it tells what to look out for, shows the request and what speaks against it, and asks for the person's name before it approves. Old devices of theirs hear of it and can object.",
    examples: [
      ["photon trustee approve Ana", "asks for everything in turn"],
      [
        "photon trustee approve Ana --recognised in-person --contacted i-reached-them --code relay.example word1 word2 … word12",
        "all of it at once",
      ],
    ],
  })
    .argument("<contact>", "a name or an id")
    .option("--code <words...>", "the relay's name and the twelve words, as they were spoken")
    .addOption(oneOf("--recognised <way>", "how you recognised the person (without a terminal: other)", recognisedWays))
    .addOption(oneOf("--contacted <how>", "who reached whom (without a terminal: they-reached-me)", contactedWays))
    .action(async (who: string, typed: ApproveTyped) => run((cli) => approve(cli, who, typed)));
  declare(trustee, {
    name: "decline",
    summary: "do not approve a recovery",
    description:
      "Declines what is asked in somebody's name. It is quiet: whoever asked is not told who declined. With --pressured it also makes everybody wait a week longer, without saying why; what you see is the same.",
    examples: [
      ["photon trustee decline Ana", "that was not Ana"],
      ["photon trustee decline Ana --pressured", "somebody is pressing you"],
    ],
  })
    .argument("<contact>", "a name or an id")
    .option("--pressured", "somebody is pressing you: make everybody wait a week longer")
    .action(async (who: string, { pressured = false }: { readonly pressured?: boolean }) =>
      run((cli) => decline(cli, who, pressured)),
    );
  declare(trustee, {
    name: "help",
    summary: "words for somebody who remembers nothing",
    description:
      "Shows words to read to somebody who has lost every device and remembers no address. Their new device takes the words, and then shows the code that you approve.",
    examples: [["photon trustee help Ana", "read Ana the words that it shows"]],
  })
    .argument("<contact>", "a name or an id")
    .action(async (who: string) => run((cli) => help(cli, who)));
}

async function list(cli: Cli, extra: readonly string[]): Attempt<Answer> {
  const meant = noSuchCommand("trustee", extra);
  if (!meant.ok) return meant;
  return withProfile(cli, async ({ engine }) => {
    const found = await engine.trusteeships();
    if (!found.ok) return found;
    const all = found.value;
    const rows = all.map(({ petname, state, threshold, delayHours, hint }) => [
      shown(petname, { limit: 40 }),
      trusteeshipWords[state],
      threshold === undefined ? "not told yet" : String(threshold),
      delayWords(delayHours),
      hint === "" ? "(none)" : shown(hint, { limit: 60 }),
    ]);
    return ok(
      answer({
        json: { trusteeships: all.map(trusteeshipJson) },
        data: all.length === 0 ? "" : table(["name", "are you their trustee", "it takes", "delay", "hint"], rows, cli.style),
        words: [all.length === 0 ? "Nobody has asked you to be a trustee." : "", ...all.flatMap((one) => noteworthy(cli, one))]
          .filter((line) => line !== "")
          .join("\n"),
        next: nextFor(all),
      }),
    );
  });
}

function noteworthy(cli: Cli, { petname, state, askedAgain, cases }: Trusteeship): string[] {
  return [
    ...(state === "asked" ? [`${named(petname)} asks you to be a trustee.`] : []),
    ...(askedAgain === undefined ? [] : [`${named(petname)} asks, as once a year, whether you are still willing.`]),
    ...cases.filter(isOpen).map((one) => `Somebody recovers in the name of ${named(petname)}: ${caseLine(one, cli.world.now())}.`),
  ];
}

function nextFor(all: readonly Trusteeship[]): string {
  const open = all.find(({ cases }) => cases.some((one) => isOpen(one) && !one.approvedByMe));
  if (open !== undefined) return `\`photon trustee status ${typedAs(open)}\` shows what to look out for.`;
  const asked = all.find(({ state, askedAgain }) => state === "asked" || askedAgain !== undefined);
  if (asked !== undefined)
    return `\`photon trustee accept ${typedAs(asked)}\` explains it and asks once more; \`photon trustee refuse ${typedAs(asked)}\` says no.`;
  return all.length === 0
    ? "`photon plan trustees set` asks others to be yours."
    : "let this device sync (`photon service install`), so that it is there when it is needed.";
}

const typedAs = ({ petname }: { readonly petname: string }): string => typeable(petname) ?? "NAME";

async function reply(cli: Cli, who: string, accepts: boolean): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    if (cli.globals.dryRun) return cli.would(`tell ${named(who)} that you ${accepts ? "will" : "will not"} be a trustee`);
    const known = await trusteeshipOf(engine, who);
    if (!known.ok) return known;
    const said = named(known.value.petname);
    if (accepts) {
      const sure = await informed(cli, said);
      if (!sure.ok) return sure;
    }
    const answered = await engine.answerTrustee(who, accepts);
    if (!answered.ok) return answered;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    return ok(
      answer({
        json: trusteeshipJson(answered.value),
        words: accepts
          ? `You are a trustee of ${said} from now on; the share comes by itself.${isAttended(cli) && !cli.globals.yes ? "" : `\n${trusteeDuties(said)}`}`
          : `You refused. ${said} sees that, and chooses somebody else.`,
        next: accepts
          ? "let this device sync (`photon service install`); `photon trustee` shows when you hold the share."
          : "`photon trustee` lists what else is asked of you.",
      }),
    );
  });
}

/** Whether a person sits there who can be asked, and wants to read words. */
const isAttended = (cli: Cli): boolean => cli.ask !== undefined && !cli.globals.json;

/** Nobody becomes a trustee who was not told what it is. */
async function informed(cli: Cli, said: string): Promise<Result<void, Failure>> {
  if (cli.ask === undefined || cli.globals.json || cli.globals.yes) return ok(undefined);
  cli.say(trusteeDuties(said));
  const choice = await cli.ask.choose(`Will you be a trustee of ${said}?`, [
    { value: "yes", label: "Yes", hint: "" },
    { value: "later", label: "I will think about it", hint: "nothing is sent" },
  ]);
  if (choice === undefined) return err(cliError("interrupted"));
  return choice === "yes"
    ? ok(undefined)
    : err(
        cliError("not-confirmed", "no answer was sent", "Answer later with `photon trustee accept`, or `photon trustee refuse`."),
      );
}

async function trusteeshipOf(engine: Engine, who: string): Attempt<Trusteeship> {
  const contacts = await engine.contacts();
  if (!contacts.ok) return contacts;
  const contact = contactNamed(contacts.value, who);
  if (contact === undefined) return err(photonError("unknown-contact", who));
  const all = await engine.trusteeships();
  if (!all.ok) return all;
  const found = all.value.find(({ petname }) => petname === contact.petname);
  return found === undefined ? err(photonError("not-trustee", who)) : ok(found);
}

async function status(cli: Cli, who: string | undefined): Attempt<Answer> {
  return withProfile(cli, async ({ engine }) => {
    const one = who === undefined ? undefined : await trusteeshipOf(engine, who);
    if (one?.ok === false) return one;
    const all = one === undefined ? await engine.trusteeships() : ok([one.value]);
    if (!all.ok) return all;
    const cases = all.value.flatMap((trusteeship) => trusteeship.cases.map((found) => ({ trusteeship, found })));
    const open = cases.find(({ found }) => isOpen(found) && !found.approvedByMe);
    const now = cli.world.now();
    return ok(
      answer({
        json: { trusteeships: all.value.map(trusteeshipJson) },
        data: all.value
          .filter((trusteeship) => trusteeship.cases.length > 0)
          .map((trusteeship) => [shown(trusteeship.petname, { limit: 64 }), ...indented(trusteeship.cases, now)].join("\n"))
          .join("\n"),
        words: cases.length === 0 ? "Nobody recovers, as far as this device knows." : "",
        next: open === undefined ? restWords(cases.some(({ found }) => isOpen(found))) : nextWords(open.trusteeship),
      }),
    );
  });
}

const indented = (cases: readonly RecoveryCase[], now: number): string[] =>
  cases.map((one) =>
    caseText(one, now)
      .split("\n")
      .map((line) => `  ${line}`)
      .join("\n"),
  );

const restWords = (some: boolean): string =>
  some
    ? "let this device sync (`photon watch`, or `photon service install`): it gives its part when it is time."
    : "`photon trustee` shows whose trustee you are.";

const nextWords = (trusteeship: Trusteeship): string =>
  `reach ${named(trusteeship.petname)} yourself, on a channel that you already had. If it is them, \`photon trustee approve ${typedAs(trusteeship)}\`; if not, \`photon trustee decline ${typedAs(trusteeship)}\`.`;

async function approve(cli: Cli, who: string, typed: ApproveTyped): Attempt<Answer> {
  const code = await spokenCode(cli, who, typed.code);
  if (!code.ok) return code;
  return withProfile(cli, async (pass) => {
    const { engine } = pass;
    if (cli.globals.dryRun) return cli.would(`look the request up, and approve that a new device acts for ${named(who)}`);
    const trusteeship = await trusteeshipOf(engine, who);
    if (!trusteeship.ok) return trusteeship;
    const found = await engine.lookUpRequest(who, code.value);
    if (!found.ok) return found;
    const how = isAttended(cli)
      ? await askHow(cli, trusteeship.value, found.value, typed)
      : ok({ recognised: typed.recognised ?? "other", contacted: typed.contacted ?? "they-reached-me" } as const);
    if (!how.ok) return how;
    return approved(cli, pass, trusteeship.value, who, { code: code.value, ...how.value });
  });
}

/** Asked without the profile's lock: a call takes its time, and other commands are not to wait for it. */
async function spokenCode(cli: Cli, who: string, given: readonly string[] | undefined): Attempt<string> {
  if (given !== undefined) return ok(given.join(" "));
  if (!isAttended(cli)) return err(cliError("input-needed", "--code was not given"));
  const trusteeship = await withProfileOffline(cli, lockPatience(cli), (engine) => trusteeshipOf(engine, who));
  if (!trusteeship.ok) return trusteeship;
  const said = named(trusteeship.value.petname);
  cli.say(beforeApproving(said));
  return cli.need(undefined, `What does ${said} speak? The relay's name and twelve words`, "--code");
}

/** Shows the request and what speaks against it, then asks how the person was recognised, and for their name. */
async function askHow(
  cli: Cli,
  trusteeship: Trusteeship,
  found: RecoveryCase,
  typed: ApproveTyped,
): Promise<Result<Pick<ApproveOptions, "recognised" | "contacted">, Failure>> {
  const said = named(trusteeship.petname);
  cli.say(caseText(found, cli.world.now()));
  if (trusteeship.hint !== "") cli.say(`${said} left this for you: ${shown(trusteeship.hint, { limit: 200 })}`);
  const recognised = typed.recognised ?? (await chosen(cli, `How did you recognise ${said}?`, recognisedWays, recognisedLabels));
  if (recognised === undefined) return err(cliError("interrupted", "nothing was approved"));
  const contacted = typed.contacted ?? (await chosen(cli, "Who reached whom?", contactedWays, contactedLabels));
  if (contacted === undefined) return err(cliError("interrupted", "nothing was approved"));
  const caution =
    contacted === "they-reached-me"
      ? `Whoever reached you may not be ${said}. Hang up, and call back on a number that you had before; go on only after that.\n`
      : "";
  const sure = await cli.confirmByName(
    trusteeship.petname,
    `${caution}You are about to say that ${said} is the one who spoke these words. With enough others this gives their new device everything, and locks the old ones out.`,
    { unattended: true },
  );
  return sure.ok ? ok({ recognised, contacted }) : sure;
}

const recognisedLabels = {
  "in-person": "We met",
  video: "I saw them on a call",
  voice: "I know the voice",
  other: "In another way",
} as const satisfies Record<ApproveOptions["recognised"], string>;
const contactedLabels = {
  "i-reached-them": "I reached them, on a channel that I already had",
  "they-reached-me": "They reached me",
} as const satisfies Record<ApproveOptions["contacted"], string>;

async function chosen<T extends string>(
  cli: Cli,
  question: string,
  ways: readonly T[],
  labels: Readonly<Record<T, string>>,
): Promise<T | undefined> {
  const choice = await cli.ask?.choose(
    question,
    ways.map((value) => ({ value, label: labels[value], hint: "" })),
  );
  return ways.find((way) => way === choice);
}

async function approved(
  cli: Cli,
  { engine, flush }: Pass,
  trusteeship: Trusteeship,
  who: string,
  options: ApproveOptions,
): Attempt<Answer> {
  const done = await engine.approveRecovery(who, options);
  if (!done.ok) return done;
  const flushed = await flush();
  if (!flushed.ok) return flushed;
  const said = named(trusteeship.petname);
  return ok(
    answer({
      json: { petname: trusteeship.petname, ...caseJson(done.value) },
      data: caseText(done.value, cli.world.now()),
      words: [
        done.value.answer === undefined
          ? ""
          : `Read these words back to ${said}, who types them: ${cli.style.bold(done.value.answer)}`,
        `You approved it. The old devices of ${said}, if there are any, hear of it and can object.`,
      ]
        .filter((line) => line !== "")
        .join("\n"),
      next: `let this device sync (\`photon watch\`, or \`photon service install\`): it gives its part when it is time. \`photon trustee status ${typedAs(trusteeship)}\` shows how it stands.`,
    }),
  );
}

/** What is shown is the same under pressure and without. */
async function decline(cli: Cli, who: string, pressured: boolean): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    if (cli.globals.dryRun) return cli.would(`decline what is asked in the name of ${named(who)}`);
    const done = await engine.declineRecovery(who, { pressured });
    if (!done.ok) return done;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    const said = named(done.value.petname);
    return ok(
      answer({
        json: trusteeshipJson(done.value),
        words: `You declined. Whoever asked in the name of ${said} is not told who did.`,
        next: `tell ${said} on a channel that you already had that somebody asks in their name; \`photon trustee status ${typedAs(done.value)}\` shows how it stands.`,
      }),
    );
  });
}

async function help(cli: Cli, who: string): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    if (cli.globals.dryRun) return cli.would(`show the words with which ${named(who)} can begin a recovery`);
    const trusteeship = await trusteeshipOf(engine, who);
    if (!trusteeship.ok) return trusteeship;
    const found = await engine.helpRecover(who);
    if (!found.ok) return found;
    const flushed = await flush();
    if (!flushed.ok) return flushed;
    const { petname } = trusteeship.value;
    return ok(
      answer({
        json: { petname, words: found.value.words, relay: found.value.relay },
        data: cli.style.bold(shown(found.value.words)),
        words: `Read these words to ${named(petname)}. On the new device they type \`photon recover trustees --from\` and the words after it. It then shows a code: the relay's name and twelve words, which they speak to you and to the other trustees.`,
        next: `\`photon trustee approve ${typedAs(trusteeship.value)}\` takes that code, once you are sure who speaks it.`,
      }),
    );
  });
}
