/**
 * What a vault's head holds: which blob unwraps the epoch keys, and, sealed, which segments make up the archive.
 * See spec/07-archive.md. The vault sees the epoch's number, the hash of the wrapping and a padded length.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import {
  boolean,
  bytes,
  type Bytes,
  concat,
  decode,
  decodeError,
  type DecodeError,
  encode,
  encodeCbor,
  err,
  list,
  oneOf,
  optional,
  type Result,
  type SchemaType,
  struct,
  text,
  uint,
  utf8,
} from "../codec/index.ts";
import { suiteSchema, suites } from "../statement/index.ts";
import { pad, unpad } from "./padding.ts";
import { maxEpoch } from "./segment.ts";
import { maxHead } from "./vault-api.ts";

const label = "photon/archive/manifest/1";
const nonceLength = 24;
const overhead = nonceLength + 16;

/** Compaction keeps an archive below this; the rest of a head's `keeps` is for the wrapping and for what is on its way. */
export const maxSegments = 200;
export const maxOpeners = 16;
export const openerKinds = { device: 0, passphrase: 1, trustees: 2, escrow: 3, shares: 4 } as const;
export type OpenerKind = keyof typeof openerKinds;

export const manifestSchema = struct({
  /** In the order in which they are best read; merging gives the same state in any. */
  segments: [
    1,
    list(
      struct({
        hash: [1, bytes(32)],
        epoch: [2, uint({ max: maxEpoch })],
        /** Absent for `relationships`. An epoch is one of its compartment's. */
        compartment: [3, optional(oneOf({ authority: 1 }))],
      }),
      { max: maxSegments },
    ),
  ],
  /** How many change records the segments of `relationships` hold together: a reader that finds fewer has found a gap. */
  changes: [2, uint()],
  /** Days since 1970-01-01. */
  createdAt: [3, uint({ max: 0xffff_ffff })],
  /** Who can open this epoch, as the person named them. */
  openers: [
    4,
    list(
      struct({
        kind: [1, oneOf(openerKinds)],
        name: [2, text(64)],
        /** Whether the keys of the compartment `authority` are wrapped to it as well. */
        authority: [3, optional(boolean)],
      }),
      { max: maxOpeners },
    ),
  ],
  /**
   * How many relationships there are that were not closed, by who wrote the head, once it had archived all there was. Whoever
   * looks for a head from before most of them went reads heads only, and then one archive to see if it is true.
   */
  relationships: [5, optional(uint())],
  /** The compartment `authority`, where there is one. */
  authority: [
    6,
    optional(
      struct({
        /** Hash of the blob in which its keys are wrapped to the openers that say so. */
        wraps: [1, bytes(32)],
        /** How many change records its segments hold together. */
        changes: [2, uint()],
        /** The newest of its epochs. */
        epoch: [3, uint({ max: maxEpoch })],
      }),
    ),
  ],
});
export type Manifest = SchemaType<typeof manifestSchema>;

export const headBodySchema = struct({
  suite: [1, suiteSchema],
  epoch: [2, uint({ max: maxEpoch })],
  /** Hash of the blob that `wrapEpochKeys` made. */
  wraps: [3, bytes(32)],
  /** nonce (24) ‖ XChaCha20-Poly1305 of the padded manifest, under a key of this epoch. */
  manifest: [4, bytes({ min: overhead, max: maxHead })],
});
export type HeadBody = SchemaType<typeof headBodySchema>;

/**
 * The body of a `headPut`. Throws if it is longer than a head may be, which no manifest within its bounds is.
 * @param nonce 24 fresh random bytes.
 */
export function sealHead(
  epochKey: Bytes,
  head: { readonly epoch: number; readonly wraps: Bytes; readonly manifest: Manifest },
  nonce: Bytes,
): Bytes {
  const outer = { suite: "ed25519-xwing-aes256gcm-sha512", epoch: head.epoch, wraps: head.wraps } as const;
  const plain = pad(encode(manifestSchema, head.manifest), overhead);
  const manifest = concat(nonce, cipher(epochKey, nonce, outer).encrypt(plain));
  const body = encode(headBodySchema, { ...outer, manifest });
  if (body.length > maxHead) throw new Error(`a head of ${body.length} bytes is more than ${maxHead}`);
  return body;
}

/** What can be read without a key; enough to fetch the wrapping. */
export const parseHead = (body: Uint8Array): Result<HeadBody, DecodeError> => decode(headBodySchema, body, maxHead);

/** @param epochKey the 32-byte key of `head.epoch`. */
export function openManifest(epochKey: Bytes, head: HeadBody): Result<Manifest, DecodeError> {
  const opener = cipher(epochKey, head.manifest.slice(0, nonceLength), head);
  let plain: Uint8Array;
  try {
    plain = opener.decrypt(head.manifest.subarray(nonceLength));
  } catch {
    return err(decodeError("cannot-open", "$.manifest")); // the library's way of saying that the tag does not fit
  }
  const inner = unpad(plain);
  return inner.ok ? decode(manifestSchema, inner.value, maxHead) : inner;
}

function cipher(epochKey: Bytes, nonce: Bytes, head: Omit<HeadBody, "manifest">): ReturnType<typeof xchacha20poly1305> {
  if (epochKey.length !== 32) throw new Error(`an epoch key has ${epochKey.length} bytes, not 32`);
  const key = hkdf(sha512, epochKey, nonce, utf8(label), 32);
  return xchacha20poly1305(key, nonce, encodeCbor([label, suites[head.suite], head.epoch, head.wraps]));
}
