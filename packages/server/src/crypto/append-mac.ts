/** The MAC of an append, natively: the same bytes as `appendMac` of @photon/protocol, a tenth of its time. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { AppendRequest } from "@photon/protocol/queue";

const label = Buffer.from("photon/relay/append/1");
const keyLength = 32;

/** @param writeKeys 32 bytes each, one after the other. Tries every key whichever fits. */
export function fitsAppendMac(writeKeys: Uint8Array, { sendId, appendId, body, mac }: AppendRequest): boolean {
  const digest = createHash("sha256").update(body).digest();
  let fits = false;
  for (let at = 0; at < writeKeys.length; at += keyLength) {
    const expected = createHmac("sha256", writeKeys.subarray(at, at + keyLength))
      .update(label)
      .update(sendId)
      .update(appendId)
      .update(digest)
      .digest();
    if (timingSafeEqual(expected, mac)) fits = true;
  }
  return fits;
}
