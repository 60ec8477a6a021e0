/**
 * As `AbortSignal.timeout`, and held by its timer: in Node 20 a signal that nothing but an `AbortSignal.any` knows may be collected as
 * garbage before it fires, and what was to end with it then does not. Keeps no process alive.
 */
export function timeoutSignal(milliseconds: number): AbortSignal {
  const over = new AbortController();
  const timer: unknown = setTimeout(() => over.abort(new DOMException("no answer in time", "TimeoutError")), milliseconds);
  // A browser's timer is a number.
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") timer.unref();
  return over.signal;
}
