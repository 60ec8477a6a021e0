/**
 * Signing together: each trustee multiplies the hashed messages by its share, whoever collects checks that and adds up. One
 * round and no nonce: a trustee that was restored, or asked twice, gives the same answer. See spec/11-trustees.md.
 *
 *     trustee     signPartials     S_i = s·H_i
 *     new device  verifyPartials   e(Σ w_i·S_i, G) = e(Σ w_i·H_i, s·G), w_i of 128 random bits
 *                 combinePartials  Σ λ_j·S_ij over exactly as many trustees as it takes
 *                 blindSignature   + ρ·H_i
 */
import { type Bytes, err, ok, type Result } from "../codec/index.ts";
import { bytesToNumberBE } from "@noble/curves/utils.js";
import { type TrusteeError, trusteeError } from "./error.ts";
import { decodeG1, encodeG1, type G1, type G2, g2, multiplySecret, productIsOne, sumG1 } from "./points.ts";
import { drawBytes, numberOf, type Random, type Scalar } from "./scalars.ts";
import type { Shares } from "./shares.ts";
import { weightsAtZero } from "./sharing.ts";
import type { SuccessionBatch } from "./succession.ts";
import { neededFor, publicShareOf, type Verification } from "./verification.ts";

/** How many bad ones are named at most: finding each takes some ten pairings, and one is enough to know the trustee. */
const maxNamed = 8;
const coefficientLength = 16;

/**
 * One partial signature of 48 bytes for each point, in order, by the share that the header's threshold asks for.
 * @param random only blinds the arithmetic.
 */
export function signPartials(shares: Shares, batch: SuccessionBatch, random: Random): Bytes[] {
  const secret = numberOf(batch.header.threshold === 0 ? shares.uncontested : shares.contested);
  return batch.points.map((point) => encodeG1(multiplySecret(point, secret, random)));
}

declare const brand: unique symbol;
/** Partial signatures of one trustee that were checked; only these can be combined. */
export interface VerifiedPartials {
  readonly [brand]: true;
  readonly batch: SuccessionBatch;
  readonly index: Scalar;
  readonly points: readonly G1[];
}

/**
 * @param random draws the coefficients, which whoever made the partials must not have known.
 * @returns `wrong-count`, or `bad-partial` with the places of up to eight of them in `bad`: none of the run is used then.
 */
export function verifyPartials(
  verification: Verification,
  index: Scalar,
  batch: SuccessionBatch,
  partials: readonly Uint8Array[],
  random: Random,
): Result<VerifiedPartials, TrusteeError> {
  if (partials.length !== batch.points.length) {
    return err(trusteeError("wrong-count", `${partials.length} partials for ${batch.points.length} messages`));
  }
  const decoded = partials.map((partial, at) => decodeG1(partial, `[${at}]`));
  const points = decoded.flatMap((one) => (one.ok ? [one.value] : []));
  const undecoded = decoded.flatMap((one, at) => (one.ok ? [] : [at]));
  if (undecoded.length > 0) return err(named(undecoded));
  const drawn = drawBytes(random, coefficientLength * points.length);
  const checked = points.map((point, at) => ({
    at,
    point,
    hashed: hashedAt(batch, at),
    coefficient: bytesToNumberBE(drawn.subarray(at * coefficientLength, (at + 1) * coefficientLength)),
  }));
  const bad = findBad(publicShareOf(verification, batch.header.threshold, index), checked, maxNamed);
  return bad.length > 0 ? err(named(bad)) : ok({ batch, index, points } as unknown as VerifiedPartials);
}

const named = (bad: readonly number[]): TrusteeError => {
  const some = bad.slice(0, maxNamed);
  return trusteeError("bad-partial", `at ${some.join(", ")}`, some);
};

interface Checked {
  readonly at: number;
  readonly point: G1;
  readonly hashed: G1;
  readonly coefficient: bigint;
}

/** Halves until single ones are left, the first half first, and stops once enough are found. */
function findBad(key: G2, checked: readonly Checked[], most: number): number[] {
  if (most === 0 || checked.length === 0 || areGood(key, checked)) return [];
  if (checked.length === 1) return checked.map(({ at }) => at);
  const middle = checked.length >> 1;
  const first = findBad(key, checked.slice(0, middle), most);
  return [...first, ...findBad(key, checked.slice(middle), most - first.length)];
}

function areGood(key: G2, checked: readonly Checked[]): boolean {
  const coefficients = checked.map(({ coefficient }) => coefficient);
  const points = checked.map(({ point }) => point);
  const hashes = checked.map(({ hashed }) => hashed);
  return productIsOne([[sumG1(points, coefficients), g2.BASE], [sumG1(hashes, coefficients).negate(), key]]); // prettier-ignore
}

function hashedAt(batch: SuccessionBatch, at: number): G1 {
  const hashed = batch.points[at];
  if (hashed === undefined) throw new Error(`no message ${at}`);
  return hashed;
}

/** A signature by the recovery key itself. It fits no relationship until it is blinded. */
export interface CombinedSignature {
  readonly point: G1;
  readonly hashed: G1;
}

/**
 * @param sets of exactly as many different trustees as the threshold asks for, else `wrong-count`; all of this batch, else it
 * throws.
 */
export function combinePartials(
  verification: Verification,
  batch: SuccessionBatch,
  sets: readonly VerifiedPartials[],
): Result<readonly CombinedSignature[], TrusteeError> {
  if (sets.some((set) => set.batch !== batch)) throw new Error("partial signatures of another batch");
  const needed = neededFor(verification, batch.header.threshold);
  const indices = sets.map(({ index }) => numberOf(index));
  if (sets.length !== needed || new Set(indices).size !== needed) {
    return err(trusteeError("wrong-count", `partials of ${new Set(indices).size} trustees, ${needed} needed`));
  }
  const weights = weightsAtZero(indices);
  return ok(
    batch.points.map((hashed, at) => {
      const points = sets.flatMap(({ points: own }) => own[at] ?? []);
      return { hashed, point: sumG1(points, weights) };
    }),
  );
}

/**
 * The signature under PK + ρ·G: 48 bytes, for `completeSucceed`. ρ is multiplied once in its life, by its owner, so its
 * product is not split as that of a share.
 */
export const blindSignature = ({ point, hashed }: CombinedSignature, rho: Scalar): Bytes =>
  encodeG1(point.add(hashed.multiply(numberOf(rho))));
