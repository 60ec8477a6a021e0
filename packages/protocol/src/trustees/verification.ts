/**
 * What a trustee, a new device or the owner checks shares by: commitments to the three polynomials. Of one length whatever
 * the thresholds are. It shows both thresholds, and neither how many trustees there are nor at which indices.
 */
import { bytes, type Bytes, decodeError, type DecodeError, err, ok, type Result, ruled, type SchemaType, struct, toHex, uint } from "../codec/index.ts"; // prettier-ignore
import { suiteSchema } from "../statement/index.ts";
import { type TrusteeError, trusteeError } from "./error.ts";
import { decodeG1, decodeG2, encodeG1, encodeG2, type G1, g1, type G2, g2, g1Length, g2Length, multiplySecret } from "./points.ts"; // prettier-ignore
import { numberOf, type Random, type Scalar } from "./scalars.ts";
import type { OpenerShare, Shares } from "./shares.ts";
import { committedG1, committedG2, secondGenerator } from "./sharing.ts";
import { maxTrustees, type Threshold } from "./thresholds.ts";

export const verificationSchema = ruled(
  struct({
    suite: [1, suiteSchema],
    /** How many it takes: of an uncontested recovery, and to open the archive … */
    threshold: [2, uint({ min: 1, max: maxTrustees - 1 })],
    /** … and of a contested one. */
    contestedThreshold: [3, uint({ min: 2, max: maxTrustees })],
    /** Compressed points, the public key first, as many as the threshold says; then zeros. */
    uncontested: [4, bytes(maxTrustees * g2Length)],
    contested: [5, bytes(maxTrustees * g2Length)],
    opener: [6, bytes(maxTrustees * g1Length)],
  }),
  ({ threshold, contestedThreshold }) =>
    threshold < contestedThreshold ? undefined : "a contested recovery takes more than an uncontested one",
);
/** As it is stored and sent. Not secret, but only for those of the plan: it joins all relationships of a person. */
export type VerificationData = SchemaType<typeof verificationSchema>;

declare const brand: unique symbol;
/** Verification data whose points were all found good. */
export interface Verification {
  readonly [brand]: true;
  readonly data: VerificationData;
  readonly keys: readonly [uncontested: readonly G2[], contested: readonly G2[]];
  readonly opener: readonly G1[];
}

/** Decodes every point: some 5 ms for each. */
export function parseVerification(data: VerificationData): Result<Verification, DecodeError> {
  const { threshold, contestedThreshold } = data;
  const uncontested = decodeAll(data.uncontested, threshold, g2Length, "$.uncontested", decodeG2);
  if (!uncontested.ok) return uncontested;
  const contested = decodeAll(data.contested, contestedThreshold, g2Length, "$.contested", decodeG2);
  if (!contested.ok) return contested;
  const opener = decodeAll(data.opener, threshold, g1Length, "$.opener", decodeG1);
  if (!opener.ok) return opener;
  return ok({ data, keys: [uncontested.value, contested.value], opener: opener.value } as unknown as Verification);
}

function decodeAll<P>(
  encoded: Bytes,
  count: number,
  length: number,
  path: string,
  decodePoint: (bytes: Uint8Array, path: string) => Result<P, DecodeError>,
): Result<readonly P[], DecodeError> {
  const end = count * length;
  if (encoded.subarray(end).some((byte) => byte !== 0)) return err(decodeError("not-canonical", `${path}: padding is not zero`));
  const points: P[] = [];
  for (let at = 0; at < end; at += length) {
    const point = decodePoint(encoded.subarray(at, at + length), `${path}[${points.length}]`);
    if (!point.ok) return point;
    points.push(point.value);
  }
  return ok(points);
}

/** From commitments that this program made. */
export function makeVerification(uncontested: readonly G2[], contested: readonly G2[], opener: readonly G1[]): Verification {
  const data = {
    suite: "ed25519-xwing-aes256gcm-sha512",
    threshold: uncontested.length,
    contestedThreshold: contested.length,
    uncontested: padded(uncontested.map(encodeG2), g2Length),
    contested: padded(contested.map(encodeG2), g2Length),
    opener: padded(opener.map(encodeG1), g1Length),
  } as const;
  return { data, keys: [uncontested, contested], opener } as unknown as Verification;
}

function padded(points: readonly Bytes[], length: number): Bytes {
  const out = new Uint8Array(maxTrustees * length);
  for (const [k, point] of points.entries()) out.set(point, k * length);
  return out;
}

/** How many trustees a signature with this key takes. */
export const neededFor = ({ data }: Verification, threshold: Threshold): number =>
  threshold === 0 ? data.threshold : data.contestedThreshold;

/** The recovery key itself, before any blinding. */
export function publicKeyOf(verification: Verification, threshold: Threshold): G2 {
  const [key] = verification.keys[threshold];
  if (key === undefined) throw new Error("verification data without a key");
  return key;
}

/** Public shares are asked for with every proof and every signature of a trustee, and cost a multiplication for each coefficient. */
const publicShares = new WeakMap<Verification, Map<string, G2>>();

/** The public half of the share at an index; the identity for no index that the dealer gave out. */
export function publicShareOf(verification: Verification, threshold: Threshold, index: Scalar): G2 {
  const known = publicShares.get(verification) ?? new Map<string, G2>();
  publicShares.set(verification, known);
  const name = `${threshold} ${toHex(index)}`;
  const share = known.get(name) ?? committedG2(verification.keys[threshold], numberOf(index));
  // No dealer gives out more: who asks with other indices is not remembered.
  if (known.size < 2 * maxTrustees) known.set(name, share);
  return share;
}

/**
 * Whether a dealer gave what the verification data says; asked on receipt, before the packet is accepted.
 * @param random only blinds the arithmetic.
 */
export function verifyShares(verification: Verification, shares: Shares, random: Random): Result<true, TrusteeError> {
  const { index } = shares;
  const named = [["uncontested", 0], ["contested", 1]] as const; // prettier-ignore
  for (const [name, threshold] of named) {
    if (!g2.BASE.multiply(numberOf(shares[name])).equals(publicShareOf(verification, threshold, index))) {
      return err(trusteeError("bad-share", `$.${name}`));
    }
  }
  return opensCommitment(verification, shares, random) ? ok(true) : err(trusteeError("bad-share", "$.opener"));
}

/** f·G + g·H = Σ index^k·C_k. */
export function opensCommitment(verification: Verification, share: OpenerShare, random: Random): boolean {
  const value = g1.BASE.multiply(numberOf(share.opener));
  const blind = multiplySecret(secondGenerator(), numberOf(share.openerBlinding), random);
  return value.add(blind).equals(committedG1(verification.opener, numberOf(share.index)));
}
