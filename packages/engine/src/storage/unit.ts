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

/** A write whose bytes are made when they are first needed: what is written many times in one unit is encoded once. */
interface LateWrite extends Omit<Write, "value"> {
  readonly make: () => Bytes;
}

/** Our keys are ASCII, so that UTF-16 and UTF-8 order agree. */
const inOrder = (rows: readonly StoredRow[]): readonly StoredRow[] =>
  rows.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));

export class Unit {
  readonly #store: Store;
  /** By `table\0key`; in order of last write. Undefined stands for a deletion. */
  readonly #writes = new Map<string, Write | LateWrite>();
  readonly #versions = new Map<string, Expectation>();
  readonly #afterCommit: (() => void)[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  async get(table: Table, key: string): Promise<Bytes | undefined> {
    const at = `${table}\0${key}`;
    if (this.#writes.has(at)) return this.#written(at)?.value;
    const row = await this.#store.get(table, key);
    this.#versions.set(at, { table, key, version: row?.version ?? 0 });
    return row?.value;
  }

  /** Rows whose key begins with `prefix`, in key order. */
  async list(table: Table, prefix = ""): Promise<readonly StoredRow[]> {
    const stored = await this.#store.list(table, { prefix });
    const rows = new Map(stored.map((row) => [row.key, row.value]));
    let changed = false;
    for (const [at, { table: where, key }] of this.#writes) {
      if (where !== table || !key.startsWith(prefix)) continue;
      changed = true;
      const value = this.#written(at)?.value;
      if (value === undefined) rows.delete(key);
      else rows.set(key, value);
    }
    const all = [...rows].map(([key, value]) => ({ key, value }));
    return changed ? inOrder(all) : all;
  }

  /** The first `limit` rows whose key begins with `prefix` and is greater than `after`, in key order. */
  async page(table: Table, prefix: string, after: string, limit: number): Promise<readonly StoredRow[]> {
    const rows = new Map<string, Bytes>();
    for (let at = after; rows.size < limit;) {
      const stored = await this.#store.list(table, { prefix, limit, ...(at === "" ? {} : { after: at }) });
      for (const { key, value } of stored) if (!this.#writes.has(`${table}\0${key}`)) rows.set(key, value);
      const last = stored.at(-1);
      if (stored.length < limit || last === undefined) break;
      at = last.key;
    }
    for (const [at, { table: where, key }] of this.#writes) {
      if (where !== table || !key.startsWith(prefix) || key <= after) continue;
      const value = this.#written(at)?.value;
      if (value !== undefined) rows.set(key, value);
    }
    return inOrder([...rows].map(([key, value]) => ({ key, value }))).slice(0, limit);
  }

  put(table: Table, key: string, value: Bytes): void {
    this.#write({ table, key, value });
  }

  /** @param make gives the same bytes whenever it is called; it is called at most once. */
  putLate(table: Table, key: string, make: () => Bytes): void {
    this.#write({ table, key, make });
  }

  delete(table: Table, key: string): void {
    this.#write({ table, key, value: undefined });
  }

  #written(at: string): Write | undefined {
    const write = this.#writes.get(at);
    if (write === undefined || !("make" in write)) return write;
    const made = { table: write.table, key: write.key, value: write.make() };
    this.#writes.set(at, made);
    return made;
  }

  #write(write: Write | LateWrite): void {
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
      const writes = [...this.#writes.keys()].flatMap((at) => this.#written(at) ?? []);
      const outcome = await this.#store.commit(writes, expected);
      if (!outcome.ok) throw new StoreFailure(outcome.error);
    }
    this.#writes.clear();
    this.#versions.clear();
    for (const action of this.#afterCommit.splice(0)) action();
  }
}
