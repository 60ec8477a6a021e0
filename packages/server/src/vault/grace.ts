/**
 * Days of grace: a vault counts the days that it has seen begin, one at a time. A clock that jumps ahead, by a day or by a
 * year, counts one day, and so does a vault that was switched off for a month: what is kept for 45 days is kept for
 * at least as long, whatever a clock says. Sweeps look at the clock; everything else takes the day from the table.
 */
import type { Kysely } from "kysely";
import type { VaultTables } from "./tables.ts";

/** Rows of `clock`: the day that the calendar said last, and the count. */
const rows = { calendar: "day", grace: "grace" } as const;

async function dayIn(db: Kysely<VaultTables>, name: string): Promise<number | undefined> {
  return (await db.selectFrom("clock").select("day").where("name", "=", name).executeTakeFirst())?.day;
}

async function keep(db: Kysely<VaultTables>, name: string, day: number): Promise<void> {
  await db
    .insertInto("clock")
    .values({ name, day })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ day }))
    .execute();
}

/** The count; comparable with other counts of this vault, and about the day of the calendar. */
export async function today(db: Kysely<VaultTables>): Promise<number> {
  const day = await dayIn(db, rows.grace);
  if (day === undefined) throw new Error("a vault that counts no days");
  return day;
}

/** Begins the count where there is none. */
export async function beginDays(db: Kysely<VaultTables>, calendar: number): Promise<void> {
  if ((await dayIn(db, rows.grace)) !== undefined) return;
  const begin = (await dayIn(db, rows.calendar)) ?? calendar;
  await keep(db, rows.calendar, begin);
  await keep(db, rows.grace, begin);
}

/** @param calendar the day that the clock says now. */
export async function passDay(db: Kysely<VaultTables>, calendar: number): Promise<void> {
  if (calendar > ((await dayIn(db, rows.calendar)) ?? calendar)) await keep(db, rows.grace, (await today(db)) + 1);
  await keep(db, rows.calendar, calendar);
}
