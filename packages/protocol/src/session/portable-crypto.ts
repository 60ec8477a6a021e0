import { gcm } from "@noble/ciphers/aes.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { asBytes, concat, equalBytes } from "../codec/index.ts";
import type { SessionCrypto } from "./crypto.ts";

/** For any JavaScript run-time: the noble libraries, and the platform's `crypto.getRandomValues`. */
export const portableCrypto: SessionCrypto = {
  extract: (salt, ikm) => asBytes(extract(sha512, ikm, salt)),
  expand: (prk, info, length) => asBytes(expand(sha512, prk, info, length)),
  digest: (data) => asBytes(sha512(data)),
  mac: (key, data) => asBytes(hmac(sha512, key, data)),
  sign: (seed, message) => asBytes(ed25519.sign(message, seed)),
  verify,
  seal: (key, nonce, aad, plaintext) => asBytes(gcm(key, nonce, aad).encrypt(plaintext)),
  open: (key, nonce, aad, ciphertext) => {
    try {
      return asBytes(gcm(key, nonce, aad).decrypt(ciphertext));
    } catch {
      return undefined; // noble throws for a tag that does not match
    }
  },
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

const { Point } = ed25519;
const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

/**
 * RFC 8032 §5.1.7 without the cofactor, canonical encodings only, no key of small order: exactly what OpenSSL checks (and the
 * Node provider adds). The library's own verification multiplies by the cofactor, so a peer could make signatures that half
 * of someone's devices accept and half refuse.
 */
function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const commitment = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  if (s >= Point.Fn.ORDER) return false;
  try {
    const key = Point.fromBytes(publicKey);
    if (key.isSmallOrder()) return false;
    const challenge = littleEndian(sha512(concat(commitment, publicKey, message))) % Point.Fn.ORDER;
    const expected = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(challenge));
    return equalBytes(expected.toBytes(), commitment);
  } catch {
    return false; // noble throws for encodings that are no point
  }
}
