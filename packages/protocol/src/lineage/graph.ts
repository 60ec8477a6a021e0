/**
 * The DAG of statements, before any rule: each statement names the heads it follows. These functions look at ids and heads
 * only, so they serve statements of any type and any standing. Statements that occur twice count once.
 */
import { compareBytes } from "../codec/index.ts";
import { idKey, type Statement, type StatementId } from "../statement/index.ts";

export interface Placed<S extends Statement = Statement> {
  readonly statement: S;
  /** `idKey` of its id, and of its heads. */
  readonly key: string;
  readonly heads: readonly string[];
  /** Length of the longest path down to a statement without known heads. */
  depth: number;
}

function byId(statements: Iterable<Statement>): ReadonlyMap<string, Statement> {
  const map = new Map<string, Statement>();
  for (const statement of statements) map.set(idKey(statement.id), statement);
  return map;
}

export const place = <S extends Statement>(statement: S, key: string): Placed<S> => ({
  statement,
  key,
  heads: statement.heads.map((head) => idKey(head)),
  depth: 0,
});

/** Sets the depths of distinct statements, and sorts them by (depth, id). */
export function inOrder<S extends Statement>(all: readonly Placed<S>[]): readonly Placed<S>[] {
  const placed = new Map(all.map((one) => [one.key, one]));
  const followers = new Map<string, Placed<S>[]>();
  const open = new Map<string, number>();
  const ready: Placed<S>[] = [];
  for (const one of all) {
    const known = new Set(one.heads.filter((head) => placed.has(head)));
    for (const head of known) {
      const list = followers.get(head);
      if (list === undefined) followers.set(head, [one]);
      else list.push(one);
    }
    open.set(one.key, known.size);
    if (known.size === 0) ready.push(one);
  }
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    for (const follower of followers.get(next.key) ?? []) {
      follower.depth = Math.max(follower.depth, next.depth + 1);
      const left = (open.get(follower.key) ?? 0) - 1;
      open.set(follower.key, left);
      if (left === 0) ready.push(follower);
    }
  }
  return all.toSorted((a, b) => a.depth - b.depth || (a.key < b.key ? -1 : 1));
}

/**
 * By (depth, id): each statement after all of its ancestors, and one order for one set. Heads that are not here are passed
 * over, so a statement that waits is in it too.
 */
export function topologicalOrder(statements: Iterable<Statement>): readonly Statement[] {
  return inOrder([...byId(statements)].map(([key, statement]) => place(statement, key))).map((one) => one.statement);
}

/** The `idKey`s of all statements here that are at or before one of `heads`. Ids that are not here are ignored. */
export function ancestors(statements: Iterable<Statement>, heads: Iterable<StatementId>): ReadonlySet<string> {
  const known = byId(statements);
  const found = new Set<string>();
  const todo = [...heads];
  for (let head = todo.pop(); head !== undefined; head = todo.pop()) {
    const key = idKey(head);
    const statement = known.get(key);
    if (statement === undefined || found.has(key)) continue;
    found.add(key);
    todo.push(...statement.heads);
  }
  return found;
}

/** Ids that are named as heads and are not here: what to ask the peer for. Sorted by their bytes. */
export function missingHeads(statements: Iterable<Statement>): readonly StatementId[] {
  const known = byId(statements);
  const missing = new Map<string, StatementId>();
  for (const statement of known.values()) {
    for (const head of statement.heads) {
      const key = idKey(head);
      if (!known.has(key)) missing.set(key, head);
    }
  }
  return [...missing.values()].toSorted(compareBytes);
}

/** What a peer that names `heads` lacks, each after its ancestors. Heads that are not here are ignored. */
export function statementsSince(statements: Iterable<Statement>, heads: Iterable<StatementId>): readonly Statement[] {
  const ordered = topologicalOrder(statements);
  const held = ancestors(ordered, heads);
  return ordered.filter((statement) => !held.has(idKey(statement.id)));
}
