import type { Work } from "./core.ts";

/** In an order by chance. */
export const shuffled = <T>(work: Pick<Work, "random">, items: readonly T[]): readonly T[] =>
  items
    .map((item) => ({ item, by: new DataView(work.random(8).buffer).getBigUint64(0) }))
    .toSorted((a, b) => (a.by < b.by ? -1 : 1))
    .map(({ item }) => item);
