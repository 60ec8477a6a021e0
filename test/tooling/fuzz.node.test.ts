import { expect, test } from "vitest";
import { mutate } from "../../scripts/fuzz/mutate.ts";
import { runFuzz } from "../../scripts/fuzz/run.ts";
import { allTargets } from "../../scripts/fuzz/targets.ts";

test("every decoder survives mutated inputs without crash, hang or unbounded memory (a bounded share of `npm run fuzz`)", async () => {
  const targets = await allTargets();
  const seed = Math.floor(Math.random() * 2 ** 31);
  const report = await runFuzz({ count: 20_000, milliseconds: 8000 / targets.length, seed });
  expect(report.failure).toBeUndefined();
  expect(report.targets.map(({ name }) => name)).toEqual(targets.map(({ name }) => name));
  for (const { name, inputs } of report.targets) expect(inputs, name).toBeGreaterThan(0);
});

test("the same seed and index give the same input, and most inputs differ", () => {
  const seeds = [Uint8Array.of(0x83, 1, 2, 3)];
  const made = Array.from({ length: 200 }, (_, index) => mutate(7, index, seeds));
  expect(made).toEqual(Array.from({ length: 200 }, (_, index) => mutate(7, index, seeds)));
  expect(new Set(made.map(String)).size).toBeGreaterThan(100);
});
