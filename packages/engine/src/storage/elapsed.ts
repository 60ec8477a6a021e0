/**
 * Times that this device wrote down, under a clock that may have been wrong: what was noted while the clock was years ahead must
 * not keep the device waiting for years once it is right.
 */

/** A clock that is put right by less than this was not wrong. */
const jitter = 5 * 60 * 1000;

/** Milliseconds since `then`; a time in the future counts as infinitely long ago. */
export function elapsed(then: number, now: number): number {
  return then > now + jitter ? Number.POSITIVE_INFINITY : Math.max(0, now - then);
}

/** Whether something is due that was put off until `at`. @param longest the most that such things are put off, in ms. */
export function isDue(at: number, now: number, longest: number): boolean {
  return at <= now || at > now + longest + jitter;
}
