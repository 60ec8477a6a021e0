/** Removing entries and queues, with the counts that go with them. */
import type { Kysely } from "kysely";
import { dropRunsUpTo } from "./append-ids.ts";
import { dropUpTo } from "./parcels.ts";
import { releasePortions, type Tally } from "./portions.ts";
import type { QueueTable, RelayTables } from "./tables.ts";

/** @param removed what the queue's entries up to `upTo` weigh. */
export async function removeUpTo(
  db: Kysely<RelayTables>,
  queue: Pick<QueueTable, "receive_id" | "entries" | "bytes">,
  upTo: number,
  removed: readonly Tally[],
): Promise<void> {
  await dropUpTo(db, queue.receive_id, upTo);
  await dropRunsUpTo(db, queue.receive_id, upTo);
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

export async function removeQueue(db: Kysely<RelayTables>, receiveId: Uint8Array): Promise<void> {
  await db.deleteFrom("parcel").where("queue", "=", receiveId).execute();
  await db.deleteFrom("append_run").where("queue", "=", receiveId).execute();
  await db.deleteFrom("writer").where("queue", "=", receiveId).execute();
  await db.deleteFrom("queue").where("receive_id", "=", receiveId).execute();
}
