/** What may come next on a half-typed command line, from the command tree and from the profile, without any network. */
import type { Command, Option } from "commander";
import { children, type Live, liveKind } from "./command.ts";

export interface Candidates {
  /** Each with a few words about it, or "". */
  readonly words: readonly (readonly [word: string, about: string])[];
  /** What else to offer: names from the profile, or files. */
  readonly live: Live | undefined;
}

/**
 * @param typed the words after the program's name; the last one is being typed and may be "".
 * @returns candidates that fit what was typed of the last word; `live` ones are still to be filtered.
 */
export function candidates(program: Command, typed: readonly string[]): Candidates {
  const current = typed.at(-1) ?? "";
  const place = walk(program, typed.slice(0, -1));
  const fits = (words: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] =>
    words.filter(([word]) => word.startsWith(current));
  if (place.option !== undefined) return optionValues(place.option, fits);
  if (!place.onlyArguments && current.startsWith("-")) return { words: fits(optionsOf(place.command)), live: undefined };
  const subcommands =
    place.argument === 0 ? children(place.command).map((child): [string, string] => [child.name(), child.summary()]) : [];
  const command = subcommands.length === 0 ? place.command : undefined;
  const argument =
    command?.registeredArguments[place.argument] ?? command?.registeredArguments.findLast(({ variadic }) => variadic);
  const choices = (argument?.argChoices ?? []).map((choice): [string, string] => [choice, ""]);
  return { words: fits([...subcommands, ...choices]), live: argument === undefined ? undefined : liveKind(argument) };
}

interface Place {
  readonly command: Command;
  /** The option whose value is being typed. */
  readonly option: Option | undefined;
  /** How many arguments of the command came before. */
  readonly argument: number;
  /** After "--". */
  readonly onlyArguments: boolean;
}

function walk(program: Command, before: readonly string[]): Place {
  let command = program;
  let option: Option | undefined;
  let argument = 0;
  let onlyArguments = false;
  for (const word of before) {
    if (option !== undefined) option = undefined;
    else if (!onlyArguments && word === "--") onlyArguments = true;
    else if (!onlyArguments && word.startsWith("-")) option = valueOption(command, word);
    else {
      const child = argument === 0 ? children(command).find((candidate) => candidate.name() === word) : undefined;
      if (child === undefined) argument += 1;
      else command = child;
    }
  }
  return { command, option, argument, onlyArguments };
}

function valueOption(command: Command, word: string): Option | undefined {
  if (word.includes("=")) return undefined;
  const found = allOptions(command).find(({ short, long }) => short === word || long === word);
  return found !== undefined && (found.required || found.optional) ? found : undefined;
}

function allOptions(command: Command): readonly Option[] {
  return command.parent === null ? command.options : [...command.options, ...allOptions(command.parent)];
}

const optionsOf = (command: Command): readonly (readonly [string, string])[] => [
  ...allOptions(command)
    .filter(({ hidden, long }) => !hidden && long !== undefined && long !== null)
    .map(({ long, description }): [string, string] => [long ?? "", description]),
  ["--help", "explain the command"],
];

const fileOptions = new Set(["--to", "--config", "--data"]);

function optionValues(option: Option, fits: (words: readonly (readonly [string, string])[]) => Candidates["words"]): Candidates {
  const choices = option.argChoices ?? [];
  const isFile = choices.length === 0 && fileOptions.has(option.long ?? "");
  return { words: fits(choices.map((choice): [string, string] => [choice, ""])), live: isFile ? "file" : undefined };
}

/** What is printed so that the shell completes file names itself. */
export const filesMark = ":files";

/** The word as the shell will hand it over: without the quotes and backslashes of a word that is being typed. */
export function unquoted(word: string): string {
  if (word.startsWith("'")) return word.slice(1).replace(/'$/u, "");
  const inner = word.startsWith('"') ? word.slice(1).replace(/"$/u, "") : word;
  return inner.replaceAll(/\\(.)/gu, "$1");
}

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];
