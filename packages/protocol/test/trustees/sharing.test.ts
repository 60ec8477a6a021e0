import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectOk } from "@photon/protocol/codec";
import { contestedThreshold, maxTrustees } from "@photon/protocol/trustees";
import { g1, g2 } from "../../src/trustees/points.ts";
import { field } from "../../src/trustees/scalars.ts";
import {
  commitFeldman,
  commitPedersen,
  committedG1,
  committedG2,
  drawPolynomial,
  evaluate,
  secondGenerator,
  weightsAtZero,
} from "../../src/trustees/sharing.ts";
import { random } from "./people.ts";

const scalar = fc.bigInt({ min: 1n, max: field.ORDER - 1n });
const indices = (count: number): fc.Arbitrary<bigint[]> => fc.uniqueArray(scalar, { minLength: count, maxLength: count });
const join = (at: readonly bigint[], shares: readonly bigint[]): bigint =>
  weightsAtZero(at).reduce((sum, weight, i) => field.add(sum, field.mul(weight, shares[i] ?? 0n)), 0n);

describe("how many it takes", () => {
  test("is one more than without an objection, and more than half, for every plan there can be", () => {
    let plans = 0;
    for (let n = 0; n <= maxTrustees; n++) {
      for (let t = 1; t < n; t++) {
        const contested = expectOk(contestedThreshold(n, t));
        expect(contested).toBeGreaterThan(t);
        expect(contested).toBeLessThanOrEqual(n);
        expect(2 * contested).toBeGreaterThan(n);
        // The least such number.
        expect(contested - 1 <= t || 2 * (contested - 1) <= n).toBe(true);
        plans += 1;
      }
    }
    expect(plans).toBe(120);
  });

  test.each([
    [5, 3, 4],
    [2, 1, 2],
    [5, 1, 3],
    [9, 2, 5],
    [16, 15, 16],
    [16, 1, 9],
  ])("of %i with %i is %i once contested", (n, t, contested) => {
    expect(contestedThreshold(n, t)).toEqual({ ok: true, value: contested });
  });

  test.each([
    [3, 3],
    [1, 1],
    [5, 6],
    [5, 0],
    [5, -1],
    [5, 1.5],
    [4.5, 2],
    [17, 3],
    [0, 0],
    [Number.NaN, 1],
    [5, Number.NaN],
  ])("of %d with %d is refused", (n, t) => {
    expect(contestedThreshold(n, t)).toMatchObject({ ok: false, error: { code: "bad-threshold" } });
  });
});

describe("a shared secret", () => {
  test("comes back from any t shares, and from no t − 1", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }).chain((threshold) => fc.tuple(fc.constant(threshold), indices(threshold))),
        ([threshold, at]) => {
          const polynomial = drawPolynomial(threshold, random);
          const shares = at.map((index) => evaluate(polynomial, index));
          expect(join(at, shares)).toBe(polynomial[0]);
          if (threshold > 1) expect(join(at.slice(1), shares.slice(1))).not.toBe(polynomial[0]);
        },
      ),
    );
  });

  test("is joined at distinct indices only, none of them zero", () => {
    expect(() => weightsAtZero([1n, 2n, 1n])).toThrow("zero or equal");
    expect(() => weightsAtZero([0n, 2n])).toThrow("zero or equal");
    expect(weightsAtZero([7n])).toEqual([1n]);
  });

  test("has a polynomial of exactly its degree", () => {
    for (let t = 1; t <= maxTrustees; t++) {
      const polynomial = drawPolynomial(t, random);
      expect(polynomial).toHaveLength(t);
      expect(polynomial).not.toContain(0n);
    }
  });
});

describe("commitments", () => {
  const polynomial = drawPolynomial(3, random);
  const blinding = drawPolynomial(3, random);

  test("fit every share that was dealt, and no other", () => {
    const feldman = commitFeldman(polynomial);
    const pedersen = commitPedersen(polynomial, blinding, random);
    fc.assert(
      fc.property(scalar, scalar, (at, other) => {
        const [share, blind] = [evaluate(polynomial, at), evaluate(blinding, at)];
        expect(committedG2(feldman, at).equals(g2.BASE.multiplyUnsafe(share))).toBe(true);
        const opened = g1.BASE.multiplyUnsafe(share).add(secondGenerator().multiplyUnsafe(blind));
        expect(committedG1(pedersen, at).equals(opened)).toBe(true);
        fc.pre(other !== share);
        expect(committedG2(feldman, at).equals(g2.BASE.multiplyUnsafe(other))).toBe(false);
      }),
      { numRuns: 5 },
    );
  });

  test("of the opener depend on the blinding, so that they say nothing about the secret", () => {
    const [one] = commitPedersen(polynomial, blinding, random);
    const [two] = commitPedersen(polynomial, drawPolynomial(3, random), random);
    expect(one?.toHex()).not.toBe(two?.toHex());
    expect(one?.toHex()).not.toBe(g1.BASE.multiply(evaluate(polynomial, 0n)).toHex());
    expect(() => commitPedersen(polynomial, blinding.slice(1), random)).toThrow("another degree");
  });

  test("use a second generator that is not the first, nor the identity, and in the group", () => {
    const generator = secondGenerator();
    expect(generator.equals(g1.BASE)).toBe(false);
    expect(generator.is0()).toBe(false);
    expect(generator.isTorsionFree()).toBe(true);
    expect(secondGenerator()).toBe(generator);
  });
});
