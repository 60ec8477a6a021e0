export interface Rival {
  readonly index: number;
  readonly threshold: number;
  /** By `idKey`. */
  readonly request: string;
}

/**
 * Of successions of one epoch that were learned before any of them counted, each that differs from another is contested,
 * except what the second key signed for the one request that it signed for.
 *
 * What both keys signed for one request does not differ in this sense: the one is the escalation of the other.
 *
 * @param all in chronological order.
 * @returns the first rival by which `one` is contested, if there is one.
 */
export function rivalsAreContested<R extends Rival>(one: R, all: readonly R[]): R | undefined {
  return all.find((other) => {
    if (other.index === one.index || other.threshold < one.threshold) return false;
    return other.request !== one.request || (one.threshold === 0 && other.threshold === 0);
  });
}
