/**
 * What this device knows of the archive at a vault: `meta/archive/known/<register>`, and
 * `meta/archive/segment/<register>/<hash>` for each segment whose content it holds (because it wrote it, or read and merged it). Local; the other devices have their own.
 */
import {
  boolean,
  bytes,
  type Bytes,
  list,
  oneOf,
  optional,
  type SchemaType,
  struct,
  text,
  toHex,
  uint,
} from "@photon/protocol/codec";
import { type Manifest, maxEpoch, maxOpeners, maxSegmentChanges, maxSegments, noHead, openerKinds } from "@photon/protocol/archive";
import { parseRow, type Work } from "../storage/core.ts";

const segmentRefSchema = struct({
  hash: [1, bytes(32)],
  epoch: [2, uint({ max: maxEpoch })],
  compartment: [3, optional(oneOf({ authority: 1 }))],
});
export type SegmentRef = SchemaType<typeof segmentRefSchema>;

export const knownSchema = struct({
  register: [1, bytes(16)],
  /** Of the newest head seen; 0 for none. */
  seq: [2, uint()],
  headHash: [3, bytes(32)],
  /** What the vault takes the next head's signature by; absent without a head. */
  writeKey: [4, optional(bytes(32))],
  epoch: [5, uint({ max: maxEpoch })],
  /** Hash of the blob with the wrapped epoch keys; 32 zero bytes for none. */
  wraps: [6, bytes(32)],
  openers: [
    7,
    list(struct({ kind: [1, oneOf(openerKinds)], name: [2, text(64)], authority: [3, optional(boolean)] }), { max: maxOpeners }),
  ],
  segments: [8, list(segmentRefSchema, { max: maxSegments })],
  /** The chain of this device's own segments. */
  written: [9, uint()],
  previous: [10, optional(bytes(32))],
  /** Milliseconds of the last head that held all there was. */
  archivedAt: [11, optional(uint())],
  /** Something at the vault is not as it was left: read everything again, and upload what is missing. */
  heal: [12, boolean],
  /** Since when, in ms, the register answers to a key that is none of ours. */
  lostSince: [13, optional(uint())],
  /** How many bytes the segments may have together before it is weighed how much of them is still alive. */
  weighAgainAt: [14, uint()],
  /** Hash of the passphrase opener's sealed identity, where the head keeps it. */
  identity: [15, optional(bytes(32))],
  /** How many relationships are open, as this device last told in a head, and the day (since 1970) on which it counted them. */
  open: [16, optional(struct({ count: [1, uint()], day: [2, uint()] }))],
  /** Hash of the blob with the wrapped keys of the compartment `authority`, and the epoch in force that it holds. */
  authority: [17, optional(struct({ wraps: [1, bytes(32)], epoch: [2, uint({ max: maxEpoch })] }))],
});
export type Known = SchemaType<typeof knownSchema>;

/** What a manifest says of the compartment `authority`. */
export const authorityKnown = ({ authority }: Manifest): Known["authority"] =>
  authority === undefined ? undefined : { wraps: authority.wraps, epoch: authority.epoch };

const segmentSchema = struct({
  /** Of the blob, in bytes. */
  size: [1, uint()],
  changes: [2, uint()],
  /** Which entries it holds; empty for a segment too large to be merged again. */
  keys: [3, list(text(256), { max: maxSegmentChanges })],
});
export type SegmentContent = SchemaType<typeof segmentSchema>;

/** Below this many bytes nobody weighs. */
export const weighFrom = 2 * 1024 * 1024;
const prefix = "archive/known/";
const rowKey = (register: Uint8Array): string => `${prefix}${toHex(register)}`;

export async function loadKnown(work: Work, register: Bytes): Promise<Known> {
  const known = await work.read("meta", rowKey(register), knownSchema);
  if (known !== undefined) return known;
  const others = await work.page("meta", prefix, "", 1);
  return {
    register,
    seq: 0,
    headHash: noHead,
    epoch: 0,
    wraps: noHead,
    openers: [],
    segments: [],
    written: 0,
    // What was archived in another register is not in this one.
    heal: others.length > 0,
    weighAgainAt: weighFrom,
  };
}

export const keepKnown = (work: Work, known: Known): void => work.write("meta", rowKey(known.register), knownSchema, known);

/** What was known of a register that is of no use any more. */
export async function forgetKnown(work: Work, register: Bytes): Promise<void> {
  await forgetSegments(work, register, []);
  work.delete("meta", rowKey(register));
}

const segmentPrefix = (register: Uint8Array): string => `archive/segment/${toHex(register)}/`;
const segmentKey = (register: Uint8Array, hash: Uint8Array): string => `${segmentPrefix(register)}${toHex(hash)}`;

/** Undefined for a segment that this device has not read. */
export const segmentContent = (work: Work, register: Uint8Array, hash: Uint8Array): Promise<SegmentContent | undefined> =>
  work.read("meta", segmentKey(register, hash), segmentSchema);

export const keepSegment = (work: Work, register: Uint8Array, hash: Uint8Array, content: SegmentContent): void =>
  work.write("meta", segmentKey(register, hash), segmentSchema, content);

/** Forgets the content of segments that no head of ours names any more. */
export async function forgetSegments(work: Work, register: Uint8Array, still: readonly SegmentRef[]): Promise<void> {
  const named = new Set(still.map(({ hash }) => segmentKey(register, hash)));
  for (const { key } of await work.list("meta", segmentPrefix(register))) if (!named.has(key)) work.delete("meta", key);
}

/** By hex of the hash: what this device holds of the segments it knows. */
export async function segmentContents(work: Work, register: Uint8Array): Promise<ReadonlyMap<string, SegmentContent>> {
  const rows = await work.list("meta", segmentPrefix(register));
  return new Map(rows.map(({ key, value }) => [key.slice(key.lastIndexOf("/") + 1), parseRow(segmentSchema, value)]));
}
