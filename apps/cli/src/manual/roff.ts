/** photon(1), from the command tree; see man(7). */
import type { Command } from "commander";
import { globalOptions, type Page, pages, type Term } from "./tree.ts";
import { topics } from "./topics.ts";

/** Text in which roff finds nothing to act on. */
export function roffText(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(
      /[^\u0020-\u007E\n]/gu,
      (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replaceAll(/^([.'])/gmu, "\\&$1");
}

export function manPage(program: Command, version: string): string {
  return [
    `.TH PHOTON 1 "" "photon ${version}" "Photon manual"`,
    ".SH NAME",
    `photon \\- ${roffText(program.description().replace(/\.$/u, "").toLowerCase())}`,
    ".SH SYNOPSIS",
    ".B photon",
    roffText("[options] COMMAND [arguments]"),
    ".SH DESCRIPTION",
    roffText(program.description()),
    "Data goes to standard output, talk to standard error.",
    ".SH OPTIONS FOR EVERY COMMAND",
    ...globalOptions(program).flatMap(term),
    ".SH COMMANDS",
    ...pages(program).flatMap(section),
    ...topics.flatMap(({ title, text }) => [`.SH ${roffText(title.toUpperCase())}`, ...text.flatMap(paragraph)]),
    ".SH SEE ALSO",
    ".BR age (1)",
    "",
  ].join("\n");
}

function section(page: Page): string[] {
  if (page.group) return [`.SS ${roffText(page.name)}`, roffText(page.description)];
  const lines = [
    `.SS ${roffText(page.usage)}`,
    roffText(page.description),
    ...page.arguments.flatMap(term),
    ...page.options.flatMap(term),
  ];
  for (const [line, purpose] of page.examples)
    lines.push(".PP", ".nf", `.RS 4`, roffText(line), ".RE", ".fi", ".RS 8", roffText(purpose), ".RE");
  return lines;
}

const term = ({ term: head, words }: Term): string[] => [".TP", `.B ${roffText(head)}`, roffText(words)];

function paragraph(text: string): string[] {
  return text.startsWith("  ") ? [".PP", ".nf", roffText(text), ".fi"] : [".PP", roffText(text)];
}
