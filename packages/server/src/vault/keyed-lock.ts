/** Runs what concerns one key one at a time: a blob is never removed while it is being put. */
import { idKey } from "../ids.ts";

export interface KeyedLock {
  run<T>(key: Uint8Array, work: () => Promise<T>): Promise<T>;
}

export function keyedLock(): KeyedLock {
  const last = new Map<string, Promise<unknown>>();
  return {
    run: async (key, work) => {
      const id = idKey(key);
      const before = last.get(id) ?? Promise.resolve();
      const mine = before.then(work, work);
      last.set(id, mine);
      try {
        return await mine;
      } finally {
        if (last.get(id) === mine) last.delete(id);
      }
    },
  };
}
