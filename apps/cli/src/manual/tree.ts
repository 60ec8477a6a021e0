/** The command tree as the manuals see it: every visible command with what can be said of it. */
import type { Argument, Command, Option } from "commander";
import { children, type Example, examples, path } from "../command.ts";

export interface Page {
  /** Such as "photon devices add". */
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly Term[];
  readonly options: readonly Term[];
  readonly examples: readonly Example[];
  /** True for commands that only hold others. */
  readonly group: boolean;
}

export interface Term {
  readonly term: string;
  readonly words: string;
}

/** In the order in which `photon help` lists them, depth first. */
export const pages = (program: Command): readonly Page[] =>
  children(program).flatMap((command) => [pageOf(command), ...pages(command)]);

export const globalOptions = (program: Command): readonly Term[] => program.options.map(optionTerm);

function pageOf(command: Command): Page {
  const named = command.registeredArguments.filter((argument) => argument.name() !== "unknown");
  const words = [path(command), ...named.map(argumentUsage), ...(command.options.length > 0 ? ["[options]"] : [])];
  const group = children(command).length > 0;
  return {
    name: path(command),
    usage: group ? `${path(command)} COMMAND` : words.join(" "),
    summary: command.summary(),
    description: command.description(),
    arguments: named.map((argument) => ({
      term: argumentUsage(argument),
      words: withChoices(argument.description, argument.argChoices),
    })),
    options: command.options.map(optionTerm),
    examples: examples(command),
    group,
  };
}

const argumentUsage = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

function optionTerm(option: Option): Term {
  const preset = typeof option.defaultValue === "string" ? ` (default: ${option.defaultValue})` : "";
  return { term: option.flags, words: `${withChoices(option.description, option.argChoices)}${preset}` };
}

const withChoices = (words: string, choices: readonly string[] | undefined): string =>
  choices === undefined ? words : `${words} (${choices.join(", ")})`;
