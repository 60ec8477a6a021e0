/** How many relationships are open: what each head says, so that heads can be compared without what they name. */
import type { Change } from "@photon/protocol/archive";
import { listState } from "../circle/state.ts";
import { circleId } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import type { Known } from "./known.ts";
import { isTrue } from "./shape.ts";

export async function openRelationships(work: Work): Promise<number> {
  let count = 0;
  const closed = new Set<string>();
  for (const { key, value } of await listState(work, "rel/")) {
    const [, id = "", what] = key.split("/");
    // In key order, "closed" comes before "record".
    if (what === "closed" && isTrue(value)) closed.add(id);
    if (what === "record" && id !== circleId && !closed.has(id)) count += 1;
  }
  return count;
}

/** Counted once a day, and when one was closed; else there are as many more as are begun. */
export async function nextCount(
  work: Work,
  { open }: Known,
  pending: readonly Change[],
  day: number,
): Promise<NonNullable<Known["open"]>> {
  const closed = pending.some(({ key }) => /^rel\/[0-9a-f]+\/closed$/u.test(key));
  if (open === undefined || open.day !== day || closed) return { count: await openRelationships(work), day };
  return { count: open.count + pending.filter(({ key }) => /^rel\/[0-9a-f]+\/record$/u.test(key)).length, day };
}
