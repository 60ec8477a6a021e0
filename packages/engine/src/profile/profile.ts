/** What a profile is on disk: `meta/profile`, and the ways in which it begins. */
import { type Bytes, bytes, decodeCbor, type SchemaType, struct, text, toHex, uint } from "@photon/protocol/codec";
import { beginArchive } from "../archive/location.ts";
import { keepDevice } from "../circle/devices.ts";
import { announceToOwn } from "../relationship/speaking.ts";
import { circleId } from "../relationship/records.ts";
import { beginSide } from "../relationship/side.ts";
import type { Ports } from "../api.ts";
import { type Self, Work } from "../storage/core.ts";

export const profileFormat = 1;
export const profileSchema = struct({
  format: [1, uint()],
  device: [2, bytes(8)],
  name: [3, text(64)],
  relay: [4, text(256)],
  vault: [5, text(256)],
  created: [6, uint()],
});
export type ProfileRecord = SchemaType<typeof profileSchema>;

export const maxProfileRow = 4096;

/** The format of a profile row of whatever version: field 1 of any. Undefined for what is no such row. */
export function formatOf(row: Bytes): number | undefined {
  const map = decodeCbor(row, maxProfileRow);
  const format = map.ok && map.value instanceof Map ? (map.value.get(1) as unknown) : undefined;
  return typeof format === "number" ? format : undefined;
}

export const selfOf = (record: ProfileRecord): Self => ({ device: toHex(record.device), node: record.device, name: record.name });

export const workOf = (ports: Ports, record: ProfileRecord): Work => new Work(ports, selfOf(record), new Map());

/** A new person with one device: the circle, its inbox, its archive. The caller commits. @param moreVaults besides the record's. */
export async function beginPerson(work: Work, record: ProfileRecord, moreVaults: readonly string[] = []): Promise<void> {
  work.write("meta", "profile", profileSchema, record);
  const circle = await beginSide(work, circleId, record.relay, { role: "circle" });
  const [first] = circle.mine.state.leaves.values();
  if (first === undefined) throw new Error("a circle without a first leaf");
  const { recipient } = await work.ports.keys.open();
  await keepDevice(work, work.self.device, { name: record.name, leaf: first.leaf.id, recipient, added: work.now() });
  await announceToOwn(work, circle, [...circle.mine.statements.values()]);
  await beginArchive(work, record.vault, ...moreVaults);
}
