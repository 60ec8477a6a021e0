import { compareBytes } from "../codec/index.ts";
import { idKey, type LeafId } from "../statement/index.ts";
import type { LeafState, LineageState } from "./types.ts";

/** The leaves that may act now, sorted by the bytes of their ids. */
export function liveLeaves(state: LineageState): LeafState[] {
  return [...state.leaves.values()].filter((leaf) => leaf.status === "live").toSorted((a, b) => compareBytes(a.leaf.id, b.leaf.id));
}

/**
 * Whether `members` are exactly the live leaves of the given sides: two of them in a relationship, one in a circle. False
 * if one is named twice.
 */
export function isMemberSet(states: LineageState | readonly LineageState[], members: readonly LeafId[]): boolean {
  const sides: readonly LineageState[] = "leaves" in states ? [states] : states;
  const live = sides.flatMap((state) => liveLeaves(state).map((leaf) => idKey(leaf.leaf.id)));
  const named = new Set(members.map((member) => idKey(member)));
  return named.size === members.length && named.size === live.length && live.every((leaf) => named.has(leaf));
}
