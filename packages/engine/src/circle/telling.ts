/** Telling the other devices what changed in the replicated state. */
import type { Change } from "@photon/protocol/archive";
import { encodeBody, maxContentBody } from "@photon/protocol/queue";
import { newContent } from "../conversation/content.ts";
import { post } from "../conversation/post.ts";
import { loadCircle } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { liveSiblings } from "./devices.ts";
import { pendingChanges, settleChanges } from "./state.ts";

/** Changes in one message: well below what a body may hold. */
const maxChanges = 500;
const maxBytes = maxContentBody - 8 * 1024;
/** Bytes of changes that are in memory, and told in one commit. */
const atOnce = 1024 * 1024;

/** Without siblings there is nobody to tell: a device that comes later restores the archive. */
export async function tellCircle(work: Work): Promise<void> {
  const hasSiblings = (await liveSiblings(work)).length > 0;
  for (;;) {
    const changes = await pendingChanges(work, "c", atOnce);
    if (changes.length === 0) return;
    const circle = await loadCircle(work);
    for (const some of hasSiblings ? batches(changes) : []) {
      if (!(await post(work, circle, await newContent(work, circle, "change", encodeBody("change", some))))) return;
    }
    await settleChanges(work, "c", changes);
    await work.commit();
  }
}

function* batches(changes: readonly Change[]): Generator<readonly Change[]> {
  let batch: Change[] = [];
  let size = 0;
  for (const change of changes) {
    const length = change.key.length + (change.value?.length ?? 0) + 64;
    if (batch.length > 0 && (size + length > maxBytes || batch.length >= maxChanges)) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(change);
    size += length;
  }
  if (batch.length > 0) yield batch;
}
