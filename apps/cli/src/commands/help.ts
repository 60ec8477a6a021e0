import type { Command } from "commander";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "../cli.ts";
import { children, declare, type Run } from "../command.ts";
import { type Attempt, cliError } from "../failure.ts";
import { fill } from "../output/fill.ts";
import { named } from "../output/shown.ts";
import { version } from "../version.ts";

interface Options {
  readonly man?: boolean;
  readonly markdown?: boolean;
}

export function helpCommand(program: Command, run: Run): void {
  declare(program, {
    name: "help",
    summary: "explain a command or a topic",
    description:
      "Explains a command, with examples, or one of the topics exit-codes, scripting, recovery, secrets, environment and files. Alone it lists the commands.",
    examples: [
      ["photon help devices retire", "one command"],
      ["photon help topics", "what else is explained"],
      ["photon help --man | man -l -", "all of it as a manual page"],
    ],
  })
    .argument("[words...]", "a command or a topic")
    .option("--man", "everything, as a manual page")
    .option("--markdown", "all commands, or all exit codes, as Markdown")
    .action(async (words: readonly string[], options: Options) => run((cli) => help(cli, program, words, options)));
}

async function help(
  cli: Cli,
  program: Command,
  words: readonly string[],
  { man = false, markdown = false }: Options,
): Attempt<Answer> {
  if (man) return text((await import("../manual/roff.ts")).manPage(program, version));
  if (markdown && words[0] === "exit-codes") return text((await import("../manual/exit-codes.ts")).exitCodesPage());
  if (markdown) return text((await import("../manual/markdown.ts")).commandsPage(program));
  const [first] = words;
  if (first !== undefined && words.length === 1) {
    const { topics } = await import("../manual/topics.ts");
    if (first === "topics") return text(topics.map(({ name, title }) => `photon help ${name.padEnd(12)} ${title}`).join("\n"));
    const topic = topics.find(({ name }) => name === first);
    if (topic !== undefined)
      return text(topic.text.map((paragraph) => fill(paragraph, Math.min(80, cli.world.stdout.columns))).join("\n\n"));
  }
  let command = program;
  for (const word of words) {
    const next = children(command).find((child) => child.name() === word);
    if (next === undefined)
      return err(
        cliError(
          "usage",
          `there is no command or topic ${named(words.join(" "))}`,
          "`photon help` lists the commands, `photon help topics` the topics.",
        ),
      );
    command = next;
  }
  return text(helpText(command));
}

/** As `--help` prints it, the examples included. */
function helpText(command: Command): string {
  let out = "";
  const kept = command.configureOutput();
  command.configureOutput({
    ...kept,
    writeOut: (part) => {
      out += part;
    },
  });
  command.outputHelp();
  command.configureOutput(kept);
  return out;
}

const text = async (whole: string): Attempt<Answer> =>
  ok(answer({ json: { text: whole }, data: whole.trimEnd(), words: "", next: "" }));
