import { readFileSync } from "node:fs";
import { algorithms, bodySchemas, commitmentSchema, custodySchema, groupIdSchema, headsSchema, inboxSchema, leafIdSchema, leafSchema, maxStatement, planPartsSchema, sideIdSchema, statementIdSchema, suiteSchema } from "@photon/protocol/statement"; // prettier-ignore
import { decodeErrors, type Form, fromHex, hlcSchema, type Schema, decodeCbor, maxDepth, toHex } from "@photon/protocol/codec";
import { describe, expect, test } from "vitest";
import { rowsOf, tableBelow, wordsOf } from "./tables.ts";
import { vectorBytes } from "../vectors/read.ts";

const folder = new URL("../../../../spec/", import.meta.url);
const page = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const encoding = page("01-encoding.md");
const statements = page("02-statements.md");

const parts: readonly (readonly [string, Schema<unknown>])[] = [
  ["leaf", leafSchema],
  ["inbox", inboxSchema],
  ["custody", custodySchema],
  ["commitment", commitmentSchema],
  ["plan parts", planPartsSchema],
];
const singles: readonly (readonly [string, Schema<unknown>])[] = [
  ["side id", sideIdSchema],
  ["statement id", statementIdSchema],
  ["leaf id", leafIdSchema],
  ["group id", groupIdSchema],
  ["heads", headsSchema],
  ["suite", suiteSchema],
];
const named = new Map<Form, string>([...parts, ...singles].map(([name, schema]) => [schema.form, name]));

describe("spec/02-statements.md says what the code takes", () => {
  test.each(parts)("the part %s, field by field", (name, schema) => {
    expect(tableBelow(statements, `### ${name}`)).toEqual(rowsOf(schema, named));
  });
  test.each(Object.entries(bodySchemas))("the body of %s, field by field", (type, schema) => {
    expect(tableBelow(statements, `### ${type}`)).toEqual(rowsOf(schema, named));
  });
  test.each(singles)("%s", (name, schema) => {
    expect(statements).toMatch(new RegExp(`\\n\\| ${name} +\\| ${wordsOf(schema.form, named, true)} +\\|`, "u"));
  });
  test("the header's algorithms, and the longest statement", () => {
    const written = Object.entries(algorithms).map(([name, number]) => `${number} ${name}`);
    expect(tableBelow(statements, "### Protected header")[0]).toBe(`1 | algorithm | ${written.join(", ")}`);
    expect(statements).toContain(`at most ${maxStatement.toLocaleString("en")} bytes`);
  });
  test("the example is the vector, byte for byte", () => {
    const example = statements.slice(statements.indexOf("## 2.8"));
    const bytes = [...example.matchAll(/^ {4}([0-9a-f][0-9a-f ]*)$/gmu)].map(([, hex = ""]) => hex.replaceAll(" ", "")).join("");
    expect(vectorBytes("statement", "statement").map(toHex)).toContain(bytes);
  });
});

describe("spec/01-encoding.md says what the code takes", () => {
  test("the hybrid clock, field by field", () => {
    expect(tableBelow(encoding, "## 1.4 Hybrid logical clock")).toEqual(rowsOf(hlcSchema, named));
  });
  test("every error code, and no other", () => {
    const codes = [...encoding.matchAll(/^\| `([a-z-]+)` +\| /gmu)].map(([, code = ""]) => code);
    expect(codes.filter((code) => code !== "boolean").toSorted()).toEqual(Object.keys(decodeErrors).toSorted());
  });
  test("the depth", () => expect(encoding).toContain(`at most ${maxDepth} lists and maps`));
  test("the examples decode, or are refused with the code they name", () => {
    const rows = [...encoding.slice(encoding.indexOf("## 1.6")).matchAll(/^\| (.*?) +\| `([0-9a-f]+)` +\|$/gmu)];
    expect(rows.length).toBe(7);
    for (const [, words = "", hex = ""] of rows) {
      const decoded = decodeCbor(fromHex(hex) ?? new Uint8Array(), 99);
      if (decoded.ok) expect(words).not.toContain("refused");
      else expect(words).toBe(`refused, \`${decoded.error.code}\``);
    }
  });
});
