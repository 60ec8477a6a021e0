/** Runs a TypeScript file from source in a Node process of its own, as a person's other command would. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Child {
  readonly process: ChildProcess;
  /** The lines that it prints, each once; undefined after the last. */
  readonly nextLine: () => Promise<string | undefined>;
  readonly kill9: () => Promise<void>;
  /** Its exit code; null if it was killed. */
  readonly ended: Promise<number | null>;
}

export function startChild(script: string, ...args: readonly string[]): Child {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const process_ = spawn(process.execPath, ["--conditions", "photon-source", "--import", "tsx", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => process_.on("exit", resolve));
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  return {
    process: process_,
    nextLine: async () => {
      const next: IteratorResult<string, unknown> = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    kill9: async () => {
      process_.kill("SIGKILL");
      await ended;
    },
    ended,
  };
}
