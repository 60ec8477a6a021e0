/** Long runs, one after another, each script with the arguments that are its own; says which failed, and how long each took. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface LongRun {
  /** A file of this folder. */
  readonly script: string;
  /** The arguments of each process; they run beside each other. One without any unless given. */
  readonly processes?: readonly (readonly string[])[];
}

const folder = fileURLToPath(new URL(".", import.meta.url));

/**
 * @param prefix every `scripts/<prefix>*.ts` but `self` has to be among the runs, so that none is forgotten.
 * @param chosen only runs whose script's name has one of these words in it; all, if there are none.
 */
export async function runEach(prefix: string, self: string, runs: readonly LongRun[], chosen: readonly string[]): Promise<void> {
  const forgotten = readdirSync(folder).filter(
    (name) => name.startsWith(prefix) && name.endsWith(".ts") && name !== self && !runs.some(({ script }) => script === name),
  );
  if (forgotten.length > 0) throw new Error(`${self} does not run ${forgotten.join(", ")}`);
  const wanted = runs.filter(({ script }) => chosen.length === 0 || chosen.some((word) => script.includes(word)));
  const failed: string[] = [];
  for (const { script, processes = [[]] } of wanted) {
    const name = `${script} ${processes.map((args) => args.join(" ")).join(" | ")}`.trim();
    console.log(`\n== ${name}`);
    const started = Date.now();
    const codes = await Promise.all(processes.map((args) => codeOf(script, args)));
    const passed = codes.every((code) => code === 0);
    if (!passed) failed.push(name);
    console.log(`== ${name}: ${passed ? "passed" : "FAILED"} after ${Math.round((Date.now() - started) / 1000)} s`);
  }
  console.log(`\n${wanted.length - failed.length} passed, ${failed.length} failed${failed.map((name) => `\n  ${name}`).join("")}`);
  process.exitCode = failed.length === 0 && wanted.length > 0 ? 0 : 1;
}

function codeOf(script: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, [...process.execArgv, `${folder}${script}`, ...args], { stdio: "inherit" });
  return new Promise((resolve) => child.once("close", resolve));
}
