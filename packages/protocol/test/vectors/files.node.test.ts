import { expect, test } from "vitest";
import { buildVectors } from "../../../../vectors/build.ts";
import type { VectorFile } from "../../../../vectors/support.ts";
import { vectorFiles, vectorText } from "./read.ts";

test("generated again, no vector has drifted, and none is left over", async () => {
  const built = await buildVectors();
  expect([...built.keys()].toSorted()).toEqual(vectorFiles().toSorted());
  for (const [path, text] of built) expect(vectorText(path) === text, path).toBe(true);
});

test("no two vectors of a file have one name, so that a failure names one", () => {
  for (const path of vectorFiles()) {
    const { cases } = JSON.parse(vectorText(path)) as VectorFile<{ readonly name: string }>;
    expect(new Set(cases.map((one) => one.name)).size, path).toBe(cases.length);
  }
});
