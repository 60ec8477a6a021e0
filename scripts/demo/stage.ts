/** What the demo is played on: real processes of the real command, their output shown as they print it, and a tally. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CommandProcess, type ProcessOptions, type Ran, runPhoton, startPhoton } from "@photon/testkit";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const colour = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

export type Shown = Readonly<Record<string, unknown>>;

export interface Machine {
  readonly owner: string;
  readonly home: string;
  /** Runs a command as its owner would, and shows it and what it prints. Ends the story where it does not exit with 0. */
  run(...words: readonly string[]): Promise<Ran>;
  /** The same, but shows only the lines in which something is found; `…` stands for the others. */
  glance(lines: RegExp, ...words: readonly string[]): Promise<Ran>;
  /** The same as `run`, for what is to end with another exit code. */
  runTo(exit: number, ...words: readonly string[]): Promise<Ran>;
  /** Runs it as a script would, without showing it. @returns the object that it printed. Ends the story as `run` does. */
  ask(...words: readonly string[]): Promise<Shown>;
  askTo(exit: number, ...words: readonly string[]): Promise<Shown>;
  /** Starts a command that goes on, as a script would. */
  start(...words: readonly string[]): CommandProcess;
}

export interface MachineOptions {
  readonly clock?: ProcessOptions["clock"];
  /** Somebody's device in other hands. */
  readonly home?: string;
}

/** Exit code of what is done here, and could not be sent or fetched in time: on a busy machine, say. */
const partial = 3;
/** Syncs that it may take then, … */
const patience = 10;
/** … to end with one of these: done, or with nothing to do but to wait for people. */
const through: readonly number[] = [0, 20];

export class Stage {
  readonly #base = mkdtempSync(join(tmpdir(), "photon-demo-"));
  #stories = 0;
  readonly #started = new Set<CommandProcess>();
  #passed = 0;
  #failed = 0;

  /** Where the story that is told keeps its files: each has its own, since the same people live in all of them. */
  get folder(): string {
    return join(this.#base, String(this.#stories));
  }

  story(title: string): void {
    this.#stories += 1;
    mkdirSync(this.folder);
    console.log(`\n${paint(1, `═══ ${title} ═══`)}`);
  }

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

  machine(owner: string, options: MachineOptions = {}): Machine {
    const { clock, home = join(this.folder, owner.replaceAll(/[^a-z]+/giu, "-")) } = options;
    const show = (words: readonly string[]): void => console.log(`${paint(36, `${owner} $`)} photon ${words.map(quote).join(" ")}`);
    /** Sees it through: what could not be done in time is gone on with as the command says, by `photon sync`. */
    const perform = async (exit: number, words: readonly string[], flags: readonly string[]): Promise<Ran> => {
      const ran = await runPhoton(home, [...words, ...flags], { clock });
      let last = ran;
      for (let pass = 0; last.code === partial && exit !== partial && pass < patience; pass++)
        last = await runPhoton(home, ["sync", "--no-input"], { clock });
      if (last.code !== exit && (last === ran || !through.includes(last.code)))
        throw new Error(
          `${owner}: photon ${words.map(quote).join(" ")} ended with ${last.code}, not ${exit}\n${last.stdout}${last.stderr}`,
        );
      return ran;
    };
    const performShown = async (exit: number, words: readonly string[], lines: RegExp): Promise<Ran> => {
      show(words);
      const ran = await perform(exit, words, ["--no-input"]);
      const printed = `${ran.stdout}${ran.stderr}`.trimEnd();
      if (printed !== "")
        console.log(
          excerpt(printed.split("\n"), lines)
            .map((line) => `    ${line}`)
            .join("\n"),
        );
      return ran;
    };
    const ask = async (exit: number, words: readonly string[]): Promise<Shown> => {
      const ran = await perform(exit, words, ["--no-input", "--json"]);
      return JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "") as Shown;
    };
    return {
      owner,
      home,
      run: (...words) => performShown(0, words, /^/u),
      glance: (lines, ...words) => performShown(0, words, lines),
      runTo: (exit, ...words) => performShown(exit, words, /^/u),
      ask: (...words) => ask(0, words),
      askTo: (exit, ...words) => ask(exit, words),
      start: (...words) => {
        show(words);
        const started = startPhoton(home, [...words, "--no-input", "--json"], { clock });
        this.#started.add(started);
        return started;
      },
    };
  }

  /** Ends every process, tidies up, writes the tally. @returns the exit code. */
  close(): number {
    for (const started of this.#started) started.signal("SIGKILL");
    rmSync(this.#base, { recursive: true, force: true });
    mkdirSync(join(root, ".reports"), { recursive: true });
    writeFileSync(join(root, ".reports/demo.json"), JSON.stringify({ passed: this.#passed, failed: this.#failed }));
    console.log(
      `\n${this.#failed === 0 ? "The stories held" : "The stories broke"}: ${this.#passed} checks passed, ${this.#failed} failed.`,
    );
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }

  fail(error: unknown): void {
    this.#failed += 1;
    console.log(`  ${paint(31, "✗")} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** The lines in which something is found, and one `…` for each run of others. */
function excerpt(printed: readonly string[], wanted: RegExp): readonly string[] {
  const marked = printed.map((line) => (wanted.test(line) ? line : "…"));
  return marked.filter((line, at) => line !== "…" || marked[at - 1] !== "…");
}

const quote = (word: string): string => (/^[\w./:@=-]+$/u.test(word) ? word : `'${word}'`);
