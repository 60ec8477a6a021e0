import { width } from "./width.ts";

/** Breaks a paragraph into lines between words. One that fits, or that begins with two spaces, is kept as it is. */
export function fill(paragraph: string, columns: number): string {
  if (paragraph.startsWith("  ") || width(paragraph) <= columns) return paragraph;
  const lines: string[] = [];
  let line = "";
  for (const word of paragraph.split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
