import { idKey, type Leaf } from "../../statement/index.ts";

/**
 * When a succession counts, every leaf of the old side is retired, and comes back by nothing: a device joins again only by
 * an `admit` of the new side, under a new leaf.
 *
 * @param old the leaves of the eras before.
 * @returns those of `leaves` that may come in, by `idKey`, each once.
 */
export function oldLeavesRetire(leaves: readonly Leaf[], old: ReadonlySet<string>): readonly string[] {
  return [...new Set(leaves.map((leaf) => idKey(leaf.id)))].filter((leaf) => !old.has(leaf));
}
