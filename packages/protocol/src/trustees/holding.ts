/**
 * Monthly proofs that a trustee still holds its shares. Deterministic: no nonce that a restored device could use twice. See
 * spec/11-trustees.md.
 *
 *     S_0 = s_0·H_0, S_1 = s_1·H_1      H_k = hash_to_curve_G1(holding tag, k ‖ challenge)          e(S_k, G) = e(H_k, s_k·G)
 *     U = f·P, V = g·P                  P = hash_to_curve_G2(opener holding tag, challenge)         e(C_x, P) = e(G, U)·e(H, V)
 *
 * U and V fix f and g for whoever computes discrete logarithms, which nobody can today. So a proof goes to the owner alone, over
 * the relationship, whose encryption is hybrid; never into the plan queue, and it is not kept once it was checked.
 */
import { bytes, type Bytes, concat, err, ok, type Result, type SchemaType, struct } from "../codec/index.ts";
import { domains } from "./domains.ts";
import { type TrusteeError, trusteeError } from "./error.ts";
import { decodeG1, decodeG2, encodeG1, encodeG2, type G1, g1, g1Length, g2, g2Length, hashToG1, hashToG2, multiplySecret, productIsOne } from "./points.ts"; // prettier-ignore
import { numberOf, type Random, type Scalar } from "./scalars.ts";
import type { Shares } from "./shares.ts";
import { committedG1, secondGenerator } from "./sharing.ts";
import type { Threshold } from "./thresholds.ts";
import { publicShareOf, type Verification } from "./verification.ts";

export const holdingProofSchema = struct({
  uncontested: [1, bytes(g1Length)],
  contested: [2, bytes(g1Length)],
  /** U and V. */
  opener: [3, bytes(g2Length)],
  openerBlinding: [4, bytes(g2Length)],
});
export type HoldingProof = SchemaType<typeof holdingProofSchema>;

const keyPoint = (threshold: Threshold, challenge: Bytes): G1 =>
  hashToG1(concat(Uint8Array.of(threshold), challenge), domains.holding);

/**
 * @param challenge what the owner can compose again, and that was never proved before: plan, version, day.
 * @param random only blinds the arithmetic; the proof does not depend on it.
 */
export function proveHolding(shares: Shares, challenge: Bytes, random: Random): HoldingProof {
  const point = hashToG2(challenge, domains.openerHolding);
  return {
    uncontested: encodeG1(multiplySecret(keyPoint(0, challenge), numberOf(shares.uncontested), random)),
    contested: encodeG1(multiplySecret(keyPoint(1, challenge), numberOf(shares.contested), random)),
    opener: encodeG2(multiplySecret(point, numberOf(shares.opener), random)),
    openerBlinding: encodeG2(multiplySecret(point, numberOf(shares.openerBlinding), random)),
  };
}

/** @param index the trustee's, as the dealer remembers it. `bad-proof` says in its detail for which share. */
export function verifyHolding(
  verification: Verification,
  index: Scalar,
  challenge: Bytes,
  proof: HoldingProof,
): Result<true, TrusteeError> {
  for (const [name, threshold] of [
    ["uncontested", 0],
    ["contested", 1],
  ] as const) {
    // prettier-ignore
    const signature = decodeG1(proof[name], `$.${name}`);
    if (!signature.ok) return err(trusteeError("bad-proof", signature.error.detail));
    const key = publicShareOf(verification, threshold, index);
    const hashed = keyPoint(threshold, challenge);
    if (!productIsOne([[signature.value, g2.BASE], [hashed.negate(), key]])) return err(trusteeError("bad-proof", `$.${name}`)); // prettier-ignore
  }
  const value = decodeG2(proof.opener, "$.opener");
  if (!value.ok) return err(trusteeError("bad-proof", value.error.detail));
  const blinding = decodeG2(proof.openerBlinding, "$.openerBlinding");
  if (!blinding.ok) return err(trusteeError("bad-proof", blinding.error.detail));
  const committed = committedG1(verification.opener, numberOf(index));
  const point = hashToG2(challenge, domains.openerHolding);
  const holds = productIsOne([
    [g1.BASE, value.value],
    [secondGenerator(), blinding.value],
    [committed.negate(), point],
  ]);
  return holds ? ok(true) : err(trusteeError("bad-proof", "$.opener"));
}
