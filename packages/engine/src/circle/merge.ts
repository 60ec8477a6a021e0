/** Merging what other devices and the archive say into the replicated state (spec/10-circle.md). */
import { compareBytes, compareHlc } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/queue";
import type { LeafId } from "@photon/protocol/statement";
import type { Work } from "../storage/core.ts";
import { isQuarantined, mayMerge, type Origin } from "./entry.ts";
import { type Entry, entrySchema, firstSeenOf, markPending, type Policy, policyOf, storeEntry } from "./state.ts";

const nothing = new Uint8Array(0);

/**
 * Merges changes from another device or from the archive. Any order, any number of times, gives one state. An entry that
 * does not fit, or that its writer has no right to, is left aside.
 * @param sender the leaf of the circle by which they came.
 * @returns the keys that changed.
 */
export async function mergeState(
  work: Work,
  changes: readonly Change[],
  from: "circle" | "archive",
  sender?: LeafId,
): Promise<readonly string[]> {
  const changed: string[] = [];
  const origin: Origin = from === "archive" ? { from } : { from, sender };
  for (const change of changes) {
    if (!(await mayMerge(work, change, origin))) continue;
    const current = await work.read("state", change.key, entrySchema);
    const policy = policyOf(change.key);
    const order = current === undefined ? 1 : compareEntries(policy, change, current);
    if (from === "archive" && order === 0) work.delete("change", `a/${change.key}`);
    if (order <= 0) continue;
    // Messages carry their senders' times, by the relationship's own clock.
    if (policy.circle) await work.observe(change.hlc);
    storeEntry(work, change.key, { hlc: change.hlc, ...(change.value === undefined ? {} : { value: change.value }) });
    // What came from the archive is there already; and the device that told the circle told all of it.
    work.delete("change", `c/${change.key}`);
    if (from === "circle") markPending(work, change.key, { circle: false, archive: policy.archive });
    else work.delete("change", `a/${change.key}`);
    changed.push(change.key);
  }
  return changed;
}

function compareEntries(policy: Policy, a: Entry, b: Entry): number {
  if (policy.merge === "earliest") {
    const difference = firstSeenOf(b) - firstSeenOf(a);
    if (difference !== 0) return difference;
  }
  const byTime = compareHlc(a.hlc, b.hlc);
  if (byTime !== 0) return byTime;
  if (policy.merge === "genuine") {
    const difference = Number(isQuarantined(b.value)) - Number(isQuarantined(a.value));
    if (difference !== 0) return difference;
  }
  return compareBytes(a.value ?? nothing, b.value ?? nothing);
}
