/** The real program: `photon serve` on a free loopback port, and commands as processes with profiles of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../bin/photon.js", import.meta.url));

export type JsonLine = Readonly<Record<string, unknown>>;

export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly lines: readonly JsonLine[];
  /** The only line. */
  readonly json: JsonLine;
}

export interface Running {
  /** The next line of standard output, or a failure if the program ends before. */
  next(): Promise<JsonLine>;
  readonly done: Promise<Finished>;
  kill(signal: NodeJS.Signals): void;
}

export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), "photon-e2e-"));
  readonly #children = new Set<ChildProcess>();

  home(name: string): string {
    return join(this.folder, name);
  }

  /** @param home the name of a profile on this machine. */
  start(home: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, [bin, ...argv], {
      env: { PATH: process.env["PATH"] ?? "", HOME: this.folder, PHOTON_HOME: this.home(home), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#children.add(child);
    child.on("exit", () => this.#children.delete(child));
    return follow(child);
  }

  photon(home: string, ...argv: readonly string[]): Promise<Finished> {
    return this.start(home, [...argv, "--json", "--no-input"]).done;
  }

  /** A server on a port of its own, or on the one given. */
  async serve(port = 0): Promise<{ readonly url: string; readonly port: number; readonly running: Running }> {
    const running = this.start("none", [
      "serve",
      "--port",
      String(port),
      "--data",
      join(this.folder, "server"),
      "--log-level",
      "error",
      "--json",
    ]);
    const line = await running.next();
    return { url: String(line["url"]), port: Number(line["port"]), running };
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function follow(child: ChildProcess): Running {
  let out = "";
  let err = "";
  let told = 0;
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  let ended: Finished | undefined;
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    out += part;
    wake();
  });
  child.stderr?.setEncoding("utf8").on("data", (part: string) => {
    err += part;
  });
  const whole = (): string[] => out.split("\n").slice(0, -1);
  const done = new Promise<Finished>((resolve) => {
    child.on("close", (code) => {
      ended = finished(code ?? -1, out, err);
      resolve(ended);
      wake();
    });
  });
  return {
    done,
    kill: (signal) => {
      child.kill(signal);
    },
    next: async () => {
      for (;;) {
        const line = whole()[told];
        if (line !== undefined) {
          told += 1;
          return JSON.parse(line) as JsonLine;
        }
        if (ended !== undefined) throw new Error(`it ended with ${ended.code} before saying more: ${ended.out}${ended.err}`);
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
        });
      }
    },
  };
}

function finished(code: number, out: string, err: string): Finished {
  const lines = (): JsonLine[] =>
    out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as JsonLine);
  return {
    code,
    out,
    err,
    get lines() {
      return lines();
    },
    get json() {
      const [only, ...more] = lines();
      if (only === undefined || more.length > 0) throw new Error(`expected one object: ${out}${err}`);
      return only;
    },
  };
}
