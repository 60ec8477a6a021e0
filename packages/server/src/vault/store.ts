/** A vault's store: rows through one committer, blobs beside it. */
import type { KeptHeads } from "@photon/protocol/archive";
import { type CommitObserver, type Committer, groupCommitter } from "../db/committer.ts";
import { migrate } from "../db/migrate.ts";
import { openReader, openWriter } from "../db/sqlite.ts";
import { dayOf } from "../day.ts";
import { vaultCommit } from "./apply.ts";
import type { Blobs } from "./blobs.ts";
import { beginDays, today } from "./grace.ts";
import { type KeyedLock, keyedLock } from "./keyed-lock.ts";
import { type RegisterTable, vaultMigrations, type VaultTables } from "./tables.ts";
import type { VaultLimits, VaultWrite, VaultWriteOutcome } from "./writes.ts";

export interface VaultStore {
  readonly committer: Committer<VaultWrite, VaultWriteOutcome>;
  /** The day that the clock says now; nothing but a new day of grace follows from it. */
  calendar(): number;
  readonly blobs: Blobs;
  readonly lock: KeyedLock;
  register(id: Uint8Array): Promise<RegisterTable | undefined>;
  /** The newest head's signed request, or the one of that sequence number. */
  head(register: Uint8Array, seq: number | undefined): Promise<Uint8Array | undefined>;
  /** Undefined for a register that does not exist. */
  heads(register: Uint8Array): Promise<KeptHeads | undefined>;
  leased(hash: Uint8Array): Promise<boolean>;
  /** @throws when the database cannot be read. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface VaultStoreOptions {
  readonly path: string;
  readonly blobs: Blobs;
  readonly limits: VaultLimits;
  readonly now: () => number;
  readonly maxBacklog: number;
  readonly maxGroup: number;
  readonly observer: CommitObserver;
  readonly maxPages: number | undefined;
}

export async function openVaultStore(options: VaultStoreOptions): Promise<VaultStore> {
  const writer = openWriter<VaultTables>(options.path, { maxPages: options.maxPages });
  await migrate(writer, "vault", vaultMigrations);
  const reader = openReader<VaultTables>(options.path);
  const calendar = (): number => dayOf(options.now());
  await beginDays(writer, calendar());
  const committer = groupCommitter(vaultCommit(writer, options.limits), options);
  return {
    committer,
    calendar,
    blobs: options.blobs,
    lock: keyedLock(),
    register: (id) => reader.selectFrom("register").selectAll().where("id", "=", id).executeTakeFirst(),
    head: async (register, seq) => {
      const query = reader.selectFrom("head").select("body").where("register", "=", register);
      const row = await (
        seq === undefined ? query.orderBy("seq", "desc").limit(1) : query.where("seq", "=", seq)
      ).executeTakeFirst();
      return row?.body;
    },
    heads: async (register) => {
      const rows = await reader
        .selectFrom("head")
        .select((columns) => ["superseded_day", columns.fn.min<number>("seq").as("from"), columns.fn.max<number>("seq").as("to")])
        .where("register", "=", register)
        .groupBy("superseded_day")
        .orderBy("from")
        .execute();
      const newest = rows.find((row) => row.superseded_day === null);
      if (newest === undefined) return undefined;
      const day = await today(reader);
      const kept = rows.flatMap(({ superseded_day: superseded, from, to }) =>
        superseded === null ? [] : [{ from, to, left: Math.max(0, superseded + options.limits.graceDays - day) }],
      );
      return { newest: newest.to, kept };
    },
    leased: async (hash) =>
      (await reader.selectFrom("lease").select("size").where("hash", "=", hash).limit(1).executeTakeFirst()) !== undefined,
    check: async () => {
      await reader.selectFrom("clock").select("day").limit(1).execute();
    },
    close: async () => {
      await committer.drain();
      await reader.destroy();
      await writer.destroy();
    },
  };
}
