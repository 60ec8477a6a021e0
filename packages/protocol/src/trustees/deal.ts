/**
 * Dealing: the owner's device draws two recovery keys and the opener's secret, gives each trustee a share of all three, and
 * forgets them. See spec/11-trustees.md.
 *
 *     secret                      degree   committed to in       who needs it
 *     key, uncontested            t − 1    G2, Feldman           t trustees sign a succession
 *     key, contested              t′ − 1   G2, Feldman           t′ trustees sign one that somebody objected to
 *     opener                      t − 1    G1, Pedersen          t trustees release it, and the archive opens
 *
 * What is erased: every array of bytes that held a secret, the random ones included. What cannot be: numbers in JavaScript
 * are immutable, so the coefficients and what was computed from them stay in memory that nothing refers to any more until the
 * engine collects and overwrites it, and the engine may have moved copies. Nothing that is returned holds a whole secret; the
 * shares are for the trustees, and the caller erases its copy of each as soon as it is sealed for its trustee (`eraseShares`).
 */
import { expectOk } from "../codec/index.ts";
import { openerRecipient } from "./opener.ts";
import { drawScalar, makeScalar, type Random } from "./scalars.ts";
import type { Shares } from "./shares.ts";
import { commitFeldman, commitPedersen, drawPolynomial, evaluate } from "./sharing.ts";
import { contestedThreshold } from "./thresholds.ts";
import { makeVerification, type Verification } from "./verification.ts";

export interface Deal {
  /** The same for every trustee, and kept by the owner's devices: it makes the commitments of every relationship. */
  readonly verification: Verification;
  /** One for each trustee. Which trustee has which index is the owner's to remember; the shares are not. */
  readonly shares: readonly Shares[];
  /** `age1pq1…`: the archive's epochs are wrapped to it. */
  readonly recipient: string;
}

/**
 * Throws for sizes that `contestedThreshold` refuses.
 * @param size.threshold how many of the trustees an uncontested recovery takes.
 */
export function dealRecovery(size: { readonly trustees: number; readonly threshold: number }, random: Random): Deal {
  const contestedSize = expectOk(contestedThreshold(size.trustees, size.threshold));
  const indices = new Set<bigint>();
  while (indices.size < size.trustees) indices.add(drawScalar(random));
  const uncontested = drawPolynomial(size.threshold, random);
  const contested = drawPolynomial(contestedSize, random);
  const opener = drawPolynomial(size.threshold, random);
  const blinding = drawPolynomial(size.threshold, random);
  const shares = [...indices].map((index) => ({
    index: makeScalar(index),
    uncontested: makeScalar(evaluate(uncontested, index)),
    contested: makeScalar(evaluate(contested, index)),
    opener: makeScalar(evaluate(opener, index)),
    openerBlinding: makeScalar(evaluate(blinding, index)),
  }));
  const secret = makeScalar(evaluate(opener, 0n));
  const recipient = openerRecipient(secret);
  secret.fill(0);
  const commitments = [commitFeldman(uncontested), commitFeldman(contested), commitPedersen(opener, blinding, random)] as const;
  return { verification: makeVerification(...commitments), shares, recipient };
}

/** Overwrites what a trustee was given, once it is on its way. */
export function eraseShares(shares: Shares): void {
  for (const part of Object.values(shares)) part.fill(0);
}
