/** What every command is given, and what it answers. */
import { err, ok, type Result } from "@photon/protocol/codec";
import type { Exit } from "./exit.ts";
import { type Attempt, cliError, type Failure } from "./failure.ts";
import { fill } from "./output/fill.ts";
import { jsonLine, type JsonObject } from "./output/json.ts";
import { named, shown } from "./output/shown.ts";
import { type Style, styleFor } from "./output/style.ts";
import { type Progress, progressOn } from "./progress.ts";
import type { Ask, World } from "./world.ts";

export interface Globals {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly input: boolean;
  readonly dryRun: boolean;
  readonly offline: boolean;
  readonly yes: boolean;
  readonly color: boolean;
}

/** How a command ended well. */
export interface Answer {
  /** What `--json` prints; undefined if the command has printed its lines itself. */
  readonly json: JsonObject | undefined;
  /** Data for stdout, without a newline at its end; "" for none. Must already be harmless. */
  readonly data: string;
  /** What happened and what it means, in sentences, for stderr. */
  readonly words: string;
  /** The next step. */
  readonly next: string;
  readonly exit: Exit;
}

export const answer = (parts: Omit<Answer, "exit" | "data"> & Partial<Pick<Answer, "exit" | "data">>): Answer => ({
  data: "",
  exit: 0,
  ...parts,
});

export type Handler = (cli: Cli) => Attempt<Answer>;

export class Cli {
  readonly world: World;
  readonly globals: Globals;
  /** For stdout. */
  readonly style: Style;
  /** Lines of a stream that were printed: after one, a failure is printed as one more line. */
  #lines = 0;

  constructor(world: World, globals: Globals) {
    this.world = world;
    this.globals = globals;
    this.style = styleFor(world.stdout, world.env, globals.color);
  }

  get streaming(): boolean {
    return this.#lines > 0;
  }

  /** One line of a stream: an object in JSON mode, else text; "" prints nothing. */
  line(json: JsonObject, text: string): void {
    this.#lines += 1;
    if (this.globals.json) this.world.stdout.write(`${jsonLine(json)}\n`);
    else if (text !== "") this.world.stdout.write(`${text}\n`);
  }

  /** Talk: on stderr, for a person, never in JSON mode or when quiet. */
  say(text: string): void {
    if (!this.globals.json && !this.globals.quiet && text !== "") this.#talk(text);
  }

  /** Broken into lines between words where somebody reads it. */
  #talk(text: string): void {
    const { isTTY, columns } = this.world.stderr;
    const whole = isTTY
      ? text
          .split("\n")
          .map((line) => fill(line, Math.min(100, columns)))
          .join("\n")
      : text;
    this.world.stderr.write(`${whole}\n`);
  }

  finish(result: Answer): number {
    if (this.globals.json) {
      if (result.json !== undefined) this.world.stdout.write(`${jsonLine(result.json)}\n`);
      return result.exit;
    }
    if (result.data !== "") this.world.stdout.write(`${result.data}\n`);
    this.say(result.words);
    this.say(nextStep(result.next));
    return result.exit;
  }

  fail(failure: Failure): number {
    const { code, message, remedy, detail } = failure;
    if (this.globals.json) this.world.stdout.write(`${jsonLine({ error: { code, message, remedy, detail } })}\n`);
    else {
      const exactly = detail === "" ? "" : ` (${shown(detail, { limit: 600 })})`;
      this.#talk(`photon: ${message}${exactly}\n${nextStep(remedy)}`);
    }
    return failure.exit;
  }

  /** Progress on stderr; silent unless that is a terminal and the person wants talk. */
  progress(label: string): Progress {
    return progressOn(this.world.stderr, label, this.world.stderr.isTTY && !this.globals.json && !this.globals.quiet);
  }

  /** Undefined if there is nobody to ask, or they do not want to be asked. */
  get ask(): Ask | undefined {
    return this.globals.input ? this.world.ask : undefined;
  }

  /** The value if it was given, else the person's answer, else a failure that names the option. */
  async need(given: string | undefined, question: string, option: string, suggestion = ""): Promise<Result<string, Failure>> {
    if (given !== undefined) return ok(given);
    if (this.ask === undefined) return err(cliError("input-needed", `${option} was not given`));
    const typed = await this.ask.text(question, suggestion);
    return typed === undefined ? err(cliError("interrupted")) : ok(typed);
  }

  /**
   * Before something that cannot be undone: asks for the name once more. `--yes` says so beforehand.
   * @param unattended whether naming it was enough where nobody can be asked, as the scripting contract has it.
   */
  async confirmByName(
    name: string,
    consequence: string,
    options: { readonly unattended: boolean },
  ): Promise<Result<void, Failure>> {
    if (this.globals.yes) return ok(undefined);
    if (this.ask === undefined) {
      return options.unattended
        ? ok(undefined)
        : err(cliError("input-needed", "this cannot be undone, and was not confirmed", "Add --yes if you are sure."));
    }
    this.say(consequence);
    const typed = await this.ask.text(`Type ${named(name)} to confirm`, "");
    if (typed === undefined) return err(cliError("interrupted"));
    return typed.trim() === name.trim() ? ok(undefined) : err(cliError("not-confirmed", "the name that was typed is another one"));
  }

  /** The answer of a dry run. */
  would(plan: string): Result<Answer, Failure> {
    return ok(
      answer({
        json: { dryRun: true, would: plan },
        words: `This would ${plan}. Nothing was done.`,
        next: "Run it again without --dry-run to do it.",
      }),
    );
  }
}

export const nextStep = (text: string): string => (text === "" ? "" : `Next: ${text.charAt(0).toUpperCase()}${text.slice(1)}`);
