/**
 * One person's relationships hold commitments to one recovery key, and two peers who compare them must not find that out. So
 * each holds the hash of a key of its own, PK_r = PK + ρ·G, with ρ and the salt from a seed that only the owner's devices and
 * archive have. It is opened once, by a `succeed`, and replaced by it.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, concat, equalBytes, utf8 } from "../codec/index.ts";
import { type Commitment, makeRecoverySalt, recoveryCommitment, type SideId } from "../statement/index.ts";
import { domains } from "./domains.ts";
import { blindLength } from "./succession.ts";
import { encodeG2, g2 } from "./points.ts";
import { makeScalar, reduceWide, type Scalar, numberOf, wideLength } from "./scalars.ts";
import { type Threshold, thresholds } from "./thresholds.ts";
import { publicKeyOf, type Verification } from "./verification.ts";

/** Which commitment of which relationship. */
export interface BlindingContext {
  readonly side: SideId;
  readonly planVersion: number;
  /** The succession that would open it: 1 + how many this side has had. */
  readonly epoch: number;
  /** Of the plan, 0 to 336: the salt says it, so that a peer who sees the opening waits as long as the plan had it. */
  readonly delayHours: number;
}

export interface Blinding {
  /** Secret, also from the trustees. */
  readonly rho: Scalar;
  /** Secret until the commitment is opened. */
  readonly salt: Bytes;
}

/** HKDF-SHA-512 (RFC 5869). @param seed 32 secret random bytes, one for each plan. */
export function blindFor(seed: Bytes, context: BlindingContext, threshold: Threshold): Blinding {
  if (seed.length !== 32) throw new Error(`a blinding seed has ${seed.length} bytes, not 32`);
  const { side, planVersion, epoch, delayHours } = context;
  const info = concat(utf8(domains.blinding), side, be32(planVersion), be32(epoch), Uint8Array.of(threshold));
  const material = asBytes(hkdf(sha512, seed, undefined, info, wideLength + 30));
  const salt = makeRecoverySalt(delayHours, material.subarray(wideLength));
  const rho = makeScalar(reduceWide(material.subarray(0, wideLength)));
  return { rho, salt };
}

/**
 * By which a request is blinded for one side and epoch (succession.ts): the same for both thresholds, so that a contest of the one
 * is a contest of the other. The owner's devices can tell it without having seen the succession.
 */
export function requestBlind(seed: Bytes, { side, epoch }: Pick<BlindingContext, "side" | "epoch">): Bytes {
  if (seed.length !== 32) throw new Error(`a blinding seed has ${seed.length} bytes, not 32`);
  return asBytes(hkdf(sha512, seed, undefined, concat(utf8(domains.requestBlind), side, be32(epoch)), blindLength));
}

function be32(number: number): Bytes {
  if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) throw new Error(`${number} is no unsigned 32-bit number`);
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, number);
  return out;
}

/** The two values for the plan parts of a side (spec/02-statements.md). */
export const recoveryCommitments = (verification: Verification, seed: Bytes, context: BlindingContext): readonly Commitment[] =>
  Object.values(thresholds).map((threshold) => {
    const { publicKey, salt } = openRecovery(verification, seed, context, threshold);
    return { threshold, hash: recoveryCommitment(publicKey, salt) };
  });

export interface RecoveryOpening extends Blinding {
  /** The blinded key, 96 bytes: `signer` and `publicKey` of the `succeed`. */
  readonly publicKey: Bytes;
}

/** What opens one of these commitments again. */
export function openRecovery(
  verification: Verification,
  seed: Bytes,
  context: BlindingContext,
  threshold: Threshold,
): RecoveryOpening {
  const { rho, salt } = blindFor(seed, context, threshold);
  const blinded = publicKeyOf(verification, threshold).add(g2.BASE.multiply(numberOf(rho)));
  return { publicKey: encodeG2(blinded), salt, rho };
}

/** Whether a `succeed` opens what the lineage holds: the same threshold, and the hash of its key and salt. */
export const opensRecovery = (
  commitment: Commitment,
  opening: { readonly threshold: number; readonly publicKey: Uint8Array; readonly salt: Uint8Array },
): boolean =>
  commitment.threshold === opening.threshold && equalBytes(commitment.hash, recoveryCommitment(opening.publicKey, opening.salt));
