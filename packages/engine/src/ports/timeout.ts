/**
 * As `AbortSignal.timeout`, and held by its timer: in Node 20 a signal that nothing but an `AbortSignal.any` knows may be collected as
 * garbage before it fires, and what was to end with it then does not. Keeps no process alive.
 */
export function timeoutSignal(milliseconds: number): AbortSignal {
  const over = new AbortController();
  keepNoProcess(setTimeout(() => over.abort(new DOMException("no answer in time", "TimeoutError")), milliseconds));
  return over.signal;
}

/** In Node a timer holds its process unless told not to; in a browser it is a number, and holds nothing. */
function keepNoProcess(timer: number | { unref?: () => void }): void {
  if (typeof timer === "object") timer.unref?.();
}
