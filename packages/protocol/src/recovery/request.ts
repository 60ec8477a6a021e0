/**
 * The request: what a new device asks all trustees for, and the code by which they find it and know that it is whole.
 * See spec/12-recovery.md.
 *
 *     digest  = SHA-256("photon/recovery/request/1" ‖ 0 ‖ request)
 *     entropy = the first 16 bytes of the digest          spoken: the relay's name and twelve words
 *     dropId ‖ sealKey = HKDF-SHA-512(entropy, info = "photon/recovery/code/1", 64)
 *
 * The words come from the keys of the request, and a trustee compares: whoever serves the drop, or overhears the words,
 * would have to find another request with the same 128 bits.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";
import { bech32 } from "@scure/base";
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
  ok,
  type Result,
  type SchemaType,
  struct,
  text,
  uint,
  utf8,
} from "../codec/index.ts";
import { type InvitationError, invitationError } from "../meeting/index.ts";
import { formatWords, parseWords } from "../meeting/words.ts";
import { openBucket, sealBucket } from "../queue/index.ts";
import { inboxSchema, suiteSchema } from "../statement/index.ts";

export const requestSchema = struct({
  suite: [1, suiteSchema],
  /** Milliseconds by the new device's clock; shown, never counted. */
  created: [2, uint()],
  /** What the new device calls itself. */
  device: [3, text(64)],
  /** Hybrid age recipient of the new device: shares are released to it and to nobody else. */
  recipient: [4, text(4096)],
  /** Ed25519: signs the batch of commitments. */
  signKey: [5, bytes(32)],
  /** Where trustees answer. */
  reply: [6, inboxSchema],
});
export type RecoveryRequest = SchemaType<typeof requestSchema>;

/** A request fits an entry of the plan queue together with an approval of it. */
export const maxRequest = 6 * 1024;
const dropLabel = "photon/recovery/request/1";

export const encodeRequest = (request: RecoveryRequest): Bytes => encode(requestSchema, request);
export function decodeRequest(received: Bytes): Result<RecoveryRequest, DecodeError> {
  const request = decode(requestSchema, received, maxRequest);
  if (!request.ok) return request;
  const { recipient } = request.value;
  if (!recipient.startsWith("age1pq1"))
    return err(decodeError("unknown-suite", "$.recipient: what is released travels under a hybrid key"));
  return keyOf(recipient)?.length === xwing.lengths.publicKey ? request : err(noKey);
}

const noKey = decodeError("malformed", "$.recipient: no key to which anything could be sealed");

/** The public key in a recipient, if its letters fit together. */
function keyOf(recipient: string): Uint8Array | undefined {
  const decoded = bech32.decodeUnsafe(recipient, false);
  return decoded?.prefix === "age1pq" ? (bech32.fromWordsUnsafe(decoded.words) ?? undefined) : undefined;
}

/** Whether the key is one: a coefficient that is none, or a point of small order, is found by sealing alone. Some 5 ms. */
function isSealable(recipient: string): boolean {
  try {
    xwing.encapsulate(keyOf(recipient) ?? new Uint8Array(0), new Uint8Array(xwing.lengths.msgRand ?? 0));
    return true;
  } catch {
    return false; // the library's way of saying that it is no key
  }
}

/** 32 bytes: names the request everywhere. */
export const requestDigest = (request: Bytes): Bytes => asBytes(sha256(concat(utf8(`${dropLabel}\0`), request)));

export interface RequestCode {
  /** One line: the relay's name and twelve words. */
  readonly spoken: string;
  readonly relay: string;
  readonly dropId: Bytes;
  readonly sealKey: Bytes;
  /** The first half of the digest. */
  readonly entropy: Bytes;
}

/** @param relay canonical origin of the relay at which the request lies. */
export function codeOf(request: Bytes, relay: string): RequestCode {
  const entropy = requestDigest(request).slice(0, 16);
  return { spoken: formatWords(relay, entropy), relay, ...keysOf(entropy) };
}

/** @param defaultRelay for twelve words without a relay's name. */
export function parseRequestCode(typed: string, defaultRelay?: string): Result<RequestCode, InvitationError> {
  const parsed = parseWords(typed);
  if (!parsed.ok) return parsed;
  const { entropy } = parsed.value;
  const relay = parsed.value.relay ?? defaultRelay;
  if (relay === undefined) return err(invitationError("bad-invitation", "the relay's name is missing before the words"));
  return ok({ spoken: formatWords(relay, entropy), relay, ...keysOf(entropy) });
}

function keysOf(entropy: Bytes): Pick<RequestCode, "dropId" | "sealKey" | "entropy"> {
  const keys = asBytes(hkdf(sha512, entropy, undefined, utf8("photon/recovery/code/1"), 64));
  return { entropy, dropId: keys.slice(0, 32), sealKey: keys.slice(32) };
}

/** The body of the drop. @param nonce 24 fresh random bytes. */
export const sealRequest = (code: RequestCode, request: Bytes, nonce: Bytes): Result<Bytes, DecodeError> =>
  sealBucket(code.sealKey, dropLabel, request, nonce);

export interface FoundRequest {
  readonly request: RecoveryRequest;
  readonly bytes: Bytes;
  readonly digest: Bytes;
}

/**
 * What lies in the drop, if it is the very request that the code was made of, else `wrong-shape`: it was swapped. An answer to
 * what was opened can be sealed: a key that would make this impossible is refused here, before anybody approves.
 */
export function openRequest(code: RequestCode, body: Bytes): Result<FoundRequest, DecodeError> {
  const opened = openBucket([code.sealKey], dropLabel, body);
  const found = opened.ok ? checkRequest(opened.value, code.entropy) : opened;
  return !found.ok || isSealable(found.value.request.recipient) ? found : err(noKey);
}

/** @param entropy the first half of the digest that it must have. */
export function checkRequest(received: Bytes, entropy: Bytes): Result<FoundRequest, DecodeError> {
  const digest = requestDigest(received);
  if (!equalBytes(digest.slice(0, 16), entropy))
    return err(decodeError("wrong-shape", "another request than the code was made of"));
  const request = decodeRequest(received);
  return request.ok ? ok({ request: request.value, bytes: received, digest }) : request;
}
