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
  oneOf,
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

/** An escrow's opener, or that of a set of shares: removed ones stay, as those of trustees do. */
const authorityOpenerSchema = struct({
  id: [1, bytes(32)],
  kind: [2, oneOf({ escrow: 3, shares: 4 })],
  name: [3, text(64)],
  since: [4, uint()],
  until: [5, optional(uint())],
  recipient: [6, optional(text(4096))],
});
export type AuthorityOpener = SchemaType<typeof authorityOpenerSchema>;
export const maxAuthorityOpeners = 32;

const authoritySchema = struct({
  openers: [1, list(authorityOpenerSchema, { max: maxAuthorityOpeners })],
  /** Of the compartment `authority`; the write seeds are of no use. Oldest first. */
  epochs: [2, list(epochSchema, { min: 1, max: 1024 })],
});

export const locationSchema = struct({
  places: [1, list(placeSchema, { min: 1, max: maxRemembered })],
  /** Oldest first. */
  epochs: [2, list(epochSchema, { min: 1, max: 1024 })],
  passphrase: [3, optional(passphraseSchema)],
  trustees: [4, optional(list(trusteesSchema, { max: maxTrusteesOpeners }))],
  authority: [5, optional(authoritySchema)],
});
export type Location = SchemaType<typeof locationSchema>;

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

type LiveAuthority = AuthorityOpener & { readonly recipient: string };
export const authorityOpenersIn = ({ authority }: Pick<Location, "authority">): readonly LiveAuthority[] =>
  (authority?.openers ?? []).flatMap(({ recipient, until, ...rest }) =>
    recipient === undefined || until !== undefined ? [] : [{ ...rest, recipient }],
  );

/** The compartment with a fresh epoch: its first one where there was none. */
export function turnedAuthority(work: Work, { authority }: Location): NonNullable<Location["authority"]> {
  const { openers = [], epochs = [] } = authority ?? {};
  return { openers, epochs: [...epochs, makeEpoch(work, Math.floor((epochs.at(-1)?.epoch ?? 0) / turnSize))] };
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
  const trustees = joinTrustees([...(a.trustees ?? []), ...(b.trustees ?? [])]);
  const authorities = [a.authority, b.authority].filter((one) => one !== undefined);
  return {
    places: joinPlaces([...a.places, ...b.places]),
    epochs: joinEpochs([...a.epochs, ...b.epochs]),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(trustees.length === 0 ? {} : { trustees }),
    ...(authorities.length === 0 ? {} : { authority: joinAuthority(authorities) }),
  };
}

/** Of two epochs of one number, the one with the larger key. Oldest first. */
function joinEpochs(all: readonly Epoch[]): readonly Epoch[] {
  const epochs = new Map<number, Epoch>();
  for (const epoch of all) {
    const held = epochs.get(epoch.epoch);
    if (held === undefined || compareBytes(epoch.key, held.key) > 0) epochs.set(epoch.epoch, epoch);
  }
  return [...epochs.values()].toSorted((one, other) => one.epoch - other.epoch);
}

export const joinAuthorityOpeners = (all: readonly AuthorityOpener[]): readonly AuthorityOpener[] =>
  joinRemovable(all, ({ id, kind, name, since }, state) => ({ id, kind, name, since, ...state }))
    .toSorted((one, other) => one.since - other.since || compareBytes(one.id, other.id))
    .slice(-maxAuthorityOpeners);

const joinAuthority = (all: readonly NonNullable<Location["authority"]>[]): NonNullable<Location["authority"]> => ({
  openers: joinAuthorityOpeners(all.flatMap(({ openers }) => openers)),
  epochs: joinEpochs(all.flatMap(({ epochs }) => epochs)),
});

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
export const recipientsIn = ({ passphrase, trustees = [], authority }: Location): readonly string[] =>
  [passphrase?.recipient, ...[...trustees, ...(authority?.openers ?? [])].map(({ recipient }) => recipient)].filter(
    (one) => one !== undefined,
  );

/** Of too many, the oldest plans' are forgotten. */
export const joinTrustees = (all: readonly TrusteesOpener[]): readonly TrusteesOpener[] =>
  joinRemovable(all, ({ id, planVersion, since }, state) => ({ id, planVersion, since, ...state }))
    .toSorted((one, other) => one.planVersion - other.planVersion || compareBytes(one.id, other.id))
    .slice(-maxTrusteesOpeners);

interface Removable {
  readonly id: Bytes;
  readonly since: number;
  readonly until?: number | undefined;
  readonly recipient?: string | undefined;
}

type State = Pick<Removable, "until" | "recipient">;

/**
 * One entry for each recipient: as it was first said, and removed if anybody removed it.
 * @param made puts an entry together from what was said first and its state.
 */
function joinRemovable<T extends Removable>(all: readonly T[], made: (first: T, state: State) => T): readonly T[] {
  const joined = new Map<string, T>();
  for (const one of all) {
    const held = joined.get(toHex(one.id)) ?? one;
    const untils = [held.until, one.until].filter((time) => time !== undefined);
    const recipient = held.recipient ?? one.recipient;
    const state: State = untils.length > 0 ? { until: Math.min(...untils) } : recipient === undefined ? {} : { recipient };
    joined.set(toHex(one.id), made(wordsOf(one) < wordsOf(held) ? one : held, state));
  }
  return [...joined.values()];
}

/** What is first by time, and by the other fields where that does not decide. */
function wordsOf(one: Removable): string {
  const aside = ["since", "id", "until", "recipient"];
  const rest = JSON.stringify(one, (key: string, value: unknown) => (aside.includes(key) ? undefined : value));
  return `${String(one.since).padStart(16, "0")} ${rest}`;
}

function laterOf<T>(a: T, b: T, time: (value: T) => number, tie: (value: T) => Uint8Array): T {
  return (time(a) - time(b) || compareBytes(tie(a), tie(b))) >= 0 ? a : b;
}
