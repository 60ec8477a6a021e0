/**
 * The exchange by which an old device lets a new one in: an ephemeral X-Wing (draft-connolly-cfrg-xwing-kem) key
 * exchange, authenticated by the device code. Each message lies in a drop of its own. See spec/06-meeting.md.
 *
 * | # | from | drop   | message                                                                                       |
 * | - | ---- | ------ | --------------------------------------------------------------------------------------------- |
 * | 1 | old  | offer  | bucket(psk₁, {suite, X-Wing public key})                                                      |
 * | 2 | new  | answer | bucket(psk₂, {suite, X-Wing ciphertext, AEAD(k₂, payload)}), k₂ from the secret, psk and 1     |
 * | 3 | old  | reply  | bucket(k₃, payload), k₃ from the secret, psk, 1 and 2                                         |
 *
 * Why it holds: without the code the psk is 128 unknown bits, so a relay can neither read the messages nor put its own in
 * their place; 2 proves to the old device that who answers holds the code and saw its message, 3 the same to the new one.
 * Who sees the code afterwards opens the outer seals only: the X-Wing secret came from keys that both devices have thrown
 * away. Who sees it while the exchange runs can take part in it, first or in the middle: so the old device shows which
 * device joined, and the first answer is the only one.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract, hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";
import {
  asBytes,
  bytes,
  type Bytes,
  concat,
  decode,
  decodeError,
  type DecodeError,
  encode,
  encodeCbor,
  err,
  expectOk,
  ok,
  type Result,
  struct,
} from "../codec/index.ts";
import { maxInner, openBucket, sealBucket } from "../queue/seal.ts";
import { suiteSchema } from "../statement/index.ts";

const suite = "ed25519-xwing-aes256gcm-sha512";
const labels = {
  offer: "photon/rendezvous/offer/1",
  answer: "photon/rendezvous/answer/1",
  reply: "photon/rendezvous/reply/1",
} as const;

/** The longest payload of an answer or a reply: what is longer goes by another way, under a key that a payload carries. */
export const maxRendezvousPayload = 60 * 1024;
const nonceLength = 24;

const offerSchema = struct({ suite: [1, suiteSchema], publicKey: [2, bytes(1216)] });
const answerSchema = struct({
  suite: [1, suiteSchema],
  cipherText: [2, bytes(1120)],
  payload: [3, bytes({ min: 16, max: maxRendezvousPayload + 16 })],
});

/**
 * The old device begins.
 * @param seed 32 fresh random bytes: the same seed gives the same message, so that a repeat after a crash is harmless.
 * @returns message 1, and 64 secret bytes for `readAnswer`, to be thrown away after the reply.
 */
export function startRendezvous(psk: Bytes, seed: Bytes): { readonly message: Bytes; readonly secret: Bytes } {
  if (psk.length !== 32 || seed.length !== 32) throw new Error("a psk and a seed of 32 bytes each");
  const { publicKey } = keyPair(seed);
  const inner = encode(offerSchema, { suite, publicKey: asBytes(publicKey) });
  const nonce = derive(seed, "offer nonce", none, nonceLength);
  const message = expectOk(sealBucket(outerKey(psk, "offer"), labels.offer, inner, nonce));
  return { message, secret: concat(psk, seed) };
}

/**
 * The new device answers.
 * @param seed 64 fresh random bytes. @param payload at most `maxRendezvousPayload`, else `too-long`.
 * @returns message 2, and the key for `openReply`.
 */
export function answerRendezvous(
  psk: Bytes,
  offerMessage: Bytes,
  seed: Bytes,
  payload: Bytes,
): Result<{ readonly message: Bytes; readonly key: Bytes }, DecodeError> {
  if (psk.length !== 32 || seed.length !== 64) throw new Error("a psk of 32 bytes and a seed of 64");
  if (payload.length > maxRendezvousPayload)
    return err(decodeError("too-long", `${payload.length} bytes, at most ${maxRendezvousPayload}`));
  const inner = openBucket([outerKey(psk, "offer")], labels.offer, offerMessage);
  const offer = inner.ok ? decode(offerSchema, inner.value, maxInner) : inner;
  if (!offer.ok) return offer;
  // Bound to the offer and the payload, so that the same seed never meets another message under the same keys.
  const fresh = derive(seed, "answer", concat(sha512(offerMessage), sha512(payload)), 64 + nonceLength);
  const shared = encapsulate(offer.value.publicKey, fresh.slice(0, 64));
  if (shared === undefined) return err(decodeError("malformed", "$.publicKey"));
  const sealed = innerCipher(psk, shared.secret, offerMessage, shared.cipherText).encrypt(payload);
  const answer = encode(answerSchema, { suite, cipherText: shared.cipherText, payload: asBytes(sealed) });
  const message = expectOk(sealBucket(outerKey(psk, "answer"), labels.answer, answer, fresh.slice(64)));
  return ok({ message, key: replyKey(psk, shared.secret, offerMessage, message) });
}

/**
 * The old device reads the answer.
 * @param secret what `startRendezvous` returned.
 * @returns the new device's payload, and the key for `sealReply`.
 */
export function readAnswer(secret: Bytes, message: Bytes): Result<{ readonly payload: Bytes; readonly key: Bytes }, DecodeError> {
  const psk = secret.slice(0, 32);
  const seed = secret.slice(32);
  const inner = openBucket([outerKey(psk, "answer")], labels.answer, message);
  const answer = inner.ok ? decode(answerSchema, inner.value, maxInner) : inner;
  if (!answer.ok) return answer;
  const { cipherText, payload: sealed } = answer.value;
  const offerMessage = startRendezvous(psk, seed).message;
  const shared = decapsulate(cipherText, seed);
  if (shared === undefined) return err(decodeError("malformed", "$.cipherText"));
  try {
    const payload = asBytes(innerCipher(psk, shared, offerMessage, cipherText).decrypt(sealed));
    return ok({ payload, key: replyKey(psk, shared, offerMessage, message) });
  } catch {
    return err(decodeError("cannot-open", "$.payload: of another exchange")); // the library's word for a tag that does not fit
  }
}

/** Message 3. @param payload at most `maxRendezvousPayload`, else `too-long`. @param nonce 24 fresh random bytes. */
export function sealReply(key: Bytes, payload: Bytes, nonce: Bytes): Result<Bytes, DecodeError> {
  if (payload.length > maxRendezvousPayload)
    return err(decodeError("too-long", `${payload.length} bytes, at most ${maxRendezvousPayload}`));
  return sealBucket(key, labels.reply, payload, nonce);
}
export const openReply = (key: Bytes, message: Bytes): Result<Bytes, DecodeError> => openBucket([key], labels.reply, message);

/** HKDF-SHA-512; the info is a deterministic encoding, so that no two uses share an output. */
function derive(key: Bytes, use: string, context: Bytes, length: number): Bytes {
  return asBytes(hkdf(sha512, key, undefined, encodeCbor(["photon/rendezvous/derive/1", use, context]), length));
}
const none: Bytes = new Uint8Array(0);

const outerKey = (psk: Bytes, use: "offer" | "answer"): Bytes => derive(psk, `outer ${use}`, none, 32);

/** Both secrets go into every key: neither a stolen code nor a broken key exchange is enough alone. */
const extractBoth = (psk: Bytes, shared: Bytes): Bytes => asBytes(extract(sha512, shared, psk));

function innerCipher(psk: Bytes, shared: Bytes, offerMessage: Bytes, cipherText: Bytes): ReturnType<typeof xchacha20poly1305> {
  const transcript = sha512(encodeCbor([offerMessage, cipherText]));
  const info = encodeCbor([labels.answer, transcript]);
  const material = expand(sha512, extractBoth(psk, shared), info, 32 + nonceLength);
  return xchacha20poly1305(material.subarray(0, 32), material.subarray(32));
}

function replyKey(psk: Bytes, shared: Bytes, offerMessage: Bytes, answerMessage: Bytes): Bytes {
  const transcript = sha512(encodeCbor([offerMessage, answerMessage]));
  return asBytes(expand(sha512, extractBoth(psk, shared), encodeCbor([labels.reply, transcript]), 32));
}

const keyPair = (seed: Bytes): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array } =>
  xwing.keygen(derive(seed, "key pair", none, 32));

function encapsulate(publicKey: Bytes, random: Bytes): { readonly cipherText: Bytes; readonly secret: Bytes } | undefined {
  try {
    const { cipherText, sharedSecret } = xwing.encapsulate(publicKey, random);
    return { cipherText: asBytes(cipherText), secret: asBytes(sharedSecret) };
  } catch {
    return undefined; // thrown for a public key that is none (FIPS 203 §7.2, or a point of small order)
  }
}

function decapsulate(cipherText: Bytes, seed: Bytes): Bytes | undefined {
  try {
    return asBytes(xwing.decapsulate(cipherText, keyPair(seed).secretKey));
  } catch {
    return undefined; // thrown for a point of small order
  }
}
