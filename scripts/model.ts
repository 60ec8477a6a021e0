/**
 * `npm run model`: checks the model of recovery in `spec/model/` with SPIN, in every configuration of `model/runs.ts`, and
 * compares each verdict with the expected one. That a rule's removal lets an attack in is expected as much as that the rules
 * together keep all out. Writes `.reports/model.json`.
 *
 *     npm run model -- WORDS …   only the runs whose names have the words, each with the attack that was found
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { groups, type Run } from "./model/runs.ts";
import { check, missing, type Verdict } from "./model/spin.ts";

interface Outcome {
  readonly run: Run;
  readonly verdict: Verdict | undefined;
  readonly problem: string | undefined;
  readonly seconds: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2).join(" ");
const all = groups.flatMap(({ runs }) => runs);
const queue = all.filter(({ name }) => name.includes(words));

const wanted = ({ breaks }: Run): string => (breaks === undefined ? "holds" : `breaks ${breaks}`);

async function outcomeOf(run: Run): Promise<Outcome> {
  const begun = Date.now();
  const seconds = (): number => (Date.now() - begun) / 1000;
  try {
    const verdict = await check(run, words !== "");
    const problem = verdict.breaks === run.breaks ? undefined : `expected: ${wanted(run)}`;
    return { run, verdict, problem, seconds: seconds() };
  } catch (error) {
    return { run, verdict: undefined, problem: error instanceof Error ? error.message : String(error), seconds: seconds() };
  }
}

function print({ run, verdict, problem, seconds }: Outcome): void {
  const mark = problem === undefined ? "✓" : "✗";
  const found = verdict === undefined ? "no verdict" : wanted({ ...run, breaks: verdict.breaks });
  const states = (verdict?.states ?? 0).toLocaleString("en");
  console.log(
    `  ${mark} ${run.name.padEnd(54)} ${found.padEnd(32)} ${states.padStart(11)} states ${seconds.toFixed(1).padStart(6)} s`,
  );
  if (problem !== undefined) console.log(`    ${problem}`);
  if (verdict?.steps !== undefined) console.log(verdict.steps);
}

/** Where `spec/model/README.md` and the runs differ: what only one of them has, by name and verdict. */
function differencesFromPage(): readonly string[] {
  const page = readFileSync(`${root}spec/model/README.md`, "utf8");
  const told = new Set(
    [...page.matchAll(/^\| (.+?) +\| (holds|breaks \w+) +\|/gmu)].map(([, name, verdict]) => `${name}: ${verdict}`),
  );
  const here = new Set(all.map((run) => `${run.name}: ${wanted(run)}`));
  return [...[...here].filter((one) => !told.has(one)), ...[...told].filter((one) => !here.has(one))];
}

const problem = await missing();
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
if (queue.length === 0) {
  console.error(`No run is named so: ${words}. See scripts/model/runs.ts for their names.`);
  process.exit(2);
}

const outcomes: Outcome[] = [];
let begun = 0;
let printed = 0;
let title = "";
/** One run after another, told in the order of the table. */
async function work(): Promise<void> {
  for (let run = queue[begun]; run !== undefined; run = queue[begun]) {
    const place = begun;
    begun += 1;
    outcomes[place] = await outcomeOf(run);
    for (let next = outcomes[printed]; next !== undefined; next = outcomes[printed]) {
      const { title: above = "" } = groups.find(({ runs }) => next !== undefined && runs.includes(next.run)) ?? {};
      if (above !== title) console.log(above);
      title = above;
      print(next);
      printed += 1;
    }
  }
}
// As many at a time as there are processors, but never more than four: each may take a gibibyte.
const started = Date.now();
await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));

const surprises = outcomes.filter((one) => one.problem !== undefined).length;
const passed = outcomes.length - surprises;
const differences = words === "" ? differencesFromPage() : [];
const failed = surprises + differences.length;
if (differences.length > 0) console.log(`  ✗ the page spec/model/README.md and the runs differ: ${differences.join("; ")}`);
if (words === "") {
  const runs = outcomes.map(({ run, verdict, problem: surprise, seconds }) => ({
    name: run.name,
    expected: wanted(run),
    breaks: verdict?.breaks,
    states: verdict?.states,
    seconds,
    surprise,
  }));
  mkdirSync(`${root}.reports`, { recursive: true });
  writeFileSync(`${root}.reports/model.json`, `${JSON.stringify({ schema: 1, passed, failed, runs }, undefined, 2)}\n`);
}
console.log(`${passed} passed, ${failed} failed, ${Math.round((Date.now() - started) / 1000)} s`);
process.exitCode = failed === 0 ? 0 : 1;
