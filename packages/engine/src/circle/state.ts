/**
 * The replicated state: a map whose entries carry the hybrid time of their last write. The same entries are what the
 * circle tells its devices and what the archive stores; one format (spec/10-circle.md).
 *
 * | prefix     | holds                                                 | circle | archive | merge    |
 * | ---------- | ----------------------------------------------------- | ------ | ------- | -------- |
 * | `rel/`     | relationship records, petnames, verification, marks   | yes    | yes     | last     |
 * | `inbox/`   | read side and root key of an inbox                    | yes    | yes     | last     |
 * | `leafof/`  | which device a leaf of ours belongs to                | yes    | yes     | last     |
 * | `claim/`   | who claims to have accepted an invitation             | yes    | yes     | last     |
 * | `dev/`     | devices of the circle                                 | yes    | yes     | last     |
 * | `auth/`    | admission keys, sealed to the authority's key         | yes    | apart   | last     |
 * | `fs/`      | when the circle first saw a statement                 | yes    | yes     | earliest |
 * | `spare/`   | spare leaves: public parts                            | yes    | no      | last     |
 * | `seen/`    | when a device was last in use, to the hour            | yes    | no      | last     |
 * | `arch/`    | where the archive is, and its keys                    | yes    | no      | last     |
 * | `st/`      | statements                                            | no     | yes     | last     |
 * | `msg/`     | messages                                              | no     | yes     | genuine  |
 * | `ack/`     | what the peer has acknowledged                        | no     | yes     | last     |
 * | `plan/`    | our plans with trustees; no shares                    | yes    | yes     | last     |
 * | `trust/`   | what we hold as trustees of others: shares            | yes    | no      | last     |
 * | `board/`   | entries of plan queues that we read                   | yes    | no      | last     |
 * | `bseen/`   | when the circle first saw one                         | yes    | no      | earliest |
 * | `notice/`  | recoveries in our own name that we heard of           | yes    | yes     | last     |
 * | `recovered/` | when this circle was recovered                      | yes    | yes     | last     |
 *
 * What the circle does not carry, its devices read from the relationships' own queues.
 */
import {
  type Bytes,
  bytes,
  compareHlc,
  decode,
  encode,
  type Hlc,
  hlcAfter,
  hlcSchema,
  optional,
  type SchemaType,
  struct,
  uint,
} from "@photon/protocol/codec";
import { type Change, maxValue } from "@photon/protocol/queue";
import { parseRow, type Work } from "../storage/core.ts";

export interface Policy {
  readonly circle: boolean;
  readonly archive: boolean;
  /** `genuine`: of two at one time, the one that is not quarantined. */
  readonly merge: "last" | "earliest" | "genuine";
}
const both = { circle: true, archive: true, merge: "last" } as const;
const policies: Readonly<Record<string, Policy>> = {
  rel: both,
  inbox: both,
  leafof: both,
  claim: both,
  dev: both,
  auth: both,
  fs: { circle: true, archive: true, merge: "earliest" },
  spare: { circle: true, archive: false, merge: "last" },
  seen: { circle: true, archive: false, merge: "last" },
  arch: { circle: true, archive: false, merge: "last" },
  st: { circle: false, archive: true, merge: "last" },
  msg: { circle: false, archive: true, merge: "genuine" },
  ack: { circle: false, archive: true, merge: "last" },
  plan: both,
  trust: { circle: true, archive: false, merge: "last" },
  board: { circle: true, archive: false, merge: "last" },
  bseen: { circle: true, archive: false, merge: "earliest" },
  notice: both,
  recovered: both,
};

/** The policy of a key, or undefined for a prefix that only a newer Photon knows: stored and passed on, never used. */
export const policyOf = (key: string): Policy => policies[key.slice(0, key.indexOf("/"))] ?? both;

export const entrySchema = struct({ hlc: [1, hlcSchema], value: [2, optional(bytes({ max: maxValue }))] });
export type Entry = SchemaType<typeof entrySchema>;

export async function getState(work: Work, key: string): Promise<Bytes | undefined> {
  return (await work.read("state", key, entrySchema))?.value;
}

/** The entry as the circle and the archive would carry it. */
export async function getChange(work: Work, key: string): Promise<Change | undefined> {
  const entry = await work.read("state", key, entrySchema);
  return entry === undefined ? undefined : { key, ...entry };
}

/** Entries under a prefix that are not deleted. */
export async function listState(work: Work, prefix: string): Promise<readonly { readonly key: string; readonly value: Bytes }[]> {
  const found: { key: string; value: Bytes }[] = [];
  for (const row of await work.list("state", prefix)) {
    const { value } = parseRow(entrySchema, row.value);
    if (value !== undefined) found.push({ key: row.key, value });
  }
  return found;
}

/** The first entry under a prefix that is not deleted. */
export async function firstState(work: Work, prefix: string): Promise<{ readonly key: string; readonly value: Bytes } | undefined> {
  for (let after = ""; ;) {
    const rows = await work.page("state", prefix, after, 16);
    for (const { key, value: row } of rows) {
      const { value } = parseRow(entrySchema, row);
      if (value !== undefined) return { key, value };
      after = key;
    }
    if (rows.length < 16) return undefined;
  }
}

/**
 * Writes an entry (undefined deletes it) and marks it to be told and archived, as its prefix demands.
 * @param at its time, where two devices that write the same thing must write the same entry; else the next tick, or later
 * than the entry that is there.
 */
export async function setState(work: Work, key: string, value: Bytes | undefined, at?: Hlc): Promise<void> {
  storeEntry(work, key, { hlc: at ?? (await timeOver(work, key)), ...(value === undefined ? {} : { value }) });
  markPending(work, key, policyOf(key));
}

/** A device whose clock was years ahead may have written this entry: what is written over it has to win everywhere. */
async function timeOver(work: Work, key: string): Promise<Hlc> {
  const next = await work.tick();
  const current = await work.read("state", key, entrySchema);
  return current === undefined || compareHlc(next, current.hlc) > 0 ? next : hlcAfter(current.hlc, work.self.node);
}

/** For merging; what this device says itself goes through `setState`. */
export function storeEntry(work: Work, key: string, entry: Entry): void {
  work.write("state", key, entrySchema, entry);
}

const here = new Uint8Array(0);
export function markPending(work: Work, key: string, what: { readonly circle: boolean; readonly archive: boolean }): void {
  if (what.circle) work.put("change", `c/${key}`, here);
  if (what.archive) work.put("change", `a/${key}`, here);
}

const firstSeenSchema = uint();
export const encodeFirstSeen = (time: number): Bytes => encode(firstSeenSchema, time);
export const decodeFirstSeen = (value: Bytes): number => parseRow(firstSeenSchema, value);
export const firstSeenOf = (entry: Entry): number => {
  if (entry.value === undefined) return Number.MAX_SAFE_INTEGER;
  const time = decode(firstSeenSchema, entry.value, 16);
  return time.ok ? time.value : Number.MAX_SAFE_INTEGER;
};

/**
 * The entries that are still to be told or archived, as changes.
 * @param queue `c` of those to be told, `a` of those to be archived, or a vault's own (`archive/queues.ts`).
 * @param enough no more are read once these come to more than so many bytes.
 */
export async function pendingChanges(
  work: Work,
  queue: string,
  enough: number = Number.POSITIVE_INFINITY,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  let size = 0;
  for (const row of await work.list("change", `${queue}/`)) {
    const key = row.key.slice(queue.length + 1);
    const entry = await work.read("state", key, entrySchema);
    if (entry === undefined) continue;
    changes.push({ key, ...entry });
    size += key.length + (entry.value?.length ?? 0);
    if (size > enough) break;
  }
  return changes;
}

/** To be called in the unit that makes them told or archived for good. An entry written since stays pending. */
export async function settleChanges(work: Work, queue: string, changes: readonly Change[]): Promise<void> {
  for (const change of changes) {
    const entry = await work.read("state", change.key, entrySchema);
    if (entry === undefined || compareHlc(entry.hlc, change.hlc) <= 0) work.delete("change", `${queue}/${change.key}`);
  }
}

/** Everything that belongs in the archive, in key order: what a compaction writes. */
export async function archivable(work: Work): Promise<readonly Change[]> {
  const all: Change[] = [];
  for (const row of await work.list("state")) {
    if (policyOf(row.key).archive) all.push({ key: row.key, ...parseRow(entrySchema, row.value) });
  }
  return all;
}
