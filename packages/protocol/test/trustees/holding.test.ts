import { describe, expect, test } from "vitest";
import { type Bytes, encode, toHex } from "@photon/protocol/codec";
import { type HoldingProof, holdingProofSchema, proveHolding, type Shares, verifyHolding } from "@photon/protocol/trustees";
import { encodeG2, g2 } from "../../src/trustees/points.ts";
import { field, makeScalar, numberOf } from "../../src/trustees/scalars.ts";
import { seedOf } from "../statement/samples.ts";
import { deal, fill, flip, laterDeal, random, seeded, trustee } from "./people.ts";

const ben = trustee(0);
const challenge = seedOf("plan, version and day");
const proof = proveHolding(ben, challenge, random);
const check = (one: HoldingProof, index = ben.index, of: Bytes = challenge, verification = deal.verification) =>
  verifyHolding(verification, index, of, one);
const refused = (detail?: string) => ({
  ok: false,
  error: { code: "bad-proof", ...(detail === undefined ? {} : { detail: expect.stringContaining(detail) as string }) },
});

describe("a proof that a trustee holds its shares", () => {
  test("is good for each of them", () => {
    for (const shares of deal.shares) expect(check(proveHolding(shares, challenge, random), shares.index).ok).toBe(true);
  });

  test("has no nonce: the same again after a restore", () => {
    expect(proveHolding(ben, challenge, seeded("other masks"))).toEqual(proof);
    expect(encode(holdingProofSchema, proof)).toHaveLength(
      encode(holdingProofSchema, proveHolding(ben, fill(5, 1), random)).length,
    );
  });

  test("is for one challenge, one trustee and one plan version", () => {
    expect(check(proof, ben.index, seedOf("next month"))).toMatchObject(refused());
    expect(check(proof, trustee(1).index)).toMatchObject(refused());
    expect(check(proof, ben.index, challenge, laterDeal.verification)).toMatchObject(refused());
    expect(check(proveHolding(trustee(0, laterDeal), challenge, random))).toMatchObject(refused());
  });

  test("says which share is missing", () => {
    const wrong = (name: keyof Shares): HoldingProof =>
      proveHolding({ ...ben, [name]: makeScalar(field.add(numberOf(ben[name]), 1n)) }, challenge, random);
    expect(check(wrong("uncontested"))).toMatchObject(refused("$.uncontested"));
    expect(check(wrong("contested"))).toMatchObject(refused("$.contested"));
    expect(check(wrong("opener"))).toMatchObject(refused("$.opener"));
    expect(check(wrong("openerBlinding"))).toMatchObject(refused("$.opener"));
  });

  test("is refused with the two keys' parts exchanged, or the opener's", () => {
    expect(check({ ...proof, uncontested: proof.contested, contested: proof.uncontested })).toMatchObject(refused());
    expect(check({ ...proof, opener: proof.openerBlinding, openerBlinding: proof.opener })).toMatchObject(refused("$.opener"));
  });

  test("is refused with points that are none", () => {
    const identity = (length: number): Bytes => flip(fill(length, 0), 0, 0xc0);
    expect(check({ ...proof, uncontested: identity(48) })).toMatchObject(refused("$.uncontested"));
    expect(check({ ...proof, contested: fill(48, 0xff) })).toMatchObject(refused("$.contested"));
    expect(check({ ...proof, opener: identity(96) })).toMatchObject(refused("$.opener"));
    expect(check({ ...proof, openerBlinding: flip(proof.openerBlinding, 0, 0x80) })).toMatchObject(refused("$.openerBlinding"));
  });

  test("of the opener cannot be made from what others may know: the generator and last month's proof", () => {
    const last = proveHolding(ben, seedOf("last month"), random);
    expect(check({ ...proof, opener: last.opener, openerBlinding: last.openerBlinding })).toMatchObject(refused("$.opener"));
    expect(check({ ...proof, opener: encodeG2(g2.BASE) })).toMatchObject(refused("$.opener"));
  });

  test("holds no share", () => {
    const bytes = toHex(encode(holdingProofSchema, proof));
    for (const part of Object.values(ben)) expect(bytes).not.toContain(toHex(part));
  });
});
