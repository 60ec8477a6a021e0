import type { Bytes } from "@photon/protocol/codec";
import type { Content } from "@photon/protocol/queue";
import type { Work } from "../storage/core.ts";

/** A content of ours: a fresh id, and this device's next hybrid time. */
export async function newContent(work: Work, kind: string, body: Bytes): Promise<Content> {
  return { id: work.random(16), sent: await work.tick(), kind, body };
}
