import { readFileSync } from "node:fs";
import { type Form, type Schema } from "@photon/protocol/codec";
import { suiteSchema } from "@photon/protocol/statement";
import {
  archivePlaceSchema,
  domains,
  holdingProofSchema,
  maxTrustees,
  openerShareSchema,
  packetLength,
  packetSchema,
  planQueueSchema,
  scalarSchema,
  sharesSchema,
  trusteeErrors,
  verificationSchema,
} from "@photon/protocol/trustees";
import { describe, expect, test } from "vitest";
import { rowsOf, tableBelow } from "./tables.ts";

const page = readFileSync(new URL("../../../../spec/11-trustees.md", import.meta.url), "utf8");
const parts: readonly (readonly [string, Schema<unknown>])[] = [
  ["shares", sharesSchema],
  ["verification data", verificationSchema],
  ["holding proof", holdingProofSchema],
  ["opener share", openerShareSchema],
  ["archive place", archivePlaceSchema],
  ["plan queue", planQueueSchema],
  ["packet", packetSchema],
];
const named = new Map<Form, string>(
  [...parts, ["suite", suiteSchema] as const, ["scalar", scalarSchema] as const].map(([name, schema]) => [schema.form, name]),
);

describe("spec/11-trustees.md says what the code takes", () => {
  test.each(parts)("the part %s, field by field", (name, schema) => {
    expect(tableBelow(page, `### ${name}`)).toEqual(rowsOf(schema, named));
  });
  test("every label, and no other", () => {
    const rows = [...page.matchAll(/^\| `([A-Za-z]+)` +\| `(photon\/trustees\/[^`]+)` +\|/gmu)].map(([, name, label]) => [
      name,
      label,
    ]);
    expect(Object.fromEntries(rows)).toEqual(domains);
  });
  test("every refusal, and no other", () => {
    const section = page.slice(page.indexOf("### Refusals"), page.indexOf("## 11.13"));
    const codes = [...section.matchAll(/^\| `([a-z-]+)` +\| /gmu)].map(([, code = ""]) => code);
    expect(codes).toEqual(Object.keys(trusteeErrors));
  });
  test("the sizes", () => {
    expect(page).toContain(`inner ‖ zeros        ${packetLength.toLocaleString("en")} bytes`);
    expect(page).toContain(`Of n trustees, at most ${maxTrustees},`);
  });
});
