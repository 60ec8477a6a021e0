/** A store whose own processor time is counted apart, so that what remains is the engine's. */
import { performance } from "node:perf_hooks";
import type { Store } from "@photon/engine/ports";

export interface ClockedStore extends Store {
  /** Milliseconds spent in the store so far. The stores measured do their work before they return. */
  spent(): number;
}

/**
 * A call that takes longer, in ms, was interrupted, by another program or by the collection of garbage. Such a call counts for
 * nothing, so that what is left for the engine is too much rather than too little.
 */
const interrupted = 0.5;

export function clockedStore(inner: Store): ClockedStore {
  let spent = 0;
  const clocked = <T>(call: () => T): T => {
    const began = performance.now();
    const given = call();
    const took = performance.now() - began;
    if (took < interrupted) spent += took;
    return given;
  };
  return {
    get: (table, key) => clocked(() => inner.get(table, key)),
    list: (table, query) => clocked(() => inner.list(table, query)),
    commit: (writes, expected) => clocked(() => inner.commit(writes, expected)),
    close: () => inner.close(),
    spent: () => spent,
  };
}
