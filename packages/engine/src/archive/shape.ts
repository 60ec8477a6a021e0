/**
 * What an archive holds, as far as it can be compared with what it held before: which entries, which relationships, whether
 * they are open and what they are called. Pure.
 */
import { decode, equalBytes } from "@photon/protocol/codec";
import type { Bytes } from "@photon/protocol/codec";
import { type Change, mergeChanges } from "@photon/protocol/archive";
import { circleId, flagSchema } from "../relationship/records.ts";

export interface Shape {
  /** Entries that were not deleted. */
  readonly entries: ReadonlySet<string>;
  readonly relationships: ReadonlyMap<string, { readonly open: boolean; readonly petname: Bytes | undefined }>;
}

export interface Harm {
  /** Entries that were there and are not. */
  readonly records: number;
  /** Relationships that were there and open, and are missing, closed, or called otherwise. */
  readonly relationships: number;
}

export const openCount = ({ relationships }: Shape): number => [...relationships.values()].filter(({ open }) => open).length;

/** @param changes in any order. */
export function shapeOf(changes: Iterable<Change>): Shape {
  const state = mergeChanges(new Map(), changes);
  const entries = new Set<string>();
  const relationships = new Map<string, { open: boolean; petname: Bytes | undefined }>();
  for (const { key, value } of state.values()) {
    if (value === undefined) continue;
    entries.add(key);
    const [prefix, id = "", what] = key.split("/");
    if (prefix !== "rel" || what !== "record" || id === circleId) continue;
    relationships.set(id, { open: !isTrue(state.get(`rel/${id}/closed`)?.value), petname: state.get(`rel/${id}/petname`)?.value });
  }
  return { entries, relationships };
}

export function isTrue(value: Bytes | undefined): boolean {
  const flag = value === undefined ? undefined : decode(flagSchema, value, value.length);
  return flag?.ok === true && flag.value;
}

export function harmOf(before: Shape, after: Shape): Harm {
  let records = 0;
  for (const entry of before.entries) if (!after.entries.has(entry)) records += 1;
  return { records, relationships: harmedIn(before, after).length };
}

/** Ids of relationships that were there and open, and are missing, closed, or called otherwise. */
export function harmedIn(before: Shape, after: Shape): readonly string[] {
  const harmed: string[] = [];
  for (const [id, { open, petname }] of before.relationships) {
    const now = after.relationships.get(id);
    if (open && (now === undefined || !now.open || !sameName(petname, now.petname))) harmed.push(id);
  }
  return harmed;
}

const sameName = (a: Bytes | undefined, b: Bytes | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b);

/**
 * Entries are never taken out of an archive, and nobody closes or renames most of whom they know within the days of grace:
 * whoever did is more likely a thief, and a person who did it is asked. Of one or two people that is said only where nobody
 * else is left: a first contact is soon renamed.
 */
export function isHarmed(before: Shape, after: Shape): boolean {
  const { records, relationships } = harmOf(before, after);
  const most = 2 * relationships > openCount(before);
  return 2 * records > before.entries.size || (most && (relationships > 2 || intactCount(after) === 0));
}

const intactCount = ({ relationships }: Shape): number =>
  [...relationships.values()].filter(({ open, petname }) => open && petname !== undefined && petname.length > emptyName).length;
/** Length of an empty text in CBOR. */
const emptyName = 1;
