import { padTo, width } from "./width.ts";
import type { Style } from "./style.ts";

/** Rows under headings, each column as wide as its widest cell. Cells are shown as they are: pass them through `shown`. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  const columns = headings.map((heading, at) => Math.max(width(heading), ...rows.map((row) => width(row[at] ?? ""))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === cells.length - 1 ? cell : padTo(cell, columns[at] ?? 0)))
      .join("  ")
      .trimEnd();
  return [style.dim(line(headings)), ...rows.map(line)].join("\n");
}
