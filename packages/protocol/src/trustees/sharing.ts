/**
 * Sharing a secret by a polynomial (Shamir, 1979), and checking a share against commitments to its coefficients: Feldman's
 * (1987), C_k = a_k·G in G2, for keys whose public half is known anyway; Pedersen's (1991), C_k = a_k·G + b_k·H in G1, which
 * say nothing about the secret even to whoever computes discrete logarithms, for what is stored.
 */
import { domains } from "./domains.ts";
import { type G1, g1, type G2, g2, hashToG1, multiplySecret, sumG1, sumG2 } from "./points.ts";
import { drawScalar, field, type Random } from "./scalars.ts";

/** Coefficients, the secret first. As many as shares are needed. */
export type Polynomial = readonly bigint[];

/** No coefficient is zero, so the degree is exactly `threshold` − 1. */
export const drawPolynomial = (threshold: number, random: Random): Polynomial =>
  Array.from({ length: threshold }, () => drawScalar(random));

export const evaluate = (polynomial: Polynomial, at: bigint): bigint =>
  polynomial.reduceRight((sum, coefficient) => field.add(field.mul(sum, at), coefficient), 0n);

export const commitFeldman = (polynomial: Polynomial): G2[] => polynomial.map((coefficient) => g2.BASE.multiply(coefficient));

export const commitPedersen = (polynomial: Polynomial, blinding: Polynomial, random: Random): G1[] =>
  polynomial.map((coefficient, k) => {
    const blind = blinding[k];
    if (blind === undefined) throw new Error("a blinding of another degree");
    return g1.BASE.multiply(coefficient).add(multiplySecret(secondGenerator(), blind, random));
  });

let generator: G1 | undefined;
/** H, whose logarithm to the generator nobody knows: the hash of nothing under a tag of its own. */
export function secondGenerator(): G1 {
  generator ??= hashToG1(new Uint8Array(), domains.generator);
  return generator;
}

/** What the commitments say the share at an index commits to: Σ at^k·C_k. */
export const committedG1 = (commitments: readonly G1[], at: bigint): G1 => sumG1(commitments, powers(at, commitments.length));
export const committedG2 = (commitments: readonly G2[], at: bigint): G2 => sumG2(commitments, powers(at, commitments.length));

function powers(of: bigint, count: number): bigint[] {
  const out: bigint[] = [];
  for (let power = 1n; out.length < count; power = field.mul(power, of)) out.push(power);
  return out;
}

/** λ with secret = Σ λ_i·share_i. @param indices distinct and not zero, else it throws. */
export function weightsAtZero(indices: readonly bigint[]): bigint[] {
  if (indices.includes(0n) || new Set(indices).size !== indices.length) throw new Error("indices that are zero or equal");
  return indices.map((own) => {
    const others = indices.filter((index) => index !== own);
    const numerator = others.reduce((product, other) => field.mul(product, other), 1n);
    const denominator = others.reduce((product, other) => field.mul(product, field.sub(other, own)), 1n);
    return field.mul(numerator, field.inv(denominator));
  });
}
