import { readFileSync } from "node:fs";
import { type Form, type Schema } from "@photon/protocol/codec";
import {
  itemsPerPart,
  entryBodySchema,
  entrySchema,
  maxBatches,
  maxParts,
  partialsPerPart,
  placeSchema,
  replyBodySchema,
  replySchema,
  requestSchema,
  talkSchemas,
} from "@photon/protocol/recovery";
import { inboxSchema, suiteSchema } from "@photon/protocol/statement";
import { openerShareSchema, scalarSchema, verificationSchema } from "@photon/protocol/trustees";
import { describe, expect, test } from "vitest";
import { cellOf, rowsOf, tableBelow } from "./tables.ts";

const page = readFileSync(new URL("../../../../spec/12-recovery.md", import.meta.url), "utf8");

/** The kinds of a body, each with its tag and as a schema of its own. */
function kindsOf<T>({ form }: Schema<T>): readonly (readonly [string, number, Schema<unknown>])[] {
  if (form.kind !== "choice") throw new Error("one of several");
  return form.variants.map(({ name, tag, form: own }) => [name, tag, { form: own } as Schema<unknown>]);
}
const entries = kindsOf(entryBodySchema);
const replies = kindsOf(replyBodySchema);
const parts: readonly (readonly [string, Schema<unknown>])[] = [
  ["entry", entrySchema],
  ["request", requestSchema],
  ["reply", replySchema],
  ["place", placeSchema],
];
const named = new Map<Form, string>(
  [
    ...parts,
    ["suite", suiteSchema] as const,
    ["inbox", inboxSchema] as const,
    ["scalar", scalarSchema] as const,
    ["verification data", verificationSchema] as const,
    ["opener share", openerShareSchema] as const,
    ["one of 12.3", entryBodySchema] as const,
    ["one of 12.6", replyBodySchema] as const,
  ].map(([name, schema]) => [schema.form, name]),
);
/** The cells of the row that begins with these. */
const row = (...first: string[]): string[] => {
  const line = page.split("\n").find((one) => one.replaceAll(/ +/gu, " ").startsWith(`| ${first.join(" | ")} |`));
  return (line ?? "").split("|").map((cell) => cell.trim().replaceAll("`", ""));
};

describe("spec/12-recovery.md says what the code takes", () => {
  test.each(parts)("the part %s, field by field", (name, schema) => {
    expect(tableBelow(page, `### ${name}`)).toEqual(rowsOf(schema, named));
  });
  test.each(entries)("the entry %s, with its tag and field by field", (name, tag, schema) => {
    expect(row(String(tag), `\`${name}\``)).not.toEqual([""]);
    expect(tableBelow(page, `### ${name}`)).toEqual(rowsOf(schema, named));
  });
  test.each(replies)("the answer %s, with its tag and field by field", (name, tag, schema) => {
    expect(row(String(tag), `\`${name}\``)).not.toEqual([""]);
    expect(tableBelow(page, `### ${name === "release" ? "release of a share" : name}`)).toEqual(rowsOf(schema, named));
  });
  test.each(Object.entries(talkSchemas))("%s, field by field", (kind, schema: Schema<unknown>) => {
    expect(rowsOf(schema, named).slice(0, 2)).toEqual(["1 | plan | bytes 32", "2 | version | uint ≤ 4294967295"]);
    expect(row(`\`${kind}\``)[3]).toBe(cellOf(schema, named, 3));
  });
  test("the sizes", () => {
    const [most, part, signatures] = [maxParts * itemsPerPart, itemsPerPart, partialsPerPart].map((size) =>
      size.toLocaleString("en"),
    );
    expect(page).toContain(`A batch has at most ${most} items (11.6) in parts of at most ${part}.`);
    expect(page).toContain(`at most ${signatures} signatures`);
    expect(maxBatches).toBe(3);
  });
});
