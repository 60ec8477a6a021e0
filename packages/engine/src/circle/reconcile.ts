/**
 * What the circle says must hold in every relationship: no live leaf of a retired device, a leaf of every live device.
 * Run after a device came or went, and once a day by every device, so that what another one began is finished.
 */
import { equalBytes } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { idKey, type LeafId } from "@photon/protocol/statement";
import { found } from "../conversation/founding.ts";
import { objectTo } from "./dispute.ts";
import { leavesOfDevices, type RetireReason, retireLeaves } from "./retirement.ts";
import type { Relationship } from "../relationship/model.ts";
import { circleId } from "../relationship/records.ts";
import { loadCircle, loadRelationship, ownLeaf, relationshipIds } from "../relationship/relationship.ts";
import { announceToOwn, announceToPeer } from "../relationship/speaking.ts";
import { admitSiblings, leafDevices } from "../relationship/side.ts";
import type { Work } from "../storage/core.ts";
import { circleDevices, liveSiblings, offerSpares, sparesLeft } from "./devices.ts";

export const spareTarget = 8;
const spareRefill = 4;

/** Of several reasons in one retirement, the one that counts. */
const worst: readonly RetireReason[] = ["taken", "lost", "gone"];

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
    const own = await ownLeaf(work, relationship);
    if (own === undefined || relationship.mine.state.kind === "closed") continue;
    if (!own.live) {
      await object(work, relationship, retired);
      await work.commit();
      continue;
    }
    const byLeaf = await leafDevices(work, relationship);
    const gone = leavesOfDevices(relationship, byLeaf, new Set(retired.keys()));
    if (gone.length > 0) {
      const reasons = new Set(gone.map((leaf) => retired.get(byLeaf.get(idKey(leaf)) ?? "")));
      await retireLeaves(work, relationship, gone, worst.find((reason) => reasons.has(reason)) ?? "gone");
    }
    const extra = await extraLeaves(work, relationship, byLeaf);
    if (extra.length > 0) await retireLeaves(work, relationship, extra, "gone");
    const live = liveLeaves(relationship.mine.state).map(({ leaf }) => byLeaf.get(idKey(leaf.id)));
    const missing = siblings.filter(({ device }) => !live.includes(device));
    if (missing.length > 0 && live.includes(undefined)) {
      // Another sibling may just have admitted one of them, and its word of whose leaf it is is still on its way.
      unadmitted += missing.length;
    } else if (missing.length > 0) {
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

/** Where a device that the circle holds retired has retired this one, the peer and our other devices are told of both. */
async function object(work: Work, relationship: Relationship, retired: ReadonlyMap<string, RetireReason>): Promise<void> {
  const byLeaf = await leafDevices(work, relationship);
  for (const [leaf, { leaf: known }] of relationship.mine.state.leaves) {
    const reason = retired.get(byLeaf.get(leaf) ?? "");
    const objection = reason === undefined ? undefined : await objectTo(work, relationship, [known.id], reason);
    if (objection === undefined) continue;
    await announceToPeer(work, relationship, [objection]);
    await announceToOwn(work, relationship, [objection]);
  }
}

/**
 * Leaves that are said to be this device's beside the one it speaks with: two siblings admitted it at once, or somebody put
 * a key of theirs under its name. Only the device itself can tell which is which: it has the key of what it speaks with.
 */
async function extraLeaves(
  work: Work,
  relationship: Relationship,
  byLeaf: ReadonlyMap<string, string>,
): Promise<readonly LeafId[]> {
  const own = await ownLeaf(work, relationship);
  if (own?.live !== true) return [];
  return liveLeaves(relationship.mine.state)
    .map(({ leaf }) => leaf.id)
    .filter((leaf) => byLeaf.get(idKey(leaf)) === work.self.device && !equalBytes(leaf, own.id));
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
