/** Walks all queues in their own order, one bounded step at a time, and lets what is past its days go. */
import type { RelayStore } from "./store.ts";

/** Queues looked at before others get their turn. */
const walkStep = 200;

export interface SweepReport {
  /** Age in days of the oldest entry left, 0 when there is none. */
  readonly oldestEntryDays: number;
}

/** @param stopped asked between steps. Undefined when it did not finish, or the clock is not believed. */
export async function sweepRelay(store: RelayStore, stopped: () => boolean): Promise<SweepReport | undefined> {
  const today = store.clock.today();
  if (store.clock.suspect()) return undefined;
  const saved = await store.committer.submit({ kind: "new-day", day: today });
  if (saved.kind === "failed") return undefined;
  let oldest = today;
  let after: Uint8Array = new Uint8Array(0);
  for (;;) {
    const ids = await store.queueIds(after, walkStep);
    for (const receiveId of ids) {
      for (let more = true; more;) {
        if (stopped()) return undefined;
        const result = await store.committer.submit({ kind: "sweep-queue", receiveId });
        if (result.kind === "failed" || result.value.kind !== "swept") return undefined;
        more = result.value.more;
        oldest = Math.min(oldest, result.value.oldestDay ?? today);
      }
    }
    const last = ids.at(-1);
    if (last === undefined) break;
    after = last;
  }
  for (let more = true; more;) {
    if (stopped()) return undefined;
    const result = await store.committer.submit({ kind: "sweep-drops" });
    if (result.kind === "failed" || result.value.kind !== "swept") return undefined;
    more = result.value.more;
  }
  return { oldestEntryDays: today - oldest };
}
