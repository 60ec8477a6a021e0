/** What the demo is played on: real processes of the real command, their output shown as they print it, and a tally. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const command = join(root, "apps/cli/bin/photon.js");
const patience = 60_000;

const colour = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Machine {
  readonly owner: string;
  /** Runs a command as its owner would, and shows it and what it prints. */
  run(...words: readonly string[]): Promise<Ran>;
  /** Runs it as a script would, without showing it. @returns the object that it printed. */
  ask(...words: readonly string[]): Promise<Record<string, unknown>>;
  /** Starts a command that goes on; `line` waits for its next object. */
  start(...words: readonly string[]): Running;
}

export interface Running {
  line(): Promise<Record<string, unknown>>;
  ended(): Promise<number>;
  kill(): void;
}

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "photon-demo-"));
  readonly #children = new Set<ChildProcess>();
  #passed = 0;
  #failed = 0;

  scene(title: string): void {
    console.log(`\n${paint(1, title)}`);
  }

  tell(text: string): void {
    console.log(text);
  }

  check(what: string, holds: boolean, found?: unknown): void {
    if (holds) this.#passed += 1;
    else this.#failed += 1;
    console.log(
      holds
        ? `  ${paint(32, "✓")} ${what}`
        : `  ${paint(31, "✗")} ${what}${found === undefined ? "" : `\n    found: ${JSON.stringify(found)}`}`,
    );
  }

  machine(owner: string): Machine {
    const home = join(this.folder, owner.replaceAll(/[^a-z]+/giu, "-"));
    const env = { ...process.env, PHOTON_HOME: home, NO_COLOR: "1" };
    const begin = (words: readonly string[]): ChildProcess => {
      const child = spawn(process.execPath, [command, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
      this.#children.add(child);
      child.once("exit", () => this.#children.delete(child));
      return child;
    };
    const finish = (child: ChildProcess): Promise<Ran> =>
      new Promise((resolve) => {
        let stdout = "";
        let stderr = "";
        const timer = setTimeout(() => child.kill("SIGKILL"), patience);
        child.stdout?.on("data", (part) => (stdout += String(part)));
        child.stderr?.on("data", (part) => (stderr += String(part)));
        child.once("close", (code) => {
          clearTimeout(timer);
          resolve({ code: code ?? -1, stdout, stderr });
        });
      });
    return {
      owner,
      run: async (...words) => {
        console.log(`${paint(36, `${owner} $`)} photon ${words.map(quote).join(" ")}`);
        const ran = await finish(begin([...words, "--no-input"]));
        for (const text of [ran.stdout, ran.stderr]) if (text.trim() !== "") console.log(text.trimEnd().replaceAll(/^/gmu, "    "));
        return ran;
      },
      ask: async (...words) => {
        const ran = await finish(begin([...words, "--no-input", "--json"]));
        const last = ran.stdout.trim().split("\n").at(-1) ?? "";
        try {
          return JSON.parse(last) as Record<string, unknown>;
        } catch {
          throw new Error(`photon ${words.join(" ")} printed no object (exit ${ran.code}): ${ran.stdout}${ran.stderr}`);
        }
      },
      start: (...words) => {
        console.log(`${paint(36, `${owner} $`)} photon ${words.map(quote).join(" ")}`);
        return follow(begin([...words, "--no-input", "--json"]));
      },
    };
  }

  /** Ends every process, tidies up, writes the tally. @returns the exit code. */
  close(): number {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(join(root, ".reports"), { recursive: true });
    writeFileSync(join(root, ".reports/demo.json"), JSON.stringify({ passed: this.#passed, failed: this.#failed }));
    console.log(
      `\n${this.#failed === 0 ? "The story held" : "The story broke"}: ${this.#passed} checks passed, ${this.#failed} failed.`,
    );
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }

  fail(error: unknown): void {
    this.#failed += 1;
    console.log(`  ${paint(31, "✗")} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

const quote = (word: string): string => (/^[\w./:@=-]+$/u.test(word) ? word : `'${word}'`);

function follow(child: ChildProcess): Running {
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = "";
  let errors = "";
  const ended = new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? -1)));
  child.stderr?.on("data", (part) => (errors += String(part)));
  child.stdout?.on("data", (part) => {
    rest += String(part);
    for (let at = rest.indexOf("\n"); at >= 0; at = rest.indexOf("\n")) {
      const line = rest.slice(0, at);
      rest = rest.slice(at + 1);
      const next = waiting.shift();
      if (next === undefined) lines.push(line);
      else next(line);
    }
  });
  const nextLine = (): Promise<string> => {
    const ready = lines.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing printed for ${patience / 1000} s: ${errors}`)), patience);
      waiting.push((line) => {
        clearTimeout(timer);
        resolve(line);
      });
      void ended.then((code) => {
        clearTimeout(timer);
        reject(new Error(`ended with ${code} before its next line: ${errors}`));
      });
    });
  };
  return {
    line: async () => JSON.parse(await nextLine()) as Record<string, unknown>,
    ended: () => ended,
    kill: () => void child.kill("SIGTERM"),
  };
}
