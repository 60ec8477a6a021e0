/**
 * What time removes: entries past retention, frozen queues past their two years, drops and then their tombstones. Each step is
 * bounded, so that a sweep never holds up an append for long.
 */
import type { Kysely } from "kysely";
import { tallied } from "./parcels.ts";
import { removeQueue, removeUpTo } from "./removing.ts";
import type { RelayTables } from "./tables.ts";
import { type RelayLimits, type RelayWriteOutcome, sweepStep } from "./writes.ts";

/** Removes the oldest entries of one queue that are past retention; the whole queue once its bundle has been kept long enough. */
export async function sweepQueue(
  db: Kysely<RelayTables>,
  limits: RelayLimits,
  today: number,
  receiveId: Uint8Array,
): Promise<RelayWriteOutcome> {
  const row = await db
    .selectFrom("queue")
    .select(["receive_id", "entries", "bytes", "frozen_day"])
    .where("receive_id", "=", receiveId)
    .executeTakeFirst();
  if (row === undefined) return { kind: "swept", more: false, oldestDay: undefined };
  if (row.entries === 0) {
    if (row.frozen_day !== null && row.frozen_day + limits.bundleDays < today) {
      await removeQueue(db, receiveId);
    }
    return { kind: "swept", more: false, oldestDay: undefined };
  }
  const oldest = await db
    .selectFrom("parcel")
    .select(({ fn }) => ["seq", "day", "size", "writer", fn<number>("length", ["bodies"]).as("length")])
    .where("queue", "=", receiveId)
    .orderBy("seq")
    .limit(sweepStep + 1)
    .execute();
  const past: (typeof oldest)[number][] = [];
  let entries = 0;
  for (const parcel of oldest) {
    if (parcel.day + limits.retentionDays >= today || entries >= sweepStep) break;
    past.push(parcel);
    entries += parcel.length / parcel.size;
  }
  const last = past.at(-1);
  if (last !== undefined) await removeUpTo(db, row, last.seq, tallied(past));
  return { kind: "swept", more: entries >= sweepStep, oldestDay: oldest[past.length]?.day };
}

/** Empties drops past their days, and forgets tombstones past theirs. */
export async function sweepDrops(db: Kysely<RelayTables>, limits: RelayLimits, today: number): Promise<RelayWriteOutcome> {
  const forgotten = await db
    .selectFrom("drop")
    .select("drop_id")
    .where("until_day", "<", today - limits.tombstoneDays)
    .limit(sweepStep)
    .execute();
  for (const { drop_id } of forgotten) await db.deleteFrom("drop").where("drop_id", "=", drop_id).execute();
  const past = await db
    .selectFrom("drop")
    .select("drop_id")
    .where("until_day", "<", today)
    .where("body", "is not", null)
    .limit(sweepStep)
    .execute();
  for (const { drop_id } of past) await db.updateTable("drop").set({ body: null }).where("drop_id", "=", drop_id).execute();
  return { kind: "swept", more: forgotten.length === sweepStep || past.length === sweepStep, oldestDay: undefined };
}
