import type { Command } from "commander";
import type { Engine, PlanOptions, PlanStatus } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok, type Result } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { declare, noSuchCommand, type Run } from "../command.ts";
import { type Attempt, cliError, type Failure } from "../failure.ts";
import { named } from "../output/shown.ts";
import { plural } from "../output/time.ts";
import { withProfile } from "../pass.ts";
import { choiceMeaning, delayWords, planJson, planMeaning, planText } from "../plan-view.ts";
import { serverOrigin } from "../relay-address.ts";

interface Options {
  readonly threshold?: string;
  readonly delay?: string;
  readonly hint?: string;
  readonly mirror?: string;
}

/** Days after which somebody who has heard of a changed plan takes a recovery by it. */
const replacing = 28;

export function planCommands(program: Command, run: Run): void {
  const plan = declare(program, {
    name: "plan",
    summary: "how you would come back from losing everything",
    description:
      "Keeps your plan for the day on which every device of yours is gone. In this version that is people: trustees, who confirm that you are you. Alone it shows the plan.",
    examples: [["photon plan", "who your trustees are, and whether the plan protects you"]],
  });
  const trustees = declare(plan, {
    name: "trustees",
    isDefault: true,
    summary: "people who confirm that you are you",
    description:
      "Trustees are people you know, who would know you. If you lose every device, enough of them together give a new one the way back; none of them alone can do or read anything, and no backup anywhere holds a key of yours. Alone it shows the plan.",
    examples: [["photon plan trustees", "the plan as it stands"]],
  });
  declare(trustees, {
    name: "show",
    isDefault: true,
    summary: "the plan as it stands",
    description:
      "Shows your trustees and whether each has accepted and holds a share, how many it takes, the delay, who could act as you, and what needs your attention.",
    examples: [
      ["photon plan trustees show", "whether the plan protects you"],
      [
        "photon plan trustees show --json",
        "for a script: {threshold, delayHours, members: [{petname, state, since}], protected, alarms}",
      ],
    ],
  })
    .argument("[unknown...]")
    .action(async (extra: readonly string[]) => run((cli) => show(cli, extra)));
  changing(
    declare(trustees, {
      name: "set",
      summary: "choose your trustees",
      description:
        "Asks people you know to be your trustees. The plan protects you once all of them have accepted and hold a share; until then it says so. Choose people from more than one circle of friends, who would recognise you and whom you could reach without Photon.",
      examples: [
        ["photon plan trustees set Ben Chi Dee", "three trustees; any two of them bring you back"],
        ["photon plan trustees set Ben Chi Dee Eli Fay --threshold 3 --hint 'Ask Ben first; he knows the others'", "three of five"],
      ],
    }),
  ).action(async (who: readonly string[], options: Options) => run((cli) => set(cli, who, options)));
  changing(
    declare(trustees, {
      name: "replace",
      summary: "change your trustees",
      description:
        "Makes a new plan in place of the one you have; the delay, the hint and the mirror stay unless you give others. The new trustees can bring you back with each person you know 28 days after they hear of it; until then the old trustees can, so that nobody who gets hold of a device of yours can put theirs in at once.",
      examples: [["photon plan trustees replace Ben Chi Eli", "Eli in Dee's place"]],
    }),
  ).action(async (who: readonly string[], options: Options) => run((cli) => replace(cli, who, options)));
}

const changing = (command: Command): Command =>
  command
    .argument("<contact...>", "the people, by name or id: 2 to 16")
    .option("--threshold <count>", "how many of them it takes; fewer than all (default: more than half, and of two one)")
    .option("--delay <hours>", "how long everybody waits for an objection: 0 to 336 (default: 48)")
    .option("--hint <text>", "what your trustees, and you, are reminded of when it is needed")
    .option("--mirror <url>", "a relay of another operator, which keeps a second copy of what your trustees tell each other");

async function show(cli: Cli, extra: readonly string[]): Attempt<Answer> {
  const meant = noSuchCommand("plan trustees", extra);
  if (!meant.ok) return meant;
  return withProfile(cli, async ({ engine }) => {
    const plan = await engine.planStatus();
    if (!plan.ok) return plan;
    if (plan.value === undefined) return err(photonError("no-plan"));
    return ok(planAnswer(plan.value, []));
  });
}

async function set(cli: Cli, who: readonly string[], typed: Options): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    const before = await engine.planStatus();
    if (!before.ok) return before;
    const options = planOptions(who, typed);
    if (!options.ok) return options;
    return make(cli, engine, flush, options.value, before.value);
  });
}

async function replace(cli: Cli, who: readonly string[], typed: Options): Attempt<Answer> {
  return withProfile(cli, async ({ engine, flush }) => {
    const before = await engine.planStatus();
    if (!before.ok) return before;
    if (before.value === undefined) return err(photonError("no-plan"));
    const options = planOptions(who, typed);
    if (!options.ok) return options;
    const { delayHours, hint, operators } = before.value;
    const mirror = operators.find((origin) => origin !== engine.relay);
    const kept = { delayHours, ...(hint === "" ? {} : { hint }), ...(mirror === undefined ? {} : { mirror }) };
    return make(cli, engine, flush, { ...kept, ...options.value }, before.value);
  });
}

async function make(
  cli: Cli,
  engine: Engine,
  flush: () => Attempt<unknown>,
  options: PlanOptions,
  before: PlanStatus | undefined,
): Attempt<Answer> {
  const people = plural(options.trustees.length, "person", "people");
  if (cli.globals.dryRun)
    return cli.would(`ask ${people} to be your trustees${before === undefined ? "" : ", in place of those you have"}`);
  const sure = await secondThought(cli, options);
  if (!sure.ok) return sure;
  const made = await engine.planTrustees(options);
  if (!made.ok) return made;
  const flushed = await flush();
  if (!flushed.ok) return flushed;
  const now = await engine.planStatus();
  if (!now.ok) return now;
  const plan = now.value ?? made.value;
  return ok(planAnswer(plan, before === undefined ? [askedWords(plan)] : [askedWords(plan), replacedWords(before, plan)]));
}

/** A delay of 0 and a threshold of 1 are a person's to choose, once they know what they mean. */
async function secondThought(cli: Cli, options: PlanOptions): Promise<Result<void, Failure>> {
  const { trustees, delayHours = 48 } = options;
  // The engine's own default: more than half, and of two one, as all may never be needed.
  const { threshold = trustees.length === 2 ? 1 : Math.floor(trustees.length / 2) + 1 } = options;
  const meaning = choiceMeaning({ threshold, delayHours });
  if (meaning.length === 0 || cli.globals.yes || cli.globals.json || cli.ask === undefined) return ok(undefined);
  cli.say(meaning.join("\n"));
  const choice = await cli.ask.choose("Is that what you want?", [
    { value: "stop", label: "No, let me choose again", hint: "" },
    { value: "go", label: "Yes, go on", hint: "" },
  ]);
  if (choice === undefined) return err(cliError("interrupted"));
  return choice === "go" ? ok(undefined) : err(cliError("not-confirmed", "nobody was asked"));
}

function planOptions(trustees: readonly string[], typed: Options): Result<PlanOptions, Failure> {
  const threshold = wholeNumber(typed.threshold, "--threshold takes a number from 1");
  if (!threshold.ok) return threshold;
  if (threshold.value === 0) return err(cliError("usage", "--threshold takes a number from 1"));
  const delay = wholeNumber(typed.delay, "--delay takes hours, from 0 to 336");
  if (!delay.ok) return delay;
  const mirror = typed.mirror === undefined ? ok(undefined) : serverOrigin(typed.mirror, "relay");
  if (!mirror.ok) return mirror;
  return ok({
    trustees,
    ...(threshold.value === undefined ? {} : { threshold: threshold.value }),
    ...(delay.value === undefined ? {} : { delayHours: delay.value }),
    ...(typed.hint === undefined ? {} : { hint: typed.hint }),
    ...(mirror.value === undefined ? {} : { mirror: mirror.value }),
  });
}

function wholeNumber(typed: string | undefined, otherwise: string): Result<number | undefined, Failure> {
  if (typed === undefined) return ok(undefined);
  return /^[0-9]{1,4}$/u.test(typed) ? ok(Number(typed)) : err(cliError("usage", otherwise));
}

const askedWords = ({ members }: PlanStatus): string =>
  `${members.map(({ petname }) => named(petname)).join(", ")} were asked. Each of them sees the question with their next sync; tell them yourself that it comes from you.`;

function replacedWords(before: PlanStatus, after: PlanStatus): string {
  const [old, fresh] = [before, after].map(({ members }) => new Set(members.map(({ petname }) => petname)));
  const gone = [...(old ?? [])].filter((name) => fresh?.has(name) !== true);
  const come = [...(fresh ?? [])].filter((name) => old?.has(name) !== true);
  const changes = [
    ...(come.length === 0 ? [] : [`new: ${come.map(named).join(", ")}`]),
    ...(gone.length === 0 ? [] : [`no longer: ${gone.map(named).join(", ")}`]),
    ...(before.threshold === after.threshold && before.members.length === after.members.length
      ? []
      : [`it takes ${after.threshold} of ${after.members.length} instead of ${before.threshold} of ${before.members.length}`]),
    ...(before.delayHours === after.delayHours
      ? []
      : [`the delay is ${delayWords(after.delayHours)} instead of ${delayWords(before.delayHours)}`]),
  ];
  const what = changes.length === 0 ? "The same people get new shares." : `What changes: ${changes.join("; ")}.`;
  return `${what} The new trustees can bring you back with each person you know ${replacing} days after they hear of it; until then the old trustees can.`;
}

function planAnswer(plan: PlanStatus, first: readonly string[]): Answer {
  return answer({
    json: planJson(plan),
    data: planText(plan),
    words: [...first, ...planMeaning(plan)].join("\n"),
    next: nextFor(plan),
  });
}

function nextFor({ members, protected: isProtected }: PlanStatus): string {
  const out = members.find(({ state }) => state === "refused" || state === "lost");
  if (out !== undefined) return `\`photon plan trustees replace\` with somebody else in the place of ${named(out.petname)}.`;
  if (!isProtected) return "ask them yourself to answer; `photon plan trustees` shows who has.";
  const stale = members.find(({ state }) => state === "stale");
  if (stale !== undefined) return `ask ${named(stale.petname)} to run \`photon sync\`.`;
  return "`photon help recovery` tells how you would come back; write down how to reach your trustees without Photon.";
}
