import { maxLeaves } from "../../statement/index.ts";

interface Arrival {
  readonly index: number;
  readonly leaves: readonly string[];
}

/**
 * A side has at most ten leaves that are live or frozen: the `admit`s learned first stand, and one that would bring in an
 * eleventh is void as a whole.
 *
 * @param arrivals what brings leaves in, in chronological order, with the leaves of it that are live or frozen.
 * @returns the indices that are void.
 */
export function atMostTenLeaves(arrivals: readonly Arrival[]): readonly number[] {
  const present = new Set<string>();
  const beyond: number[] = [];
  for (const { index, leaves } of arrivals) {
    const added = leaves.filter((leaf) => !present.has(leaf));
    if (present.size + added.length > maxLeaves) beyond.push(index);
    else for (const leaf of added) present.add(leaf);
  }
  return beyond;
}
