/** The migration from a row for each entry, with its append id, to parcels and runs of ids. */
import type { Kysely } from "kysely";
import { packRun, runLength } from "./append-ids.ts";
import { parcelsOf } from "./parcels.ts";
import type { AppendRunTable, ParcelTable } from "./tables.ts";

interface OldTables {
  readonly queue: { readonly receive_id: Uint8Array; readonly last_seq: number };
  readonly entry: {
    readonly queue: Uint8Array;
    readonly seq: number;
    readonly append_id: Uint8Array;
    readonly day: number;
    readonly body: Uint8Array;
    readonly writer: number | null;
  };
  readonly parcel: ParcelTable;
  readonly append_run: AppendRunTable;
}

const step = 64;
/** For numbers whose entries are gone: nobody finds it, since those are not looked for. */
const noId = new Uint8Array(16);

/** @param database in the migration's transaction; has both kinds of tables. */
export async function entriesIntoParcels(database: Kysely<unknown>): Promise<void> {
  const db = database as Kysely<OldTables>;
  let after: Uint8Array = new Uint8Array(0);
  for (;;) {
    const queue = await db
      .selectFrom("queue")
      .select(["receive_id", "last_seq"])
      .where("receive_id", ">", after)
      .orderBy("receive_id")
      .limit(1)
      .executeTakeFirst();
    if (queue === undefined) return;
    after = queue.receive_id;
    await convert(db, after, queue.last_seq);
  }
}

/** @param last number of the last entry that the queue was given, whatever is left of them. */
async function convert(db: Kysely<OldTables>, queue: Uint8Array, last: number): Promise<void> {
  let run: Uint8Array[] = [];
  let number: number | undefined;
  const save = async (): Promise<void> => {
    if (number !== undefined)
      await db
        .insertInto("append_run")
        .values(packRun(queue, { number, ids: run }))
        .execute();
  };
  for (let after = 0; ;) {
    const rows = await db
      .selectFrom("entry")
      .selectAll()
      .where("queue", "=", queue)
      .where("seq", ">", after)
      .orderBy("seq")
      .limit(step)
      .execute();
    for (const { seq, append_id, day, body, writer } of rows) {
      const parcels = parcelsOf(queue, seq, day, [{ body, writer }]);
      await db.insertInto("parcel").values(parcels).execute();
      const [its, place] = [Math.floor((seq - 1) / runLength), (seq - 1) % runLength];
      if (its !== number) {
        await save();
        [number, run] = [its, Array.from({ length: place }, () => noId)];
      }
      run.push(append_id);
      after = seq;
    }
    if (rows.length < step) break;
  }
  // What comes next goes into the run of the last entry, though that one is gone as well.
  if (number === undefined && last % runLength !== 0)
    [number, run] = [Math.floor(last / runLength), Array.from({ length: last % runLength }, () => noId)];
  await save();
}
