import { err, ok, ownBytes } from "@photon/protocol/codec";
import type { ListQuery, Row, Store, Table } from "../../ports/index.ts";
import { tables } from "../../ports/index.ts";
import { assertKey, compareKeys, prefixEnd } from "../row-key.ts";

/** The whole content of a memory store at one moment; a later commit does not change it. */
export type MemorySnapshot = ReadonlyMap<Table, ReadonlyMap<string, Row>>;

/** Keeps everything in memory. For tests, and for profiles that must leave no trace. */
export interface MemoryStore extends Store {
  snapshot(): MemorySnapshot;
  /** Puts the content back to what it was: a disk restored from an old copy. */
  restore(snapshot: MemorySnapshot): void;
}

interface Rows {
  readonly byKey: Map<string, Row>;
  /** The keys of `byKey`, in order. */
  keys: string[];
}

/** @param initial what the store holds at first; a store that is "reopened" is given its predecessor's snapshot. */
export function memoryStore(initial: MemorySnapshot = new Map()): MemoryStore {
  let content = load(initial);
  let closed = false;
  const rowsOf = (table: Table): Rows => {
    if (closed) throw new Error("the store is closed");
    return content[table];
  };
  return {
    get: async (table, key) => {
      assertKey(key);
      const row = rowsOf(table).byKey.get(key);
      return row === undefined ? undefined : copyOf(row);
    },
    list: async (table, query = {}) => select(rowsOf(table), query),
    commit: async (writes, expected = []) => {
      for (const { key } of [...writes, ...expected]) assertKey(key);
      for (const { table, key, version } of expected) {
        if ((rowsOf(table).byKey.get(key)?.version ?? 0) !== version) return err({ code: "version-conflict", table, key });
      }
      // The last write of a key is the only one, so that a batch moves a version by one whatever it repeats.
      const last = new Map(writes.map((write) => [`${write.table}/${write.key}`, write]));
      for (const { table, key, value } of last.values()) {
        const rows = rowsOf(table);
        if (value === undefined) remove(rows, key);
        else insert(rows, { key, value: ownBytes(value), version: (rows.byKey.get(key)?.version ?? 0) + 1 });
      }
      return ok(undefined);
    },
    close: async () => {
      closed = true;
    },
    snapshot: () => new Map(tables.map((table) => [table, new Map(content[table].byKey)])),
    restore: (snapshot) => {
      content = load(snapshot);
    },
  };
}

function load(snapshot: MemorySnapshot): Record<Table, Rows> {
  const entries = tables.map((table): [Table, Rows] => {
    const byKey = new Map(snapshot.get(table));
    return [table, { byKey, keys: [...byKey.keys()].toSorted(compareKeys) }];
  });
  return Object.fromEntries(entries) as Record<Table, Rows>;
}

const copyOf = (row: Row): Row => ({ ...row, value: ownBytes(row.value) });

/** Index of the first key that is not less than `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle] ?? "", key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert(rows: Rows, row: Row): void {
  if (!rows.byKey.has(row.key)) rows.keys.splice(lowerBound(rows.keys, row.key), 0, row.key);
  rows.byKey.set(row.key, row);
}

function remove(rows: Rows, key: string): void {
  if (rows.byKey.delete(key)) rows.keys.splice(lowerBound(rows.keys, key), 1);
}

function select(rows: Rows, query: ListQuery): Row[] {
  const { prefix = "", after, limit = Number.POSITIVE_INFINITY, reverse = false } = query;
  assertKey(prefix);
  const { keys } = rows;
  const end = prefixEnd(prefix);
  let from = lowerBound(keys, prefix);
  let to = end === undefined ? keys.length : lowerBound(keys, end);
  if (after !== undefined) {
    assertKey(after);
    const at = lowerBound(keys, after);
    if (reverse) to = Math.min(to, at);
    else from = Math.max(from, keys[at] === after ? at + 1 : at);
  }
  const count = Math.max(0, Math.min(limit, to - from));
  const chosen = reverse ? keys.slice(to - count, to).toReversed() : keys.slice(from, from + count);
  return chosen.flatMap((key) => {
    const row = rows.byKey.get(key);
    return row === undefined ? [] : [copyOf(row)];
  });
}
