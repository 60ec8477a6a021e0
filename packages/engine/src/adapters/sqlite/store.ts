import type BetterSqlite from "better-sqlite3";
import { asBytes, type Bytes, err, ok, type Result } from "@photon/protocol/codec";
import { type ListQuery, type Row, type Store, type StoreError, StoreFailure, type Table, tables } from "../../ports/index.ts";
import { assertKey, prefixEnd } from "../row-key.ts";
import { checkDatabase, openDatabase, storeErrorOf } from "./database.ts";

interface SqliteStoreOptions {
  /** A ceiling for the file, in pages of 4 KiB: a commit beyond it answers `store-full`. */
  readonly maxPages?: number;
}

interface StoredRow {
  readonly key: string;
  readonly version: number;
  readonly value: Uint8Array;
}

interface TableStatements {
  readonly get: BetterSqlite.Statement<[string], StoredRow>;
  readonly version: BetterSqlite.Statement<[string], number>;
  readonly put: BetterSqlite.Statement<[string, Bytes]>;
  readonly remove: BetterSqlite.Statement<[string]>;
}

/**
 * A profile's rows in one SQLite file (write-ahead log, synchronous FULL), mode 0600.
 *
 * Opening fails with `store-corrupt` for a damaged or foreign file and `store-format` for one that another version wrote;
 * neither changes the file. Damage that only shows later makes `get` and `list` throw a `StoreFailure`.
 * @throws what the platform says about a folder that is missing or may not be written.
 */
export async function openSqliteStore(file: string, options: SqliteStoreOptions = {}): Promise<Result<Store, StoreError>> {
  const opened = openDatabase(file);
  if (!opened.ok) return opened;
  if (options.maxPages !== undefined) opened.value.pragma(`max_page_count = ${options.maxPages}`);
  return ok(storeOver(opened.value));
}

/** Reads every page of a store, of whatever size, and says what is wrong with it; for `photon doctor`. */
export async function checkSqliteStore(file: string): Promise<Result<void, StoreError>> {
  const opened = openDatabase(file);
  if (!opened.ok) return opened;
  try {
    const damage = checkDatabase(opened.value);
    return damage === undefined ? ok(undefined) : err(damage);
  } finally {
    opened.value.close();
  }
}

function storeOver(database: BetterSqlite.Database): Store {
  const statements = Object.fromEntries(tables.map((table) => [table, prepare(database, table)])) as Record<Table, TableStatements>;
  const lists = new Map<string, BetterSqlite.Statement<(string | number)[], StoredRow>>();

  const commit = database.transaction((...[writes, expected]: Required<Parameters<Store["commit"]>>): Result<void, StoreError> => {
    for (const { table, key, version } of expected) {
      if ((statements[table].version.get(key) ?? 0) !== version) return err({ code: "version-conflict", table, key });
    }
    // The last write of a key is the only one, so that a batch moves a version by one whatever it repeats.
    const last = new Map(writes.map((write) => [`${write.table}/${write.key}`, write]));
    for (const { table, key, value } of last.values()) {
      if (value === undefined) statements[table].remove.run(key);
      else statements[table].put.run(key, value);
    }
    return ok(undefined);
  });

  return {
    get: async (table, key) => {
      assertKey(key);
      const row = reading(() => statements[table].get.get(key));
      return row === undefined ? undefined : rowOf(row);
    },
    list: async (table, query = {}) => {
      const { sql, values } = listSql(table, query);
      let statement = lists.get(sql);
      if (statement === undefined) {
        statement = database.prepare(sql);
        lists.set(sql, statement);
      }
      const prepared = statement;
      return reading(() => prepared.all(...values)).map(rowOf);
    },
    commit: async (writes, expected = []) => {
      for (const { key } of [...writes, ...expected]) assertKey(key);
      try {
        return commit.immediate(writes, expected);
      } catch (error) {
        const known = storeErrorOf(error);
        if (known !== undefined) return err(known);
        throw error;
      }
    },
    close: async () => {
      database.close();
    },
  };
}

function prepare(database: BetterSqlite.Database, table: Table): TableStatements {
  return {
    get: database.prepare(`SELECT key, version, value FROM "${table}" WHERE key = ?`),
    version: database.prepare<[string], number>(`SELECT version FROM "${table}" WHERE key = ?`).pluck(),
    put: database.prepare(
      `INSERT INTO "${table}" (key, version, value) VALUES (?, 1, ?)
       ON CONFLICT (key) DO UPDATE SET version = version + 1, value = excluded.value`,
    ),
    remove: database.prepare(`DELETE FROM "${table}" WHERE key = ?`),
  };
}

/** SQLite's default collation compares UTF-8 bytes, which is the order that the port asks for. */
function listSql(table: Table, query: ListQuery): { sql: string; values: (string | number)[] } {
  const { prefix = "", after, limit, reverse = false } = query;
  assertKey(prefix);
  const bounds: string[] = [];
  const values: (string | number)[] = [];
  const bound = (condition: string, value: string): void => {
    bounds.push(condition);
    values.push(value);
  };
  if (prefix !== "") bound("key >= ?", prefix);
  const end = prefixEnd(prefix);
  if (end !== undefined) bound("key < ?", end);
  if (after !== undefined) {
    assertKey(after);
    bound(reverse ? "key < ?" : "key > ?", after);
  }
  const where = bounds.length === 0 ? "" : ` WHERE ${bounds.join(" AND ")}`;
  const order = ` ORDER BY key ${reverse ? "DESC" : "ASC"}`;
  if (limit !== undefined) values.push(limit);
  return { sql: `SELECT key, version, value FROM "${table}"${where}${order}${limit === undefined ? "" : " LIMIT ?"}`, values };
}

const rowOf = (row: StoredRow): Row => ({ key: row.key, value: asBytes(row.value), version: row.version });

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const known = storeErrorOf(error);
    throw known === undefined ? error : new StoreFailure(known);
  }
}
