/**
 * All benchmarks, one after the other, each in a process of its own; then one table. `npm run bench -- [--quick] [SUITE…]`
 * Writes `bench/latest.json`, and compares ratios with `bench/baselines.json`: machines differ, ratios less so. `--save` makes
 * the ratios of this run the baselines.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Figure } from "./measure.ts";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const suites = ["relay", "session", "peers-session", "engine", "archive", "trustees", "recovery"] as const;
const options = ["--quick", "--whole", "--save"] as const;

/** Worse than this part of what it was is said; less is noise. */
const noise = 0.75;

const words = process.argv.slice(2);
const chosen = words.filter((word) => !word.startsWith("-"));
const unknown = words.filter((word) => !([...suites, ...options] as readonly string[]).includes(word));
if (unknown.length > 0) {
  console.error(`not known: ${unknown.join(", ")}. There are the suites ${suites.join(", ")}, and ${options.join(", ")}.`);
  process.exit(2);
}
const quick = words.includes("--quick");

if (!existsSync(here("node_modules"))) {
  console.log("Installing the peers that Photon is measured beside.");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: here("."), stdio: "inherit", shell: process.platform === "win32" });
}
const figures: Figure[] = [];
const failed: string[] = [];
for (const suite of suites) if (chosen.length === 0 || chosen.includes(suite)) figures.push(...(await run(suite)));
const machine = { node: process.version, processor: cpus()[0]?.model.trim() ?? "", cores: cpus().length };
writeFileSync(here("latest.json"), `${JSON.stringify({ ...machine, quick, figures }, null, 2)}\n`);
const baselines = readBaselines();
console.log(`\n${table(figures, baselines)}`);
if (words.includes("--save")) save(figures, chosen.length === 0 && failed.length === 0 ? {} : baselines);
if (failed.length > 0) {
  console.error(`\nnot finished: ${failed.join(", ")}`);
  process.exitCode = 1;
}

async function run(suite: string): Promise<readonly Figure[]> {
  console.log(`\n${suite}`);
  // Without the helpers that collect garbage and compile beside it: what is said to take one core takes one. And with room for what is
  // young: here several people, their stores and the servers share the one heap that each of them has for itself elsewhere.
  const flags = [
    "--single-threaded",
    "--max-semi-space-size=64",
    "--expose-gc",
    "--import",
    "tsx",
    "--conditions",
    "photon-source",
  ];
  const child = spawn(
    process.execPath,
    [...flags, here(`${suite}.ts`), ...words.filter((word) => word === "--quick" || word === "--whole")],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = new Promise<string>((resolve) => child.once("close", (code, signal) => resolve(signal ?? String(code))));
  const found: Figure[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    console.log(`  ${line}`);
    found.push(JSON.parse(line) as Figure);
  }
  const how = await ended;
  if (how !== "0") failed.push(`${suite} (${how})`);
  return found;
}

function readBaselines(): Readonly<Record<string, number>> {
  return JSON.parse(readFileSync(here("baselines.json"), "utf8")) as Record<string, number>;
}

function nameOf({ suite, what }: Figure): string {
  return `${suite}: ${what}`;
}
function ratioOf({ value, beside }: Figure): number | undefined {
  return beside === undefined ? undefined : value / beside;
}

function save(all: readonly Figure[], before: Readonly<Record<string, number>>): void {
  const ratios = all.flatMap((figure) => {
    const ratio = ratioOf(figure);
    return ratio === undefined ? [] : [[nameOf(figure), Number(ratio.toPrecision(2))] as const];
  });
  const merged = { ...before, ...Object.fromEntries(ratios) };
  writeFileSync(here("baselines.json"), `${JSON.stringify(merged, null, 2)}\n`);
}

function table(all: readonly Figure[], before: Readonly<Record<string, number>>): string {
  const rows = all.map((figure) => {
    const ratio = ratioOf(figure);
    const baseline = before[nameOf(figure)];
    const cells = [nameOf(figure), `${shown(figure.value)} ${figure.unit}`, ratio?.toPrecision(2) ?? ""];
    return [...cells, ratio === undefined ? "" : verdict(figure, ratio, baseline)];
  });
  const head = [
    ["what", "value", "ratio to what it is beside", "ratio before"],
    ["---", "---:", "---:", "---"],
  ];
  return [...head, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function verdict(figure: Figure, ratio: number, baseline: number | undefined): string {
  if (baseline === undefined) return "none yet";
  return isWorse(figure, ratio, baseline) ? `${baseline}: worse than before` : `${baseline}`;
}

/** Rates should be large; times and bytes should be small. */
function isWorse({ unit }: Figure, ratio: number, baseline: number): boolean {
  return unit.includes("/s") ? ratio < baseline * noise : ratio > baseline / noise;
}

function shown(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en-GB") : String(Number(value.toPrecision(3)));
}
