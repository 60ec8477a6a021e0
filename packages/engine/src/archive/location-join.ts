/**
 * Joining what two devices say of the archive: commutative, associative, idempotent. Epochs only grow, the later passphrase
 * counts, an opener that was removed stays removed, and of each vault the register begun last counts, unless the vault was given up
 * later.
 */
import { type Bytes, compareBytes, toHex } from "@photon/protocol/codec";
import {
  type AuthorityOpener,
  type Epoch,
  type Location,
  maxAuthorityOpeners,
  maxRemembered,
  maxTrusteesOpeners,
  type Place,
  placesOf,
  type TrusteesOpener,
} from "./location-record.ts";

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
export function joinEpochs(all: readonly Epoch[]): readonly Epoch[] {
  const epochs = new Map<number, Epoch>();
  for (const epoch of all) {
    const held = epochs.get(epoch.epoch);
    if (held === undefined || compareBytes(epoch.key, held.key) > 0) epochs.set(epoch.epoch, epoch);
  }
  return [...epochs.values()].toSorted((one, other) => one.epoch - other.epoch);
}

export const joinAuthorityOpeners = (all: readonly AuthorityOpener[]): readonly AuthorityOpener[] =>
  atMost(
    maxAuthorityOpeners / 2,
    joinRemovable(all, ({ id, kind, name, since }, state) => ({ id, kind, name, since, ...state })),
    (one, other) => one.since - other.since || compareBytes(one.id, other.id),
  );

const joinAuthority = (all: readonly NonNullable<Location["authority"]>[]): NonNullable<Location["authority"]> => ({
  openers: joinAuthorityOpeners(all.flatMap(({ openers }) => openers)),
  epochs: joinEpochs(all.flatMap(({ epochs }) => epochs)),
});

/** One entry for each vault: the register begun last, unless the vault was given up after that. */
export function joinPlaces(all: readonly Place[]): readonly Place[] {
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

export const joinTrustees = (all: readonly TrusteesOpener[]): readonly TrusteesOpener[] =>
  atMost(
    maxTrusteesOpeners / 2,
    joinRemovable(all, ({ id, planVersion, since }, state) => ({ id, planVersion, since, ...state })),
    (one, other) => one.planVersion - other.planVersion || compareBytes(one.id, other.id),
  );

/** Of too many that are openers the first stay, whatever comes after them; of too many that were removed, the latest. */
function atMost<T extends Removable>(count: number, all: readonly T[], order: (one: T, other: T) => number): readonly T[] {
  const live = all.filter(({ until }) => until === undefined).toSorted(order);
  const gone = all.filter(({ until }) => until !== undefined).toSorted((one, other) => (other.until ?? 0) - (one.until ?? 0));
  return [...live.slice(0, count), ...gone.slice(0, count)].toSorted(order);
}

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
