/** Real processes of the real command: to be run, followed, and killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestClock } from "./test-clock.ts";

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const command = join(root, "apps/cli/bin/photon.js");
/** Milliseconds after which a command that does not end is killed, and a line that does not come is given up. */
const patience = 60_000;

export interface Ran {
  /** The exit code, or −1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandProcess {
  readonly ended: Promise<Ran>;
  /** The next line of standard output, parsed. Rejects when the process ends before it, or it does not come. */
  nextObject(): Promise<Record<string, unknown>>;
  signal(name: "SIGKILL" | "SIGTERM" | "SIGINT"): void;
}

export interface ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** What it can read from its standard input. */
  readonly input?: string | undefined;
  /** What it takes for the time; without one the machine's. */
  readonly clock?: TestClock | undefined;
}

/** Starts `photon` with the given words and profile folder, without a terminal. */
export function startPhoton(
  home: string,
  words: readonly string[],
  { environment = {}, input, clock }: ProcessOptions = {},
): CommandProcess {
  const env = { ...process.env, NO_COLOR: "1", ...environment, PHOTON_HOME: home };
  const child = spawn(process.execPath, [...(clock?.nodeOptions ?? []), command, ...words], {
    env,
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  // A command may well end before it has read all that it is given.
  child.stdin?.on("error", () => undefined).end(input);
  return follow(child);
}

/** Runs one command to its end. */
export async function runPhoton(home: string, words: readonly string[], options: ProcessOptions = {}): Promise<Ran> {
  const started = startPhoton(home, words, options);
  const timer = setTimeout(() => started.signal("SIGKILL"), patience);
  const ran = await started.ended;
  clearTimeout(timer);
  return ran;
}

/** Runs one command as a script would. @returns its exit code and the object that it printed last. */
export async function askPhoton(
  home: string,
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly object: Record<string, unknown> }> {
  const ran = await runPhoton(home, [...words, "--no-input", "--json"]);
  const last = ran.stdout.trim().split("\n").at(-1) ?? "";
  try {
    return { code: ran.code, object: JSON.parse(last) as Record<string, unknown> };
  } catch {
    throw new Error(`photon ${words.join(" ")} printed no object (exit ${ran.code}): ${ran.stdout}${ran.stderr}`);
  }
}

function follow(child: ChildProcess): CommandProcess {
  const ready: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let stdout = "";
  let stderr = "";
  let rest = "";
  child.stderr?.on("data", (part) => (stderr += String(part)));
  child.stdout?.on("data", (part) => {
    stdout += String(part);
    rest += String(part);
    for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
      const line = rest.slice(0, at);
      rest = rest.slice(at + 1);
      const next = waiting.shift();
      if (next === undefined) ready.push(line);
      else next(line);
    }
  });
  const ended = new Promise<Ran>((resolve) => child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr })));
  return {
    ended,
    signal: (name) => void child.kill(name),
    nextObject: async () => {
      const line =
        ready.shift() ??
        (await new Promise<string>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`nothing printed for ${patience / 1000} s: ${stderr}`)), patience);
          waiting.push((next) => {
            clearTimeout(timer);
            resolve(next);
          });
          void ended.then(({ code }) => {
            clearTimeout(timer);
            reject(new Error(`ended with ${code} before its next line: ${stderr}`));
          });
        }));
      return JSON.parse(line) as Record<string, unknown>;
    },
  };
}
