/** The committed vectors: each valid one gives its output, each invalid one exactly its code. In Node and in browsers. */
import { describe, expect, test } from "vitest";
import type { ImportGlobFunction } from "vite/types/importGlob.d.ts";
import type { InvalidCase, ValidCase, VectorFile } from "../../../../vectors/support.ts";
import { topics } from "../../../../vectors/topics/index.ts";

declare global {
  interface ImportMeta {
    readonly glob: ImportGlobFunction;
  }
}
const root = "../../../../vectors/";
const valid = import.meta.glob<VectorFile<ValidCase>>("../../../../vectors/*/valid.json", { eager: true, import: "default" });
const invalid = import.meta.glob<VectorFile<InvalidCase>>("../../../../vectors/*/invalid.json", { eager: true, import: "default" });

describe.each(topics)("vectors of $name", ({ name, types }) => {
  test("are there", () => {
    expect(valid[`${root}${name}/valid.json`]?.cases.length).toBeGreaterThan(0);
  });
  for (const { name: words, type, input, output } of valid[`${root}${name}/valid.json`]?.cases ?? []) {
    test(`valid: ${words}`, async () => {
      expect(await types[type]?.(input)).toEqual({ ok: true, value: output });
    });
  }
  for (const { name: words, type, input, error } of invalid[`${root}${name}/invalid.json`]?.cases ?? []) {
    test(`invalid: ${words}`, async () => {
      expect(await types[type]?.(input)).toMatchObject({ ok: false, error: { code: error } });
    });
  }
});
