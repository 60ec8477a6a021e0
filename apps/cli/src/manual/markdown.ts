/** docs/guide/commands.md, from the command tree. */
import type { Command } from "commander";
import { globalOptions, type Page, pages, type Term } from "./tree.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|");

export function commandsPage(program: Command): string {
  const all = pages(program);
  return [
    "# Commands",
    "",
    "Written by `npx photon help --markdown`; a test holds it to the program. Data goes to standard output, talk to standard error.",
    "See [exit codes](exit-codes.md) and [scripting](scripting.md).",
    "",
    "| command | |",
    "| --- | --- |",
    ...all.filter(({ group }) => !group).map(({ name, summary }) => `| [\`${name}\`](#${anchor(name)}) | ${cell(summary)} |`),
    "",
    "## Options for every command",
    "",
    ...terms(globalOptions(program)),
    ...all.flatMap(section),
  ].join("\n");
}

const anchor = (name: string): string => name.replaceAll(" ", "-");

function section(page: Page): string[] {
  const lines = ["", `${page.name.split(" ").length > 2 ? "###" : "##"} ${page.name}`, "", page.description];
  if (page.group) return lines;
  lines.push("", "```", page.usage, "```");
  const all = [...page.arguments, ...page.options];
  if (all.length > 0) lines.push("", ...terms(all));
  if (page.examples.length > 0) lines.push("", ...page.examples.map(([line, purpose]) => `- \`${line}\`: ${purpose}`));
  return lines;
}

const terms = (list: readonly Term[]): string[] => [
  "| | |",
  "| --- | --- |",
  ...list.map(({ term, words }) => `| \`${cell(term)}\` | ${cell(words)} |`),
];
