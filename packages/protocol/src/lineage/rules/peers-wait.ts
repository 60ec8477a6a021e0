interface Wait {
  /** Milliseconds: when the observer knew the succession and the plan that it opens. */
  readonly known: number;
  /** Milliseconds, from the salt. */
  readonly delay: number;
  readonly notBefore: number;
  /** From when the plan that it opens decides. */
  readonly planFrom: number;
  /** From when the succession counts on which its era rests. */
  readonly eraFrom: number;
}

/**
 * A succession counts when the delay of its plan has run once more, on the observer's own clock, since the observer learned
 * it; not before its `notBefore`, nor before the plan that it opens decides.
 *
 * Its expiry is the trustees': a peer who was away for a year still accepts what they signed in time.
 *
 * @returns when it is due, in milliseconds.
 */
export const peersWait = ({ known, delay, notBefore, planFrom, eraFrom }: Wait): number =>
  Math.max(known + delay, notBefore, planFrom, eraFrom);
