import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { asBytes, type Bytes, concat } from "@photon/protocol/codec";
import { type Cipher, type CipherSuite, nonceLength, tagLength } from "../encrypted/cipher.ts";

/** OpenSSL's AES-256-GCM: no thread pool and no promise of its own for each value. */
export const nodeCipherSuite: CipherSuite = {
  newKey: () => asBytes(randomBytes(32)),
  cipher: async (key) => nodeCipher(key),
};

export function nodeCipher(key: Bytes): Cipher {
  return {
    seal: async (plaintext, context) => {
      const nonce = randomBytes(nonceLength);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(context);
      return concat(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    },
    open: async (sealed, context) => {
      if (sealed.length < nonceLength + tagLength) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceLength), { authTagLength: tagLength });
      decipher.setAAD(context).setAuthTag(sealed.subarray(sealed.length - tagLength));
      const plaintext = decipher.update(sealed.subarray(nonceLength, sealed.length - tagLength));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return asBytes(plaintext);
    },
  };
}
