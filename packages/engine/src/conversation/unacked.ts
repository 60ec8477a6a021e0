/** What the peer has not acknowledged yet, in plain, so that it can be sealed again. */
import { bytes, hlcKey, type SchemaType, struct, text, toHex, uint } from "@photon/protocol/codec";
import { type Content, encodeContent } from "@photon/protocol/queue";
import type { Relationship } from "../relationship/model.ts";
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

const keyOf = (relationship: string, { sent, id }: Content): string => `u/${relationship}/${hlcKey(sent)}-${toHex(id)}`;

/** Keeps a content until it is acknowledged, without sealing it yet. */
export function keepUntilAcked(work: Work, relationship: Relationship, content: Content): void {
  relationship.allSealedIn = undefined;
  const row = { content: encodeContent(content), id: content.id, sealedIn: "", sealedAt: 0 };
  work.write("outbox", keyOf(relationship.id, content), unackedSchema, row);
}

/** Keeps a content that is sealed in this generation by now. */
export function keepSealed(work: Work, relationship: Relationship, content: Content, generation: string): void {
  if (relationship.allSealedIn !== generation) relationship.allSealedIn = undefined;
  const row = { content: encodeContent(content), id: content.id, sealedIn: generation, sealedAt: work.now() };
  work.write("outbox", keyOf(relationship.id, content), unackedSchema, row);
}

/** Whether a content waits for a generation to be sealed in. */
export async function isUnsealed(work: Work, relationship: string, content: Content): Promise<boolean> {
  return (await work.read("outbox", keyOf(relationship, content), unackedSchema))?.sealedIn === "";
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
