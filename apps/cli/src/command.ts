/** How commands are declared: their words, their arguments, their examples, and what completion offers for them. */
import { Argument, type Command, Option } from "commander";
import { err, ok, type Result } from "@photon/protocol/codec";
import type { Handler } from "./cli.ts";
import { cliError, type Failure } from "./failure.ts";
import { named } from "./output/shown.ts";

/** Runs a handler for the command that was typed. */
export type Run = (handler: Handler) => Promise<void>;

/** A line to type, and what it is for. */
export type Example = readonly [line: string, purpose: string];

/** Arguments and option values that completion fills in from the profile or the disk. */
export type Live = "contact" | "device" | "file";

const liveArguments: Readonly<Record<string, Live>> = { contact: "contact", device: "device", file: "file" };

const examplesOf = new WeakMap<Command, readonly Example[]>();
const hidden = new WeakSet<Command>();

export interface Declaration {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Whole sentences. */
  readonly description: string;
  readonly examples: readonly Example[];
  readonly isDefault?: boolean;
  readonly hidden?: boolean;
}

export function declare(parent: Command, declaration: Declaration): Command {
  const { name, summary, description, examples, isDefault = false, hidden: unlisted = false } = declaration;
  const command = parent.command(name, { isDefault, hidden: unlisted }).summary(summary).description(description);
  examplesOf.set(command, examples);
  if (unlisted) hidden.add(command);
  if (examples.length > 0) {
    const lines = examples.map(([line, purpose]) => `  ${line}\n      ${purpose}`).join("\n");
    command.addHelpText("after", `\nExamples:\n${lines}`);
  }
  return command;
}

export const examples = (command: Command): readonly Example[] => examplesOf.get(command) ?? [];
export const isHidden = (command: Command): boolean => hidden.has(command);

/** The visible subcommands, as declared. */
export const children = (command: Command): readonly Command[] => command.commands.filter((child) => !isHidden(child));

/** A value of one of a few kinds. */
export const oneOf = (flags: string, words: string, choices: readonly string[]): Option =>
  new Option(flags, words).choices(choices);
export const argumentOf = (name: string, words: string, choices: readonly string[]): Argument =>
  new Argument(name, words).choices(choices);

export const liveKind = (argument: { name(): string }): Live | undefined => liveArguments[argument.name()];

/** What a group does by default takes no arguments: what was typed there was meant for a command that is not there. */
export function noSuchCommand(group: string, typed: readonly string[]): Result<void, Failure> {
  const [unknown] = typed;
  return unknown === undefined
    ? ok(undefined)
    : err(
        cliError("usage", `\`photon ${group}\` has no command ${named(unknown)}`, `\`photon help ${group}\` lists what it can do.`),
      );
}

/** The words that are typed to reach it, such as "photon devices add". */
export function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}
