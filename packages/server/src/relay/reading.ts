/** Reading queues and drops. */
import { asBytes } from "@photon/protocol/codec";
import { type ReadRequest, readInput, type RelayResponse } from "@photon/protocol/queue";
import type { VerifyEd25519 } from "../crypto/ed25519.ts";
import { refused } from "./answers.ts";
import type { RelayStore } from "./store.ts";

export type ReadAnswer = Extract<RelayResponse, { kind: "entries" }>["value"][number];
type Batch = Extract<ReadAnswer, { kind: "batch" }>["value"];

/** What the entries of one answer may weigh together. */
export const maxReadBytes = 4 * 1024 * 1024;
/** Signatures checked before other requests get their turn. */
const turn = 16;
const forbiddenRead: ReadAnswer = { kind: "refused", value: "forbidden" };

/** Whether the read is signed by the queue's current read key. */
export async function mayRead(store: RelayStore, verify: VerifyEd25519, read: ReadRequest): Promise<boolean> {
  const row = await store.queueByReceiveId(read.receiveId);
  return row !== undefined && verify(row.read_key, readInput(read), read.signature);
}

/** The batch after a cursor, for a reader whose right is proved; undefined when the queue is gone. */
export async function readBatch(
  store: RelayStore,
  receiveId: Uint8Array,
  after: number,
  limit: number,
  bytes: number,
): Promise<Batch | undefined> {
  // Entries first, then the row: what the row says can only be newer, so no entry is missed that `last` or `gone` do not tell of.
  const entries = await store.entries(receiveId, after, limit, bytes);
  const row = await store.queueByReceiveId(receiveId);
  if (row === undefined) return undefined;
  if (row.overflowed !== 0) void store.committer.submit({ kind: "noticed", receiveId });
  return {
    entries,
    last: row.last_seq,
    gone: row.gone_seq,
    overflowed: row.overflowed !== 0,
    bundle: row.bundle === null ? undefined : asBytes(row.bundle),
    version: row.version,
  };
}

/** One answer for each read, in order; a queue that may not be read does not spoil the others. */
export async function readQueues(store: RelayStore, verify: VerifyEd25519, reads: readonly ReadRequest[]): Promise<RelayResponse> {
  const answers: ReadAnswer[] = [];
  let left = maxReadBytes;
  for (const [index, read] of reads.entries()) {
    if (index > 0 && index % turn === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    if (!(await mayRead(store, verify, read))) {
      answers.push(forbiddenRead);
      continue;
    }
    const value = await readBatch(store, read.receiveId, read.after, read.limit, left);
    if (value === undefined) {
      answers.push(forbiddenRead);
      continue;
    }
    left -= value.entries.reduce((sum, entry) => sum + entry.body.length, 0);
    answers.push({ kind: "batch", value });
  }
  return { kind: "entries", value: answers };
}

/** A drop past its days is told from one that never was, until its tombstone goes. */
export async function readDrop(store: RelayStore, tombstoneDays: number, dropId: Uint8Array): Promise<RelayResponse> {
  const row = await store.drop(dropId);
  const today = store.clock.today();
  if (row === undefined || row.until_day + tombstoneDays < today) return refused("not-found", "nothing lies there");
  if (row.body === null || row.until_day < today) return refused("expired", "what lay there is past its days");
  return { kind: "drop", value: { body: asBytes(row.body) } };
}
