/**
 * What is known of the statements that had authority in their own past ("entries"), while they are judged one after the
 * other in chronological order. An entry may still be struck by a retire that is not in its past: `resolve` settles that.
 */
import type { Bits } from "./bits.ts";
import type { Node } from "./chronology.ts";

export interface Entry {
  readonly node: Node;
  /** The leaf that signed it, by `idKey`; undefined where an admission key did. */
  readonly leaf: string | undefined;
  /** What gave its signer authority: `found` and `admit`s for a leaf, `found` and `plan`s for an admission key. */
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
  /** Index of the `found`. */
  readonly foundation: number;
  readonly now: number;
  /** By index; undefined for what is void in its own past, held, or not judged yet. */
  readonly entries: (Entry | undefined)[];
  /** Entries that can change who has authority: `found`, `admit`, `retire`, `plan`. */
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
