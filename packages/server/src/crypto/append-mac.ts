/** The MAC of an append, natively: the same bytes as `appendMac` of @photon/protocol, a tenth of its time. */
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto";
import type { AppendRequest } from "@photon/protocol/queue";
import { writeKeysOf } from "../ids.ts";

const label = Buffer.from("photon/relay/append/1");

/** Parsed once: half of what a short HMAC costs is its key. @param writeKeys 32 bytes each, one after the other. */
export const macKeys = (writeKeys: Uint8Array): readonly KeyObject[] => writeKeysOf(writeKeys).map((key) => createSecretKey(key));

/** The place of the key that made the MAC, undefined where none did. Tries every key whichever fits. */
export function appendMacWriter(keys: readonly KeyObject[], { sendId, appendId, body, mac }: AppendRequest): number | undefined {
  const input = Buffer.concat([label, sendId, appendId, createHash("sha256").update(body).digest()]);
  let writer: number | undefined;
  for (const [place, key] of keys.entries()) {
    if (timingSafeEqual(createHmac("sha256", key).update(input).digest(), mac)) writer = place;
  }
  return writer;
}
