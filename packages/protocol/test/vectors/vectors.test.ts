/** The committed vectors, read from their files: each valid one gives its output, each invalid one exactly its code. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildVectors } from "../../../../vectors/build.ts";
import type { InvalidCase, ValidCase } from "../../../../vectors/support.ts";
import { topics } from "../../../../vectors/topics/index.ts";

const folder = new URL("../../../../vectors/", import.meta.url);
interface File<Case> {
  readonly topic: string;
  readonly about: string;
  readonly cases: readonly Case[];
}
const read = (path: string): string => readFileSync(new URL(path, folder), "utf8");
const committed = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".json"));

describe.each(topics)("vectors of $name", ({ name, types }) => {
  const { cases: valid } = JSON.parse(read(`${name}/valid.json`)) as File<ValidCase>;
  test.each(valid)("valid: $name", async ({ type, input, output }) => {
    expect(await types[type]?.(input)).toEqual({ ok: true, value: output });
  });

  if (!committed.includes(`${name}/invalid.json`)) return;
  const { cases: invalid } = JSON.parse(read(`${name}/invalid.json`)) as File<InvalidCase>;
  test.each(invalid)("invalid: $name", async ({ type, input, error }) => {
    expect(await types[type]?.(input)).toMatchObject({ ok: false, error: { code: error } });
  });
});

test("generated again, no vector has drifted, and none is left over", async () => {
  const built = await buildVectors();
  expect([...built.keys()].toSorted()).toEqual(committed.toSorted());
  for (const [path, text] of built) expect(read(path) === text, path).toBe(true);
});

test("no two vectors of a file have one name, so that a failure names one", () => {
  for (const path of committed) {
    const { cases } = JSON.parse(read(path)) as File<{ name: string }>;
    expect(new Set(cases.map((one) => one.name)).size, path).toBe(cases.length);
  }
});
