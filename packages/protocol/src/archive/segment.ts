/**
 * A segment: a run of change records, sealed under its archive epoch, padded, and named by its hash. See spec/07-archive.md.
 *
 *     blob  = suite (1) ‖ nonce (24) ‖ XChaCha20-Poly1305(key, nonce, aad = label ‖ suite, plain)
 *     key   = HKDF-SHA-512(epoch key, salt = nonce, info = label)
 *     plain = length (4, big-endian) ‖ CBOR segment ‖ zeros, so that the blob has a Padmé length of at least 1 KiB
 *
 * The vault sees a length and a hash: neither the epoch, nor the order, nor which segments belong together.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import {
  asBytes,
  bytes,
  type Bytes,
  concat,
  decode,
  decodeError,
  type DecodeError,
  encode,
  equalBytes,
  err,
  list,
  optional,
  type Result,
  type SchemaType,
  struct,
  uint,
  utf8,
} from "../codec/index.ts";
import { suites } from "../statement/index.ts";
import { type Change, changeSchema } from "../queue/change.ts";
import { pad, unpad } from "./padding.ts";
import { maxBlob } from "./vault-api.ts";

const label = utf8("photon/archive/segment/1");
const suite = suites["ed25519-xwing-aes256gcm-sha512"];
const nonceLength = 24;
const overhead = 1 + nonceLength + 16;

export const maxEpoch = 0xffff_ffff;
export const maxSegmentChanges = 32_768;
/** Bytes of changes in one segment; what is left holds the other fields, the length and the seal. */
export const maxSegmentContent = maxBlob - 256;

export const segmentSchema = struct({
  /** The archive epoch under whose key it is sealed. */
  epoch: [1, uint({ max: maxEpoch })],
  /** Counts the segments that one device wrote; for people and reports, not for trust. */
  sequence: [2, uint()],
  /** Hash of the segment written before it, where there was one: a gap can be named. */
  previous: [3, optional(bytes(32))],
  changes: [4, list(changeSchema, { max: maxSegmentChanges })],
});
export type Segment = SchemaType<typeof segmentSchema>;

export interface SealedSegment {
  /** SHA-256 of `bytes`: the name under which a vault keeps it. */
  readonly hash: Bytes;
  readonly bytes: Bytes;
}

/**
 * @param epochKey the 32-byte key of `segment.epoch`.
 * @param nonce 24 fresh random bytes.
 * Throws when the changes do not fit one blob: see `splitChanges`.
 */
export function sealSegment(epochKey: Bytes, segment: Segment, nonce: Bytes): SealedSegment {
  const plain = pad(encode(segmentSchema, segment), overhead);
  if (plain.length + overhead > maxBlob) throw new Error(`a segment of ${plain.length} bytes does not fit a blob`);
  const sealed = concat(Uint8Array.of(suite), nonce, cipher(epochKey, nonce).encrypt(plain));
  return { hash: asBytes(sha256(sealed)), bytes: sealed };
}

/**
 * @param epochKeys the keys at hand, by epoch.
 * @param expected the hash by which it was asked for; a server that gives other bytes is found out before any is opened.
 */
export function openSegment(
  epochKeys: ReadonlyMap<number, Bytes>,
  blob: Bytes,
  expected?: Uint8Array,
): Result<Segment, DecodeError> {
  if (blob.length > maxBlob) return err(decodeError("too-long", `${blob.length} bytes, at most ${maxBlob}`));
  if (expected !== undefined && !equalBytes(sha256(blob), expected)) {
    return err(decodeError("cannot-open", "these are not the bytes that the hash names"));
  }
  if (blob[0] !== suite) return err(decodeError("unknown-suite", `suite ${blob[0] ?? "missing"}`));
  if (blob.length < overhead) return err(decodeError("malformed", "ends early"));
  const nonce = blob.slice(1, 1 + nonceLength);
  for (const [epoch, key] of epochKeys) {
    const plain = tryOpen(key, nonce, blob.subarray(1 + nonceLength));
    if (plain === undefined) continue;
    const inner = unpad(plain);
    const segment = inner.ok ? decode(segmentSchema, inner.value, maxBlob) : inner;
    if (segment.ok && segment.value.epoch !== epoch) {
      return err(decodeError("wrong-shape", `$.epoch: says ${segment.value.epoch}, sealed under ${epoch}`));
    }
    return segment;
  }
  return err(decodeError("cannot-open", `none of ${epochKeys.size} epochs`));
}

/**
 * Runs of changes, in the order given, each of which fits one segment (or, with other limits, one `change` message).
 * Throws for a single change above the limit: whoever writes a value keeps it below.
 */
export function splitChanges(changes: Iterable<Change>, limit = maxSegmentContent, maxCount = maxSegmentChanges): Change[][] {
  const runs: Change[][] = [];
  let run: Change[] = [];
  let size = 0;
  const room = limit - listHead;
  for (const change of changes) {
    const length = encode(changeSchema, change).length;
    if (length > room) throw new Error(`a change of ${length} bytes does not fit ${room}`);
    if (run.length > 0 && (size + length > room || run.length >= maxCount)) {
      runs.push(run);
      run = [];
      size = 0;
    }
    run.push(change);
    size += length;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** The longest CBOR head of a list here. */
const listHead = 5;

function cipher(epochKey: Bytes, nonce: Bytes): ReturnType<typeof xchacha20poly1305> {
  if (epochKey.length !== 32) throw new Error(`an epoch key has ${epochKey.length} bytes, not 32`);
  return xchacha20poly1305(hkdf(sha512, epochKey, nonce, label, 32), nonce, concat(label, Uint8Array.of(suite)));
}

function tryOpen(epochKey: Bytes, nonce: Bytes, sealed: Uint8Array): Uint8Array | undefined {
  const opener = cipher(epochKey, nonce);
  try {
    return opener.decrypt(sealed);
  } catch {
    return undefined; // the library's way of saying that the tag does not fit this key
  }
}
