/**
 * The keys of an inbox queue. The owner's devices share `readSeed` and `root`; the write and seal keys of the n-th
 * rotation follow from `root`, so that two devices which rotate at once make the same keys. A peer is given the keys of one
 * rotation, from which neither the next nor the root can be had. See spec/05-queue.md.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { asBytes, bytes, type Bytes, concat, type SchemaType, struct, utf8 } from "../codec/index.ts";

export const queueKeysSchema = struct({
  receiveId: [1, bytes(16)],
  sendId: [2, bytes(16)],
  /** Ed25519 seed. */
  readSeed: [3, bytes(32)],
  root: [4, bytes(32)],
});
/** Secret, but for the ids; shared in the circle, and stored there as `queueKeysSchema` says. */
export type QueueKeys = SchemaType<typeof queueKeysSchema>;

export interface RotationKeys {
  /** HMAC-SHA-256 key of appends. */
  readonly writeKey: Bytes;
  /** XChaCha20-Poly1305 key of deposits. */
  readonly sealKey: Bytes;
}

/** @param random at least 96 fresh random bytes, of which the first 96 are used. */
export function makeQueueKeys(random: Bytes): QueueKeys {
  if (random.length < 96) throw new Error(`${random.length} random bytes, at least 96`);
  return {
    receiveId: random.slice(0, 16),
    sendId: random.slice(16, 32),
    readSeed: random.slice(32, 64),
    root: random.slice(64, 96),
  };
}

/** The Ed25519 public key by which the relay knows a reader. */
export const readKeyOf = (readSeed: Bytes): Bytes => asBytes(ed25519.getPublicKey(readSeed));

/** HKDF-SHA-512 (RFC 5869). @param rotation from 0, as `inbox.rotation` counts it. */
export function rotationKeys(root: Bytes, rotation: number): RotationKeys {
  if (!Number.isInteger(rotation) || rotation < 0 || rotation > 0xffff_ffff) throw new Error(`rotation ${rotation}`);
  const number = new Uint8Array(4);
  new DataView(number.buffer).setUint32(0, rotation);
  const keys = asBytes(hkdf(sha512, root, undefined, concat(utf8("photon/queue/rotation/1"), number), 64));
  return { writeKey: keys.slice(0, 32), sealKey: keys.slice(32) };
}
