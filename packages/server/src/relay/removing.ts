/** Removing entries and queues, with the counts that go with them. */
import type { Kysely } from "kysely";
import { releasePortions, type Tally } from "./portions.ts";
import type { QueueTable, RelayTables } from "./tables.ts";

/** @param removed what the queue's entries up to `upTo` weigh. */
export async function removeUpTo(
  db: Kysely<RelayTables>,
  queue: Pick<QueueTable, "receive_id" | "entries" | "bytes">,
  upTo: number,
  removed: readonly Tally[],
): Promise<void> {
  await db.deleteFrom("entry").where("queue", "=", queue.receive_id).where("seq", "<=", upTo).execute();
  await releasePortions(db, queue.receive_id, removed);
  await db
    .updateTable("queue")
    .set({
      gone_seq: upTo,
      entries: queue.entries - removed.reduce((sum, { entries }) => sum + entries, 0),
      bytes: queue.bytes - removed.reduce((sum, { bytes }) => sum + bytes, 0),
    })
    .where("receive_id", "=", queue.receive_id)
    .execute();
}

/** What the queue's entries up to a sequence number weigh. */
export async function tallyUpTo(db: Kysely<RelayTables>, receiveId: Uint8Array, upTo: number): Promise<readonly Tally[]> {
  return db
    .selectFrom("entry")
    .select(({ fn }) => ["writer", fn.countAll<number>().as("entries"), fn.sum<number>(fn<number>("length", ["body"])).as("bytes")])
    .where("queue", "=", receiveId)
    .where("seq", "<=", upTo)
    .groupBy("writer")
    .execute();
}

export async function removeQueue(db: Kysely<RelayTables>, receiveId: Uint8Array): Promise<void> {
  await db.deleteFrom("entry").where("queue", "=", receiveId).execute();
  await db.deleteFrom("writer").where("queue", "=", receiveId).execute();
  await db.deleteFrom("queue").where("receive_id", "=", receiveId).execute();
}
