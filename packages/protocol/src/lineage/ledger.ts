/**
 * What is known of the statements of one era that had authority in their own past ("entries"), while they are judged one
 * after the other in chronological order. An entry may still be struck by a retire that is not in its past: `resolve`
 * settles that.
 */
import type { Custody, Inbox, Leaf, PlanParts } from "../statement/index.ts";
import { addBit, type Bits, emptyBits, hasBit } from "./bits.ts";
import type { Found, LineageStatement, Node, Succeed } from "./chronology.ts";

export interface Entry {
  readonly node: Node;
  /** The leaf that signed it, by `idKey`; undefined where an admission key or a recovery key did. */
  readonly leaf: string | undefined;
  /** What gave its signer authority: root and `admit`s for a leaf, root and `plan`s for an admission key. */
  readonly origins: readonly number[];
  /** The origins, their signers' origins, and so on: everything its authority rests on. */
  readonly rests: Bits;
  /** Milliseconds from which it acts; until then it is pending. */
  readonly from: number;
  /** The leaves that it brings in, by `idKey`. */
  readonly brings: readonly string[];
  /** For a `plan`: when it may gain force. */
  readonly force: number | undefined;
  /** For a `retire`: what it never strikes. */
  readonly trusted: Bits | undefined;
}

/** Indices of the entries that brought a leaf in, that retire it, and that it signed; ascending. */
export interface LeafRecord {
  readonly origins: number[];
  readonly retires: number[];
  readonly signed: number[];
}

export interface Ledger {
  readonly nodes: readonly Node[];
  /** Index of a statement, by its key. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Index of the root: the `found`, or the `succeed` with which the era begins. */
  readonly root: number;
  /** The statements of the era: of the first all, of another its root and what has the root in its past. */
  readonly members: Bits;
  /** Leaves of the eras before, by `idKey`: they never come back. */
  readonly old: ReadonlySet<string>;
  readonly now: number;
  /** By index; undefined for what is void in its own past, held, a `succeed`, of another era, or not judged yet. */
  readonly entries: (Entry | undefined)[];
  /** Entries that can change who has authority: the root, `admit`, `retire`, `plan`. */
  readonly authority: Bits;
  readonly leaves: Map<string, LeafRecord>;
  /** By index of a retire that acts: the entries that it voids unless it is itself void. */
  readonly strikes: Map<number, Bits>;
  /** Whether any set of statements ever held more leaves than a side may have. */
  readonly crowded: { ever: boolean };
  /** Indices of entries that are plans, ascending. */
  readonly plans: number[];
  /** By index: the plans whose authority rests on it, and the plan itself. */
  readonly supports: Map<number, number[]>;
}

export function entryAt(ledger: Ledger, index: number): Entry {
  const entry = ledger.entries[index];
  if (entry === undefined) throw new Error(`statement ${index} has no entry`);
  return entry;
}

export function nodeAt(ledger: Ledger, index: number): Node {
  const node = ledger.nodes[index];
  if (node === undefined) throw new Error(`there is no statement ${index}`);
  return node;
}

export const acts = (ledger: Ledger, index: number): boolean => entryAt(ledger, index).from <= ledger.now;

/** The statements of the era that were learned before a time: each with its past. */
export function learnedBefore({ nodes, members }: Ledger, time: number): Bits {
  const out = emptyBits(nodes.length);
  for (const { index, learned } of nodes) if (learned < time && hasBit(members, index)) addBit(out, index);
  return out;
}

export interface RootParts {
  readonly leaves: readonly Leaf[];
  readonly inbox: Inbox;
  readonly custody: Custody;
  readonly plan: PlanParts;
}

/** What a `found` and a `succeed` both say. */
export function rootParts({ body, type }: Found | Succeed): RootParts {
  const { inbox, custody, plan } = body;
  return { leaves: type === "found" ? [body.leaf] : body.leaves, inbox, custody, plan };
}

/** Of a `found`, a `succeed` or a `plan`. */
export function planOf(statement: LineageStatement): { readonly plan: PlanParts; readonly custody: Custody } | undefined {
  return statement.type === "found" || statement.type === "succeed" || statement.type === "plan" ? statement.body : undefined;
}
