/**
 * The primitives that deposits and relay requests are made with, supplied by the platform where it has quicker ones than
 * JavaScript. Every provider must give the same bytes for the same input; test/queue holds them to it.
 */
import { hchacha, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, ownBytes, utf8 } from "../codec/index.ts";

export interface QueueCrypto {
  /** SHA-256. */
  digest(data: Uint8Array): Bytes;
  /** HMAC-SHA-256. */
  mac(key: Uint8Array, data: Uint8Array): Bytes;
  /** The Ed25519 public key (RFC 8032) of a private key. @param seed the 32-byte private key. */
  publicKey(seed: Uint8Array): Bytes;
  /** Ed25519 (RFC 8032). @param seed the 32-byte private key. */
  sign(seed: Uint8Array, message: Uint8Array): Bytes;
  /** XChaCha20-Poly1305: ciphertext, then the 16-byte tag. @param nonce 24 bytes. Throws for another length of key or nonce. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Bytes;
  /** Undefined where the tag does not belong to the rest. Throws for another length of key or nonce. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Bytes | undefined;
}

/** For any JavaScript run-time: the noble libraries. */
export const portableQueueCrypto: QueueCrypto = {
  digest: (data) => asBytes(sha256(data)),
  mac: (key, data) => asBytes(hmac(sha256, key, data)),
  publicKey: (seed) => asBytes(ed25519.getPublicKey(seed)),
  sign: (seed, message) => asBytes(ed25519.sign(message, seed)),
  seal: (key, nonce, aad, plaintext) => asBytes(xchacha20poly1305(key, nonce, aad).encrypt(plaintext)),
  open: (key, nonce, aad, sealed) => {
    checkLengths(key, nonce);
    try {
      return asBytes(xchacha20poly1305(key, nonce, aad).decrypt(sealed));
    } catch {
      return undefined; // the library's way of saying that the tag does not fit
    }
  },
};

/**
 * XChaCha20 for a platform that has only ChaCha20 with a nonce of 12 bytes: the key that HChaCha20 makes of the first 16 bytes of
 * the nonce, and the other 8 behind four zeros (draft-irtf-cfrg-xchacha-03, §2.3).
 * @param key 32 bytes. @param nonce 24 bytes. Throws for another length.
 * @returns the key and nonce for ChaCha20; the key is to be erased.
 */
export function xchacha20(key: Uint8Array, nonce: Uint8Array): { readonly key: Bytes; readonly nonce: Bytes } {
  checkLengths(key, nonce);
  const words = wordsOf(key);
  const out = new Uint32Array(8);
  hchacha(sigma, words, wordsOf(nonce.subarray(0, 16)), out);
  words.fill(0);
  const rest = new Uint8Array(12);
  rest.set(nonce.subarray(16), 4);
  return { key: new Uint8Array(out.buffer), nonce: rest };
}

function checkLengths(key: Uint8Array, nonce: Uint8Array): void {
  if (key.length !== 32 || nonce.length !== 24) throw new Error(`a key of ${key.length} bytes, a nonce of ${nonce.length}`);
}

/** A copy of the bytes as words in this machine's order, as the library takes them. */
const wordsOf = (bytes: Uint8Array): Uint32Array => new Uint32Array(ownBytes(bytes).buffer);
const sigma = wordsOf(utf8("expand 32-byte k"));
