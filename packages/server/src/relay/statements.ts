/** The statements of the append path, compiled once: building them anew costs more than running them. */
import type { CompiledQuery, Kysely } from "kysely";
import type { AppendRunTable, ParcelTable, QueueTable, RelayTables } from "./tables.ts";

const noBytes = new Uint8Array(0);

export interface RelayStatements {
  insertParcel(row: ParcelTable): CompiledQuery;
  insertRun(row: AppendRunTable): CompiledQuery;
  saveRun(row: AppendRunTable): CompiledQuery;
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
  const parcel = { queue: noBytes, seq: 0, day: 0, size: 0, writer: null, bodies: noBytes };
  const insertParcel = db.insertInto("parcel").values(parcel).compile();
  const insertRun = db.insertInto("append_run").values({ queue: noBytes, number: 0, ids: noBytes }).compile();
  const saveRun = db.updateTable("append_run").set({ ids: noBytes }).where("queue", "=", noBytes).where("number", "=", 0).compile();
  const findQueue = db.selectFrom("queue").selectAll().where("receive_id", "=", noBytes).compile();
  const saveCounters = db
    .updateTable("queue")
    .set({ last_seq: 0, entries: 0, bytes: 0, overflowed: 0 })
    .where("receive_id", "=", noBytes)
    .compile();
  return {
    insertParcel: (row) => ({ ...insertParcel, parameters: [row.queue, row.seq, row.day, row.size, row.writer, row.bodies] }),
    insertRun: (row) => ({ ...insertRun, parameters: [row.queue, row.number, row.ids] }),
    saveRun: (row) => ({ ...saveRun, parameters: [row.ids, row.queue, row.number] }),
    findQueue: (receiveId) => ({ ...findQueue, parameters: [receiveId] }),
    saveCounters: (queue) => ({
      ...saveCounters,
      parameters: [queue.lastSeq, queue.entries, queue.bytes, queue.overflowed, queue.receiveId],
    }),
  };
}
