import { describe, expect, test } from "vitest";
import { type Bytes, decode, encode, expectOk, toHex } from "@photon/protocol/codec";
import {
  combineOpener,
  dealRecovery,
  eraseShares,
  maxTrustees,
  openerShareOf,
  parseVerification,
  type Scalar,
  type Shares,
  sharesSchema,
  type VerificationData,
  verificationSchema,
  verifyShares,
} from "@photon/protocol/trustees";
import { encodeG2, g1, g2 } from "../../src/trustees/points.ts";
import { field, makeScalar, numberOf } from "../../src/trustees/scalars.ts";
import { weightsAtZero } from "../../src/trustees/sharing.ts";
import { makeVerification } from "../../src/trustees/verification.ts";
import { occurs } from "../session/people.ts";
import { deal, fill, flip, laterDeal, random, seeded, trustee } from "./people.ts";

/** What t trustees together could compute: one of the three secrets. */
function whole(name: "uncontested" | "contested" | "opener", holders: readonly Shares[]): Scalar {
  const weights = weightsAtZero(holders.map(({ index }) => numberOf(index)));
  const sum = holders.reduce((total, one, at) => field.add(total, field.mul(numberOf(one[name]), weights[at] ?? 0n)), 0n);
  return makeScalar(sum);
}
const keyOf = (secret: Scalar): string => toHex(encodeG2(g2.BASE.multiply(numberOf(secret))));
const data = deal.verification.data;
const refused = (detail: string) => ({ ok: false, error: { code: "bad-share", detail } });

describe("a deal", () => {
  test("gives every trustee shares that fit what everybody can check", () => {
    expect(deal.shares).toHaveLength(5);
    for (const shares of deal.shares) expect(verifyShares(deal.verification, shares, random)).toEqual({ ok: true, value: true });
    expect(new Set(deal.shares.map(({ index }) => toHex(index))).size).toBe(5);
  });

  test("has two keys: any three trustees could make the first, and only four the second", () => {
    const [ben, chi, dee, eve, fay] = [0, 1, 2, 3, 4].map((number) => trustee(number)) as [Shares, Shares, Shares, Shares, Shares];
    const uncontested = toHex(data.uncontested.slice(0, 96));
    const contested = toHex(data.contested.slice(0, 96));
    expect(keyOf(whole("uncontested", [ben, chi, dee]))).toBe(uncontested);
    expect(keyOf(whole("uncontested", [fay, dee, eve]))).toBe(uncontested);
    expect(keyOf(whole("uncontested", [ben, chi]))).not.toBe(uncontested);
    expect(keyOf(whole("contested", [ben, chi, dee, eve]))).toBe(contested);
    expect(keyOf(whole("contested", [ben, chi, dee]))).not.toBe(contested);
    expect(contested).not.toBe(uncontested);
  });

  test("draws every coefficient by itself: no two commitments are alike, and none is a generator", () => {
    const { keys, opener } = deal.verification;
    const points = [...keys[0], ...keys[1], g2.BASE].map((point) => point.toHex());
    expect(new Set(points).size).toBe(3 + 4 + 1);
    expect(new Set([...opener, g1.BASE].map((point) => point.toHex())).size).toBe(3 + 1);
  });

  test("keeps no whole secret: neither in what it returns, nor in any random bytes that it drew", () => {
    const drawn: Bytes[] = [];
    const source = seeded("Ana's plan");
    const watched = (length: number): Bytes => {
      const bytes = source(length);
      drawn.push(bytes);
      return bytes;
    };
    const again = dealRecovery({ trustees: 5, threshold: 3 }, watched);
    expect(again.shares.map((shares) => toHex(encode(sharesSchema, shares)))).toEqual(
      deal.shares.map((shares) => toHex(encode(sharesSchema, shares))),
    );
    expect(drawn.length).toBeGreaterThan(15);
    for (const bytes of drawn) expect(bytes.every((byte) => byte === 0)).toBe(true);
    const secrets = [
      whole("uncontested", again.shares.slice(0, 3)),
      whole("contested", again.shares.slice(0, 4)),
      whole("opener", again.shares.slice(0, 3)),
    ];
    const returned = [encode(verificationSchema, again.verification.data), ...again.shares.map((one) => encode(sharesSchema, one))];
    for (const bytes of returned) for (const secret of secrets) expect(occurs(secret, bytes)).toBe(false);
    expect(Object.keys(again).toSorted()).toEqual(["recipient", "shares", "verification"]);
  });

  test("wraps the archive to a hybrid recipient, which only the shares can open", () => {
    expect(deal.recipient).toMatch(/^age1pq1/u);
    const opened = expectOk(combineOpener(deal.verification, deal.shares.slice(1, 4).map(openerShareOf), random));
    expect(opened.recipient).toBe(deal.recipient);
  });

  test("is another one every time", () => {
    expect(laterDeal.recipient).not.toBe(deal.recipient);
    expect(toHex(laterDeal.verification.data.uncontested)).not.toBe(toHex(data.uncontested));
  });

  test("of sizes that make no plan is a bug of the caller", () => {
    for (const [trustees, threshold] of [
      [3, 3],
      [17, 3],
      [3, 0],
    ] as const)
      // prettier-ignore
      expect(() => dealRecovery({ trustees, threshold }, random)).toThrow("bad-threshold");
  });

  test("needs as many random bytes as it asks for", () => {
    expect(() => dealRecovery({ trustees: 2, threshold: 1 }, () => fill(47, 1))).toThrow("47 bytes");
  });

  test("is forgotten by the dealer once it is on its way", () => {
    const { shares } = dealRecovery({ trustees: 2, threshold: 1 }, seeded("erased"));
    for (const one of shares) eraseShares(one);
    expect(shares.flatMap((one) => Object.values(one)).every((part) => part.every((byte) => byte === 0))).toBe(true);
  });
});

describe("a dealer that means ill, or whose packets were mixed up", () => {
  const other = (scalar: Scalar): Scalar => makeScalar(field.add(numberOf(scalar), 1n));
  test.each([
    ["uncontested", "$.uncontested"],
    ["contested", "$.contested"],
    ["opener", "$.opener"],
    ["openerBlinding", "$.opener"],
    ["index", "$.uncontested"],
  ] as const)("is found out by its trustee: another %s", (name, detail) => {
    const ben = trustee(0);
    expect(verifyShares(deal.verification, { ...ben, [name]: other(ben[name]) }, random)).toMatchObject(refused(detail));
  });

  test("is found out: shares of two trustees, of the two keys, or of two plan versions mixed", () => {
    const [ben, chi] = [trustee(0), trustee(1)];
    const mixed: readonly (readonly [Shares, string])[] = [
      [{ ...ben, contested: chi.contested }, "$.contested"],
      [{ ...ben, uncontested: ben.contested, contested: ben.uncontested }, "$.uncontested"],
      [{ ...ben, opener: trustee(0, laterDeal).opener }, "$.opener"],
      [trustee(0, laterDeal), "$.uncontested"],
    ];
    for (const [shares, detail] of mixed) expect(verifyShares(deal.verification, shares, random)).toMatchObject(refused(detail));
  });
});

describe("verification data", () => {
  const encoded = encode(verificationSchema, data);
  const parse = (change: Partial<VerificationData>) => parseVerification({ ...data, ...change });

  test("comes back, and still checks shares", () => {
    const received = expectOk(parseVerification(expectOk(decode(verificationSchema, encoded, 8192))));
    expect(received.data).toEqual(data);
    expect(verifyShares(received, trustee(3), random).ok).toBe(true);
  });

  test("has one length for all plans, and names no trustee", () => {
    const sizes = [[2, 1], [16, 15], [16, 1]] as const; // prettier-ignore
    for (const [trustees, threshold] of sizes) {
      const one = dealRecovery({ trustees, threshold }, seeded(`${trustees}`));
      expect(encode(verificationSchema, one.verification.data)).toHaveLength(encoded.length);
    }
    for (const { index } of deal.shares) expect(occurs(index, encoded)).toBe(false);
  });

  test.each([
    ["a point missing", { uncontested: fill(16 * 96, 0) }, "not-canonical"],
    ["one point too many", { threshold: 2 }, "not-canonical"],
    ["one point too few", { contestedThreshold: 5 }, "not-canonical"],
    ["a bit in the padding", { opener: flip(data.opener, -1) }, "not-canonical"],
    ["a point of the other group", { opener: new Uint8Array([...data.uncontested.slice(0, 48), ...data.opener.slice(48)]) }, "malformed"],
    ["the identity", { uncontested: flip(data.uncontested, 96, 0x40) }, "out-of-range"],
  ])("is refused with %s", (_, change, code) => {
    expect(parse(change)).toMatchObject({ ok: false, error: { code } });
  }); // prettier-ignore

  test("is refused where a contested recovery would not take more", () => {
    const same = { ...data, contestedThreshold: 3 };
    expect(() => encode(verificationSchema, same)).toThrow("takes more");
    const bytes = flip(encoded, encoded.indexOf(4, 3), 4 ^ 3);
    expect(decode(verificationSchema, bytes, 8192)).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
  });

  test("of the largest plan fills its room exactly", () => {
    const twos = Array.from({ length: maxTrustees }, () => g2.BASE);
    const ones = Array.from({ length: maxTrustees - 1 }, () => g1.BASE);
    const full = makeVerification(twos.slice(1), twos, ones);
    expect(parseVerification(full.data).ok).toBe(true);
    expect(encode(verificationSchema, full.data)).toHaveLength(encoded.length);
  });
});
