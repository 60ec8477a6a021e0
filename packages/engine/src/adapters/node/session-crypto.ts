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
import { asBytes, type Bytes, concat, fromHex, toHex } from "@photon/protocol/codec";
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
    const key = publicKey(publicBytes);
    return key !== undefined && verify(null, message, key, signature);
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

/** DER of an Ed25519 private key up to the key itself (RFC 8410 §7). */
const pkcs8 = fromHex("302e020100300506032b657004220420") ?? new Uint8Array(0);

/**
 * Parsing a key costs more than using it, so parsed keys are kept: as many as the members of a few busy generations. They
 * are found by content, since a generation that is decoded anew for each message has new arrays; private ones by their
 * digest, so that no seed becomes a string.
 */
const maxHeld = 256;
const privateKeys = new Map<string, KeyObject>();
const publicKeys = new Map<string, KeyObject>();

function held(keys: Map<string, KeyObject>, name: string, make: () => KeyObject): KeyObject {
  const found = keys.get(name);
  if (found !== undefined) return found;
  const made = make();
  const [oldest] = keys.keys();
  if (keys.size >= maxHeld && oldest !== undefined) keys.delete(oldest);
  keys.set(name, made);
  return made;
}
const privateKey = (seed: Uint8Array): KeyObject =>
  held(privateKeys, createHash("sha512").update(seed).digest("base64"), () =>
    createPrivateKey({ key: Buffer.from(concat(pkcs8, seed)), format: "der", type: "pkcs8" }),
  );
function publicKey(bytes: Uint8Array): KeyObject | undefined {
  const x = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
  if (!publicKeys.has(x) && isWeak(bytes)) return undefined;
  return held(publicKeys, x, () => createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" }));
}

/** The y coordinates of the eight points of small order on edwards25519, little-endian. */
const smallOrder = new Set([
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  `ec${"ff".repeat(30)}7f`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);
/** Keys that OpenSSL takes and other implementations do not: small order, or a y coordinate of 2^255 - 19 and more. */
function isWeak(key: Uint8Array): boolean {
  const y = Uint8Array.from(key);
  y[31] = (y[31] ?? 0) & 0x7f;
  const name = toHex(y);
  return smallOrder.has(name) || (name.endsWith(`${"ff".repeat(30)}7f`) && (y[0] ?? 0) >= 0xed);
}
