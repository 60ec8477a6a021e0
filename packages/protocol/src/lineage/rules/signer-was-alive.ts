import { addBit, emptyBits, hasBit } from "../bits.ts";
import type { Node } from "../chronology.ts";
import { acts, entryAt, type Ledger, nodeAt, planOf } from "../ledger.ts";
import { leafWithin } from "../present.ts";
import type { Resolution } from "../resolution.ts";
import { resolve } from "../resolve.ts";
import type { RuleName } from "../types.ts";
import type { SignedAs } from "./authority-order.ts";
import { listsKey, planAt, planHistory, type PlanInForce } from "./plan-matures.ts";

export interface Authority {
  readonly as: SignedAs;
  /** What gave it: see `Entry.origins`. */
  readonly origins: readonly number[];
  /** Milliseconds from which it may be used. */
  readonly from: number;
}

export type Alive =
  | { readonly kind: "alive"; readonly authority: Authority }
  | { readonly kind: "void"; readonly rule: RuleName; readonly because: number | undefined };

/**
 * A statement counts only if its signer had authority in the statement's own past: a leaf that was live there, or an
 * admission key that was in force there.
 */
export function signerWasAlive(node: Node, view: Resolution): Alive {
  const leaf = node.signer;
  const standing = leafWithin(view, leaf);
  switch (standing.status) {
    case "live":
      return { kind: "alive", authority: { as: "leaf", ...originsOfLeaf(view, leaf) } };
    case "pending":
      return { kind: "alive", authority: { as: "leaf", ...originsOfLeaf(view, leaf) } };
    case "retired":
    case "frozen":
      return keyWasInForce(node, view) ?? { kind: "void", rule: "signerWasAlive", because: standing.retiredBy };
    case "unknown":
      return keyWasInForce(node, view) ?? { kind: "void", rule: "signerWasAlive", because: undefined };
  }
}

/** Those that act, where one of them does: an origin that acts later then adds nothing. */
function originsOfLeaf({ ledger, within, labelOf }: Resolution, leaf: string): { origins: readonly number[]; from: number } {
  const all = (ledger.leaves.get(leaf)?.origins ?? []).filter((index) => hasBit(within, index) && labelOf(index) !== "out");
  const acting = all.filter((index) => acts(ledger, index));
  if (acting.length > 0) return { origins: acting, from: Number.NEGATIVE_INFINITY };
  return { origins: all, from: Math.min(...all.map((index) => entryAt(ledger, index).from)) };
}

/** Undefined where it never was an admission key of this side. */
function keyWasInForce(node: Node, view: Resolution): Alive | undefined {
  const { ledger, within, labelOf } = view;
  const { signer } = node.statement;
  const origins = [ledger.root, ...ledger.plans].filter((index) => {
    const parts = planOf(nodeAt(ledger, index).statement)?.plan;
    return parts !== undefined && hasBit(within, index) && labelOf(index) !== "out" && listsKey(parts, signer);
  });
  if (origins.length === 0) return undefined;
  const { chain } = planHistory(view);
  const from = inForceFrom(chain, signer, node.learned);
  if (from === undefined) return { kind: "void", rule: "planMatures", because: chain.at(-1)?.by };
  const ender = endedBefore(ledger, node);
  if (ender !== undefined) return { kind: "void", rule: "planMatures", because: ender };
  return { kind: "alive", authority: { as: "admission-key", origins, from } };
}

/** The first moment since `learned` at which the chain has the key, or undefined if there is none. */
function inForceFrom(chain: readonly PlanInForce[], key: Uint8Array, learned: number): number | undefined {
  for (const [at, plan] of chain.entries()) {
    const end = chain[at + 1]?.from ?? Number.POSITIVE_INFINITY;
    if (end > learned && listsKey(plan.parts, key)) return Math.max(learned, plan.from);
  }
  return undefined;
}

/**
 * The plan outside the statement's past that had already taken the key out of force when the observer learned the
 * statement, if there is one: a key that was replaced gains nothing by signing as of before.
 */
function endedBefore(ledger: Ledger, node: Node): number | undefined {
  const isRival = (index: number): boolean => {
    const { force } = entryAt(ledger, index);
    return force !== undefined && force < node.learned && !hasBit(node.past, index);
  };
  if (!ledger.plans.some(isRival)) return undefined;
  const earlier = emptyBits(ledger.nodes.length);
  for (const { index, learned } of ledger.nodes) {
    if (learned < node.learned && hasBit(ledger.authority, index)) addBit(earlier, index);
  }
  const current = planAt(planHistory(resolve(ledger, earlier)).chain, node.learned);
  if (current === undefined || hasBit(node.past, current.by) || listsKey(current.parts, node.statement.signer)) return undefined;
  return current.by;
}
