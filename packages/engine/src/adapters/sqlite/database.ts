import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, rmSync, statSync } from "node:fs";
import Database from "better-sqlite3";
import { err, ok, type Result } from "@photon/protocol/codec";
import type { StoreError } from "../../ports/index.ts";
import { tables } from "../../ports/index.ts";
import { createPrivateFile, publishFile } from "../node/private-file.ts";

/** The format that this version writes, and the only one that it reads. Kept in SQLite's `user_version`. */
const storeFormat = 1;

/** "PHOT": tells a Photon profile from any other SQLite file. */
const applicationId = 0x50_48_4f_54;

/** Files up to this size are checked whole at every opening; in larger ones damage is found where it is read. */
const maxCheckedAtOpening = 32 * 1024 * 1024;

/** What SQLite says, in the words of the port; undefined for anything that is not the file's or the disk's fault. */
export function storeErrorOf(error: unknown): StoreError | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined;
  const { code } = error;
  // Linux answers "no space" for the log's index with an I/O error of its own.
  if (code === "SQLITE_FULL" || code === "SQLITE_IOERR_SHMSIZE") return { code: "store-full", detail: error.message };
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") return { code: "store-corrupt", detail: error.message };
  return undefined;
}

/**
 * A database in this format, made if there is none. A failure leaves the file as it was.
 * @throws what the platform says about a folder that is missing or not ours.
 */
export function openDatabase(file: string): Result<Database.Database, StoreError> {
  if (!existsSync(file)) {
    if (existsSync(`${file}-wal`)) return corrupt("the database is missing beside its log");
    createDatabase(file);
  }
  // Made whole under another name: an empty file can only be one that lost its content.
  if (statSync(file).size === 0) return corrupt("the file is empty");
  chmodSync(file, 0o600);
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: 5_000 });
    const refusal = refusalOf(database, file);
    if (refusal !== undefined) {
      database.close();
      return err(refusal);
    }
    configure(database);
    return ok(database);
  } catch (error) {
    database?.close();
    const known = storeErrorOf(error);
    if (known !== undefined) return err(known);
    throw error;
  }
}

const corrupt = (detail: string): { ok: false; error: StoreError } => err({ code: "store-corrupt", detail });

function refusalOf(database: Database.Database, file: string): StoreError | undefined {
  if (database.pragma("application_id", { simple: true }) !== applicationId) {
    return { code: "store-corrupt", detail: "the file is not a Photon profile" };
  }
  const found = Number(database.pragma("user_version", { simple: true }));
  if (found !== storeFormat) return { code: "store-format", found, supported: storeFormat };
  return statSync(file).size <= maxCheckedAtOpening ? checkDatabase(database) : undefined;
}

/** Walks every page; undefined if all is well. */
export function checkDatabase(database: Database.Database): StoreError | undefined {
  const answer = String(database.pragma("quick_check(1)", { simple: true }));
  return answer === "ok" ? undefined : { code: "store-corrupt", detail: answer };
}

function configure(database: Database.Database): void {
  // FULL: what a commit answered survives a power cut. secure_delete: an erased ratchet is overwritten, not unlinked.
  for (const setting of ["synchronous = FULL", "secure_delete = ON", "cell_size_check = ON", "trusted_schema = OFF"]) {
    database.pragma(setting);
  }
}

function createDatabase(file: string): void {
  const temporary = `${file}.${randomBytes(8).toString("hex")}.new`;
  createPrivateFile(temporary);
  try {
    const database = new Database(temporary);
    try {
      database.pragma("synchronous = FULL");
      database.pragma("journal_mode = WAL");
      database.exec(`BEGIN;
        ${tables.map((table) => `CREATE TABLE "${table}" (key TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL) STRICT;`).join("\n")}
        PRAGMA application_id = ${applicationId};
        PRAGMA user_version = ${storeFormat};
        COMMIT;`);
    } finally {
      database.close();
    }
    // If another process was first, its database is as good as ours.
    publishFile(temporary, file);
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(temporary + suffix, { force: true });
  }
}
