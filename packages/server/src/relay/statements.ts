/** The statements of the append path, compiled once: building them anew costs more than running them. */
import type { CompiledQuery, Kysely } from "kysely";
import type { EntryTable, QueueTable, RelayTables } from "./tables.ts";

const noBytes = new Uint8Array(0);

export interface RelayStatements {
  insertEntry(row: EntryTable): CompiledQuery;
  /** Where an append id stands in its queue. */
  findAppend(queue: Uint8Array, appendId: Uint8Array): CompiledQuery<Pick<EntryTable, "seq">>;
  findQueue(receiveId: Uint8Array): CompiledQuery<QueueTable>;
  saveCounters(queue: QueueCounters): CompiledQuery;
}
export interface QueueCounters {
  readonly receiveId: Uint8Array;
  readonly lastSeq: number;
  readonly entries: number;
  readonly bytes: number;
  readonly overflowed: number;
}

export function relayStatements(db: Kysely<RelayTables>): RelayStatements {
  const insertEntry = db
    .insertInto("entry")
    .values({ queue: noBytes, seq: 0, append_id: noBytes, day: 0, body: noBytes, writer: null })
    .onConflict((conflict) => conflict.columns(["queue", "append_id"]).doNothing())
    .compile();
  const findAppend = db.selectFrom("entry").select("seq").where("queue", "=", noBytes).where("append_id", "=", noBytes).compile();
  const findQueue = db.selectFrom("queue").selectAll().where("receive_id", "=", noBytes).compile();
  const saveCounters = db
    .updateTable("queue")
    .set({ last_seq: 0, entries: 0, bytes: 0, overflowed: 0 })
    .where("receive_id", "=", noBytes)
    .compile();
  return {
    insertEntry: (row) => ({ ...insertEntry, parameters: [row.queue, row.seq, row.append_id, row.day, row.body, row.writer] }),
    findAppend: (queue, appendId) => ({ ...findAppend, parameters: [queue, appendId] }),
    findQueue: (receiveId) => ({ ...findQueue, parameters: [receiveId] }),
    saveCounters: (queue) => ({
      ...saveCounters,
      parameters: [queue.lastSeq, queue.entries, queue.bytes, queue.overflowed, queue.receiveId],
    }),
  };
}
