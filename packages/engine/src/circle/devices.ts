/** The devices of the circle, and the spare leaves by which one admits another to a new relationship at once. */
import { encode, type SchemaType, struct, text, toHex, uint } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { idKey, type Leaf, type LeafId, leafIdSchema, leafSchema } from "@photon/protocol/statement";
import { makeLeaf } from "../relationship/leaves.ts";
import { circleId, keys, leafOfSchema } from "../relationship/records.ts";
import { loadCircle } from "../relationship/relationship.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { firstState, getState, listState, setState } from "./state.ts";

export const deviceSchema = struct({
  name: [1, text(64)],
  /** Its leaf in the circle. */
  leaf: [2, leafIdSchema],
  /** Its age recipient: what archive epochs are wrapped to. */
  recipient: [3, text(4096)],
  added: [4, uint()],
});
export type DeviceRecord = SchemaType<typeof deviceSchema>;

export interface CircleDevice extends DeviceRecord {
  readonly device: string;
  readonly status: "live" | "retired" | "frozen";
}

export async function keepDevice(work: Work, device: string, record: DeviceRecord): Promise<void> {
  await setState(work, `dev/${device}`, encode(deviceSchema, record));
  await setState(work, keys.leafOf(circleId, record.leaf), encode(leafOfSchema, { device, from: [] }));
}

/** Every device that ever was in the circle, in the order in which they came. */
export async function circleDevices(work: Work): Promise<readonly CircleDevice[]> {
  const { leaves } = (await loadCircle(work)).mine.state;
  const records = (await listState(work, "dev/")).map(({ key, value }) => ({
    device: key.slice(4),
    ...parseRow(deviceSchema, value),
  }));
  return records
    .map((record) => ({ ...record, status: leaves.get(idKey(record.leaf))?.status ?? ("retired" as const) }))
    .toSorted((a, b) => a.added - b.added);
}

export interface UnknownDevice {
  readonly name: string;
  /** Its live leaf in the circle. */
  readonly leaf: LeafId;
  readonly added: number;
}

/** Live leaves of the circle that no device of ours is known by: admitted by one in other hands, or not told of yet. */
export async function unknownDevices(work: Work): Promise<readonly UnknownDevice[]> {
  const { mine } = await loadCircle(work);
  const devices = await circleDevices(work);
  const known = new Set(devices.map(({ leaf }) => idKey(leaf)));
  const names = new Set(devices.map(({ name }) => name));
  return liveLeaves(mine.state)
    .filter(({ leaf }) => !known.has(idKey(leaf.id)))
    .map(({ leaf, by }) => {
      const name = freeName("unknown device", names);
      names.add(name);
      return { name, leaf: leaf.id, added: mine.firstSeen.get(idKey(by)) ?? 0 };
    });
}

/** The name, with a number behind it where it is taken. */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) if (!taken.has(`${wanted} ${number}`)) return `${wanted} ${number}`;
}

export async function liveSiblings(work: Work): Promise<readonly CircleDevice[]> {
  return (await circleDevices(work)).filter(({ device, status }) => device !== work.self.device && status === "live");
}

const seenSchema = uint();
const seenEvery = 3600 * 1000;

/** Lets the siblings know, at most once an hour, that this device is in use. */
export async function noteSeen(work: Work): Promise<void> {
  if (elapsed(await lastSeen(work, work.self.device), work.now()) >= seenEvery)
    await setState(work, `seen/${work.self.device}`, encode(seenSchema, work.now()));
}

/** Milliseconds; 0 where nothing is known. */
export async function lastSeen(work: Work, device: string): Promise<number> {
  const value = await getState(work, `seen/${device}`);
  return value === undefined ? 0 : parseRow(seenSchema, value);
}

const poolOf = (owner: string, consumer: string): string => `spare/${owner}/${consumer}/`;

/**
 * Makes spare leaves of this device, in a pool of its own for each sibling, so that two of them never put one leaf into
 * two relationships.
 */
export async function offerSpares(work: Work, consumer: string, count: number): Promise<void> {
  for (let made = 0; made < count; made++) {
    const leaf = await makeLeaf(work);
    await setState(work, `${poolOf(work.self.device, consumer)}${toHex(leaf.id)}`, encode(leafSchema, leaf));
  }
}

export async function sparesLeft(work: Work, owner: string, consumer: string): Promise<number> {
  return (await listState(work, poolOf(owner, consumer))).length;
}

/** Takes a spare leaf of a sibling out of our pool; undefined when it is empty. */
export async function takeSpare(work: Work, owner: string): Promise<Leaf | undefined> {
  const spare = await firstState(work, poolOf(owner, work.self.device));
  if (spare === undefined) return undefined;
  await setState(work, spare.key, undefined);
  return parseRow(leafSchema, spare.value);
}
