/** What the demo is played on: real processes of the real command, their output shown as they print it, and a tally. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { askPhoton, type CommandProcess, type Ran, runPhoton, startPhoton } from "@photon/testkit";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const colour = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

export interface Machine {
  readonly owner: string;
  /** Runs a command as its owner would, and shows it and what it prints. */
  run(...words: readonly string[]): Promise<Ran>;
  /** Runs it as a script would, without showing it. @returns the object that it printed. */
  ask(...words: readonly string[]): Promise<Record<string, unknown>>;
  /** Starts a command that goes on, as a script would. */
  start(...words: readonly string[]): CommandProcess;
}

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "photon-demo-"));
  readonly #started = new Set<CommandProcess>();
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
    const show = (words: readonly string[]): void => console.log(`${paint(36, `${owner} $`)} photon ${words.map(quote).join(" ")}`);
    return {
      owner,
      run: async (...words) => {
        show(words);
        const ran = await runPhoton(home, [...words, "--no-input"]);
        for (const text of [ran.stdout, ran.stderr]) if (text.trim() !== "") console.log(text.trimEnd().replaceAll(/^/gmu, "    "));
        return ran;
      },
      ask: async (...words) => (await askPhoton(home, ...words)).object,
      start: (...words) => {
        show(words);
        const started = startPhoton(home, [...words, "--no-input", "--json"]);
        this.#started.add(started);
        return started;
      },
    };
  }

  /** Ends every process, tidies up, writes the tally. @returns the exit code. */
  close(): number {
    for (const started of this.#started) started.signal("SIGKILL");
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
