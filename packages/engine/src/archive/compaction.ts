/**
 * Which segments a new one swallows. The chain's tail is merged so that each segment which can still be merged is more than
 * twice as long as all that was written after it: as many as the logarithm of a blob's size, and a change is rewritten as
 * often as that, at most (O'Neil et al., "The Log-Structured Merge-Tree", 1996, with a growth of two).
 */
import { maxBlob } from "@photon/protocol/archive";

/** From here on a segment is left alone: merging it would fill another blob for little. */
export const fullSegment = (maxBlob * 3) / 4;

/**
 * @param sizes of the segments in order, in bytes; undefined for one whose content is not at hand.
 * @param incoming size of the new one.
 * @returns how many segments of the end it swallows.
 */
export function swallowed(sizes: readonly (number | undefined)[], incoming: number): number {
  let run = incoming;
  let count = 0;
  for (const size of sizes.toReversed()) {
    if (size === undefined || size >= fullSegment || size > 2 * run) break;
    run += size;
    count += 1;
  }
  return count;
}
