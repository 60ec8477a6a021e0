import { join } from "node:path";
import { type Bytes, toHex } from "@photon/protocol/codec";
import Database from "better-sqlite3";
import fc from "fast-check";
import { Kysely, SqliteDialect } from "kysely";
import { describe, expect, test } from "vitest";
import { migrate } from "../src/db/migrate.ts";
import { appendIds, runLength } from "../src/relay/append-ids.ts";
import { relayCommit } from "../src/relay/apply.ts";
import { entriesOf, maxParcelBytes, parcelsOf } from "../src/relay/parcels.ts";
import { openRelayStore } from "../src/relay/store.ts";
import { relayStatements } from "../src/relay/statements.ts";
import { type ParcelTable, relayMigrations, type RelayTables } from "../src/relay/tables.ts";
import type { RelayWrite, RelayWriteOutcome } from "../src/relay/writes.ts";
import { newQueue, random, temporaryFolder } from "./people.ts";

async function memoryDatabase(): Promise<{ readonly raw: Database.Database; readonly db: Kysely<RelayTables> }> {
  const raw = new Database(":memory:");
  const db = new Kysely<RelayTables>({ dialect: new SqliteDialect({ database: raw }) });
  await migrate(db, "relay", relayMigrations);
  return { raw, db };
}

/** With its body as a length and the byte that it is full of. */
function plain(entry: { readonly body: Uint8Array; readonly [more: string]: unknown }): unknown {
  const { body } = entry;
  const [fill = -1] = body;
  return { ...entry, body: [body.length, Buffer.from(body).equals(Buffer.alloc(body.length, fill)) ? fill : "not one byte"] };
}

const appended = (seq: number): RelayWriteOutcome => ({ kind: "appended", seq });
/** A write that no database takes. */
const unwritable: RelayWrite = { kind: "new-day", day: Symbol("no day") as unknown as number };

/** A queue, and the writes that concern it. */
async function queueIn(db: Kysely<RelayTables>, keptBytes?: number) {
  const { receiveId, sendId, readKey } = newQueue();
  const limits = { retentionDays: 30, bundleDays: 730, tombstoneDays: 30, queueEntries: 999, queueBytes: 9_999_999 };
  const restarted = () => {
    const commit = relayCommit(db, limits, keptBytes);
    return async (writes: readonly RelayWrite[]) => (await commit(writes, 20_000)).outcomes;
  };
  const create: RelayWrite = { kind: "create", receiveId, sendId, readKey, writeKeys: random(32), adminKey: undefined };
  const commit = restarted();
  await commit([create]);
  return {
    commit,
    restarted,
    append: () => ({ kind: "append", receiveId, version: 0, place: 0, appendId: random(16), body: random(1024) }) as const,
    trim: (upTo: number): RelayWrite => ({ kind: "trim", receiveId, provedBy: readKey, upTo }),
    anew: [{ kind: "delete", receiveId, provedBy: readKey }, create] as const,
  };
}

describe("parcels", () => {
  const sizes = [1024, 4096, 16384, 65536];
  const added = fc.record({
    body: fc.tuple(fc.constantFrom(...sizes), fc.nat(255)).map(([size, fill]) => new Uint8Array(size).fill(fill)),
    writer: fc.constantFrom(null, 0, 47),
  });

  test("have every entry once, under its number, of one size and writer, and are never larger than the largest entry", () => {
    fc.assert(
      fc.property(fc.array(added, { maxLength: 60 }), fc.integer({ min: 1, max: 1e9 }), fc.nat(70), (entries, first, skipped) => {
        const parcels = parcelsOf(random(16), first, 20_000, entries);
        const found = parcels.flatMap((parcel) => entriesOf(parcel, 0).map((entry) => ({ ...entry, writer: parcel.writer })));
        expect(found.map(plain)).toEqual(entries.map(({ body, writer }, index) => plain({ seq: first + index, body, writer })));
        for (const { bodies, size } of parcels) expect(bodies.length <= maxParcelBytes && bodies.length % size === 0).toBe(true);
        const after = first + skipped;
        expect(parcels.flatMap((parcel) => entriesOf(parcel, after)).map(({ seq }) => seq)).toEqual(
          found.map(({ seq }) => seq).filter((seq) => seq > after),
        );
      }),
      { numRuns: 60 },
    );
  });

  test("as few as there can be of entries that are alike", () => {
    const alike = Array.from({ length: 100 }, () => ({ body: random(4096), writer: null }));
    expect(parcelsOf(random(16), 1, 20_000, alike)).toHaveLength(Math.ceil((100 * 4096) / maxParcelBytes));
  });

  test("what is trimmed of one is gone from the database, and the rest lies there as before", async () => {
    const { raw, db } = await memoryDatabase();
    const { commit, append, trim } = await queueIn(db);
    const appends = Array.from({ length: 12 }, append);
    await commit(appends);
    await commit([trim(5)]);
    const rows = raw.prepare<[], ParcelTable>("select * from parcel").all();
    expect(rows).toHaveLength(1);
    expect(rows.flatMap((row) => entriesOf(row, 0))).toEqual(appends.slice(5).map(({ body }, index) => ({ seq: 6 + index, body })));
    expect(await commit(appends.slice(4, 6))).toEqual([appended(13), appended(6)]);
    await db.destroy();
  });
});

test("a reader gets what lies in the window it asks for, whatever lies in which parcel", async () => {
  const store = await openRelayStore({
    path: join(temporaryFolder(), "relay.sqlite"),
    limits: { retentionDays: 30, bundleDays: 730, tombstoneDays: 30, queueEntries: 9_999, queueBytes: 99_999_999 },
    now: () => 20_000 * 86_400_000,
    maxBacklog: 9_999,
    maxGroup: 70,
    observer: { committed: () => undefined, failed: () => undefined },
    maxPages: undefined,
    listener: { appended: () => undefined, ended: () => undefined },
    thread: false,
  });
  const { receiveId, sendId, readKey } = newQueue();
  await store.committer.submit({ kind: "create", receiveId, sendId, readKey, writeKeys: random(32), adminKey: undefined });
  const sizes = [
    ...Array.from({ length: 200 }, () => 1024),
    ...Array.from({ length: 100 }, (_, at) => (at % 7 === 0 ? 16384 : 1024)),
  ];
  const bodies = sizes.map((size) => random(size));
  const submitted = bodies.map((body) =>
    store.committer.submit({ kind: "append", receiveId, version: 0, place: 0, appendId: random(16), body }),
  );
  await Promise.all(submitted);
  await store.committer.submit({ kind: "trim", receiveId, provedBy: readKey, upTo: 33 });
  const all = bodies.map((body, index) => ({ seq: index + 1, body })).slice(33);
  for (let round = 0; round < 300; round++) {
    const [after, limit, room] = [round, 1 + ((round * 37) % 130), 1024 * (1 + ((round * 53) % 200))];
    let weight = 0;
    const wanted = all.filter(({ seq }) => seq > after).slice(0, limit);
    const fitting = wanted.findIndex(({ body }) => (weight += body.length) > room);
    const found = await store.entries(receiveId, after, limit, room);
    expect(found.map(({ seq }) => seq)).toEqual(wanted.slice(0, fitting < 0 ? undefined : fitting).map(({ seq }) => seq));
    expect(found.every(({ seq, body }) => Buffer.from(body).equals(bodies[seq - 1] ?? body.subarray(1)))).toBe(true);
  }
  await store.close();
});

describe("append ids", () => {
  test("are known over runs, after a restart, and when others have taken their room", async () => {
    const { db } = await memoryDatabase();
    const statements = relayStatements(db);
    let ids = appendIds(statements, 3_000);
    const queues = Array.from({ length: 3 }, () => ({ id: random(16), ids: [] as Bytes[] }));
    for (let round = 0; round < 40; round++) {
      if (round % 9 === 8) ids = appendIds(statements, 3_000);
      for (const [index, queue] of queues.entries()) {
        const known = await ids.of(db, queue.id, queue.ids.length, 0);
        for (let i = 0; i < (round + index) % 11; i++) {
          queue.ids.push(random(16));
          known.add(queue.ids.at(-1) ?? queue.id, queue.ids.length);
        }
        await known.save();
      }
    }
    for (const queue of queues) {
      expect(queue.ids.length).toBeGreaterThan(2 * runLength);
      const known = await ids.of(db, queue.id, queue.ids.length, 0);
      for (const [index, id] of queue.ids.entries()) {
        expect(known.numberOf(id, 0)).toBe(index + 1);
        expect(known.numberOf(id, index + 1)).toBeUndefined();
      }
      expect(known.numberOf(random(16), 0)).toBeUndefined();
    }
    const rows = await db.selectFrom("append_run").selectAll().execute();
    expect(rows).toHaveLength(queues.reduce((sum, queue) => sum + Math.ceil(queue.ids.length / runLength), 0));
    await db.destroy();
  });
});

describe("repeats are known", () => {
  test.each([54, 55, 56, 57, 111, 112])(
    "of all that is left when entries up to %i are trimmed, after a restart too",
    async (upTo) => {
      const { db } = await memoryDatabase();
      const { commit, append, trim, restarted } = await queueIn(db);
      const appends = Array.from({ length: 130 }, append);
      await commit(appends);
      await commit([trim(upTo)]);
      for (const after of [commit, restarted()]) {
        expect(await after(appends.slice(upTo))).toEqual(appends.slice(upTo).map((_, index) => appended(upTo + 1 + index)));
      }
      expect(await commit([appends[upTo - 1] ?? append()])).toEqual([appended(131)]);
      await db.destroy();
    },
  );

  test("and nothing else, when a group in which the queue was made anew came to nothing", async () => {
    const { db } = await memoryDatabase();
    const { commit, append, anew } = await queueIn(db);
    const [before, lost] = [Array.from({ length: 3 }, append), Array.from({ length: 3 }, append)];
    await commit(before);
    await expect(commit([...anew, ...lost, unwritable])).rejects.toThrow();
    expect(await commit([...before, ...lost])).toEqual([1, 2, 3, 4, 5, 6].map(appended));
    await db.destroy();
  });
});

test("repeats in many queues at once are known with room for the ids of none, also after a group that failed", async () => {
  const { db } = await memoryDatabase();
  const queues = await Promise.all(Array.from({ length: 5 }, () => queueIn(db, 1)));
  const appends = Array.from({ length: 150 }, (_, index) => queues[index % 5]?.append() ?? unwritable);
  const commit = queues[0]?.commit ?? (() => Promise.reject(new Error("no queue")));
  const wanted = appends.map((_, index) => appended(1 + Math.floor(index / 5)));
  await expect(commit([...appends, unwritable])).rejects.toThrow();
  for (let from = 0; from < appends.length; from += 40)
    expect(await commit(appends.slice(from, from + 40))).toEqual(wanted.slice(from, from + 40));
  expect(await commit([...appends, ...appends])).toEqual([...wanted, ...wanted]);
  await db.destroy();
});

describe("whatever a queue goes through, the relay answers as a list would, and stores no more and no less", () => {
  const limits = { retentionDays: 30, bundleDays: 730, tombstoneDays: 30, queueEntries: 150, queueBytes: 150 * 4096 };
  type Step =
    | { readonly do: "append"; readonly size: number; readonly repeats: number | undefined }
    | { readonly do: "trim"; readonly part: number }
    | { readonly do: "sweep"; readonly days: number }
    | { readonly do: "restart" }
    | { readonly do: "delete" };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 30,
      arbitrary: fc.record({
        do: fc.constant("append" as const),
        size: fc.constantFrom(1024, 1024, 1024, 4096),
        repeats: fc.option(fc.nat(80), { nil: undefined, freq: 4 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("trim" as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("sweep" as const), days: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const) }) },
  );

  /** What a queue is, plainly. */
  class List {
    entries: { readonly seq: number; readonly id: Bytes; readonly body: Bytes; readonly day: number }[] = [];
    ids: Bytes[] = [];
    last = 0;
    gone = 0;
    append(id: Bytes, body: Bytes, day: number): RelayWriteOutcome {
      const first = this.entries.find((entry) => toHex(entry.id) === toHex(id));
      if (first !== undefined) return { kind: "appended", seq: first.seq };
      const bytes = this.entries.reduce((sum, entry) => sum + entry.body.length, 0);
      if (this.entries.length >= limits.queueEntries || bytes + body.length > limits.queueBytes)
        return { kind: "refused", code: "queue-full", detail: "the queue holds all it may", retryAfter: 86_400 };
      this.last += 1;
      this.entries.push({ seq: this.last, id, body, day });
      this.ids.push(id);
      return { kind: "appended", seq: this.last };
    }
    drop(upTo: number): void {
      this.entries = this.entries.filter(({ seq }) => seq > upTo);
      this.gone = Math.max(this.gone, upTo);
    }
  }

  test("appends, repeats, trims, sweeps, restarts and deletions, in groups of any size; some groups fail", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 40 }), { maxLength: 14 }), async (groups) => {
        const { raw, db } = await memoryDatabase();
        const queue = newQueue();
        const { receiveId, sendId, readKey } = queue;
        const create: RelayWrite = { kind: "create", receiveId, sendId, readKey, writeKeys: random(32), adminKey: undefined };
        let commit = relayCommit(db, limits);
        let today = 20_000;
        let list = new List();
        await commit([create], today);
        for (const [number, group] of groups.entries()) {
          const writes: RelayWrite[] = [];
          const wanted: RelayWriteOutcome[] = [];
          for (const one of group) {
            switch (one.do) {
              case "append": {
                const appendId = list.ids.at(one.repeats === undefined ? list.ids.length : -1 - one.repeats) ?? random(16);
                const body = new Uint8Array(one.size).fill(list.last);
                writes.push({ kind: "append", receiveId, version: 0, place: 0, appendId, body });
                wanted.push(list.append(appendId, body, today));
                break;
              }
              case "trim": {
                const upTo = list.gone + Math.round(one.part * (list.last - list.gone));
                writes.push({ kind: "trim", receiveId, provedBy: readKey, upTo });
                wanted.push({ kind: "done" });
                list.drop(upTo);
                break;
              }
              case "delete":
                writes.push({ kind: "delete", receiveId, provedBy: readKey }, create);
                wanted.push({ kind: "done" }, { kind: "done" });
                list = new List();
                break;
              // Between groups: the day is one for each, and a sweep has its own.
              case "sweep":
              case "restart":
            }
          }
          // A group that fails at its end has changed nothing, neither in the database nor in memory.
          if (number % 3 === 2) await expect(commit([...writes, unwritable], today)).rejects.toThrow();
          expect((await commit(writes, today)).outcomes).toEqual(wanted);
          for (const one of group) {
            if (one.do === "restart") commit = relayCommit(db, limits);
            if (one.do !== "sweep") continue;
            today += one.days;
            await commit([{ kind: "sweep-queue", receiveId }], today);
            const past = list.entries.filter(({ day }) => day + limits.retentionDays < today).at(-1);
            if (past !== undefined) list.drop(past.seq);
          }
          const row = raw.prepare("select last_seq, gone_seq, entries, bytes from queue").get();
          const bytes = list.entries.reduce((sum, { body }) => sum + body.length, 0);
          expect(row).toEqual({ last_seq: list.last, gone_seq: list.gone, entries: list.entries.length, bytes });
          const parcels = raw.prepare<[], ParcelTable>("select * from parcel order by seq").all();
          expect(parcels.flatMap((parcel) => entriesOf(parcel, 0).map((entry) => plain({ ...entry, day: parcel.day })))).toEqual(
            list.entries.map(({ seq, body, day }) => plain({ seq, body, day })),
          );
          const runs = raw.prepare<[], { ids: Buffer }>("select ids from append_run order by number").all();
          expect(runs.length).toBeLessThanOrEqual(1 + Math.ceil((list.last - list.gone) / runLength));
          const known = Buffer.concat(runs.map(({ ids }) => ids));
          for (const { id } of list.entries) expect(known.includes(Buffer.from(id))).toBe(true);
        }
        await db.destroy();
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
