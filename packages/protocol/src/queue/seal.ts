/**
 * Sealing once more: whatever a relay stores is a body of a bucket's length that looks random from its first byte to its
 * last, so that neither length nor content joins two entries. See spec/05-queue.md.
 *
 *     body  = nonce (24) ‖ XChaCha20-Poly1305(key, nonce, aad = label, plain)
 *     plain = length of inner (4, big-endian) ‖ inner ‖ zeros up to the bucket
 */
import { type Bytes, concat, decodeError, type DecodeError, err, ok, type Result, utf8 } from "../codec/index.ts";
import { portableQueueCrypto, type QueueCrypto } from "./crypto.ts";
import { buckets, maxBody } from "./relay-api.ts";

export const nonceLength = 24;
const tagLength = 16;
const prefixLength = 4;
/** Bytes of a bucket that are not the sender's own: nonce, tag, length. */
export const sealOverhead = nonceLength + tagLength + prefixLength;
const depositLabel = "photon/deposit/1";
/** The longest inner that fits the largest bucket. */
export const maxInner = maxBody - sealOverhead;

/**
 * @param sealKey 32 bytes, of the queue's current rotation.
 * @param nonce 24 fresh random bytes.
 * @returns a body of exactly one of `buckets`, the smallest that fits, or `too-long` above `maxInner`.
 */
export function sealDeposit(sealKey: Bytes, inner: Bytes, nonce: Bytes, crypto?: QueueCrypto): Result<Bytes, DecodeError> {
  return sealBucket(sealKey, depositLabel, inner, nonce, crypto);
}

/** @param sealKeys the keys of the rotations still in use, newest first. */
export function openDeposit(sealKeys: readonly Bytes[], body: Bytes, crypto?: QueueCrypto): Result<Bytes, DecodeError> {
  return openBucket(sealKeys, depositLabel, body, crypto);
}

/** The same seal for other one-bucket values: drops of invitations and device codes. `label` keeps the uses apart. */
export function sealBucket(
  key: Bytes,
  label: string,
  inner: Bytes,
  nonce: Bytes,
  crypto: QueueCrypto = portableQueueCrypto,
): Result<Bytes, DecodeError> {
  const bucket = buckets.find((size) => inner.length + sealOverhead <= size);
  if (bucket === undefined) return err(decodeError("too-long", `${inner.length} bytes, at most ${maxInner}`));
  const plain = new Uint8Array(bucket - nonceLength - tagLength);
  new DataView(plain.buffer).setUint32(0, inner.length);
  plain.set(inner, prefixLength);
  return ok(concat(nonce, crypto.seal(key, nonce, utf8(label), plain)));
}

export function openBucket(
  keys: readonly Bytes[],
  label: string,
  body: Bytes,
  crypto: QueueCrypto = portableQueueCrypto,
): Result<Bytes, DecodeError> {
  if (!(buckets as readonly number[]).includes(body.length)) {
    return err(decodeError("out-of-range", `${body.length} bytes is not the length of a bucket`));
  }
  const nonce = body.subarray(0, nonceLength);
  const sealed = body.subarray(nonceLength);
  for (const key of keys) {
    const plain = crypto.open(key, nonce, utf8(label), sealed);
    if (plain !== undefined) return unpad(plain);
  }
  return err(decodeError("cannot-open", `none of ${keys.length} keys`));
}

function unpad(plain: Bytes): Result<Bytes, DecodeError> {
  const length = new DataView(plain.buffer, plain.byteOffset, plain.length).getUint32(0);
  const end = prefixLength + length;
  if (end > plain.length) return err(decodeError("out-of-range", "the inner length passes the end"));
  for (let i = end; i < plain.length; i++) {
    if (plain[i] !== 0) return err(decodeError("not-canonical", "padding is not zero"));
  }
  return ok(plain.slice(prefixLength, end));
}
