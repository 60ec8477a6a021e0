import { asBytes, type Bytes, concat } from "@photon/protocol/codec";

/**
 * AES-256-GCM under one key, with a random 96-bit nonce for each value. A profile stays far below the 2^32 values that
 * NIST SP 800-38D §8.3 allows with random nonces.
 * Sealed: nonce (12 bytes) ‖ ciphertext ‖ tag (16 bytes).
 */
export interface Cipher {
  /** `context` is authenticated, not stored. */
  seal(plaintext: Bytes, context: Bytes): Promise<Bytes>;
  /** Undefined if it was sealed under another key or context, or changed. */
  open(sealed: Bytes, context: Bytes): Promise<Bytes | undefined>;
}

/** What an encrypted store takes from its platform. */
export interface CipherSuite {
  newKey(): Bytes;
  cipher(key: Bytes): Promise<Cipher>;
}

export const nonceLength = 12;
export const tagLength = 16;

/** WebCrypto's: in browsers, and in Node where speed does not matter. */
export const webCipherSuite: CipherSuite = {
  newKey: () => crypto.getRandomValues(new Uint8Array(32)),
  cipher: async (key) => webCipher(await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"])),
};

/** @param key an AES-GCM key; it may be one that cannot be extracted. */
export function webCipher(key: CryptoKey): Cipher {
  return {
    seal: async (plaintext, context) => {
      const iv = crypto.getRandomValues(new Uint8Array(nonceLength));
      const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: context }, key, plaintext);
      return concat(iv, new Uint8Array(sealed));
    },
    open: async (sealed, context) => {
      if (sealed.length < nonceLength + tagLength) return undefined;
      const iv = asBytes(sealed.subarray(0, nonceLength));
      const body = asBytes(sealed.subarray(nonceLength));
      try {
        return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: context }, key, body));
      } catch (error) {
        // The one failure that the bytes can cause; anything else is the platform's and must be seen.
        if (error instanceof DOMException && error.name === "OperationError") return undefined;
        throw error;
      }
    },
  };
}
