/** What a vault stores beside the blobs themselves. Days are counted from 1970-01-01 UTC; there is no finer time. */
import { type Migration, notNull } from "../db/migrate.ts";

export interface RegisterTable {
  readonly id: Uint8Array;
  /** Signs the next head, and blobs until then. */
  readonly write_key: Uint8Array;
  readonly seq: number;
  readonly head_hash: Uint8Array;
  /** What counts against the quota: leased blobs and kept heads. */
  readonly bytes: number;
}
export interface HeadTable {
  readonly register: Uint8Array;
  readonly seq: number;
  /** The request as it was signed. */
  readonly body: Uint8Array;
  /** Null for the newest. */
  readonly superseded_day: number | null;
}
/** A blob that a kept head needs. */
export interface KeepTable {
  readonly register: Uint8Array;
  readonly seq: number;
  readonly hash: Uint8Array;
}
/** A register's claim on a blob. The blob goes when nobody claims it. */
export interface LeaseTable {
  readonly register: Uint8Array;
  readonly hash: Uint8Array;
  readonly size: number;
  readonly until_day: number;
}
export interface ClockTable {
  readonly name: string;
  readonly day: number;
}
export interface VaultTables {
  readonly register: RegisterTable;
  readonly head: HeadTable;
  readonly keep: KeepTable;
  readonly lease: LeaseTable;
  readonly clock: ClockTable;
}

export const vaultMigrations: readonly Migration[] = [
  {
    name: "registers, heads and leases",
    up: async (schema, { binary, withoutRowNumbers }) => {
      await withoutRowNumbers(
        schema
          .createTable("register")
          .addColumn("id", binary, (column) => column.primaryKey().notNull())
          .addColumn("write_key", binary, notNull)
          .addColumn("seq", "bigint", notNull)
          .addColumn("head_hash", binary, notNull)
          .addColumn("bytes", "bigint", notNull),
      ).execute();
      await withoutRowNumbers(
        schema
          .createTable("head")
          .addColumn("register", binary, notNull)
          .addColumn("seq", "bigint", notNull)
          .addColumn("body", binary, notNull)
          .addColumn("superseded_day", "integer")
          .addPrimaryKeyConstraint("head_key", ["register", "seq"]),
      ).execute();
      await schema.createIndex("head_superseded").on("head").column("superseded_day").execute();
      await withoutRowNumbers(
        schema
          .createTable("keep")
          .addColumn("register", binary, notNull)
          .addColumn("hash", binary, notNull)
          .addColumn("seq", "bigint", notNull)
          .addPrimaryKeyConstraint("keep_key", ["register", "hash", "seq"]),
      ).execute();
      await withoutRowNumbers(
        schema
          .createTable("lease")
          .addColumn("hash", binary, notNull)
          .addColumn("register", binary, notNull)
          .addColumn("size", "bigint", notNull)
          .addColumn("until_day", "integer", notNull)
          .addPrimaryKeyConstraint("lease_key", ["hash", "register"]),
      ).execute();
      await schema.createIndex("lease_until").on("lease").column("until_day").execute();
      await schema
        .createTable("clock")
        .addColumn("name", "text", (column) => column.primaryKey())
        .addColumn("day", "integer", notNull)
        .execute();
    },
  },
];
