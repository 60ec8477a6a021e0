/** Child processes of the benchmark: run from source, spoken to by lines of JSON, and gone with their parent. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Child {
  /** The next line of its output, as JSON. */
  line(): Promise<Readonly<Record<string, unknown>>>;
  tell(line: string): void;
  readonly pid: number;
  ended(): Promise<void>;
}

export function child(script: string, argument: string, nodeFlags: readonly string[] = []): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const process_: ChildProcess = spawn(
    process.execPath,
    [...nodeFlags, "--conditions=photon-source", "--import=tsx", path, argument],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const { stdout, stdin, pid } = process_;
  if (stdout === null || stdin === null || pid === undefined) throw new Error(`${script} could not be started`);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    pid,
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script} ended early`);
      return JSON.parse(next.value) as Readonly<Record<string, unknown>>;
    },
    tell: (line) => stdin.write(`${line}\n`),
    ended: async () => {
      stdin.end();
      if (process_.exitCode === null) await new Promise((resolve) => process_.once("exit", resolve));
    },
  };
}

export async function urlOf(server: Child): Promise<string> {
  const { url } = await server.line();
  if (typeof url !== "string") throw new Error("the server said no URL");
  return url;
}

/** One run of the load generator. */
export async function measured(load: object): Promise<Readonly<Record<string, number>>> {
  const generator = child("load.ts", JSON.stringify(load));
  const result = await generator.line();
  await generator.ended();
  return result as Readonly<Record<string, number>>;
}
