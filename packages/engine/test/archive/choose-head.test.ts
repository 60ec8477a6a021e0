import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newestGood, sampleOf } from "../../src/archive/choose-head.ts";

const run = fc.record({ from: fc.nat(500), to: fc.nat(500), left: fc.nat(45) });

describe("a sample of the heads that are kept", () => {
  test("goes upwards, ends with the newest, and is small, whatever a vault lists", () => {
    fc.assert(
      fc.property(fc.nat(400), fc.array(run, { maxLength: 60 }), (newest, kept) => {
        const { seqs } = sampleOf({ newest, kept });
        expect(seqs.at(-1)).toBe(newest);
        expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
        expect(seqs.length).toBeLessThanOrEqual(kept.length + 2 * 9 + 1);
      }),
    );
  });

  test("has the last head of each day, and more of the first and the last of them", () => {
    const kept = [
      { from: 1, to: 100, left: 3 },
      { from: 101, to: 200, left: 10 },
      { from: 201, to: 203, left: 44 },
    ];
    const { seqs, left } = sampleOf({ newest: 204, kept });
    expect(seqs).toEqual([1, 13, 26, 38, 51, 63, 75, 88, 100, 200, 201, 202, 203, 204]);
    expect([left(50), left(101), left(203), left(204)]).toEqual([3, 10, 44, undefined]);
    expect(sampleOf({ newest: 1, kept: [] }).seqs).toEqual([1]);
  });
});

describe("the newest good head", () => {
  test("is found between two days of which the first is good to its end, asking for few", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 45 }),
        fc.nat(40_000),
        async (days, at) => {
          const ends = days.reduce<number[]>((all, length) => [...all, (all.at(-1) ?? 0) + length], []);
          const last = ends.at(-1) ?? 1;
          const lastGood = 1 + (at % last);
          let asked = 0;
          const found = await newestGood([1, ...ends.filter((end) => end > 1)], async (seq) => {
            asked += 1;
            return seq <= lastGood;
          });
          expect(found).toBe(lastGood);
          expect(asked).toBeLessThanOrEqual(ends.length + 1 + Math.ceil(Math.log2(901)));
        },
      ),
    );
  });

  test("is none where none of them is", async () => {
    expect(await newestGood([3, 5, 9], async () => false)).toBeUndefined();
    expect(await newestGood([], async () => true)).toBeUndefined();
    expect(await newestGood([3, 5, 9], async () => true)).toBe(9);
  });
});
