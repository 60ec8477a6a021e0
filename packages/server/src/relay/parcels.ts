/**
 * What a queue holds, as it lies in the database. Entries of one queue that became durable together lie in one row, a parcel, under the
 * number of the last of them: writing many in one row costs a fraction of writing a row for each. Those of one parcel follow
 * one another without a gap, are of one size, and in a board of one writer.
 */
import type { QueueEntry } from "@photon/protocol/queue";
import { asBytes, concat } from "@photon/protocol/codec";
import type { Kysely } from "kysely";
import type { Tally } from "./portions.ts";
import type { ParcelTable, RelayTables } from "./tables.ts";

/** @property writer number of the writer in a board; null in any other queue. */
export interface Added {
  readonly body: Uint8Array;
  readonly writer: number | null;
}

/**
 * Most that the bodies of one parcel weigh together, unless there is one only. Whoever reads one entry at a time reads
 * the parcel each time, so it is not more than the largest entry.
 */
export const maxParcelBytes = 65_536;

/** Rows for entries that follow one another. @param first number of the first of them. */
export function parcelsOf(queue: Uint8Array, first: number, day: number, entries: readonly Added[]): readonly ParcelTable[] {
  const parcels: ParcelTable[] = [];
  for (let from = 0; from < entries.length;) {
    const size = entries[from]?.body.length ?? 0;
    const writer = entries[from]?.writer ?? null;
    const most = Math.max(1, Math.floor(maxParcelBytes / size));
    let to = from + 1;
    while (to - from < most && entries[to]?.body.length === size && entries[to]?.writer === writer) to += 1;
    const bodies = concat(...entries.slice(from, to).map(({ body }) => body));
    parcels.push({ queue, seq: first + to - 1, day, size, writer, bodies });
    from = to;
  }
  return parcels;
}

/** A parcel's first entries with a larger number than `after`, at most so many. */
export function entriesOf(
  { seq, size, bodies }: Pick<ParcelTable, "seq" | "size" | "bodies">,
  after: number,
  limit = Number.POSITIVE_INFINITY,
): QueueEntry[] {
  const first = seq - bodies.length / size + 1;
  const found: QueueEntry[] = [];
  for (let number = Math.max(first, after + 1); number <= seq && found.length < limit; number++) {
    const at = (number - first) * size;
    found.push({ seq: number, body: asBytes(bodies.subarray(at, at + size)) });
  }
  return found;
}

/** What the entries of some parcels weigh. @property length of the bodies of one together. */
export function tallied(
  parcels: readonly (Pick<ParcelTable, "size" | "writer"> & { readonly length: number })[],
): readonly Tally[] {
  const sums = new Map<number | null, Tally>();
  for (const { size, writer, length } of parcels) {
    const sum = sums.get(writer);
    sums.set(writer, { writer, entries: (sum?.entries ?? 0) + length / size, bytes: (sum?.bytes ?? 0) + length });
  }
  return [...sums.values()];
}

/** What the queue's entries up to a number weigh. */
export async function tallyUpTo(db: Kysely<RelayTables>, receiveId: Uint8Array, upTo: number): Promise<readonly Tally[]> {
  const parcels = await db
    .selectFrom("parcel")
    .select(({ fn }) => ["size", "writer", fn<number>("length", ["bodies"]).as("length")])
    .where("queue", "=", receiveId)
    .where("seq", "<=", upTo)
    .execute();
  const cut = await parcelAcross(db, receiveId, upTo);
  return tallied(cut === undefined ? parcels : [...parcels, { ...cut, length: cut.gone }]);
}

/** Removes the entries up to a number; of a parcel that goes on beyond it, their part. */
export async function dropUpTo(db: Kysely<RelayTables>, receiveId: Uint8Array, upTo: number): Promise<void> {
  await db.deleteFrom("parcel").where("queue", "=", receiveId).where("seq", "<=", upTo).execute();
  const cut = await parcelAcross(db, receiveId, upTo);
  if (cut === undefined) return;
  const its = db.selectFrom("parcel").where("queue", "=", receiveId).where("seq", "=", cut.seq);
  const { bodies } = await its.select("bodies").executeTakeFirstOrThrow();
  await db
    .updateTable("parcel")
    .set({ bodies: bodies.slice(cut.gone) })
    .where("queue", "=", receiveId)
    .where("seq", "=", cut.seq)
    .execute();
}

/** The parcel that has entries up to a number and beyond it, if there is one. @property gone bytes of those up to it. */
async function parcelAcross(
  db: Kysely<RelayTables>,
  receiveId: Uint8Array,
  upTo: number,
): Promise<{ readonly seq: number; readonly size: number; readonly writer: number | null; readonly gone: number } | undefined> {
  const next = await db
    .selectFrom("parcel")
    .select(({ fn }) => ["seq", "size", "writer", fn<number>("length", ["bodies"]).as("length")])
    .where("queue", "=", receiveId)
    .where("seq", ">", upTo)
    .orderBy("seq")
    .limit(1)
    .executeTakeFirst();
  if (next === undefined) return undefined;
  const { seq, size, writer, length } = next;
  const gone = length - (seq - upTo) * size;
  return gone > 0 ? { seq, size, writer, gone } : undefined;
}
