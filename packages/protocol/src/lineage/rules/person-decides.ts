import type { Decisions } from "../types.ts";

interface Decidable {
  /** By `idKey`. */
  readonly key: string;
  /** Whether it opens a commitment of a plan in its own past, whatever became of that plan. */
  readonly acceptable: boolean;
}

/**
 * What the observer's person says about a succession decides: one that they refuse is void; one that they accept counts
 * from when it was learned, whatever contests, rivals, waits or outranks it, and the others of its epoch are void.
 *
 * @param all of one epoch, in chronological order: of several that were accepted the first counts.
 */
export function personDecides<D extends Decidable>(
  all: readonly D[],
  decisions: Decisions,
): { readonly accepted: D | undefined; readonly refused: ReadonlySet<D> } {
  return {
    accepted: all.find(({ key, acceptable }) => acceptable && decisions.get(key) === "accept"),
    refused: new Set(all.filter(({ key }) => decisions.get(key) === "refuse")),
  };
}
