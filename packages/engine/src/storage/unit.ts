/**
 * A unit of work: reads see its own writes, and everything it wrote becomes durable in one commit or not at all. So a
 * ratchet, the message it opened and the cursor behind it move together (spec/09-engine.md, "One commit").
 */
import type { Bytes } from "@photon/protocol/codec";
import { type Expectation, type Store, StoreFailure, type Table, type Write } from "../ports/index.ts";

export interface StoredRow {
  readonly key: string;
  readonly value: Bytes;
}

export class Unit {
  readonly #store: Store;
  /** By `table\0key`; in order of first write. Undefined stands for a deletion. */
  readonly #writes = new Map<string, Write>();
  readonly #versions = new Map<string, Expectation>();
  readonly #afterCommit: (() => void)[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  async get(table: Table, key: string): Promise<Bytes | undefined> {
    const at = `${table}\0${key}`;
    const written = this.#writes.get(at);
    if (written !== undefined) return written.value;
    const row = await this.#store.get(table, key);
    this.#versions.set(at, { table, key, version: row?.version ?? 0 });
    return row?.value;
  }

  /** Rows whose key begins with `prefix`, in key order. */
  async list(table: Table, prefix = ""): Promise<readonly StoredRow[]> {
    const stored = await this.#store.list(table, { prefix });
    const rows = new Map(stored.map((row) => [row.key, row.value]));
    let changed = false;
    for (const write of this.#writes.values()) {
      if (write.table !== table || !write.key.startsWith(prefix)) continue;
      changed = true;
      if (write.value === undefined) rows.delete(write.key);
      else rows.set(write.key, write.value);
    }
    const all = [...rows].map(([key, value]) => ({ key, value }));
    // Our keys are ASCII, so that UTF-16 and UTF-8 order agree.
    return changed ? all.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) : all;
  }

  put(table: Table, key: string, value: Bytes): void {
    this.#write({ table, key, value });
  }

  delete(table: Table, key: string): void {
    this.#write({ table, key, value: undefined });
  }

  #write(write: Write): void {
    const at = `${write.table}\0${write.key}`;
    this.#writes.delete(at);
    this.#writes.set(at, write);
  }

  /** Runs once the commit is durable. */
  afterCommit(action: () => void): void {
    this.#afterCommit.push(action);
  }

  /** Makes everything so far durable and goes on as a fresh unit. Throws `StoreFailure`, with nothing written. */
  async commit(): Promise<void> {
    if (this.#writes.size > 0) {
      const expected = [...this.#versions.entries()].filter(([at]) => this.#writes.has(at)).map(([, expectation]) => expectation);
      const outcome = await this.#store.commit([...this.#writes.values()], expected);
      if (!outcome.ok) throw new StoreFailure(outcome.error);
    }
    this.#writes.clear();
    this.#versions.clear();
    for (const action of this.#afterCommit.splice(0)) action();
  }
}
