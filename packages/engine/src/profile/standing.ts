/** Whether this device still belongs to its circle, as far as it can know. */
import { ownLeaf, loadCircle } from "../relationship/relationship.ts";
import { loadRecovery } from "../recovery/records.ts";
import type { Work } from "../storage/core.ts";

const row = "locked-out";

/**
 * Our inbox was moved by another of our devices, and not for us to follow. Who retires a device tells it nothing: this is
 * how it finds out.
 */
export async function markLockedOut(work: Work): Promise<void> {
  work.put("meta", row, new Uint8Array(0));
  await work.commit();
}

/** The circle could be read again: it was no more than a queue out of order. */
export async function clearLockedOut(work: Work): Promise<void> {
  if ((await work.get("meta", row)) !== undefined) work.delete("meta", row);
}

export async function isRetired(work: Work): Promise<boolean> {
  // A device that recovers its person's side has no leaf anywhere until the trustees have signed.
  if ((await loadRecovery(work))?.phase === "signing") return false;
  if ((await work.get("meta", row)) !== undefined) return true;
  return (await ownLeaf(work, await loadCircle(work)))?.live !== true;
}
