/** What is not the engine's: a store and a relay that cost as little as can be, and a clock for what they cost. */
import { performance } from "node:perf_hooks";
import type { MemorySnapshot } from "@photon/engine/adapters/memory";
import { type Row, type Store, type Table, tables, type Transport } from "@photon/engine/ports";
import { err, ok } from "@photon/protocol/codec";

export interface Stopwatch {
  /** Milliseconds so far. What is timed does its work before it returns. */
  spent(): number;
  time<T>(call: () => T): T;
}

/**
 * A call that takes longer, in ms, was interrupted, by another program or by the collection of garbage. Such a call counts for
 * nothing, so that what is left for the engine is too much rather than too little.
 */
const interrupted = 0.5;

export function stopwatch(): Stopwatch {
  let spent = 0;
  return {
    spent: () => spent,
    time: (call) => {
      const began = performance.now();
      const given = call();
      const took = performance.now() - began;
      if (took < interrupted) spent += took;
      return given;
    },
  };
}

export const clockedStore = (inner: Store, { time }: Stopwatch): Store => ({
  get: (table, key) => time(() => inner.get(table, key)),
  list: (table, query) => time(() => inner.list(table, query)),
  commit: (writes, expected) => time(() => inner.commit(writes, expected)),
  close: () => inner.close(),
});

export const clockedTransport = (inner: Transport, { time }: Stopwatch): Transport => ({
  call: (relay, kind, value) => time(() => inner.call(relay, kind, value)),
  watch: (relay, reads, onHint) => inner.watch(relay, reads, onHint),
});

/**
 * A store in memory that trusts its user: it keeps the very bytes that it is given, and gives them out. So it makes no garbage
 * that would be collected on the engine's account. Its keys are ASCII, as the engine's are.
 */
export function trustingStore(initial: MemorySnapshot): Store {
  const content = Object.fromEntries(tables.map((table) => [table, new Sorted(initial.get(table))])) as Record<Table, Sorted>;
  return {
    get: async (table, key) => content[table].rows.get(key),
    list: async (table, { prefix = "", after = "", limit = Number.POSITIVE_INFINITY, reverse = false } = {}) => {
      if (reverse) throw new Error("nobody asks for this");
      return content[table].from(prefix, after, limit);
    },
    commit: async (writes, expected = []) => {
      for (const { table, key, version } of expected)
        if ((content[table].rows.get(key)?.version ?? 0) !== version) return err({ code: "version-conflict", table, key });
      for (const { table, key, value } of writes) {
        if (value === undefined) content[table].delete(key);
        else content[table].set({ key, value, version: (content[table].rows.get(key)?.version ?? 0) + 1 });
      }
      return ok(undefined);
    },
    close: async () => undefined,
  };
}

class Sorted {
  readonly rows: Map<string, Row>;
  readonly #keys: string[];

  constructor(rows: ReadonlyMap<string, Row> = new Map()) {
    this.rows = new Map(rows);
    this.#keys = [...rows.keys()].toSorted();
  }

  /** Index of the first key that is not less. */
  #place(key: string): number {
    let [low, high] = [0, this.#keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  from(prefix: string, after: string, limit: number): readonly Row[] {
    const found: Row[] = [];
    for (let at = this.#place(after > prefix ? after : prefix); found.length < limit; at++) {
      const key = this.#keys[at];
      if (key?.startsWith(prefix) !== true) break;
      const row = this.rows.get(key);
      if (row !== undefined && key !== after) found.push(row);
    }
    return found;
  }

  set(row: Row): void {
    if (!this.rows.has(row.key)) this.#keys.splice(this.#place(row.key), 0, row.key);
    this.rows.set(row.key, row);
  }

  delete(key: string): void {
    if (this.rows.delete(key)) this.#keys.splice(this.#place(key), 1);
  }
}
