import { describe, expect, test } from "vitest";
import { type Bytes, decode, encode, expectOk, toHex } from "@photon/protocol/codec";
import {
  blindSignature,
  combinePartials,
  hashSuccessions,
  holdingProofSchema,
  proveHolding,
  type Random,
  scalarSchema,
  signPartials,
  type SuccessionBatch,
  type TrusteeError,
  verifyPartials,
} from "@photon/protocol/trustees";
import { decodeG1, encodeG1, g2, productIsOne, sumG1 } from "../../src/trustees/points.ts";
import { numberOf } from "../../src/trustees/scalars.ts";
import { weightsAtZero } from "../../src/trustees/sharing.ts";
import { publicKeyOf } from "../../src/trustees/verification.ts";
import { deal, fill, flip, headerFor, itemOf, laterDeal, partialsOf, random, seeded, trustee } from "./people.ts";
import { seedOf } from "../statement/samples.ts";

const commitments = Array.from({ length: 9 }, (_, at) => itemOf(seedOf(`relationship ${at}`)));
const batch = hashSuccessions(headerFor(0), commitments);
const contested = hashSuccessions(headerFor(1), commitments.slice(0, 2));
const ben = trustee(0);
const good = signPartials(ben, batch, random);
const check = (partials: readonly Uint8Array[], of = batch, index = ben.index, verification = deal.verification) =>
  verifyPartials(verification, index, of, partials, random);
const bad = (...places: number[]): { ok: false; error: Partial<TrusteeError> } => ({
  ok: false,
  error: { code: "bad-partial", bad: places },
});
const swapped = (list: readonly Bytes[], at: number, part: Bytes): Bytes[] => list.with(at, part);
/** Whether a signature fits the recovery key itself. */
function fits(threshold: 0 | 1, of: SuccessionBatch, at: number, signature: Uint8Array): boolean {
  const hashed = of.points[at];
  if (hashed === undefined) throw new Error(`no message ${at}`);
  const point = expectOk(decodeG1(signature, "$"));
  return productIsOne([[point, g2.BASE], [hashed.negate(), publicKeyOf(deal.verification, threshold)]]); // prettier-ignore
}

const sets = [0, 1, 2, 3, 4].map((number) => partialsOf(number, batch));

describe("trustees sign together", () => {
  test("any three of them, with one and the same signature; four once contested", () => {
    const combined = [
      [0, 1, 2],
      [4, 2, 3],
      [1, 4, 0],
    ].map((who) =>
      // prettier-ignore
      expectOk(combinePartials(deal.verification, batch, who.flatMap((number) => sets[number] ?? []))).map(({ point }) =>
        toHex(encodeG1(point)),
      ),
    );
    expect(combined[1]).toEqual(combined[0]);
    expect(combined[2]).toEqual(combined[0]);
    expect(new Set(combined[0]).size).toBe(9);
    const four = expectOk(
      combinePartials(
        deal.verification,
        contested,
        [0, 1, 2, 4].map((number) => partialsOf(number, contested)),
      ),
    );
    const [, second] = four;
    if (second === undefined) throw new Error("two messages");
    const signature = encodeG1(second.point);
    expect(fits(1, contested, 1, signature)).toBe(true);
    expect(fits(0, contested, 1, signature)).toBe(false);
  });

  test("with no nonce: asked twice, or restored, a trustee gives the same answer", () => {
    expect(signPartials(ben, batch, seeded("other masks")).map(toHex)).toEqual(good.map(toHex));
  });

  test("with a fresh mask for every message, so that timings of one tell nothing about another", () => {
    const lengths: number[] = [];
    const counted: Random = (length) => {
      lengths.push(length);
      return random(length);
    };
    signPartials(ben, batch, counted);
    expect(lengths).toEqual(Array.from({ length: 9 }, () => 48));
  });

  test("never two alone, whatever is computed from what they gave", () => {
    const two = sets.slice(0, 2);
    expect(combinePartials(deal.verification, batch, two)).toMatchObject({ ok: false, error: { code: "wrong-count" } });
    const weights = weightsAtZero(two.map(({ index }) => numberOf(index)));
    const forged = sumG1(
      two.flatMap(({ points }) => points[0] ?? []),
      weights,
    );
    expect(fits(0, batch, 0, encodeG1(forged))).toBe(false);
    // Three who did not mind an objection are one too few.
    const three = [0, 1, 2].map((number) => partialsOf(number, contested));
    expect(combinePartials(deal.verification, contested, three)).toMatchObject({ ok: false, error: { code: "wrong-count" } });
  });

  test("exactly as many as it takes, and different ones", () => {
    const [one, two, three, four] = sets;
    if (one === undefined || two === undefined || three === undefined || four === undefined) throw new Error("four trustees");
    for (const list of [[one, two, one], [one, two, three, one], [one, two, three, four], []]) {
      expect(combinePartials(deal.verification, batch, list)).toMatchObject({ ok: false, error: { code: "wrong-count" } });
    }
    expect(combinePartials(deal.verification, batch, [one, two, three]).ok).toBe(true);
  });

  test("about one batch: partials of another are a bug of the caller", () => {
    const again = hashSuccessions(headerFor(0), commitments);
    expect(() => combinePartials(deal.verification, again, sets.slice(0, 3))).toThrow("another batch");
  });

  test("about nothing, too", () => {
    const empty = hashSuccessions(headerFor(0), []);
    expect(verifyPartials(deal.verification, ben.index, empty, [], random).ok).toBe(true);
  });

  test("and the owner's blinding makes of it the signature of one relationship, and of no other", () => {
    const [combined] = expectOk(combinePartials(deal.verification, batch, sets.slice(0, 3)));
    const hashed = batch.points[0];
    if (combined === undefined || hashed === undefined) throw new Error("nothing signed");
    const rho = expectOk(decode(scalarSchema, encode(scalarSchema, trustee(3).index), 64));
    const signature = expectOk(decodeG1(blindSignature(combined, rho), "$"));
    const key = publicKeyOf(deal.verification, 0);
    const underKey = (of: typeof key) => productIsOne([[signature, g2.BASE], [hashed.negate(), of]]); // prettier-ignore
    expect(underKey(key.add(g2.BASE.multiply(numberOf(rho))))).toBe(true);
    expect(underKey(key)).toBe(false);
    expect(underKey(key.add(g2.BASE.multiply(numberOf(trustee(4).index))))).toBe(false);
  });
});

describe("a trustee's partial signatures", () => {
  test("are good only under its own index, its plan version, the threshold, and the header that it approved", () => {
    expect(check(good).ok).toBe(true);
    const all = Array.from({ length: 8 }, (_, at) => at);
    expect(check(good, batch, trustee(1).index)).toMatchObject(bad(...all));
    expect(check(good.slice(0, 2), contested)).toMatchObject(bad(0, 1));
    const pair = hashSuccessions(headerFor(0), commitments.slice(0, 2));
    const [one = good, other = good] = [deal, laterDeal].map((of) => signPartials(trustee(0, of), pair, random));
    expect(check(one, pair).ok).toBe(true);
    expect(check(other, pair)).toMatchObject(bad(0, 1));
    expect(check(one, pair, ben.index, laterDeal.verification)).toMatchObject(bad(0, 1));
    const another = hashSuccessions({ ...headerFor(0), request: seedOf("the thief's request") }, commitments.slice(0, 2));
    expect(check(one, another)).toMatchObject(bad(0, 1));
  });

  test.each([[[0]], [[8]], [[3, 4]], [[0, 8]], [[0, 1, 2, 4]]])("that are bad are named: %j", (places) => {
    const partials = good.map((partial, at) => (places.includes(at) ? (good[(at + 1) % 9] ?? partial) : partial));
    expect(check(partials)).toMatchObject(bad(...places));
  });

  test("that are no points are named, whatever they are", () => {
    const small = flip(fill(48, 0), 0, 0x80);
    const partials = swapped(swapped(swapped(good, 2, small), 5, flip(fill(48, 0), 0, 0xc0)), 7, fill(48, 0xff));
    expect(check(partials)).toMatchObject(bad(2, 5, 7));
    expect(check(swapped(good, 4, new Uint8Array()))).toMatchObject(bad(4));
  });

  test("are found bad also where their errors add up to nothing", () => {
    const [one, two] = good.slice(0, 2).map((partial) => expectOk(decodeG1(partial, "$")));
    if (one === undefined || two === undefined) throw new Error("two partials");
    const error = batch.points[3] ?? one;
    const partials = swapped(swapped(good, 0, encodeG1(one.add(error))), 1, encodeG1(two.subtract(error)));
    expect(check(partials)).toMatchObject(bad(0, 1));
  });

  test("could be forged by whoever knows the coefficients before: they are drawn afterwards, 128 bits for each", () => {
    const asked: number[] = [];
    const known: Random = (length) => {
      asked.push(length);
      return fill(length, 0).map((_, at) => (at % 16 === 15 ? 1 : 0));
    };
    const [one, two] = good.slice(0, 2).map((partial) => expectOk(decodeG1(partial, "$")));
    if (one === undefined || two === undefined) throw new Error("two partials");
    const error = batch.points[3] ?? one;
    const partials = swapped(swapped(good, 0, encodeG1(one.add(error))), 1, encodeG1(two.subtract(error)));
    expect(verifyPartials(deal.verification, ben.index, batch, partials, known).ok).toBe(true);
    expect(asked).toEqual([9 * 16]);
    expect(() => verifyPartials(deal.verification, ben.index, batch, good, () => fill(16, 1))).toThrow("random bytes");
  });

  test("are as many as there are messages", () => {
    for (const partials of [good.slice(1), [...good, fill(48, 1)], []]) {
      expect(check(partials)).toMatchObject({ ok: false, error: { code: "wrong-count", bad: [] } });
    }
  });

  test("are named up to eight, so that a liar costs no more than that", () => {
    expect(check([...good.slice(1), ...good.slice(0, 1)])).toMatchObject(bad(0, 1, 2, 3, 4, 5, 6, 7));
    expect(check(good.map(() => fill(48, 0)))).toMatchObject(bad(0, 1, 2, 3, 4, 5, 6, 7));
  });

  test("are not what it signs to prove that it holds its share", () => {
    const challenge = seedOf("this month");
    const proof = proveHolding(ben, challenge, random);
    const encoded = expectOk(decode(holdingProofSchema, encode(holdingProofSchema, proof), 1024));
    for (const partials of [[encoded.uncontested], [encoded.contested]]) {
      const asMessage = hashSuccessions(headerFor(0), [itemOf(challenge)]);
      expect(check(partials, asMessage)).toMatchObject(bad(0));
    }
  });
});
