/** A retire that joins a dispute later than this after the dispute's first retire was learned is evidence only. */
export const rivalWindow = 72 * 60 * 60 * 1000;

/** A retire that is undecided, and the first-learned undecided retire that bears on it, which may be itself. */
export interface Disputed {
  readonly index: number;
  readonly learned: number;
  readonly first: { readonly index: number; readonly learned: number };
}

/**
 * Leaves that retire each other, in any cycle, are all frozen, with the leaves that they name besides; but a retire
 * learned more than 72 h after the first of its dispute is evidence only.
 *
 * The latest go first, and the rest is settled anew before more are taken out: so one that comes too late leaves
 * everything as it was without it.
 *
 * @returns those to take out now, each with the first of its dispute; empty where the dispute freezes.
 */
export function retireCyclesFreeze(disputed: readonly Disputed[]): ReadonlyMap<number, number> {
  const late = disputed.filter(({ learned, first }) => learned > first.learned + rivalWindow);
  const latest = late.reduce((most, { learned }) => Math.max(most, learned), Number.NEGATIVE_INFINITY);
  return new Map(late.filter(({ learned }) => learned === latest).map(({ index, first }) => [index, first.index] as const));
}
