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
import {
  asBytes,
  bytes,
  type Bytes,
  compareBytes,
  encode,
  equalBytes,
  list,
  optional,
  type SchemaType,
  struct,
  text,
  toHex,
  uint,
} from "@photon/protocol/codec";
import { epochAt, maxEpoch, turnSize } from "@photon/protocol/archive";
import { ed25519Signer } from "@photon/protocol/statement";
import { getRecord, setRecord } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";

const epochSchema = struct({
  epoch: [1, uint({ max: maxEpoch })],
  key: [2, bytes(32)],
  /** Seed of the Ed25519 key that signs the register's heads once this epoch is in force there. */
  writeSeed: [3, bytes(32)],
});
export type Epoch = SchemaType<typeof epochSchema>;

const passphraseSchema = struct({
  recipient: [1, text(4096)],
  sealedIdentity: [2, bytes({ min: 1, max: 16 * 1024 })],
  /** Milliseconds: when it was chosen. */
  since: [3, uint()],
  /** What hides `sealedIdentity` from the vaults, from each in another way. */
  veil: [4, bytes(32)],
});

/** Removed ones stay in the list without their recipient, so that no older copy of the list brings them back. */
const trusteesSchema = struct({
  /** SHA-256 of the recipient's text. */
  id: [1, bytes(32)],
  planVersion: [2, uint()],
  /** Milliseconds: when it became an opener … */
  since: [3, uint()],
  /** … and when it was removed. */
  until: [4, optional(uint())],
  recipient: [5, optional(text(4096))],
});
export type TrusteesOpener = SchemaType<typeof trusteesSchema>;
export const maxTrusteesOpeners = 64;

const placeSchema = struct({
  /** Origin of the vault. */
  vault: [1, text(256)],
  register: [2, bytes(16)],
  /** Milliseconds: when the person chose the vault, … */
  added: [3, uint()],
  /** … when this register was begun there, … */
  begun: [4, uint()],
  /** … and when the person gave the vault up. */
  until: [5, optional(uint())],
});
export type Place = SchemaType<typeof placeSchema>;
/** Vaults in use at once; and those that were given up and are remembered. */
export const maxPlaces = 3;
const maxRemembered = 16;

export const locationSchema = struct({
  places: [1, list(placeSchema, { min: 1, max: maxRemembered })],
  /** Oldest first. */
  epochs: [2, list(epochSchema, { min: 1, max: 1024 })],
  passphrase: [3, optional(passphraseSchema)],
  trustees: [4, optional(list(trusteesSchema, { max: maxTrusteesOpeners }))],
});
export type Location = SchemaType<typeof locationSchema>;

/** The archive at one vault, with that vault's own epochs. */
export interface Located extends Place {
  readonly epochs: readonly Epoch[];
  readonly passphrase: Location["passphrase"];
  readonly trustees: Location["trustees"];
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

/** The vaults in use, in the order in which they were chosen. */
export const placesOf = ({ places }: Location): readonly Place[] =>
  places
    .filter(({ until }) => until === undefined)
    .toSorted((a, b) => a.added - b.added || (a.vault < b.vault ? -1 : 1))
    .slice(0, maxPlaces);

/**
 * Each vault has a register of its own, and keys of its own, made from the epoch's and the register's id: what one operator
 * keeps has nothing in common with what another keeps, and yet every device of the circle makes the same.
 */
export function locate(location: Location, place: Place): Located {
  const { passphrase, trustees } = location;
  const epochs = new Map<number, Epoch>();
  for (const epoch of location.epochs.map((one) => epochAt(place.register, one))) {
    const held = epochs.get(epoch.epoch);
    if (held === undefined || compareBytes(epoch.key, held.key) > 0) epochs.set(epoch.epoch, epoch);
  }
  return { ...place, epochs: [...epochs.values()].toSorted((a, b) => a.epoch - b.epoch), passphrase, trustees };
}

/** The archive at the vaults in use. */
export const locatedIn = (location: Location): readonly Located[] => placesOf(location).map((place) => locate(location, place));

/** A fresh register in the place of one that is of no use any more. */
export function begunAnew(work: Work, location: Location, vault: string): Location {
  const begun = { register: work.random(16), begun: work.now() };
  return { ...location, places: location.places.map((place) => (place.vault === vault ? { ...place, ...begun } : place)) };
}

/** One more vault, or one that was given up again. */
export function withPlace(work: Work, location: Location, vault: string): Location {
  const others = location.places.filter((place) => place.vault !== vault);
  // After the others, whatever a clock says.
  const added = Math.max(work.now(), ...location.places.map((place) => place.added + 1));
  return { ...location, places: joinPlaces([...others, newPlace(work, vault, added)]) };
}

export function withoutPlace(work: Work, location: Location, vault: string): Location {
  const until = work.now();
  return { ...location, places: location.places.map((place) => (place.vault === vault ? { ...place, until } : place)) };
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

export const writeKeyOf = (epoch: Epoch): Bytes => asBytes(ed25519Signer(epoch.writeSeed).publicKey);

/** The epoch that brought this write key; undefined for one that none of ours did. */
export const epochOfWriteKey = (location: Epochs, writeKey: Uint8Array): Epoch | undefined =>
  location.epochs.find((epoch) => equalBytes(writeKeyOf(epoch), writeKey));

const same = (a: Location, b: Location): boolean => equalBytes(encode(locationSchema, a), encode(locationSchema, b));

/** Commutative, associative, idempotent. */
export function join(a: Location, b: Location): Location {
  const phrases = [a.passphrase, b.passphrase].filter((one) => one !== undefined);
  const [first, second = first] = phrases;
  const passphrase =
    first === undefined || second === undefined
      ? undefined
      : laterOf(
          first,
          second,
          (one) => one.since,
          (one) => one.sealedIdentity,
        );
  const epochs = new Map<number, Epoch>();
  for (const epoch of [...a.epochs, ...b.epochs]) {
    const held = epochs.get(epoch.epoch);
    if (held === undefined || compareBytes(epoch.key, held.key) > 0) epochs.set(epoch.epoch, epoch);
  }
  const trustees = joinTrustees([...(a.trustees ?? []), ...(b.trustees ?? [])]);
  return {
    places: joinPlaces([...a.places, ...b.places]),
    epochs: [...epochs.values()].toSorted((one, other) => one.epoch - other.epoch),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(trustees.length === 0 ? {} : { trustees }),
  };
}

/** One entry for each vault: the register begun last, unless the vault was given up after that. */
function joinPlaces(all: readonly Place[]): readonly Place[] {
  const joined = new Map<string, Place>();
  for (const place of all) {
    const held = joined.get(place.vault);
    joined.set(place.vault, held === undefined ? place : laterPlace(held, place));
  }
  const last = ({ begun, until = 0 }: Place): number => Math.max(begun, until);
  const live = placesOf({ places: [...joined.values()], epochs: [] });
  const rest = [...joined.values()]
    .filter((place) => !live.includes(place))
    .toSorted((a, b) => last(b) - last(a) || (a.vault < b.vault ? -1 : 1));
  return [...live, ...rest].slice(0, maxRemembered).toSorted((a, b) => (a.vault < b.vault ? -1 : 1));
}

function laterPlace(a: Place, b: Place): Place {
  // The last thing that was done to it; a removal after a beginning at the same time; the rest so that there is one order.
  const rank = ({ begun, until, added }: Place): readonly number[] => [
    Math.max(begun, until ?? 0),
    until === undefined ? 0 : 1,
    begun,
    until ?? 0,
    added,
  ];
  const [left, right] = [rank(a), rank(b)];
  const at = left.findIndex((value, index) => value !== right[index]);
  if (at >= 0) return (left[at] ?? 0) > (right[at] ?? 0) ? a : b;
  return compareBytes(a.register, b.register) >= 0 ? a : b;
}

/** All that the archive's keys are wrapped to besides devices. */
export const recipientsIn = ({ passphrase, trustees = [] }: Location): readonly string[] =>
  [passphrase?.recipient, ...trustees.map(({ recipient }) => recipient)].filter((one) => one !== undefined);

/** One entry for each recipient: removed if anybody removed it. Of too many, the oldest plans' are forgotten. */
export function joinTrustees(all: readonly TrusteesOpener[]): readonly TrusteesOpener[] {
  const joined = new Map<string, TrusteesOpener>();
  for (const one of all) {
    const held = joined.get(toHex(one.id)) ?? one;
    const until = [held.until, one.until].filter((time) => time !== undefined);
    const recipient = held.recipient ?? one.recipient;
    joined.set(toHex(one.id), {
      id: one.id,
      planVersion: Math.min(held.planVersion, one.planVersion),
      since: Math.min(held.since, one.since),
      ...(until.length === 0 ? (recipient === undefined ? {} : { recipient }) : { until: Math.min(...until) }),
    });
  }
  return [...joined.values()]
    .toSorted((one, other) => one.planVersion - other.planVersion || compareBytes(one.id, other.id))
    .slice(-maxTrusteesOpeners);
}

function laterOf<T>(a: T, b: T, time: (value: T) => number, tie: (value: T) => Uint8Array): T {
  return (time(a) - time(b) || compareBytes(tie(a), tie(b))) >= 0 ? a : b;
}
