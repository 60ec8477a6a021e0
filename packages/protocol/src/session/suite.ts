/**
 * The one cipher suite of a session, MLS_256_XWING_AES256GCM_SHA512_Ed25519, over the primitives of a platform.
 * Its number in ts-mls 1.x is 83; it is private to the library's version, so our own label (`suites` of statement/parts)
 * is what the wire values above MLS carry. Sizes in bytes.
 */
import { asBytes } from "../codec/index.ts";
import { type CiphersuiteImpl, type CiphersuiteName, getCiphersuiteFromName } from "ts-mls/crypto/ciphersuite.js";
import { nobleCryptoProvider } from "ts-mls/crypto/implementation/noble/provider.js";
import { CryptoError } from "ts-mls/mlsError.js";
import type { SessionCrypto } from "./crypto.ts";

export const suiteName = "MLS_256_XWING_AES256GCM_SHA512_Ed25519" satisfies CiphersuiteName;
/** ProtocolVersion mls10 and the suite's number, as they stand next to each other in a key package and a group context. */
export const versionAndSuite = new Uint8Array([0x00, 0x01, 0x00, 83]);

/** X-Wing public key, encapsulation and private key. */
export const kemPublicSize = 1216;
export const kemOutputSize = 1120;
export const kemPrivateSize = 32;
export const hashSize = 64;
export const tagSize = 16;
export const signatureSize = 64;

export async function suiteOver(crypto: SessionCrypto): Promise<CiphersuiteImpl> {
  const library = await nobleCryptoProvider.getCiphersuiteImpl(getCiphersuiteFromName(suiteName));
  return {
    name: suiteName,
    kdf: {
      size: hashSize,
      extract: async (salt, ikm) => crypto.extract(salt, ikm),
      expand: async (prk, info, length) => crypto.expand(prk, info, length),
    },
    hash: {
      digest: async (data) => crypto.digest(data),
      mac: async (key, data) => crypto.mac(key, data),
      verifyMac: async (key, mac, data) => equalInConstantTime(await crypto.mac(key, data), mac),
    },
    signature: {
      sign: async (seed, message) => crypto.sign(seed, message),
      verify: async (publicKey, message, signature) => crypto.verify(publicKey, message, signature),
      keygen: () => Promise.reject(new Error("leaf keys are made by the caller")),
    },
    hpke: {
      ...library.hpke,
      encryptAead: async (key, nonce, aad, plaintext) => crypto.seal(key, nonce, aad ?? new Uint8Array(0), plaintext),
      decryptAead: async (key, nonce, aad, ciphertext) => {
        const plaintext = await crypto.open(key, nonce, aad ?? new Uint8Array(0), ciphertext);
        if (plaintext === undefined) throw new CryptoError("the tag does not match");
        return plaintext;
      },
    },
    rng: { randomBytes: (length) => asBytes(crypto.random(length)) },
  };
}

function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Overwrites secrets that nothing refers to any more. JavaScript may have copied them before; this shortens their life. */
export function erase(secrets: Iterable<Uint8Array>): void {
  for (const secret of secrets) secret.fill(0);
}
