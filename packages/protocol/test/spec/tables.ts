/** How the pages of `spec/` write what a schema takes, so that a test can hold the two against each other. */
import type { Form, Schema } from "@photon/protocol/codec";

const bounds = (min: number, max: number): string => {
  if (min === max) return ` ${min}`;
  if (max === Number.MAX_SAFE_INTEGER) return min === 0 ? "" : ` ≥ ${min}`;
  return min === 0 ? ` ≤ ${max}` : ` ${min}..${max}`;
};

/** @param named parts that have a name of their own. */
export function wordsOf(form: Form, named: ReadonlyMap<Form, string>, top = false): string {
  const name = named.get(form);
  if (name !== undefined && !top) return name;
  switch (form.kind) {
    case "uint":
      return `uint${bounds(form.min, form.max)}`;
    case "bytes":
      return `bytes${bounds(form.min, form.max)}`;
    case "text":
      return `text${bounds(0, form.max)}`;
    case "boolean":
      return "boolean";
    case "any":
      return "any";
    case "name":
      return Object.entries(form.names)
        .map(([word, number]) => `${number} ${word}`)
        .join(", ");
    case "list":
    case "set":
      return `${form.kind}${bounds(form.min, form.max)} of ${wordsOf(form.item, named)}`;
    case "map":
      return form.fields.length === 0
        ? "empty map"
        : `map {${form.fields.map(({ key, form: part }) => `${key}: ${wordsOf(part, named)}`).join(", ")}}`;
    case "choice":
      return form.variants.map(({ tag, name: word, form: part }) => `[${tag}, ${word}: ${wordsOf(part, named)}]`).join(" or ");
  }
}

/** The rows that the page must have for a map: number, name (with "?" where it may be absent), type. */
export function rowsOf(schema: Schema<unknown>, named: ReadonlyMap<Form, string>): string[] {
  const { form } = schema;
  if (form.kind !== "map") throw new Error("only maps have rows");
  return form.fields.map(
    ({ key, name, optional, form: part }) => `${key} | ${name}${optional ? "?" : ""} | ${wordsOf(part, named)}`,
  );
}

/** What a cell says of all fields of a map from a number on: "3: delayHours, uint ≤ 336; 4: again, boolean". */
export function cellOf(schema: Schema<unknown>, named: ReadonlyMap<Form, string>, from: number): string {
  return rowsOf(schema, named)
    .map((row) => row.split(" | "))
    .filter(([key = ""]) => Number(key) >= from)
    .map(([key = "", name = "", type = ""]) => `${key}: ${name}, ${type}`)
    .join("; ");
}

/** The first three columns of the table below a heading, as the page has them. */
export function tableBelow(page: string, heading: string): string[] {
  const [, rest] = page.split(`\n${heading}\n`);
  if (rest === undefined) throw new Error(`no heading ${heading}`);
  const section = rest.split(/\n#+ /u)[0] ?? "";
  const rows = section.split("\n").filter((line) => /^\| *-?\d+ *\|/u.test(line));
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, 4)
      .map((cell) => cell.trim().replaceAll("`", "").replaceAll("−", "-"))
      .join(" | "),
  );
}
