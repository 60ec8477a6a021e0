/**
 * Ed25519 keys as OpenSSL holds them. Parsing a key costs more than using it, so parsed keys are kept: as many as the members of
 * a few busy generations. They are found by content, since a generation that is decoded anew for each message has new arrays;
 * private ones by their digest, so that no seed becomes a string.
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject } from "node:crypto";
import { type Bytes, concat, fromHex, toHex } from "@photon/protocol/codec";

/** DER of an Ed25519 private key up to the key itself (RFC 8410 §7). */
const pkcs8 = fromHex("302e020100300506032b657004220420") ?? new Uint8Array(0);

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

/** @param seed 32 bytes. */
export const privateKey = (seed: Uint8Array): KeyObject =>
  held(privateKeys, hash("sha512", seed, "base64"), () =>
    createPrivateKey({ key: Buffer.from(concat(pkcs8, seed)), format: "der", type: "pkcs8" }),
  );

/** Undefined for a key that OpenSSL takes and other implementations do not. @param bytes 32 of them. */
export function publicKey(bytes: Uint8Array): KeyObject | undefined {
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
/** Small order, or a y coordinate of 2^255 - 19 and more. */
function isWeak(key: Uint8Array): boolean {
  const y = Uint8Array.from(key);
  y[31] = (y[31] ?? 0) & 0x7f;
  const name = toHex(y);
  return smallOrder.has(name) || (name.endsWith(`${"ff".repeat(30)}7f`) && (y[0] ?? 0) >= 0xed);
}

/** What node:crypto returns and nobody else holds: the same memory, where it is a buffer of its own. */
export function whole({ buffer, byteOffset, length }: Buffer): Bytes {
  return buffer instanceof ArrayBuffer && buffer.byteLength === length
    ? new Uint8Array(buffer)
    : Uint8Array.from(new Uint8Array(buffer, byteOffset, length));
}
