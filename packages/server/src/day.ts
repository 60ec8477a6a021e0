/**
 * The only time that servers store: days since 1970-01-01 UTC. A clock that jumps must not destroy what was acknowledged, so
 * the day never runs backwards, and one that leaps ahead by years is not believed.
 */
const dayLength = 86_400_000;
/** Longest stretch in days that a server may plausibly have been switched off. */
export const longestLeap = 1_000;

export const dayOf = (milliseconds: number): number => Math.floor(milliseconds / dayLength);

export interface DayClock {
  /** Today, or the last day that was believed. */
  today(): number;
  /** The clock now says a day that is not believed: nothing expires until it is right again. */
  suspect(): boolean;
}

/** @param last the last day that was stored; undefined for a new store. */
export function dayClock(now: () => number, last: number | undefined): DayClock {
  let known = last ?? dayOf(now());
  const believable = (day: number): boolean => day >= known && day <= known + longestLeap;
  return {
    today: () => {
      const day = dayOf(now());
      if (believable(day)) known = day;
      return known;
    },
    // A clock set back a little around midnight is no news.
    suspect: () => !believable(dayOf(now())) && dayOf(now()) !== known - 1,
  };
}
