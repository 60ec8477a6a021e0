/**
 * Points of BLS12-381 as they travel: compressed, 48 bytes in G1 and 96 in G2, in the encoding of the pairing-friendly
 * curves draft (appendix C). Decoding is strict for all of them alike, keys, signatures and partial signatures: one encoding
 * for each point, on the curve, in the subgroup of order r, and never the identity. See spec/11-trustees.md.
 */
import { mulAddUnsafe, pippenger } from "@noble/curves/abstract/curve.js";
import type { WeierstrassPoint } from "@noble/curves/abstract/weierstrass.js";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { asBytes, type Bytes, concat, decodeError, type DecodeError, err, ok, type Result } from "../codec/index.ts";
import { drawScalar, field, type Random } from "./scalars.ts";

type Fp2 = typeof bls12_381.fields.Fp2.ONE;
export type G1 = WeierstrassPoint<bigint>;
export type G2 = WeierstrassPoint<Fp2>;

export const g1Length = 48;
export const g2Length = 96;
export const g1 = bls12_381.G1.Point;
export const g2 = bls12_381.G2.Point;

export const decodeG1 = (encoded: Uint8Array, path: string): Result<G1, DecodeError> =>
  decodePoint(encoded, path, g1Length, (bytes) => g1.fromBytes(bytes));
export const decodeG2 = (encoded: Uint8Array, path: string): Result<G2, DecodeError> =>
  decodePoint(encoded, path, g2Length, (bytes) => g2.fromBytes(bytes));

const flags = { compressed: 0x80, identity: 0x40, larger: 0x20 } as const;

function decodePoint<P extends G1 | G2>(
  encoded: Uint8Array,
  path: string,
  length: number,
  parse: (bytes: Uint8Array) => P,
): Result<P, DecodeError> {
  const [first = 0] = encoded;
  if (encoded.length !== length) return err(decodeError("out-of-range", `${path}: ${encoded.length} bytes, not ${length}`));
  if ((first & flags.compressed) === 0) return err(decodeError("not-canonical", `${path}: a point that is not compressed`));
  if ((first & flags.identity) !== 0) return err(decodeError("out-of-range", `${path}: the identity`));
  if (!hasSmallCoordinates(encoded)) return err(decodeError("not-canonical", `${path}: a coordinate of p or more`));
  try {
    return ok(parse(encoded));
  } catch {
    // The library throws plain Errors for what is not on the curve and for what is not in the subgroup.
    return err(decodeError("malformed", `${path}: no point of the group`));
  }
}

const fieldLength = 48;
function hasSmallCoordinates(encoded: Uint8Array): boolean {
  const digits = encoded.slice();
  digits[0] = (digits[0] ?? 0) & 0x1f;
  for (let at = 0; at < digits.length; at += fieldLength) {
    if (bytesToNumberBE(digits.subarray(at, at + fieldLength)) >= bls12_381.fields.Fp.ORDER) return false;
  }
  return true;
}

/** Whether y is the larger of y and −y, as the encoding's sign. */
const isLarger = (y: bigint): boolean => 2n * y > bls12_381.fields.Fp.ORDER;

/** Of a point that this program computed in the group: the subgroup is not checked once more. Throws for the identity. */
export function encodeG1(point: G1): Bytes {
  if (point.is0()) throw new Error("the identity has no encoding here");
  const { x, y } = point.toAffine();
  return flagged(numberToBytesBE(x, fieldLength), isLarger(y));
}
/** As `encodeG1`. */
export function encodeG2(point: G2): Bytes {
  if (point.is0()) throw new Error("the identity has no encoding here");
  const { x, y } = point.toAffine();
  const larger = y.c1 === 0n ? isLarger(y.c0) : isLarger(y.c1);
  return flagged(concat(numberToBytesBE(x.c1, fieldLength), numberToBytesBE(x.c0, fieldLength)), larger);
}
function flagged(encoded: Uint8Array, larger: boolean): Bytes {
  const bytes = asBytes(encoded);
  bytes[0] = (bytes[0] ?? 0) | flags.compressed | (larger ? flags.larger : 0);
  return bytes;
}

/** RFC 9380, suite BLS12381G1_XMD:SHA-256_SSWU_RO_. @param tag one of `domains`. */
export const hashToG1 = (message: Uint8Array, tag: string): G1 => bls12_381.G1.hashToCurve(message, { DST: tag });
/** RFC 9380, suite BLS12381G2_XMD:SHA-256_SSWU_RO_. */
export const hashToG2 = (message: Uint8Array, tag: string): G2 => bls12_381.G2.hashToCurve(message, { DST: tag });

interface Multiplied<P> {
  add(other: P): P;
  subtract(other: P): P;
  double(): P;
}

/**
 * secret·point as the sum of two products whose scalars are each uniformly random: what the time of one multiplication gives
 * away says nothing about the secret. The library blinds by itself only for the generators.
 */
export function multiplySecret<P extends Multiplied<P>>(point: P, secret: bigint, random: Random): P {
  const mask = drawScalar(random);
  return multiplyTwice(point, mask, field.sub(secret, mask));
}

const windowSize = 5;
const windows = Math.ceil(field.BITS / windowSize);

/**
 * (a + b)·point, as `multiply` of the library would do it for each, but with one table and one chain of doublings for both:
 * half the time. Which operations are done does not depend on a or b, and a digit is looked up by going through the table.
 */
function multiplyTwice<P extends Multiplied<P>>(point: P, a: bigint, b: bigint): P {
  const zero = point.subtract(point);
  const table = [zero];
  for (let multiple = point; table.length < 2 ** windowSize; multiple = multiple.add(point)) table.push(multiple);
  let sum = zero;
  for (let window = windows - 1; window >= 0; window--) {
    for (let i = 0; i < windowSize; i++) sum = sum.double();
    sum = sum.add(select(table, a, window)).add(select(table, b, window));
  }
  return sum;
}

function select<P>(table: readonly P[], scalar: bigint, window: number): P {
  const digit = Number((scalar >> BigInt(window * windowSize)) & BigInt(2 ** windowSize - 1));
  return table.reduce((selected, entry, at) => (at === digit ? entry : selected));
}

/** Up to so many points Straus' way is the faster one. */
const few = 128;
/** Σ scalar·point. Not constant-time: for public values only. */
export const sumG1 = (points: readonly G1[], scalars: readonly bigint[]): G1 =>
  (points.length <= few ? mulAddUnsafe : pippenger)(g1, [...points], [...scalars]);
export const sumG2 = (points: readonly G2[], scalars: readonly bigint[]): G2 =>
  (points.length <= few ? mulAddUnsafe : pippenger)(g2, [...points], [...scalars]);

/** Whether the product of e(g1, g2) over all pairs is one. A pair with an identity in it is left out, as its pairing is one. */
export function productIsOne(pairs: readonly (readonly [G1, G2])[]): boolean {
  const terms = pairs.flatMap(([a, b]) => (a.is0() || b.is0() ? [] : [{ g1: a, g2: b }]));
  const { Fp12 } = bls12_381.fields;
  return Fp12.eql(bls12_381.pairingBatch(terms), Fp12.ONE);
}
