/**
 * The complete statements of the side in the order in which this observer learned them. A statement was *learned* when it
 * and everything it builds on were here: so one that was shown early, with an ancestor kept back, gains nothing by it.
 */
import type { KnownStatement, LineageType, Statement, StatementId, UnknownStatement } from "../statement/index.ts";
import { idKey } from "../statement/index.ts";
import { equalBytes } from "../codec/index.ts";
import { addBit, addBits, type Bits, emptyBits } from "./bits.ts";
import { inOrder, place, type Placed } from "./graph.ts";
import { oneFoundation } from "./rules/one-foundation.ts";
import type { FirstSeen } from "./types.ts";

export type LineageStatement = KnownStatement<LineageType> | UnknownStatement;
export type Found = KnownStatement<"found">;
export type Succeed = KnownStatement<"succeed">;

export interface Node {
  /** Place in the chronology: ancestors have smaller ones. */
  readonly index: number;
  readonly key: string;
  readonly statement: LineageStatement;
  /** `idKey` of the signer. */
  readonly signer: string;
  /** Milliseconds: the largest firstSeen of it and its ancestors. */
  readonly learned: number;
  readonly heads: readonly number[];
  /** Its ancestors, without itself. */
  readonly past: Bits;
}

export interface Chronology {
  readonly foundation: Found | undefined;
  readonly nodes: readonly Node[];
  /** Index of a statement, by its key. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** By key: the heads that are not here or wait themselves. */
  readonly waiting: ReadonlyMap<string, readonly StatementId[]>;
  /** Statements of other sides: void, no part of the DAG, and no one waits for them. */
  readonly foreign: readonly string[];
}

const isOfLineage = (statement: Statement): statement is LineageStatement => statement.type !== "generation";

export function chronologyOf(statements: Iterable<Statement>, firstSeen: FirstSeen, now: number): Chronology {
  const seenAt = (key: string): number => firstSeen.get(key) ?? now;
  const all = new Map<string, LineageStatement>();
  for (const statement of statements) if (isOfLineage(statement)) all.set(idKey(statement.id), statement);
  const foundation = oneFoundation(all, seenAt);
  const own: Placed<LineageStatement>[] = [];
  const foreign = new Set<string>();
  for (const [key, statement] of all) {
    if (foundation === undefined || equalBytes(statement.side, foundation.side)) own.push(place(statement, key));
    else foreign.add(key);
  }

  const complete = new Map<string, Draft>();
  const waiting = new Map<string, readonly StatementId[]>();
  for (const placed of inOrder(own)) {
    const { key, statement } = placed;
    const heads = placed.heads.map((head) => complete.get(head)).filter((head) => head !== undefined);
    const missing = statement.heads.filter((_, at) => {
      const head = placed.heads[at] ?? "";
      return !complete.has(head) && !foreign.has(head);
    });
    if (missing.length > 0) waiting.set(key, missing);
    else {
      const learned = heads.reduce((latest, head) => Math.max(latest, head.learned), seenAt(key));
      complete.set(key, { key, statement, learned, heads, index: 0 });
    }
  }
  const nodes = nodesOf([...complete.values()]);
  return { foundation, nodes, indexOf: new Map(nodes.map((node) => [node.key, node.index])), waiting, foreign: [...foreign] };
}

interface Draft {
  readonly key: string;
  readonly statement: LineageStatement;
  readonly learned: number;
  readonly heads: readonly Draft[];
  index: number;
}

/** By (learned, depth, id): the drafts come by (depth, id), and sorting keeps the order of equals. */
function nodesOf(drafts: readonly Draft[]): readonly Node[] {
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
    const signer = idKey(statement.signer);
    nodes.push({ index: draft.index, key, statement, signer, learned, heads: draft.heads.map((head) => head.index), past });
  }
  return nodes;
}
