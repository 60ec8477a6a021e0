/** Searching a chain of heads for the newest one that is good, without looking at all of them. Pure but for what is asked. */
import type { KeptHeads } from "@photon/protocol/archive";

/** Some of the heads that are kept, by number, oldest first; the last one is the newest. */
export interface Sample {
  readonly seqs: readonly number[];
  /** For how many days more it stays, at least; undefined for the newest. */
  left(seq: number): number | undefined;
}

/** Of the first and the last day that many: there most is begun, and most is at stake. */
const ofADay = 8;

/**
 * The newest head, the last one of each day on which some were superseded, and a few of the first such day and the last. A
 * vault may list what it likes: runs that overlap, or pass the newest, are left out.
 */
export function sampleOf({ newest, kept }: KeptHeads): Sample {
  const runs: KeptHeads["kept"][number][] = [];
  for (const run of kept.toSorted((a, b) => a.from - b.from)) {
    if (run.from > (runs.at(-1)?.to ?? -1) && run.to >= run.from && run.to < newest) runs.push(run);
  }
  const seqs = runs.flatMap(({ from, to }, at) => (at === 0 || at === runs.length - 1 ? spread(from, to) : [to]));
  return {
    seqs: [...seqs, newest],
    left: (seq) => runs.find(({ from, to }) => from <= seq && seq <= to)?.left,
  };
}

/** Both ends, and numbers between them at equal distances. */
function spread(from: number, to: number): readonly number[] {
  const steps = Math.min(ofADay, to - from);
  return Array.from({ length: steps + 1 }, (_, step) => from + Math.round((step * (to - from)) / Math.max(1, steps)));
}

/**
 * The newest good head: of the sample, and then, by halving, of those between it and the next of the sample, which is not good.
 * @returns its number; undefined where none of the sample is good.
 */
export async function newestGood(seqs: readonly number[], isGood: (seq: number) => Promise<boolean>): Promise<number | undefined> {
  for (let at = seqs.length - 1; at >= 0; at--) {
    const good = seqs[at];
    if (good !== undefined && (await isGood(good))) return lastGood(good, seqs[at + 1] ?? good + 1, isGood);
  }
  return undefined;
}

/** @param good is good; @param bad is greater, and is not. */
async function lastGood(good: number, bad: number, isGood: (seq: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [good, bad];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isGood(middle)) low = middle;
    else high = middle;
  }
  return low;
}
