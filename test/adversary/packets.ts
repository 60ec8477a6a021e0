/** What is in a trustee's packet, for whoever holds their unlocked device: to read it, and to hold another. */
import { memoryStore } from "@photon/engine/adapters/memory";
import { decode, expectOk } from "@photon/protocol/codec";
import { encodePacket, type TrusteePacket } from "@photon/protocol/trustees";
import type { Device } from "@photon/testkit";
import { profileSchema, selfOf } from "../../packages/engine/src/profile/profile.ts";
import { setRecord } from "../../packages/engine/src/relationship/records.ts";
import { Work } from "../../packages/engine/src/storage/core.ts";
import { activeTrusts, trustKeys, trustSchema } from "../../packages/engine/src/trustee/records.ts";

/** A device's state, read and written past its engine. */
export async function pastEngine<T>(device: Device, step: (work: Work) => Promise<T>): Promise<T> {
  const store = memoryStore(device.store.snapshot());
  const row = await store.get("meta", "profile");
  if (row === undefined) throw new Error("a device without a profile");
  const work = new Work({ ...device.ports, store }, selfOf(expectOk(decode(profileSchema, row.value, 4096))), new Map());
  const outcome = await step(work);
  await work.commit();
  await device.restoreDisk(store.snapshot());
  return outcome;
}

export const packetsOf = (device: Device): Promise<readonly TrusteePacket[]> =>
  pastEngine(device, async (work) => (await activeTrusts(work)).map(({ opened }) => opened));

export const tamper = (device: Device, change: (packet: TrusteePacket) => TrusteePacket): Promise<void> =>
  pastEngine(device, async (work) => {
    for (const { relationship, opened, ...row } of await activeTrusts(work))
      await setRecord(work, trustKeys.plan(relationship, row.version), trustSchema, {
        ...row,
        packet: encodePacket(change(opened)),
      });
  });
