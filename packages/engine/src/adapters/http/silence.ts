/**
 * Servers that let a request wait in vain. Such a one is left alone for a while, so that a pass over many queues waits for it
 * once and not for each of them.
 */

/** Milliseconds of waiting for nothing that make a server a silent one. */
const inVain = 1_000;
/** Milliseconds for which a silent server is not asked again. */
const leftAlone = 10_000;

export interface Silence {
  /** What whoever asks this server is told instead; undefined where it may be asked. */
  of(origin: string): string | undefined;
  /** @param waited milliseconds until the request was given up without an answer. */
  note(origin: string, waited: number, detail: string): void;
}

/** To be shared by what asks the same servers. */
export function makeSilence(): Silence {
  const silent = new Map<string, { readonly until: number; readonly detail: string }>();
  return {
    of: (origin) => {
      const known = silent.get(origin);
      if (known === undefined || known.until > performance.now()) return known?.detail;
      silent.delete(origin);
      return undefined;
    },
    note: (origin, waited, detail) => {
      if (waited >= inVain) silent.set(origin, { until: performance.now() + leftAlone, detail });
    },
  };
}
