/**
 * What the circle says must hold in every relationship: no live leaf of a retired device, a leaf of every live device.
 * Run after a device came or went, and once a day by every device, so that what another one began is finished.
 */
import { liveLeaves } from "@photon/protocol/lineage";
import { idKey } from "@photon/protocol/statement";
import { found } from "../conversation/founding.ts";
import { leavesOfDevices, type RetireReason, retireLeaves } from "./retirement.ts";
import { circleId } from "../relationship/records.ts";
import { loadCircle, loadRelationship, ownLeaf, relationshipIds } from "../relationship/relationship.ts";
import { announceToOwn, announceToPeer } from "../relationship/speaking.ts";
import { admitSiblings, leafDevices } from "../relationship/side.ts";
import type { Work } from "../storage/core.ts";
import { circleDevices, liveSiblings, offerSpares, sparesLeft } from "./devices.ts";

export const spareTarget = 8;
const spareRefill = 4;

export interface Reconciled {
  /** Relationships in which a live device of ours has no leaf yet: its spares are not here. */
  readonly unadmitted: number;
}

/** @param signal stops between two relationships; what is left is done next time. */
export async function reconcile(work: Work, signal?: AbortSignal): Promise<Reconciled> {
  const devices = await circleDevices(work);
  const circle = await loadCircle(work);
  if ((await ownLeaf(work, circle))?.live !== true) return { unadmitted: 0 };
  const retired = new Map<string, RetireReason>();
  for (const { device, leaf, status } of devices) {
    if (status === "retired") retired.set(device, circle.mine.state.leaves.get(idKey(leaf))?.reason ?? "gone");
  }
  const siblings = devices.filter(({ device, status }) => device !== work.self.device && status === "live");
  let unadmitted = 0;
  for (const id of await relationshipIds(work)) {
    if (signal?.aborted === true) break;
    if (id === circleId) continue;
    const relationship = await loadRelationship(work, id);
    if ((await ownLeaf(work, relationship))?.live !== true || relationship.mine.state.kind === "closed") continue;
    const byLeaf = await leafDevices(work, relationship);
    const gone = leavesOfDevices(relationship, byLeaf, new Set(retired.keys()));
    const [first] = gone;
    if (first !== undefined) {
      await retireLeaves(work, relationship, gone, retired.get(byLeaf.get(idKey(first)) ?? "") ?? "gone");
    }
    const present = new Set(liveLeaves(relationship.mine.state).map(({ leaf }) => byLeaf.get(idKey(leaf.id))));
    const missing = siblings.filter(({ device }) => !present.has(device));
    if (missing.length > 0) {
      const { admit, without } = await admitSiblings(work, relationship, missing);
      unadmitted += without.length;
      if (admit !== undefined) {
        await announceToPeer(work, relationship, [admit]);
        await announceToOwn(work, relationship, [admit]);
        if (relationship.peer !== undefined) await found(work, relationship);
      }
    }
    await work.commit();
  }
  return { unadmitted };
}

/** Keeps a pool of spare leaves for each sibling. @param atLeast for one sibling, as many as it has to place. */
export async function stockSpares(work: Work, atLeast?: { readonly device: string; readonly count: number }): Promise<void> {
  for (const { device } of await liveSiblings(work)) {
    const left = await sparesLeft(work, work.self.device, device);
    const wanted = Math.max(spareTarget, atLeast?.device === device ? atLeast.count : 0);
    if (left < spareRefill || left < (atLeast?.device === device ? atLeast.count : 0))
      await offerSpares(work, device, wanted - left);
  }
  await work.commit();
}
