/** `photon devices retire`: the device in the circle, the archive's keys, then every relationship. */
import { err, ok, type Result, toHex } from "@photon/protocol/codec";
import { idKey } from "@photon/protocol/statement";
import { turnArchive } from "../archive/turn.ts";
import type { RetireReport } from "../api.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { stateOf } from "../meeting/contacts.ts";
import { circleId, getRecord, keys, petnameSchema } from "../relationship/records.ts";
import { loadCircle, loadRelationship, ownLeaf, relationshipIds } from "../relationship/relationship.ts";
import { clearLockedOut } from "../profile/standing.ts";
import { leafDevices } from "../relationship/side.ts";
import { statementAckId, unackedStatements } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { scheduleDuty } from "../duties/schedule.ts";
import { circleDevices, unknownDevices } from "./devices.ts";
import { reconcile } from "./reconcile.ts";
import { objectTo } from "./dispute.ts";
import { leavesOfDevices, moveAway, type RetireReason, retireLeaves, withAdmitted } from "./retirement.ts";

/**
 * Retires one of our other devices, everywhere. Run again for the same device it only goes on with what is left. A device
 * that was itself retired by that one objects by it.
 * @returns the device's name; `device-retired` if this one was retired by another.
 */
export async function retireDevice(work: Work, name: string, reason: RetireReason): Promise<Result<string, PhotonError>> {
  const devices = await circleDevices(work);
  const device = [...devices, ...(await unknownDevices(work))].find((one) => one.name === name);
  if (device === undefined) return err(photonError("unknown-device", name));
  if ("device" in device && device.device === work.self.device) return err(photonError("last-device", name));
  const circle = await loadCircle(work);
  if ((await ownLeaf(work, circle))?.live !== true) {
    const objection = await objectTo(work, circle, [device.leaf], reason);
    if (objection === undefined) return err(photonError("device-retired"));
    await moveAway(work, circle, objection, [device.leaf]);
    await turnArchive(work);
    scheduleDuty(work, "reconcile", 0);
  }
  // Whoever moved our inbox away has not said so to us; from here on the circle's inbox is another one.
  await clearLockedOut(work);
  await work.commit();
  const known = new Set(devices.map(({ leaf }) => idKey(leaf)));
  const admitted = withAdmitted(circle, [idKey(device.leaf)], (leaf) => known.has(leaf));
  const isFrozen = "status" in device && device.status === "frozen";
  const leaves = isFrozen ? [device.leaf, ...admitted] : admitted;
  if (leaves.length > 0) {
    await retireLeaves(work, circle, leaves, reason);
    await turnArchive(work);
    scheduleDuty(work, "reconcile", 0);
    await work.commit();
  }
  await reconcile(work);
  return ok(device.name);
}

/** How far each active relationship is with the devices that are gone. */
export async function retireReport(work: Work): Promise<RetireReport["relationships"]> {
  const gone = new Set((await circleDevices(work)).filter(({ status }) => status === "retired").map(({ device }) => device));
  const report: RetireReport["relationships"][number][] = [];
  for (const id of await relationshipIds(work)) {
    const relationship = await loadRelationship(work, id);
    if (id === circleId || (await stateOf(work, relationship)) !== "active") continue;
    const petname = (await getRecord(work, keys.petname(id), petnameSchema)) ?? "";
    if (leavesOfDevices(relationship, await leafDevices(work, relationship), gone).length > 0) {
      report.push({ petname, state: "pending" });
      continue;
    }
    const waiting = new Set((await unackedStatements(work, id)).map(({ key }) => key.slice(key.lastIndexOf("/") + 1)));
    const retires = [...relationship.mine.statements.values()].filter(({ type }) => type === "retire");
    report.push({
      petname,
      state: retires.some((statement) => waiting.has(toHex(statementAckId(statement)))) ? "re-keyed" : "acknowledged",
    });
  }
  return report.toSorted((a, b) => a.petname.localeCompare(b.petname));
}
