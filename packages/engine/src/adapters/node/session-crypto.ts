import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { asBytes, type Bytes, concat, fromHex } from "@photon/protocol/codec";
import type { SessionCrypto } from "@photon/protocol/session";

/** The session's primitives from OpenSSL: an order of magnitude quicker than portable ones, and in constant time. */
export const nodeSessionCrypto: SessionCrypto = {
  extract: (salt, ikm) => hmac(salt, ikm),
  expand: (prk, info, length) => {
    // RFC 5869 §2.3. node:crypto has HKDF only with both its steps, and MLS keeps the first apart.
    const blocks: Bytes[] = [];
    let previous: Bytes = new Uint8Array(0);
    for (let n = 1; blocks.length * hashSize < length; n++) {
      previous = asBytes(createHmac("sha512", prk).update(previous).update(info).update(Uint8Array.of(n)).digest());
      blocks.push(previous);
    }
    return asBytes(concat(...blocks).subarray(0, length));
  },
  digest: (data) => asBytes(createHash("sha512").update(data).digest()),
  mac: (key, data) => hmac(key, data),
  sign: (seed, message) => asBytes(sign(null, message, privateKey(seed))),
  verify: (publicBytes, message, signature) => {
    if (publicBytes.length !== 32 || signature.length !== 64) return false;
    return verify(null, message, publicKey(publicBytes), signature);
  },
  seal: (key, nonce, aad, plaintext) => {
    const cipher = createCipheriv(aead, key, nonce).setAAD(aad);
    return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  },
  open: (key, nonce, aad, ciphertext) => {
    if (ciphertext.length < tagSize) return undefined;
    const end = ciphertext.length - tagSize;
    const decipher = createDecipheriv(aead, key, nonce, { authTagLength: tagSize })
      .setAAD(aad)
      .setAuthTag(ciphertext.subarray(end));
    const plaintext = decipher.update(ciphertext.subarray(0, end));
    try {
      return concat(plaintext, decipher.final());
    } catch {
      return undefined; // OpenSSL throws for a tag that does not match
    }
  },
  random: (length) => asBytes(randomBytes(length)),
};

const aead = "aes-256-gcm";
const tagSize = 16;
const hashSize = 64;

const hmac = (key: Uint8Array, data: Uint8Array): Bytes => asBytes(createHmac("sha512", key).update(data).digest());

/** DER of an Ed25519 key up to the key itself (RFC 8410 §4, §7). */
const pkcs8 = fromHex("302e020100300506032b657004220420") ?? new Uint8Array(0);
const spki = fromHex("302a300506032b6570032100") ?? new Uint8Array(0);

/** Parsing a key costs about as much as using it. Private ones are held only as long as the bytes they came from. */
const privateKeys = new WeakMap<Uint8Array, KeyObject>();
function privateKey(seed: Uint8Array): KeyObject {
  const held = privateKeys.get(seed);
  if (held !== undefined) return held;
  const made = createPrivateKey({ key: Buffer.from(concat(pkcs8, seed)), format: "der", type: "pkcs8" });
  privateKeys.set(seed, made);
  return made;
}

const maxPublicKeys = 512;
const publicKeys = new Map<string, KeyObject>();
function publicKey(bytes: Uint8Array): KeyObject {
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const held = publicKeys.get(name);
  if (held !== undefined) return held;
  const made = createPublicKey({ key: Buffer.from(concat(spki, bytes)), format: "der", type: "spki" });
  if (publicKeys.size >= maxPublicKeys) publicKeys.clear();
  publicKeys.set(name, made);
  return made;
}
