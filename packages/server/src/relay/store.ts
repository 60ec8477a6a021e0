/** A relay's store: writes go through its one committer, reads see only what is committed. */
import type { QueueEntry } from "@photon/protocol/queue";
import { type CommitObserver, type Committer, groupCommitter } from "../db/committer.ts";
import { migrate } from "../db/migrate.ts";
import { openReader, openWriter } from "../db/sqlite.ts";
import { type DayClock, dayClock } from "../day.ts";
import type { Kysely } from "kysely";
import { type RelayCommit, relayCommit, type Told } from "./apply.ts";
import { commitThread } from "./commit-thread.ts";
import { entriesOf } from "./parcels.ts";
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
  /** Whether commits run in a thread of their own. */
  readonly thread: boolean;
}

/** Told of what has become durable, in the order of each queue, before the writers are answered. */
export interface CommitListener {
  appended(receiveId: Uint8Array, seq: number, body: Uint8Array): void;
  ended(receiveId: Uint8Array): void;
}

/** Parcels fetched at once: bounds what a read holds in memory beyond its byte limit. */
const fetchStep = 32;

export async function openRelayStore(options: RelayStoreOptions): Promise<RelayStore> {
  const { path, maxPages, listener } = options;
  const writer = openWriter<RelayTables>(path, { maxPages });
  await migrate(writer, "relay", relayMigrations);
  const reader = openReader<RelayTables>(path);
  const lastDay = await reader.selectFrom("clock").select("day").where("name", "=", "day").executeTakeFirst();
  const clock = dayClock(options.now, lastDay?.day);
  const { commit, underWay, close } = await committing(writer, options);
  const committer = groupCommitter(
    async (writes: readonly RelayWrite[]) => {
      const { outcomes, told } = await commit(writes, clock.today());
      for (const one of told) tell(listener, writes, one);
      return outcomes;
    },
    { ...options, underWay },
  );
  return {
    committer,
    clock,
    queueBySendId: (sendId) => reader.selectFrom("queue").selectAll().where("send_id", "=", sendId).executeTakeFirst(),
    queueByReceiveId: (receiveId) => reader.selectFrom("queue").selectAll().where("receive_id", "=", receiveId).executeTakeFirst(),
    entries: async (receiveId, after, limit, bytes) => {
      const found: QueueEntry[] = [];
      let left = bytes;
      // One parcel first, which may have them all; then as many as it takes if the others are like it.
      let parcels = 0;
      for (let step = 1; ;) {
        const cursor = found.at(-1)?.seq ?? after;
        const rows = await reader
          .selectFrom("parcel")
          .select(["seq", "size", "bodies"])
          .where("queue", "=", receiveId)
          .where("seq", ">", cursor)
          .orderBy("seq")
          .limit(step)
          .execute();
        for (const row of rows) {
          for (const entry of entriesOf(row, cursor, limit - found.length)) {
            if (entry.body.length > left) return found;
            left -= entry.body.length;
            found.push(entry);
          }
          if (found.length === limit) return found;
        }
        if (rows.length < step) return found;
        parcels += rows.length;
        step = Math.min(fetchStep, Math.ceil(((limit - found.length) * parcels) / found.length));
      }
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
      await reader.destroy();
      await close();
    },
  };
}

/** In a thread of its own, so that a slow disk does not keep the network waiting; or, with one core, in this one. */
async function committing(
  writer: Kysely<RelayTables>,
  { path, limits, maxPages, thread }: RelayStoreOptions,
): Promise<{ readonly commit: RelayCommit; readonly underWay: number; readonly close: () => Promise<void> }> {
  if (!thread) return { commit: relayCommit(writer, limits), underWay: 1, close: () => writer.destroy() };
  await writer.destroy();
  // The thread has its next group when it is done with one, and need not wait until this one looks.
  return { ...commitThread({ path, limits: onlyLimits(limits), maxPages }), underWay: 2 };
}

const onlyLimits = ({ retentionDays, bundleDays, tombstoneDays, queueEntries, queueBytes }: RelayLimits): RelayLimits => ({
  retentionDays,
  bundleDays,
  tombstoneDays,
  queueEntries,
  queueBytes,
});

function tell(listener: CommitListener, writes: readonly RelayWrite[], told: Told): void {
  if (told.kind === "ended") return listener.ended(told.receiveId);
  const write = writes[told.index];
  if (write?.kind !== "append") throw new Error("only an append is told of");
  listener.appended(write.receiveId, told.seq, write.body);
}
