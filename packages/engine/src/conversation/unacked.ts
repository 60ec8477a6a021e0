/** What the peer has not acknowledged yet, in plain, so that it can be sealed again. */
import { bytes, hlcKey, type SchemaType, struct, text, toHex, uint } from "@photon/protocol/codec";
import { type Content, encodeContent } from "@photon/protocol/queue";
import { parseRow, type Work } from "../storage/core.ts";

const unackedSchema = struct({
  content: [1, bytes({ max: 64 * 1024 })],
  id: [2, bytes(16)],
  /** The generation it was last sealed in (hex), or empty. */
  sealedIn: [3, text(64)],
  sealedAt: [4, uint()],
});
export type Unacked = SchemaType<typeof unackedSchema> & { readonly key: string };

export async function unacked(work: Work, relationship: string): Promise<readonly Unacked[]> {
  return (await work.list("outbox", `u/${relationship}/`)).map(({ key, value }) => ({ key, ...parseRow(unackedSchema, value) }));
}

/** Keeps a content until it is acknowledged, without sealing it yet. */
export function keepUntilAcked(work: Work, relationship: string, content: Content): void {
  const key = `u/${relationship}/${hlcKey(content.sent)}-${toHex(content.id)}`;
  work.write("outbox", key, unackedSchema, { content: encodeContent(content), id: content.id, sealedIn: "", sealedAt: 0 });
}

export function markSealed(work: Work, { key, ...row }: Unacked, generation: string): void {
  work.write("outbox", key, unackedSchema, { ...row, sealedIn: generation, sealedAt: work.now() });
}

/** The peer has them (hex ids): they need not be kept. */
export async function settleUnacked(work: Work, relationship: string, ids: ReadonlySet<string>): Promise<void> {
  for (const { key } of await work.list("outbox", `u/${relationship}/`)) {
    if (ids.has(key.slice(key.lastIndexOf("-") + 1))) work.delete("outbox", key);
  }
}

/** Relationships in which something waits for an acknowledgement. */
export async function waitingRelationships(work: Work): Promise<readonly string[]> {
  const rows = [...(await work.list("outbox", "u/")), ...(await work.list("outbox", "s/"))];
  return [...new Set(rows.map(({ key }) => key.split("/")[1] ?? ""))];
}
