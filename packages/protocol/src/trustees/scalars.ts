/**
 * Scalars: integers from 1 to r − 1, where r is the order of both groups of BLS12-381; 32 bytes, most significant first.
 * Zero is none: no share, index or blinding is ever zero. See spec/11-trustees.md.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { mapHashToField } from "@noble/curves/abstract/modular.js";
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { asBytes, bytes, type Bytes, decodeError, err, ok, type Schema } from "../codec/index.ts";

/**
 * Gives so many fresh random bytes, in an array of their own, which is overwritten after use.
 * What is random only to blind arithmetic does not change an outcome.
 */
export type Random = (length: number) => Bytes;

declare const brand: unique symbol;
export type Scalar = Bytes & { readonly [brand]: "Scalar" };

/** The field of integers modulo r. */
export const field = bls12_381.fields.Fr;
const length = 32;
/** Reducing so many uniform bytes leaves a bias below 2^-128 (RFC 9380 §5). */
export const wideLength = 48;

const plain = bytes(length);
export const scalarSchema: Schema<Scalar> = {
  form: plain.form,
  toCbor: (value) => plain.toCbor(value),
  fromCbor: (value, path) => {
    const parsed = plain.fromCbor(value, path);
    if (!parsed.ok) return parsed;
    return isScalar(bytesToNumberBE(parsed.value))
      ? ok(parsed.value as Scalar)
      : err(decodeError("out-of-range", `${path}: not in 1..r-1`));
  },
};

const isScalar = (value: bigint): boolean => value > 0n && value < field.ORDER;

/** Throws for what is none: the caller computed it, and it is zero only with negligible probability. */
export function makeScalar(value: bigint): Scalar {
  if (!isScalar(value)) throw new Error("not a scalar");
  return asBytes(numberToBytesBE(value, length)) as Scalar;
}

export const numberOf = (scalar: Scalar): bigint => bytesToNumberBE(scalar);

/** From `wideLength` uniform bytes, which are overwritten: 1 + (their number mod r − 1), as FIPS 186-5 A.2.1 has it. */
export function reduceWide(wide: Bytes): bigint {
  if (wide.length !== wideLength) throw new Error(`${wide.length} bytes for a scalar, not ${wideLength}`);
  const reduced = mapHashToField(wide, field.ORDER);
  const value = bytesToNumberBE(reduced);
  wide.fill(0);
  reduced.fill(0);
  return value;
}

export const drawScalar = (random: Random): bigint => reduceWide(random(wideLength));

/** So that a random source which gives too little is noticed before anything rests on it. */
export function drawBytes(random: Random, count: number): Bytes {
  const drawn = random(count);
  if (drawn.length !== count) throw new Error(`${drawn.length} random bytes, not ${count}`);
  return drawn;
}
