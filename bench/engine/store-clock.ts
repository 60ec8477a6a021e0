/** A store whose own processor time is counted apart, so that what remains is the engine's. */
import { performance } from "node:perf_hooks";
import type { Store } from "@photon/engine/ports";

export interface ClockedStore extends Store {
  /** Milliseconds spent in the store since the last `reset`. The stores measured do their work before they return. */
  spent(): number;
  reset(): void;
}

export function clockedStore(inner: Store): ClockedStore {
  let spent = 0;
  const clocked = <T>(call: () => T): T => {
    const began = performance.now();
    const given = call();
    spent += performance.now() - began;
    return given;
  };
  return {
    get: (table, key) => clocked(() => inner.get(table, key)),
    list: (table, query) => clocked(() => inner.list(table, query)),
    commit: (writes, expected) => clocked(() => inner.commit(writes, expected)),
    close: () => inner.close(),
    spent: () => spent,
    reset: () => {
      spent = 0;
    },
  };
}
