/**
 * A change record: one key of a person's replicated state, its value, and when. The stream of these is both what devices
 * of a circle tell each other and what the archive stores. See spec/07-archive.md.
 */
import {
  bytes,
  type Bytes,
  compareBytes,
  compareHlc,
  hlcSchema,
  optional,
  type SchemaType,
  struct,
  text,
  utf8,
} from "../codec/index.ts";

export const maxValue = 128 * 1024;

export const changeSchema = struct({
  key: [1, text(256)],
  hlc: [2, hlcSchema],
  /** Absent where the key was deleted. */
  value: [3, optional(bytes({ max: maxValue }))],
});
export type Change = SchemaType<typeof changeSchema>;

/**
 * The last writer wins. Equal times (one node that was restored from an older disk) are decided by the values' bytes, a
 * deletion being the smallest, so that every device decides alike.
 */
export function laterChange(a: Change, b: Change): Change {
  return (compareHlc(a.hlc, b.hlc) || compareValues(a.value, b.value)) >= 0 ? a : b;
}

/**
 * Commutative, associative and idempotent. Deletions stay as records: without them an older value could come back.
 * @returns a new map from key to the change in force.
 */
export function mergeChanges(current: ReadonlyMap<string, Change>, incoming: Iterable<Change>): Map<string, Change> {
  const merged = new Map(current);
  for (const change of incoming) {
    const held = merged.get(change.key);
    merged.set(change.key, held === undefined ? change : laterChange(held, change));
  }
  return merged;
}

/** Sorted by the UTF-8 bytes of the keys: one state has one list, and so one encoding. */
export function sortChanges(changes: Iterable<Change>): Change[] {
  return Array.from(changes, (change) => ({ change, key: utf8(change.key) }))
    .toSorted((a, b) => compareBytes(a.key, b.key))
    .map(({ change }) => change);
}

function compareValues(a: Bytes | undefined, b: Bytes | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareBytes(a, b);
}
