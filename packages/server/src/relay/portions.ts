/**
 * Portions of a board: each of its write keys may fill an equal part of what a queue may hold, so that no writer takes another's
 * room. An entry remembers its writer by a number that the relay gives to a key when it joins the queue, and never again in it.
 * A key that stays at a rotation keeps its number and what it has used; the entries of one that is gone count for nobody.
 */
import { maxBoardWriters } from "@photon/protocol/queue";
import { equalBytes } from "@photon/protocol/codec";
import type { Kysely } from "kysely";
import { writeKeysOf } from "../ids.ts";
import type { QueueTable, RelayTables } from "./tables.ts";
import type { RelayLimits } from "./writes.ts";

/** What one writer of a board has used. */
export interface Portion {
  readonly writer: number;
  entries: number;
  bytes: number;
  dirty: boolean;
}
/** What some entries weigh, by writer; `null` stands for the entries of a queue that is no board. */
export interface Tally {
  readonly writer: number | null;
  readonly entries: number;
  readonly bytes: number;
}

/** Entries of writers who are gone may fill a board to this many times what a queue may hold; then it is full for everyone. */
const mostQueues = 2;

export function fitsPortion(
  limits: RelayLimits,
  writers: number,
  portion: Portion,
  length: number,
  whole: { readonly entries: number; readonly bytes: number },
): boolean {
  return (
    portion.entries < Math.floor(limits.queueEntries / writers) &&
    portion.bytes + length <= Math.floor(limits.queueBytes / writers) &&
    whole.entries < mostQueues * limits.queueEntries &&
    whole.bytes + length <= mostQueues * limits.queueBytes
  );
}

/** Of the write keys in their order. */
export async function readPortions(db: Kysely<RelayTables>, receiveId: Uint8Array): Promise<Portion[]> {
  const rows = await db
    .selectFrom("writer")
    .select(["number", "entries", "bytes"])
    .where("queue", "=", receiveId)
    .orderBy("place")
    .execute();
  return rows.map(({ number, entries, bytes }) => ({ writer: number, entries, bytes, dirty: false }));
}

export async function savePortion(db: Kysely<RelayTables>, receiveId: Uint8Array, portion: Portion): Promise<void> {
  const { writer, entries, bytes } = portion;
  await db.updateTable("writer").set({ entries, bytes }).where("queue", "=", receiveId).where("number", "=", writer).execute();
}

/** Gives the keys of a new board their numbers, or those of a rotated one. @param before the board before its rotation. */
export async function layPortions(
  db: Kysely<RelayTables>,
  receiveId: Uint8Array,
  version: number,
  writeKeys: Uint8Array,
  before?: QueueTable,
): Promise<void> {
  const oldKeys = before === undefined ? [] : writeKeysOf(before.write_keys);
  const old = before === undefined ? [] : await readPortions(db, receiveId);
  const rows = writeKeysOf(writeKeys).map((key, place) => {
    const stayed = old[oldKeys.findIndex((one) => equalBytes(one, key))];
    // No two keys of a queue have one number: it tells the version with which the key came, and its place there.
    const { writer: number, entries, bytes } = stayed ?? { writer: version * maxBoardWriters + place, entries: 0, bytes: 0 };
    return { queue: receiveId, number, place, entries, bytes };
  });
  await db.deleteFrom("writer").where("queue", "=", receiveId).execute();
  await db.insertInto("writer").values(rows).execute();
}

/** Takes entries that are removed off the portions of those who wrote them. */
export async function releasePortions(db: Kysely<RelayTables>, receiveId: Uint8Array, removed: readonly Tally[]): Promise<void> {
  for (const { writer, entries, bytes } of removed) {
    if (writer === null) continue;
    await db
      .updateTable("writer")
      .set((columns) => ({ entries: columns("entries", "-", entries), bytes: columns("bytes", "-", bytes) }))
      .where("queue", "=", receiveId)
      .where("number", "=", writer)
      .execute();
  }
}
