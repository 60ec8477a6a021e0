/** SPIN: from one configuration of a model to the verdict of a whole search, in a folder of its own. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Run } from "./runs.ts";

const execute = promisify(execFile);
const models = fileURLToPath(new URL("../../spec/model/", import.meta.url));

export interface Verdict {
  /** The property that is broken, undefined where all hold. */
  readonly breaks: string | undefined;
  readonly states: number;
  /** Steps that break it, if they were asked for. */
  readonly steps: string | undefined;
}

/** Megabytes, and seconds: what is not done by then is not proved, and says so. */
const memory = 1024;
const patience = 540;
const depth = 100_000;

/** Throws, with what the tools said, where there is no verdict. @param withSteps also tells how the property is broken. */
export async function check(run: Run, withSteps: boolean): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), "photon-model-"));
  const call = async (command: string, ...args: readonly string[]): Promise<string> => {
    const { stdout } = await execute(command, args, { cwd: folder, timeout: patience * 1000, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  };
  try {
    const defines = run.defines.map((one) => `-D${one}`);
    await call("spin", ...defines, "-a", join(models, `${run.file}.pml`));
    // The compiler takes longer than the search where there is an attack to be found.
    const speed = run.breaks === undefined ? "-O1" : "-O0";
    const property = run.search === "safety" ? ["-DSAFETY"] : ["-DNFAIR=3"];
    await call("gcc", speed, "-w", ...property, `-DMEMLIM=${memory}`, "-o", "pan", "pan.c");
    const search = { safety: [], liveness: ["-a"], fair: ["-a", "-f"] }[run.search];
    const said = await call(join(folder, "pan"), ...search, "-E", `-m${depth}`, "-w22");
    const verdict = read(said);
    if (verdict.breaks === undefined || !withSteps) return { ...verdict, steps: undefined };
    // SPIN replays what it found: every step, and what it changes.
    const steps = await call("spin", ...defines, "-k", `${run.file}.pml.trail`, "-p", "-g", join(models, `${run.file}.pml`));
    return { ...verdict, steps };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function read(said: string): { readonly breaks: string | undefined; readonly states: number } {
  const states = Number(/^\s*(\S+) states, stored/mu.exec(said)?.[1]);
  const errors = Number(/errors: (\d+)/u.exec(said)?.[1]);
  const broken = said.includes("acceptance cycle") ? "recovers" : /assertion violated +!\((\w+)\)/u.exec(said)?.[1];
  const isWhole = !/Search not completed|max search depth too small|MEMLIM|out of memory/u.test(said);
  if (errors > 0 && broken !== undefined) return { breaks: broken, states };
  if (errors === 0 && isWhole && states > 0) return { breaks: undefined, states };
  throw new Error(`the search was not completed:\n${said.slice(0, 2000)}`);
}

/** What is missing on this machine, with what to do about it; undefined if nothing is. */
export async function missing(): Promise<string | undefined> {
  const absent: string[] = [];
  for (const [command, flag] of [
    ["spin", "-V"],
    ["gcc", "--version"],
  ] as const)
    await execute(command, [flag]).catch(() => absent.push(command));
  if (absent.length === 0) return undefined;
  return (
    `The model needs ${absent.join(" and ")}, which ${absent.length === 1 ? "is" : "are"} not installed here. ` +
    "On Debian or Ubuntu: sudo apt-get install spin gcc libc6-dev. " +
    "On macOS: brew install spin, and xcode-select --install. Then run it again."
  );
}
