/**
 * The archive as of an earlier head, for a person whose device wrote later ones in other hands. Pure.
 *
 * | entry                                               | in the chosen head | else in an earlier one | else in a later one |
 * | --------------------------------------------------- | ------------------ | ---------------------- | ------------------- |
 * | message, acknowledgement, statement of a peer's     | as it is there     | taken                  | taken               |
 * | of a relationship that only later heads know        |                    |                        | taken               |
 * | statement on our own side, and everything else      | as it is there     | taken                  | left out            |
 *
 * Entries are never taken out of an archive: what an earlier head holds and the chosen one lacks was kept from it. Of later
 * heads only what is added is taken: nothing that was there is written over, and no relationship is lost. What was signed on
 * our own side may have been signed by other hands, and whoever comes back must not be the one to vouch for it.
 */
import { decode, equalBytes } from "@photon/protocol/codec";
import { type Change, mergeChanges } from "@photon/protocol/archive";
import { parseStatement } from "@photon/protocol/statement";
import { encodeFirstSeen, firstSeenOf } from "../circle/state.ts";
import { keys, recordSchema } from "../relationship/records.ts";

export interface CutState {
  /** As of the cut: for `mergeState(work, changes, "archive")`. */
  readonly changes: readonly Change[];
  /** What was added after it, by whoever held a device then: to be merged after `changes`. */
  readonly later: readonly Change[];
  /** Entries of later heads that were left out. */
  readonly leftOut: number;
}

export interface Around {
  /** What heads before and after the chosen one hold, in any order. */
  readonly earlier: readonly Change[];
  readonly later: readonly Change[];
  /** Entries that are to be as they were once; without a change for one that was not there. */
  readonly mended: readonly { readonly key: string; readonly change: Change | undefined }[];
  /** Milliseconds: when the chosen head was written, at the earliest. What it does not hold was not seen before. */
  readonly notBefore: number;
}

/** Prefixes under which entries are only added. */
const added: ReadonlySet<string> = new Set(["msg", "ack", "st", "fs"]);
/** Those of a relationship's entries. */
const ofRelationships: ReadonlySet<string> = new Set([...added, "rel", "inbox", "leafof", "claim"]);
/** Prefixes under which nothing is ever deleted: a deletion there is none of ours. */
const lasting: ReadonlySet<string> = new Set([...ofRelationships, "dev", "auth"]);
const prefixOf = (key: string): string => key.slice(0, key.indexOf("/"));

/** @param chosen what the chosen head holds, in any order. */
export function cutAt(chosen: readonly Change[], { earlier, later, mended, notBefore }: Around): CutState {
  const given = new Map(mended.map(({ key, change }) => [key, change]));
  const held = new Set([...keysOf(chosen), ...given.keys()]);
  const changes = [
    ...chosen.filter((change) => isOurs(change) && !given.has(change.key)),
    ...[...given.values()].filter((change) => change !== undefined),
    ...earlier.filter((change) => !held.has(change.key) && isOurs(change)),
  ];
  const known = keysOf(changes);
  const fresh = later.filter((change) => isOurs(change) && !known.has(change.key) && !given.has(change.key));
  const isTaken = takenFrom(fresh, sidesIn(changes));
  const taken = fresh.filter(({ key }) => isTaken(key));
  return {
    changes,
    later: taken.map((change) =>
      prefixOf(change.key) === "fs" && firstSeenOf(change) < notBefore ? { ...change, value: encodeFirstSeen(notBefore) } : change,
    ),
    leftOut: keysOf(fresh).size - keysOf(taken).size,
  };
}

/** Our side of each relationship, by its id. */
function sidesIn(changes: readonly Change[]): ReadonlyMap<string, Uint8Array> {
  const sides = new Map<string, Uint8Array>();
  for (const { key, value } of changes) {
    const [prefix, id = "", what] = key.split("/");
    const record =
      prefix === "rel" && what === "record" && value !== undefined ? decode(recordSchema, value, value.length) : undefined;
    if (record?.ok === true) sides.set(id, record.value.mine);
  }
  return sides;
}

function takenFrom(later: readonly Change[], sides: ReadonlyMap<string, Uint8Array>): (key: string) => boolean {
  const own = new Set<string>();
  for (const { key, value } of later) {
    const [prefix, id = ""] = key.split("/");
    const statement = prefix === "st" && value !== undefined ? parseStatement(value) : undefined;
    const side = sides.get(id);
    if (statement !== undefined && side !== undefined && (!statement.ok || equalBytes(statement.value.side, side)))
      own.add(key.slice(3));
  }
  return (key) => {
    const prefix = prefixOf(key);
    if (!sides.has(key.split("/")[1] ?? "")) return ofRelationships.has(prefix);
    return added.has(prefix) && !((prefix === "st" || prefix === "fs") && own.has(key.slice(3)));
  };
}

/**
 * How relationships that lead up to a theft were closed and renamed is undone: those two entries of each, as they were.
 * @param changes what the head held from before that.
 */
export function mending(ids: readonly string[], changes: readonly Change[]): Around["mended"] {
  const held = mergeChanges(new Map(), changes);
  return ids.flatMap((id) => [keys.closed(id), keys.petname(id)]).map((key) => ({ key, change: held.get(key) }));
}

const isOurs = ({ key, value }: Change): boolean => value !== undefined || !lasting.has(prefixOf(key));
const keysOf = (changes: readonly Change[]): ReadonlySet<string> => new Set(changes.filter(isOurs).map(({ key }) => key));
