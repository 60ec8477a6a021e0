/**
 * What a relay stores. Everything about a queue lies under its receive id; no row says when it arrived more finely than the
 * day, and no number runs across queues. Days are counted from 1970-01-01 UTC.
 */
import type { Migration } from "../db/migrate.ts";
import { notNull } from "../db/migrate.ts";
import { entriesIntoParcels } from "./entries-into-parcels.ts";

export interface QueueTable {
  readonly receive_id: Uint8Array;
  readonly send_id: Uint8Array;
  readonly read_key: Uint8Array;
  /** 32 bytes each, one after the other. */
  readonly write_keys: Uint8Array;
  readonly version: number;
  /** Signature of the rotation that made this version, so that its repeat is recognised. */
  readonly rotation: Uint8Array | null;
  readonly last_seq: number;
  readonly gone_seq: number;
  readonly entries: number;
  readonly bytes: number;
  readonly overflowed: number;
  readonly frozen_day: number | null;
  readonly bundle: Uint8Array | null;
  /** A board has one. */
  readonly admin_key: Uint8Array | null;
}
/** What changes to the queue are proved by. */
export const ownerKeyOf = (row: Pick<QueueTable, "read_key" | "admin_key">): Uint8Array => row.admin_key ?? row.read_key;

/** One of a board's write keys, and the portion of the board that its entries take. */
export interface WriterTable {
  readonly queue: Uint8Array;
  /** Given once in a queue. */
  readonly number: number;
  /** Of the key in the queue's list, from 0. */
  readonly place: number;
  readonly entries: number;
  readonly bytes: number;
}
/** Entries of one queue that became durable together; see `parcels.ts`. */
export interface ParcelTable {
  readonly queue: Uint8Array;
  /** Of its last entry. */
  readonly seq: number;
  readonly day: number;
  /** Bytes of each body. */
  readonly size: number;
  /** Number of the writer in a board; of one that is gone as well. */
  readonly writer: number | null;
  /** One after the other. */
  readonly bodies: Uint8Array;
}
/** Append ids of a queue in the order of its numbers; see `append-ids.ts`. */
export interface AppendRunTable {
  readonly queue: Uint8Array;
  readonly number: number;
  readonly ids: Uint8Array;
}
export interface DropTable {
  readonly drop_id: Uint8Array;
  /** Null once it has expired: the rest is its tombstone. */
  readonly body: Uint8Array | null;
  /** The last day on which it is handed out. */
  readonly until_day: number;
}
export interface ClockTable {
  readonly name: string;
  readonly day: number;
}
export interface RelayTables {
  readonly queue: QueueTable;
  readonly parcel: ParcelTable;
  readonly append_run: AppendRunTable;
  readonly writer: WriterTable;
  readonly drop: DropTable;
  readonly clock: ClockTable;
}

export const relayMigrations: readonly Migration[] = [
  {
    name: "queues and drops",
    up: async (schema, { binary, withoutRowNumbers }) => {
      await withoutRowNumbers(
        schema
          .createTable("queue")
          .addColumn("receive_id", binary, (column) => column.primaryKey().notNull())
          .addColumn("send_id", binary, (column) => column.notNull().unique())
          .addColumn("read_key", binary, notNull)
          .addColumn("write_keys", binary, notNull)
          .addColumn("version", "bigint", notNull)
          .addColumn("rotation", binary)
          .addColumn("last_seq", "bigint", notNull)
          .addColumn("gone_seq", "bigint", notNull)
          .addColumn("entries", "bigint", notNull)
          .addColumn("bytes", "bigint", notNull)
          .addColumn("overflowed", "integer", notNull)
          .addColumn("frozen_day", "integer")
          .addColumn("bundle", binary),
      ).execute();
      await withoutRowNumbers(
        schema
          .createTable("entry")
          .addColumn("queue", binary, notNull)
          .addColumn("seq", "bigint", notNull)
          .addColumn("append_id", binary, notNull)
          .addColumn("day", "integer", notNull)
          .addColumn("body", binary, notNull)
          .addPrimaryKeyConstraint("entry_key", ["queue", "seq"]),
      ).execute();
      await schema.createIndex("entry_append").unique().on("entry").columns(["queue", "append_id"]).execute();
      await withoutRowNumbers(
        schema
          .createTable("drop")
          .addColumn("drop_id", binary, (column) => column.primaryKey().notNull())
          .addColumn("body", binary)
          .addColumn("until_day", "integer", notNull),
      ).execute();
      await schema.createIndex("drop_until").on("drop").column("until_day").execute();
      await schema
        .createTable("clock")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("day", "integer", notNull)
        .execute();
    },
  },
  {
    name: "boards",
    up: async (schema, { binary, withoutRowNumbers }) => {
      await schema.alterTable("queue").addColumn("admin_key", binary).execute();
      await schema.alterTable("entry").addColumn("writer", "bigint").execute();
      await withoutRowNumbers(
        schema
          .createTable("writer")
          .addColumn("queue", binary, notNull)
          .addColumn("number", "bigint", notNull)
          .addColumn("place", "integer", notNull)
          .addColumn("entries", "bigint", notNull)
          .addColumn("bytes", "bigint", notNull)
          .addPrimaryKeyConstraint("writer_key", ["queue", "number"]),
      ).execute();
    },
  },
  {
    name: "parcels",
    up: async (schema, { binary, withoutRowNumbers }, db) => {
      await withoutRowNumbers(
        schema
          .createTable("parcel")
          .addColumn("queue", binary, notNull)
          .addColumn("seq", "bigint", notNull)
          .addColumn("day", "integer", notNull)
          .addColumn("size", "integer", notNull)
          .addColumn("writer", "bigint")
          .addColumn("bodies", binary, notNull)
          .addPrimaryKeyConstraint("parcel_key", ["queue", "seq"]),
      ).execute();
      await withoutRowNumbers(
        schema
          .createTable("append_run")
          .addColumn("queue", binary, notNull)
          .addColumn("number", "bigint", notNull)
          .addColumn("ids", binary, notNull)
          .addPrimaryKeyConstraint("append_run_key", ["queue", "number"]),
      ).execute();
      await entriesIntoParcels(db);
      await schema.dropTable("entry").execute();
    },
  },
];
