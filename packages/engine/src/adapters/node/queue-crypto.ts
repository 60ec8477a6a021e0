import { createCipheriv, createDecipheriv, createPublicKey, hash, sign } from "node:crypto";
import { concat } from "@photon/protocol/codec";
import { type QueueCrypto, xchacha20 } from "@photon/protocol/queue";
import { hmacOver } from "./hmac.ts";
import { privateKey, whole } from "./key-objects.ts";

/** The primitives of deposits and relay requests from OpenSSL. */
export const nodeQueueCrypto: QueueCrypto = {
  digest: (data) => whole(hash("sha256", data, "buffer")),
  mac: (key, data) => hmac(key, data),
  // The DER of a public key ends with it (RFC 8410 §4).
  publicKey: (seed) => whole(createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" }).subarray(-keySize)),
  sign: (seed, message) => whole(sign(null, message, privateKey(seed))),
  seal: (key, nonce, aad, plaintext) => {
    const inner = xchacha20(key, nonce);
    const cipher = createCipheriv(aead, inner.key, inner.nonce, options).setAAD(aad, { plaintextLength: plaintext.length });
    inner.key.fill(0);
    const sealed = cipher.update(plaintext);
    cipher.final(); // gives nothing: ChaCha20 is a stream
    return concat(sealed, cipher.getAuthTag());
  },
  open: (key, nonce, aad, sealed) => {
    const inner = xchacha20(key, nonce);
    if (sealed.length < tagSize) return undefined;
    const end = sealed.length - tagSize;
    const decipher = createDecipheriv(aead, inner.key, inner.nonce, options)
      .setAAD(aad, { plaintextLength: end })
      .setAuthTag(sealed.subarray(end));
    inner.key.fill(0);
    const plaintext = decipher.update(sealed.subarray(0, end));
    try {
      decipher.final(); // gives nothing, or throws
      return whole(plaintext);
    } catch {
      return undefined; // OpenSSL throws for a tag that does not match
    }
  },
};

const hmac = hmacOver("sha256", 64);
const aead = "chacha20-poly1305";
const tagSize = 16;
const keySize = 32;
const options = { authTagLength: tagSize } as const;
