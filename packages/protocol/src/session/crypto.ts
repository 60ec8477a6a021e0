/**
 * The primitives that a session is made of, supplied by the platform. Suite:
 * HKDF and HMAC with SHA-512, AES-256-GCM, Ed25519. (X-Wing and HPKE come with the MLS library.)
 * Every provider must give the same bytes for the same input; test/session holds them to it.
 */
import type { Bytes } from "../codec/index.ts";

export type Awaitable<T> = T | Promise<T>;

export interface SessionCrypto {
  /** HKDF-Extract (RFC 5869) with SHA-512: 64 bytes. */
  extract(salt: Uint8Array, ikm: Uint8Array): Awaitable<Bytes>;
  /** HKDF-Expand (RFC 5869) with SHA-512. */
  expand(prk: Uint8Array, info: Uint8Array, length: number): Awaitable<Bytes>;
  /** SHA-512. */
  digest(data: Uint8Array): Awaitable<Bytes>;
  /** HMAC-SHA-512. */
  mac(key: Uint8Array, data: Uint8Array): Awaitable<Bytes>;
  /** Ed25519 (RFC 8032). @param seed the 32-byte private key. */
  sign(seed: Uint8Array, message: Uint8Array): Awaitable<Bytes>;
  /** False for anything that is not a signature, malformed keys included; never throws. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Awaitable<boolean>;
  /** AES-256-GCM: ciphertext, then the 16-byte tag. @param nonce 12 bytes. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Awaitable<Bytes>;
  /** Undefined where the tag does not belong to the rest; never throws. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Awaitable<Bytes | undefined>;
  /** Fresh bytes from a cryptographically secure source. */
  random(length: number): Bytes;
}
