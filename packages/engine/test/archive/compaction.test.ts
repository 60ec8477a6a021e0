import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { maxBlob, padmeLength } from "@photon/protocol/archive";
import { fullSegment, swallowed } from "../../src/archive/compaction.ts";

/** Adds segments one after the other as an upload does; what is too long for a blob is split off full. */
function chain(sizes: readonly number[]): { readonly segments: readonly number[]; readonly written: number } {
  let segments: number[] = [];
  let written = 0;
  for (const size of sizes) {
    const count = swallowed(segments, padmeLength(size));
    let run = segments.slice(segments.length - count).reduce((sum, one) => sum + one, padmeLength(size));
    segments = segments.slice(0, segments.length - count);
    written += run;
    for (; run > maxBlob; run -= maxBlob) segments.push(maxBlob);
    segments.push(run);
  }
  return { segments, written };
}

const sizes = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 2000 });

describe("compaction", () => {
  test("the number of segments that are not full is at most the logarithm of a blob's size", () => {
    fc.assert(
      fc.property(sizes, (added) => {
        const open = chain(added).segments.filter((size) => size < fullSegment);
        expect(open.length).toBeLessThanOrEqual(Math.ceil(Math.log2(maxBlob / 1024)) + 2);
      }),
      { numRuns: 200 },
    );
  });

  test("what is written is the logarithm times what was added, amortised", () => {
    fc.assert(
      fc.property(sizes, (added) => {
        const { written } = chain(added);
        const total = added.reduce((sum, size) => sum + padmeLength(size), 0);
        expect(written).toBeLessThanOrEqual(total * (Math.log(maxBlob / 1024) / Math.log(1.5) + 2));
      }),
      { numRuns: 200 },
    );
  });

  test("a full segment, one that could not be read, and what lies before it are left alone", () => {
    expect(swallowed([1024, fullSegment, 1024], maxBlob)).toBe(1);
    expect(swallowed([1024, undefined, 1024], 1024)).toBe(1);
    expect(swallowed([8192, 5000, 1024], 1024)).toBe(1);
    expect(swallowed([16_384, 4096, 1024], 1024)).toBe(2);
    expect(swallowed([], 1024)).toBe(0);
  });
});
