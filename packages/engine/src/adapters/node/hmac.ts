import { createHmac, hash } from "node:crypto";
import type { Bytes } from "@photon/protocol/codec";
import { whole } from "./key-objects.ts";

/** Longer than what a message's keys and a request's MAC are made of. */
const maxShort = 1024;

/**
 * HMAC (RFC 2104), of two hashes at one call each. `createHmac` makes an object around OpenSSL's, and a message has a dozen: to
 * let go of them costs the collection of garbage as much as the MACs themselves. Long keys and data are left to it.
 * @param blockSize of the hash, in bytes.
 */
export function hmacOver(
  name: "sha256" | "sha512",
  blockSize: number,
): (key: Uint8Array, ...parts: readonly Uint8Array[]) => Bytes {
  const inner = new Uint8Array(blockSize + maxShort);
  const outer = new Uint8Array(blockSize + blockSize / 2);
  return (key, ...parts) => {
    let end = blockSize;
    for (const { length } of parts) end += length;
    if (key.length > blockSize || end > inner.length) {
      const long = createHmac(name, key);
      for (const part of parts) long.update(part);
      return whole(long.digest());
    }
    for (let i = 0; i < blockSize; i++) {
      const byte = key[i] ?? 0;
      inner[i] = byte ^ 0x36;
      outer[i] = byte ^ 0x5c;
    }
    let at = blockSize;
    for (const part of parts) {
      inner.set(part, at);
      at += part.length;
    }
    const digest = hash(name, inner.subarray(0, end), "buffer");
    outer.set(digest, blockSize);
    const mac = hash(name, outer, "buffer");
    // What was made of the key may not stay.
    for (const secret of [inner, outer, digest]) secret.fill(0);
    return whole(mac);
  };
}
