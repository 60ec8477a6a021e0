/** A relay's store: writes go through its one committer, reads see only what is committed. */
import type { QueueEntry } from "@photon/protocol/queue";
import { asBytes } from "@photon/protocol/codec";
import { type CommitObserver, type Committer, groupCommitter } from "../db/committer.ts";
import { migrate } from "../db/migrate.ts";
import { openStore } from "../db/sqlite.ts";
import { type DayClock, dayClock } from "../day.ts";
import { type CommitListener, relayCommit } from "./apply.ts";
import { type DropTable, type QueueTable, relayMigrations, type RelayTables } from "./tables.ts";
import type { RelayLimits, RelayWrite, RelayWriteOutcome } from "./writes.ts";

export interface RelayStore {
  readonly committer: Committer<RelayWrite, RelayWriteOutcome>;
  readonly clock: DayClock;
  queueBySendId(sendId: Uint8Array): Promise<QueueTable | undefined>;
  queueByReceiveId(receiveId: Uint8Array): Promise<QueueTable | undefined>;
  /** Entries with a larger sequence number, oldest first; stops at `limit` entries or before `bytes` is passed. */
  entries(receiveId: Uint8Array, after: number, limit: number, bytes: number): Promise<readonly QueueEntry[]>;
  drop(dropId: Uint8Array): Promise<DropTable | undefined>;
  /** Receive ids in their own order, after the one given. */
  queueIds(after: Uint8Array, limit: number): Promise<readonly Uint8Array[]>;
  /** @throws when the database cannot be read. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface RelayStoreOptions {
  readonly path: string;
  readonly limits: RelayLimits;
  readonly now: () => number;
  readonly maxBacklog: number;
  readonly maxGroup: number;
  readonly observer: CommitObserver;
  readonly maxPages: number | undefined;
  readonly listener: CommitListener;
}

/** Entries fetched at once: bounds what a read holds in memory beyond its byte limit. */
const fetchStep = 32;

export async function openRelayStore(options: RelayStoreOptions): Promise<RelayStore> {
  const store = openStore<RelayTables>(options.path, { maxPages: options.maxPages });
  const { reader, writer } = store;
  await migrate(writer, "relay", relayMigrations);
  const lastDay = await reader.selectFrom("clock").select("day").where("name", "=", "day").executeTakeFirst();
  const clock = dayClock(options.now, lastDay?.day);
  const committer = groupCommitter(relayCommit(writer, options.limits, clock.today, options.listener), options);
  return {
    committer,
    clock,
    queueBySendId: (sendId) => reader.selectFrom("queue").selectAll().where("send_id", "=", sendId).executeTakeFirst(),
    queueByReceiveId: (receiveId) => reader.selectFrom("queue").selectAll().where("receive_id", "=", receiveId).executeTakeFirst(),
    entries: async (receiveId, after, limit, bytes) => {
      const found: QueueEntry[] = [];
      let left = bytes;
      let cursor = after;
      while (found.length < limit) {
        const step = Math.min(fetchStep, limit - found.length);
        const rows = await reader
          .selectFrom("entry")
          .select(["seq", "body"])
          .where("queue", "=", receiveId)
          .where("seq", ">", cursor)
          .orderBy("seq")
          .limit(step)
          .execute();
        for (const row of rows) {
          if (row.body.length > left) return found;
          left -= row.body.length;
          cursor = row.seq;
          found.push({ seq: row.seq, body: asBytes(row.body) });
        }
        if (rows.length < step) break;
      }
      return found;
    },
    drop: (dropId) => reader.selectFrom("drop").selectAll().where("drop_id", "=", dropId).executeTakeFirst(),
    queueIds: async (after, limit) => {
      const rows = await reader
        .selectFrom("queue")
        .select("receive_id")
        .where("receive_id", ">", after)
        .orderBy("receive_id")
        .limit(limit)
        .execute();
      return rows.map((row) => row.receive_id);
    },
    check: async () => {
      await reader.selectFrom("clock").select("day").limit(1).execute();
    },
    close: async () => {
      await committer.drain();
      await store.close();
    },
  };
}
