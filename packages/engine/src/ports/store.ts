import type { Bytes, Result } from "@photon/protocol/codec";

/** The tables of a profile. Keys are opaque text; a table is ordered by its keys' UTF-8 bytes. */
export const tables = [
  "meta",
  "statement",
  "generation",
  "relationship",
  "message",
  "outbox",
  "cursor",
  "delivered",
  "pending",
  "change",
  "state",
  "secret",
  "duty",
] as const;
export type Table = (typeof tables)[number];

export interface Row {
  readonly key: string;
  readonly value: Bytes;
  /** 1 when first written, one more at each write. */
  readonly version: number;
}

export interface Write {
  readonly table: Table;
  readonly key: string;
  /** Undefined deletes the row. */
  readonly value: Bytes | undefined;
}

/** The row must be at this version when the batch commits; 0 for "absent". */
export interface Expectation {
  readonly table: Table;
  readonly key: string;
  readonly version: number;
}

export interface ListQuery {
  readonly prefix?: string;
  /** Only keys greater than this one (or, in reverse, less). */
  readonly after?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

export type StoreError =
  | { readonly code: "version-conflict"; readonly table: Table; readonly key: string }
  | { readonly code: "store-full"; readonly detail: string }
  | { readonly code: "store-corrupt"; readonly detail: string }
  | { readonly code: "store-format"; readonly found: number; readonly supported: number };

/**
 * Durable, ordered, versioned rows. No transaction callbacks: SQLite is synchronous, cryptography is not, and IndexedDB
 * commits on its own.
 */
export interface Store {
  get(table: Table, key: string): Promise<Row | undefined>;
  list(table: Table, query?: ListQuery): Promise<readonly Row[]>;
  /**
   * All or nothing, durable when it resolves. If an expectation fails nothing is written. Keys are written in order;
   * a key that occurs twice in one batch keeps its last value.
   */
  commit(writes: readonly Write[], expected?: readonly Expectation[]): Promise<Result<void, StoreError>>;
  close(): Promise<void>;
}
