import type { IDBPDatabase } from "idb";
import { type Bytes, compareBytes, err, ok, ownBytes, type Result, utf8 } from "@photon/protocol/codec";
import {
  type Expectation,
  type ListQuery,
  type Row,
  type Store,
  type StoreError,
  StoreFailure,
  type Table,
  tables,
  type Write,
} from "../../ports/index.ts";
import { assertKey } from "../row-key.ts";
import { domFailure, openDatabase } from "./database.ts";

/** The format that this version writes, and the only one that it reads: the version of the database. */
const storeFormat = 1;

/** A row as it is stored under its `rowKey`. */
interface StoredRow {
  readonly key: string;
  readonly version: number;
  readonly value: Bytes;
}

/**
 * The IndexedDB key: UTF-8 bytes, because text would be ordered by UTF-16 units, which puts the characters above U+FFFF in
 * the wrong place. The leading byte keeps it from being empty, which not every implementation takes.
 */
const rowKey = (key: string): Bytes => utf8(`/${key}`);

/**
 * A profile's rows in IndexedDB, one object store for each table; commits ask for strict durability.
 *
 * Opening fails with `store-format` for a database that another version wrote, and `store-corrupt` for one that the browser
 * cannot read. Damage that only shows later makes `get` and `list` throw a `StoreFailure`.
 */
export async function openIndexedDbStore(name: string, factory: IDBFactory = indexedDB): Promise<Result<Store, StoreError>> {
  try {
    const database = await openDatabase(factory, name, storeFormat, (fresh) => {
      for (const table of tables) fresh.createObjectStore(table);
    });
    const whole = tables.every((table) => database.objectStoreNames.contains(table));
    if (whole) return ok(storeOver(database));
    database.close();
    return err({ code: "store-corrupt", detail: "the database is not a Photon profile" });
  } catch (error) {
    const failure = domFailure(error);
    if (failure?.name === "VersionError") return err(await newerFormat(factory, name));
    const known = storeErrorOf(error);
    if (known !== undefined) return err(known);
    throw error;
  }
}

async function newerFormat(factory: IDBFactory, name: string): Promise<StoreError> {
  const database = await openDatabase(factory, name, undefined, () => undefined);
  const found = database.version;
  database.close();
  return { code: "store-format", found, supported: storeFormat };
}

/** What IndexedDB says, in the words of the port; undefined for anything that is not the disk's or the data's fault. */
function storeErrorOf(error: unknown): StoreError | undefined {
  const failure = domFailure(error);
  if (failure === undefined) return undefined;
  switch (failure.name) {
    case "QuotaExceededError":
      return { code: "store-full", detail: failure.message };
    // How browsers name a backing file that they cannot make sense of, and a large value whose file is gone.
    case "UnknownError":
    case "NotReadableError":
      return { code: "store-corrupt", detail: failure.message };
    default:
      return undefined;
  }
}

function storeOver(database: IDBPDatabase): Store {
  return {
    get: async (table, key) => {
      assertKey(key);
      const row = await reading(() => database.get(table, rowKey(key)) as Promise<StoredRow | undefined>);
      return row === undefined ? undefined : rowOf(row);
    },
    list: async (table, query = {}) => (await reading(() => select(database, table, query))).map(rowOf),
    commit: async (writes, expected = []) => {
      for (const { key } of [...writes, ...expected]) assertKey(key);
      try {
        return await commit(database, writes, expected);
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

async function commit(
  database: IDBPDatabase,
  writes: readonly Write[],
  expected: readonly Expectation[],
): Promise<Result<void, StoreError>> {
  const used = [...new Set([...writes, ...expected].map(({ table }) => table))];
  if (used.length === 0) return ok(undefined);
  const transaction = database.transaction(used, "readwrite", { durability: "strict" });
  // Awaited below; watched from here on, so that a failure of a single request is not reported twice.
  const ended = transaction.done.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const current = async (table: Table, key: string): Promise<number> => {
    const row = (await transaction.objectStore(table).get(rowKey(key))) as StoredRow | undefined;
    return row?.version ?? 0;
  };
  try {
    // Requests are all made before the first is awaited: a transaction without open requests commits on its own.
    const versions = await Promise.all(expected.map(({ table, key }) => current(table, key)));
    const conflict = expected.find(({ version }, index) => versions[index] !== version);
    if (conflict !== undefined) {
      transaction.abort();
      await ended;
      return err({ code: "version-conflict", table: conflict.table, key: conflict.key });
    }
    // The last write of a key is the only one, so that a batch moves a version by one whatever it repeats.
    const last = new Map(writes.map((write) => [`${write.table}/${write.key}`, write]));
    await Promise.all(
      [...last.values()].map(async ({ table, key, value }) => {
        const rows = transaction.objectStore(table);
        if (value === undefined) return rows.delete(rowKey(key));
        const row: StoredRow = { key, version: (await current(table, key)) + 1, value: ownBytes(value) };
        return rows.put(row, rowKey(key));
      }),
    );
  } catch (error) {
    throw (await ended) ?? error;
  }
  const failure = await ended;
  if (failure !== undefined) throw failure;
  return ok(undefined);
}

async function select(database: IDBPDatabase, table: Table, query: ListQuery): Promise<readonly StoredRow[]> {
  const { prefix = "", after, limit, reverse = false } = query;
  const range = rangeOf(prefix, after, reverse);
  if (range === "empty" || limit === 0) return [];
  if (!reverse) return (await database.getAll(table, range, limit)) as StoredRow[];
  if (limit === undefined) return ((await database.getAll(table, range)) as StoredRow[]).toReversed();
  const rows: StoredRow[] = [];
  let cursor = await database.transaction(table).store.openCursor(range, "prev");
  while (cursor !== null && rows.length < limit) {
    rows.push(cursor.value as StoredRow);
    cursor = await cursor.continue();
  }
  return rows;
}

/** IndexedDB refuses a range whose ends have crossed, hence "empty". */
function rangeOf(prefix: string, after: string | undefined, reverse: boolean): IDBKeyRange | "empty" {
  assertKey(prefix);
  let lower: { key: Bytes; open: boolean } = { key: rowKey(prefix), open: false };
  let upper = bytesEnd(rowKey(prefix));
  if (after !== undefined) {
    assertKey(after);
    const key = rowKey(after);
    if (reverse) {
      if (compareBytes(key, upper) < 0) upper = key;
    } else if (compareBytes(key, lower.key) >= 0) lower = { key, open: true };
  }
  return compareBytes(lower.key, upper) < 0 ? IDBKeyRange.bound(lower.key, upper, lower.open, true) : "empty";
}

/** The smallest byte string that is greater than all that begin with these bytes, which are UTF-8: none is 0xff. */
function bytesEnd(prefix: Bytes): Bytes {
  const end = ownBytes(prefix);
  end[end.length - 1] = (end[end.length - 1] ?? 0) + 1;
  return end;
}

const rowOf = (row: StoredRow): Row => ({ key: row.key, value: row.value, version: row.version });

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const known = storeErrorOf(error);
    throw known === undefined ? error : new StoreFailure(known);
  }
}
