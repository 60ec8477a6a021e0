/**
 * The complete statements of the side in the order in which this observer learned them. A statement was *learned* when it
 * and everything it builds on were here: so one that was shown early, with an ancestor kept back, gains nothing by it.
 */
import type { KnownStatement, LineageType, Statement, StatementId, UnknownStatement } from "../statement/index.ts";
import { idKey } from "../statement/index.ts";
import { addBit, addBits, type Bits, emptyBits } from "./bits.ts";
import { byId, topologicalOrder } from "./graph.ts";
import { oneFoundation } from "./rules/one-foundation.ts";
import type { FirstSeen } from "./types.ts";

export type LineageStatement = KnownStatement<LineageType> | UnknownStatement;
export type Found = KnownStatement<"found">;

export interface Node {
  /** Place in the chronology: ancestors have smaller ones. */
  readonly index: number;
  readonly key: string;
  readonly statement: LineageStatement;
  /** Milliseconds: the largest firstSeen of it and its ancestors. */
  readonly learned: number;
  readonly heads: readonly number[];
  /** Its ancestors, without itself. */
  readonly past: Bits;
}

export interface Chronology {
  readonly foundation: Found | undefined;
  readonly nodes: readonly Node[];
  /** By key: the heads that are not here or wait themselves. */
  readonly waiting: ReadonlyMap<string, readonly StatementId[]>;
  /** Statements of other sides: void, no part of the DAG, and no one waits for them. */
  readonly foreign: readonly string[];
}

const isOfLineage = (statement: Statement): statement is LineageStatement => statement.type !== "generation";

export function chronologyOf(statements: Iterable<Statement>, firstSeen: FirstSeen, now: number): Chronology {
  const seenAt = (key: string): number => firstSeen.get(key) ?? now;
  const all = [...byId(statements).values()].filter(isOfLineage);
  const foundation = oneFoundation(all, seenAt);
  const side = foundation === undefined ? undefined : idKey(foundation.side);
  const own: LineageStatement[] = [];
  const foreign = new Set<string>();
  for (const statement of all) {
    if (side === undefined || idKey(statement.side) === side) own.push(statement);
    else foreign.add(idKey(statement.id));
  }

  const complete = new Map<string, Draft>();
  const waiting = new Map<string, readonly StatementId[]>();
  for (const statement of topologicalOrder(own).filter(isOfLineage)) {
    const key = idKey(statement.id);
    const heads: Draft[] = [];
    const missing: StatementId[] = [];
    for (const head of statement.heads) {
      const headKey = idKey(head);
      const known = complete.get(headKey);
      if (known !== undefined) heads.push(known);
      else if (!foreign.has(headKey)) missing.push(head);
    }
    if (missing.length > 0) waiting.set(key, missing);
    else {
      const learned = heads.reduce((latest, head) => Math.max(latest, head.learned), seenAt(key));
      complete.set(key, { key, statement, learned, heads, index: 0 });
    }
  }
  return { foundation, nodes: placed([...complete.values()]), waiting, foreign: [...foreign] };
}

interface Draft {
  readonly key: string;
  readonly statement: LineageStatement;
  readonly learned: number;
  readonly heads: readonly Draft[];
  index: number;
}

/** By (learned, depth, id): the drafts come by (depth, id), and sorting keeps the order of equals. */
function placed(drafts: readonly Draft[]): readonly Node[] {
  const nodes: Node[] = [];
  for (const draft of drafts.toSorted((a, b) => a.learned - b.learned)) {
    draft.index = nodes.length;
    const past = emptyBits(drafts.length);
    for (const head of draft.heads) {
      const node = nodes[head.index];
      if (node === undefined) throw new Error("a statement came before its head");
      addBits(past, node.past);
      addBit(past, head.index);
    }
    const { key, statement, learned } = draft;
    nodes.push({ index: draft.index, key, statement, learned, heads: draft.heads.map((head) => head.index), past });
  }
  return nodes;
}
