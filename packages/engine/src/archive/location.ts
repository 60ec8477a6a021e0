/**
 * Where the archive is, at up to three vaults, and what opens it: one entry of the replicated state, `arch/location`, told to the circle and never
 * archived. See spec/09-engine.md.
 *
 * Two devices may change it at once, and in the replicated state the last one wins. So that no turn of the keys is ever
 * undone by that, each device remembers what it has seen and joins it with what the entry says: epochs only grow, the
 * later passphrase counts, a plan's opener that was removed stays removed, and of each vault the register begun last counts,
 * unless the vault was given up later. Whoever finds that the entry says less writes the join.
 *
 * An epoch's number is its turn × 65,536 plus 16 random bits: two devices that turn at once make two epochs, not one with
 * two keys. The largest is in force. Each brings the register's next write key with it.
 */
import { type Bytes, encode, equalBytes } from "@photon/protocol/codec";
import { epochAt, turnSize } from "@photon/protocol/archive";
import { portableQueueCrypto, type QueueCrypto } from "@photon/protocol/queue";
import { getRecord, setRecord } from "../relationship/records.ts";
import { join, joinEpochs, joinPlaces } from "./location-join.ts";
import {
  authorityOpenersIn,
  type Epoch,
  type Location,
  locationSchema,
  maxPlaces,
  type Place,
  placesOf,
} from "./location-record.ts";
import type { Work } from "../storage/core.ts";

/** The archive at one vault, with that vault's own epochs. */
export interface Located extends Place {
  readonly epochs: readonly Epoch[];
  readonly passphrase: Location["passphrase"];
  readonly trustees: Location["trustees"];
  /** With epochs of this vault's; absent where nobody is to open it. */
  readonly authority: Location["authority"];
}

const key = "arch/location";

/** Begins an archive with its first epoch. Nothing is asked of the vaults yet: the first flush opens the registers. */
export async function beginArchive(work: Work, ...vaults: readonly string[]): Promise<void> {
  const places = [...new Set(vaults)].slice(0, maxPlaces).map((one, at) => newPlace(work, one, work.now() + at));
  await setRecord(work, key, locationSchema, { places, epochs: [makeEpoch(work, 0)] });
}

function newPlace(work: Work, vault: string, added: number): Place {
  return { vault, register: work.random(16), added, begun: work.now() };
}

/**
 * Each vault has a register of its own, and keys of its own, made from the epoch's and the register's id: what one operator
 * keeps has nothing in common with what another keeps, and yet every device of the circle makes the same.
 */
export function locate(location: Location, place: Place): Located {
  const { passphrase, trustees, authority } = location;
  const isOpened = authorityOpenersIn(location).length > 0;
  return {
    ...place,
    epochs: epochsAt(place.register, location.epochs),
    passphrase,
    trustees,
    authority:
      authority === undefined || !isOpened ? undefined : { ...authority, epochs: epochsAt(place.register, authority.epochs) },
  };
}

const epochsAt = (register: Bytes, epochs: readonly Epoch[]): readonly Epoch[] =>
  joinEpochs(epochs.map((one) => epochAt(register, one)));

/** The compartment with a fresh epoch: its first one where there was none. */
export function turnedAuthority(work: Work, { authority }: Location): NonNullable<Location["authority"]> {
  const { openers = [], epochs = [] } = authority ?? {};
  return { openers, epochs: [...epochs, makeEpoch(work, Math.floor((epochs.at(-1)?.epoch ?? 0) / turnSize))] };
}

/** The archive at the vaults in use. */
export const locatedIn = (location: Location): readonly Located[] => placesOf(location).map((place) => locate(location, place));

/** A fresh register in the place of one that is of no use any more. */
export function begunAnew(work: Work, location: Location, vault: string): Location {
  const register = work.random(16);
  return changed(location, vault, (place) => ({ ...place, register, begun: after(work, place) }));
}

/** Later than all that was done to it: a device whose clock was wrong, or was set so, may have done it in years to come. */
const after = (work: Work, { begun, until = 0 }: Pick<Place, "begun" | "until">): number =>
  Math.max(work.now(), begun + 1, until + 1);

const changed = (location: Location, vault: string, change: (place: Place) => Place): Location => ({
  ...location,
  places: location.places.map((place) => (place.vault === vault ? change(place) : place)),
});

/** One more vault, or one that was given up again. */
export function withPlace(work: Work, location: Location, vault: string): Location {
  const others = location.places.filter((place) => place.vault !== vault);
  // After the others, whatever a clock says.
  const added = Math.max(work.now(), ...location.places.map((place) => place.added + 1));
  const before = location.places.find((place) => place.vault === vault);
  const place = newPlace(work, vault, added);
  return { ...location, places: joinPlaces([...others, before === undefined ? place : { ...place, begun: after(work, before) }]) };
}

export function withoutPlace(work: Work, location: Location, vault: string): Location {
  return changed(location, vault, (place) => ({ ...place, until: after(work, place) }));
}

/** The archive's location, joined with what this device remembers; undefined where there is no archive. */
export async function loadLocation(work: Work): Promise<Location | undefined> {
  const told = await getRecord(work, key, locationSchema);
  const remembered = await work.read("meta", "archive/location", locationSchema);
  if (told === undefined) return remembered;
  const location = remembered === undefined ? told : join(told, remembered);
  if (remembered === undefined || !same(location, remembered)) work.write("meta", "archive/location", locationSchema, location);
  if (!same(location, told)) await setRecord(work, key, locationSchema, location);
  return location;
}

export async function keepLocation(work: Work, location: Location): Promise<void> {
  await setRecord(work, key, locationSchema, location);
  work.write("meta", "archive/location", locationSchema, location);
}

/** A fresh epoch after all that there are. Throws after 65,535 turns. */
export function turned(work: Work, location: Location): Location {
  return { ...location, epochs: [...location.epochs, makeEpoch(work, Math.floor(inForce(location).epoch / turnSize))] };
}

type Epochs = Pick<Located, "epochs">;

function makeEpoch(work: Work, lastTurn: number): Epoch {
  const [high = 0, low = 0] = work.random(2);
  return { epoch: (lastTurn + 1) * turnSize + high * 256 + low, key: work.random(32), writeSeed: work.random(32) };
}

export function inForce(location: Epochs): Epoch {
  const last = location.epochs.at(-1);
  if (last === undefined) throw new Error("an archive without an epoch");
  return last;
}

export const epochKeysOf = (location: Epochs): ReadonlyMap<number, Bytes> =>
  new Map(location.epochs.map(({ epoch, key }) => [epoch, key]));

type Keys = Pick<QueueCrypto, "publicKey">;

export const writeKeyOf = (epoch: Epoch, crypto: Keys = portableQueueCrypto): Bytes => crypto.publicKey(epoch.writeSeed);

/** The epoch that brought this write key; undefined for one that none of ours did. */
export const epochOfWriteKey = (location: Epochs, writeKey: Uint8Array, crypto?: Keys): Epoch | undefined =>
  location.epochs.find((epoch) => equalBytes(writeKeyOf(epoch, crypto), writeKey));

const same = (a: Location, b: Location): boolean => equalBytes(encode(locationSchema, a), encode(locationSchema, b));
