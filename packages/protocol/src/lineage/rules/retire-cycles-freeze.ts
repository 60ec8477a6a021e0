/** A rival retire that the observer learned later than this after the first of its cycle is evidence only. */
export const rivalWindow = 72 * 60 * 60 * 1000;

interface Disputed {
  readonly index: number;
  readonly learned: number;
  readonly isRetire: boolean;
}

/**
 * Leaves that retire each other, in any cycle, are all frozen, but for rivals learned more than 72 h after the cycle's
 * first retire: those count for nothing, and the rest is settled anew.
 *
 * @param cycle the statements of one cycle that no undecided statement outside it bears on.
 * @returns the late rivals, each with the first retire of the cycle; empty where the cycle freezes.
 */
export function retireCyclesFreeze(cycle: readonly Disputed[]): ReadonlyMap<number, number> {
  const retires = cycle.filter((one) => one.isRetire).toSorted((a, b) => a.learned - b.learned || a.index - b.index);
  const first = retires[0];
  if (first === undefined) return new Map();
  return new Map(
    retires.filter((one) => one.learned > first.learned + rivalWindow).map((one) => [one.index, first.index] as const),
  );
}
