import { gcm } from "@noble/ciphers/aes.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { asBytes } from "../codec/index.ts";
import { verifyEd25519 } from "../statement/index.ts";
import type { SessionCrypto } from "./crypto.ts";

/** For any JavaScript run-time: the noble libraries, and the platform's `crypto.getRandomValues`. */
export const portableCrypto: SessionCrypto = {
  extract: (salt, ikm) => asBytes(extract(sha512, ikm, salt)),
  expand: (prk, info, length) => asBytes(expand(sha512, prk, info, length)),
  digest: (data) => asBytes(sha512(data)),
  mac: (key, data) => asBytes(hmac(sha512, key, data)),
  sign: (seed, message) => asBytes(ed25519.sign(message, seed)),
  verify: verifyEd25519,
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
