/** What a plan commits to of its recovery keys, and how a `succeed` opens it. See spec/02-statements.md, "Commitments". */
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, concat, utf8 } from "../codec/index.ts";

const hour = 60 * 60 * 1000;
const label = concat(utf8("photon/recovery/commitment/1"), Uint8Array.of(0));
/** Hours. */
export const maxRecoveryDelay = 14 * 24;

/**
 * The hash in a plan's commitment.
 *
 * @param publicKey the blinded BLS12-381 key of this relationship, compressed.
 * @param salt 32 bytes.
 */
export const recoveryCommitment = (publicKey: Uint8Array, salt: Uint8Array): Bytes =>
  asBytes(sha256(concat(label, salt, publicKey)));

/**
 * A salt says how long a succession under its plan waits, in its first two bytes, big endian, in hours: so the plan commits
 * to the delay, and whoever opens the commitment shows it.
 *
 * @returns milliseconds; undefined where it is above 336 hours: such a salt opens nothing.
 */
export function delayOf(salt: Uint8Array): number | undefined {
  const hours = ((salt[0] ?? 0) << 8) | (salt[1] ?? 0);
  return salt.length === 32 && hours <= maxRecoveryDelay ? hours * hour : undefined;
}

/**
 * A salt for a commitment.
 *
 * @param delay in hours, 0 to 336.
 * @param random 30 fresh random bytes.
 */
export function makeRecoverySalt(delay: number, random: Uint8Array): Bytes {
  if (!Number.isInteger(delay) || delay < 0 || delay > maxRecoveryDelay) throw new Error(`a delay of ${delay} hours`);
  if (random.length !== 30) throw new Error(`a salt from ${random.length} random bytes, not 30`);
  return concat(Uint8Array.of(delay >>> 8, delay & 0xff), random);
}
