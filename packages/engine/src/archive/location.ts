/**
 * Where the archive is and what opens it: one entry of the replicated state, `arch/location`, told to the circle and never
 * archived. See spec/09-engine.md.
 *
 * Two devices may change it at once, and in the replicated state the last one wins. So that no turn of the keys is ever
 * undone by that, each device remembers what it has seen and joins it with what the entry says: epochs only grow, the
 * later passphrase counts, a plan's opener that was removed stays removed, and the register begun last counts. Whoever
 * finds that the entry says less writes the join.
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
import { maxEpoch } from "@photon/protocol/archive";
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

export const locationSchema = struct({
  vault: [1, text(256)],
  register: [2, bytes(16)],
  /** Milliseconds: when this register was begun. */
  begun: [3, uint()],
  /** Oldest first. */
  epochs: [4, list(epochSchema, { min: 1, max: 1024 })],
  passphrase: [5, optional(passphraseSchema)],
  trustees: [6, optional(list(trusteesSchema, { max: maxTrusteesOpeners }))],
});
export type Location = SchemaType<typeof locationSchema>;

const key = "arch/location";
const turnSize = 65_536;

/** Begins an archive with its first epoch. Nothing is asked of the vault yet: the first flush opens the register. */
export async function beginArchive(work: Work, vault: string): Promise<void> {
  const location = { vault, register: work.random(16), begun: work.now(), epochs: [makeEpoch(work, 0)] };
  await setRecord(work, key, locationSchema, location);
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

function makeEpoch(work: Work, lastTurn: number): Epoch {
  const [high = 0, low = 0] = work.random(2);
  return { epoch: (lastTurn + 1) * turnSize + high * 256 + low, key: work.random(32), writeSeed: work.random(32) };
}

export function inForce(location: Location): Epoch {
  const last = location.epochs.at(-1);
  if (last === undefined) throw new Error("an archive without an epoch");
  return last;
}

export const epochKeysOf = (location: Location): ReadonlyMap<number, Bytes> =>
  new Map(location.epochs.map(({ epoch, key }) => [epoch, key]));

export const writeKeyOf = (epoch: Epoch): Bytes => asBytes(ed25519Signer(epoch.writeSeed).publicKey);

/** The epoch that brought this write key; undefined for one that none of ours did. */
export const epochOfWriteKey = (location: Location, writeKey: Uint8Array): Epoch | undefined =>
  location.epochs.find((epoch) => equalBytes(writeKeyOf(epoch), writeKey));

const same = (a: Location, b: Location): boolean => equalBytes(encode(locationSchema, a), encode(locationSchema, b));

/** Commutative, associative, idempotent. */
export function join(a: Location, b: Location): Location {
  const place = laterOf(
    a,
    b,
    (one) => one.begun,
    (one) => one.register,
  );
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
    vault: place.vault,
    register: place.register,
    begun: place.begun,
    epochs: [...epochs.values()].toSorted((one, other) => one.epoch - other.epoch),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(trustees.length === 0 ? {} : { trustees }),
  };
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
