import Database from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { readKeyOf, signDelete, signMove, signRotate, signTrim } from "@photon/protocol/queue";
import { type Bytes, concat } from "@photon/protocol/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { migrate } from "../src/db/migrate.ts";
import { relayCommit } from "../src/relay/apply.ts";
import { relayMigrations, type RelayTables } from "../src/relay/tables.ts";
import {
  boardOf,
  counted,
  countedPortions,
  createBoardOf,
  createdBoard,
  newBoard,
  newKeys,
  type TestBoard,
} from "./board-people.ts";
import {
  appendOf,
  call,
  createdQueue,
  createOf,
  good,
  newQueue,
  outcome,
  random,
  readBatch,
  readOf,
  server,
  type TestQueue,
} from "./people.ts";

const day = 86_400_000;
const start = 20_000 * day;

/** Appends until it is refused; how many were taken, and the refusal. */
async function fill(url: string, writer: TestQueue, size = 1024): Promise<readonly [number, unknown]> {
  for (let taken = 0; ; taken++) {
    const answer = await call(url, "append", appendOf(writer, size));
    if (!answer.ok) return [taken, answer.error];
  }
}
const entriesOf = (data: string, board: TestBoard) => countedPortions(data, board).map(({ entries }) => entries);
const rotateOf = (board: TestBoard, version: number, next: TestBoard) =>
  signRotate(board.adminSeed, {
    receiveId: board.queue.receiveId,
    version,
    readKey: next.queue.readKey,
    writeKeys: next.writeKeys,
  });
/** The board with other write keys. */
const withKeys = (board: TestBoard, keys: readonly Bytes[]): TestBoard => boardOf(board.queue, board.adminSeed, keys);

describe("one writer cannot fill a board", () => {
  test("with entries: it is refused as by a full queue, and the others have their portions", async () => {
    const { url, data } = await server({ "relay.queueEntries": 11 });
    const board = await createdBoard(url, 3);
    const early = appendOf(board.writer(1));
    await good(url, "append", early);
    const ordinary = await createdQueue(url);
    const [, asAnyFullQueue] = await fill(url, ordinary);
    expect(await fill(url, board.writer(1))).toEqual([2, asAnyFullQueue]);
    expect(asAnyFullQueue).toMatchObject({ refusal: "queue-full", retryAfter: 86_400 });
    expect(await outcome(url, "append", early)).toBe("ok");
    expect((await readBatch(url, board.queue)).overflowed).toBe(true);
    for (const place of [0, 2]) expect(await fill(url, board.writer(place))).toEqual([3, asAnyFullQueue]);
    expect(entriesOf(data, board)).toEqual([3, 3, 3]);
    expect((await readBatch(url, board.queue)).entries).toHaveLength(9);
  });

  test("with bytes", async () => {
    const { url, data } = await server({ "relay.queueBytes": 80_000 });
    const board = await createdBoard(url, 2);
    expect(await outcome(url, "append", appendOf(board.writer(0), 65536))).toBe("queue-full");
    expect((await fill(url, board.writer(0), 16384))[0]).toBe(2);
    expect(await outcome(url, "append", appendOf(board.writer(0), 4096))).toBe("ok");
    expect((await fill(url, board.writer(1), 4096))[0]).toBe(9);
    expect(countedPortions(data, board).map(({ bytes }) => bytes)).toEqual([36_864, 36_864]);
  });

  test("with bytes per second", async () => {
    const { url } = await server({ "relay.queueBytesPerSecond": 1, "relay.queueBurstBytes": 65_536 });
    const board = await createdBoard(url, 4);
    expect(await fill(url, board.writer(3), 16384)).toEqual([1, expect.objectContaining({ refusal: "rate-limited" })]);
    for (const place of [0, 1, 2]) expect((await fill(url, board.writer(place), 4096))[0]).toBe(4);
  });

  test("with what it left behind when it was put out", async () => {
    const { url } = await server({ "relay.queueEntries": 4 });
    let board = await createdBoard(url, 2);
    for (let version = 1; version <= 4; version++) {
      await fill(url, board.writer(0));
      const next = withKeys(board, [...newKeys(1), ...board.writeKeys.slice(1)]);
      expect(await outcome(url, "rotate", rotateOf(board, version, next))).toBe("ok");
      board = next;
    }
    // Twice what a queue may hold, and no more, however often its owner changes the keys.
    expect((await fill(url, board.writer(0)))[0]).toBe(0);
    expect((await readBatch(url, board.queue)).last).toBe(8);
    await good(url, "trim", signTrim(board.adminSeed, { receiveId: board.queue.receiveId, upTo: 8 }));
    expect((await fill(url, board.writer(1)))[0]).toBe(2);
  });

  test("commits in a thread of their own", async () => {
    const { url, data } = await server({ "relay.queueEntries": 48, "relay.commitThread": "true" });
    const board = await createdBoard(url, 24);
    const taken = await Promise.all([0, 7, 23].map(async (place) => (await fill(url, board.writer(place)))[0]));
    expect(taken).toEqual([2, 2, 2]);
    expect(entriesOf(data, board).map((entries, place) => entries * place)).toEqual(
      Array.from({ length: 24 }, (_, place) => ([7, 23].includes(place) ? 2 * place : 0)),
    );
  });
});

test("a reader of a board cannot rotate, move, delete or trim it", async () => {
  const { url } = await server();
  const board = await createdBoard(url, 2);
  const { receiveId, readSeed, readKey } = board.queue;
  await good(url, "append", appendOf(board.writer(0)));
  const keys = { receiveId, version: 1, readKey, writeKeys: newKeys(2) };
  const [bundle, stranger] = [random(100), newQueue()];
  expect(await call(url, "rotate", signRotate(readSeed, keys))).toEqual(
    await call(url, "rotate", signRotate(stranger.readSeed, { ...keys, receiveId: stranger.receiveId })),
  );
  expect(await outcome(url, "rotate", signRotate(readSeed, keys))).toBe("forbidden");
  expect(await outcome(url, "move", signMove(readSeed, { receiveId, bundle }))).toBe("forbidden");
  expect(await outcome(url, "trim", signTrim(readSeed, { receiveId, upTo: 1 }))).toBe("forbidden");
  expect(await outcome(url, "delete", signDelete(readSeed, { receiveId }))).toBe("forbidden");
  const untouched = await readBatch(url, board.queue);
  expect(untouched).toMatchObject({ last: 1, gone: 0, version: 0, entries: [{ seq: 1 }] });
  expect(untouched.bundle).toBeUndefined();
  // The admin key alone changes it, and does not read.
  const asReader = { ...board.queue, readSeed: board.adminSeed };
  expect((await good(url, "read", [readOf(asReader)])).value).toEqual([{ kind: "refused", value: "forbidden" }]);
  expect(await outcome(url, "rotate", signRotate(board.adminSeed, keys))).toBe("ok");
  expect(await outcome(url, "trim", signTrim(board.adminSeed, { receiveId, upTo: 1 }))).toBe("ok");
  expect(await good(url, "move", signMove(board.adminSeed, { receiveId, bundle }))).toEqual({ kind: "frozen", value: { last: 1 } });
  expect(await outcome(url, "delete", signDelete(board.adminSeed, { receiveId }))).toBe("ok");
  expect(await outcome(url, "append", appendOf(board.writer(0)))).toBe("forbidden");
});

describe("a board", () => {
  test("is created once: again with the same keys is the same, with another admin key or none it is taken", async () => {
    const { url, data } = await server();
    const board = newBoard(2);
    const create = createBoardOf(board);
    expect(await outcome(url, "create", create)).toBe("ok");
    await good(url, "append", appendOf(board.writer(1)));
    expect(await outcome(url, "create", create)).toBe("ok");
    expect(await outcome(url, "create", { ...create, adminKey: readKeyOf(random(32)) })).toBe("exists");
    expect(await outcome(url, "create", { ...create, adminKey: undefined })).toBe("exists");
    expect(entriesOf(data, board)).toEqual([0, 1]);
    const ordinary = createOf(await createdQueue(url));
    expect(await outcome(url, "create", { ...ordinary, adminKey: board.adminKey })).toBe("exists");
  });

  test("has up to 24 writers, also when it is rotated; any other queue has 4", async () => {
    const { url } = await server();
    const board = await createdBoard(url, 1);
    expect(await outcome(url, "rotate", rotateOf(board, 1, withKeys(board, newKeys(24))))).toBe("ok");
    const twice = newKeys(2);
    expect(await outcome(url, "rotate", rotateOf(board, 2, withKeys(board, [...twice, ...twice])))).toBe("malformed");
    const queue = await createdQueue(url);
    const keys = { receiveId: queue.receiveId, version: 1, readKey: queue.readKey };
    expect(await outcome(url, "rotate", signRotate(queue.readSeed, { ...keys, writeKeys: newKeys(5) }))).toBe("malformed");
    // Whoever may not rotate it does not learn what it is.
    expect(await outcome(url, "rotate", signRotate(random(32), { ...keys, writeKeys: newKeys(5) }))).toBe("forbidden");
    expect(await outcome(url, "rotate", signRotate(queue.readSeed, { ...keys, writeKeys: newKeys(4) }))).toBe("ok");
  });

  test("rotated, it keeps its admin key; keys that stay keep what they have used, wherever they stand, and others begin", async () => {
    const { url, data } = await server({ "relay.queueEntries": 12 });
    const board = await createdBoard(url, 3);
    const [a = random(32), b = random(32), c = random(32)] = board.writeKeys;
    for (const [place, entries] of [3, 4, 1].entries()) {
      for (let i = 0; i < entries; i++) await good(url, "append", appendOf(board.writer(place)));
    }
    // Ben is out, Dee is in; Ana and Chi have changed places.
    const [d = random(32)] = newKeys(1);
    const next = withKeys(board, [c, d, a]);
    const rotation = rotateOf(board, 1, next);
    expect(await outcome(url, "rotate", rotation)).toBe("ok");
    expect(await outcome(url, "rotate", rotation)).toBe("ok");
    expect(entriesOf(data, next)).toEqual([1, 0, 3]);
    expect(await outcome(url, "append", appendOf(board.writer(1)))).toBe("forbidden");
    expect([await fill(url, next.writer(0)), await fill(url, next.writer(1)), await fill(url, next.writer(2))]).toMatchObject([
      [3, {}],
      [4, {}],
      [1, {}],
    ]);
    // Ben comes back, and what he wrote before counts for nobody.
    const third = withKeys(board, [b, c, d, a]);
    expect(await outcome(url, "rotate", signRotate(board.queue.readSeed, rotateOf(board, 2, third)))).toBe("forbidden");
    expect(await outcome(url, "rotate", rotateOf(board, 2, third))).toBe("ok");
    expect(entriesOf(data, third)).toEqual([0, 4, 4, 4]);
    expect((await fill(url, third.writer(0)))[0]).toBe(3);
    // A portion of three is less than Dee has used.
    expect((await fill(url, third.writer(2)))[0]).toBe(0);
  });

  test("what expires is given back to who wrote it", async () => {
    let now = start;
    const { url, data, sweep } = await server({ "relay.queueEntries": 6 }, { now: () => now });
    const board = await createdBoard(url, 2);
    for (const place of [0, 0, 1]) await good(url, "append", appendOf(board.writer(place)));
    now += 20 * day;
    for (const place of [0, 1]) await good(url, "append", appendOf(board.writer(place)));
    now += 11 * day;
    await sweep();
    expect(await readBatch(url, board.queue)).toMatchObject({ last: 5, gone: 3, entries: [{ seq: 4 }, { seq: 5 }] });
    expect(entriesOf(data, board)).toEqual([1, 1]);
    expect((await fill(url, board.writer(0)))[0]).toBe(2);
    now += 31 * day;
    await sweep();
    expect(countedPortions(data, board)).toEqual(Array.from({ length: 2 }, () => ({ entries: 0, bytes: 0 })));
  });

  test("two years after it was moved, or deleted, nothing of it is left", async () => {
    let now = start;
    const { url, data, sweep } = await server({}, { now: () => now });
    const boards = [await createdBoard(url, 3), await createdBoard(url, 3)] as const;
    for (const board of boards) await good(url, "append", appendOf(board.writer(2)));
    const [moved, deleted] = boards;
    await good(url, "move", signMove(moved.adminSeed, { receiveId: moved.queue.receiveId, bundle: random(9) }));
    await good(url, "delete", signDelete(deleted.adminSeed, { receiveId: deleted.queue.receiveId }));
    for (let year = 0; year < 2; year++) {
      now += 366 * day;
      await sweep();
    }
    for (const board of boards) {
      expect(await outcome(url, "append", appendOf(board.writer(2)))).toBe("forbidden");
      expect(entriesOf(data, board)).toEqual([]);
    }
  });
});

/** What happens to a board, in an order of chance. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("append"), which: fc.nat(9), size: fc.constantFrom(1024, 4096, 16384) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rotate"), which: fc.nat(9), size: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("trim"), which: fc.nat(40), size: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("days"), which: fc.nat(20), size: fc.constant(0) }) },
);

test("whatever happens to a board, what is counted is what lies there, and a writer is refused for nothing but its portion", async () => {
  let now = start;
  const { url, data, sweep } = await server(
    { "relay.queueEntries": 12, "relay.queueBytes": 120_000, "limits.requestsPerSecond": 0 },
    { now: () => now },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
      let board = await createdBoard(url, 3);
      const { receiveId } = board.queue;
      for (const { kind, which, size } of steps) {
        const { writeKeys } = board;
        const { version, last } = await readBatch(url, board.queue);
        if (kind === "append") {
          const place = which % writeKeys.length;
          const { whole, portions } = counted(data, board);
          const used = portions[place] ?? whole;
          const fits =
            used.entries < Math.floor(12 / writeKeys.length) &&
            used.bytes + size <= Math.floor(120_000 / writeKeys.length) &&
            whole.entries < 24 &&
            whole.bytes + size <= 240_000;
          expect(await outcome(url, "append", appendOf(board.writer(place), size))).toBe(fits ? "ok" : "queue-full");
        } else if (kind === "rotate") {
          const stay = writeKeys.filter((_, place) => place !== which).toReversed();
          const next = withKeys(board, [...newKeys(size), ...stay].slice(0, 6).concat(stay.length + size === 0 ? newKeys(1) : []));
          expect(await outcome(url, "rotate", rotateOf(board, version + 1, next))).toBe("ok");
          board = next;
        } else if (kind === "trim") {
          const trimmed = await outcome(url, "trim", signTrim(board.adminSeed, { receiveId, upTo: which + 1 }));
          expect(trimmed).toBe(which < last ? "ok" : "conflict");
        } else {
          now += which * day;
          await sweep();
        }
        countedPortions(data, board);
      }
    }),
    { numRuns: 12 },
  );
}, 60_000);

describe("trimming", () => {
  test("removes entries up to a number, gives their portions back, and readers see them gone as after retention", async () => {
    const { url, data } = await server({ "relay.queueEntries": 6 });
    const board = await createdBoard(url, 2);
    const { receiveId } = board.queue;
    for (const place of [0, 1, 0, 0]) await good(url, "append", appendOf(board.writer(place)));
    const trim = signTrim(board.adminSeed, { receiveId, upTo: 3 });
    expect(await good(url, "trim", trim)).toEqual({ kind: "done", value: {} });
    expect(await readBatch(url, board.queue)).toMatchObject({ last: 4, gone: 3, entries: [{ seq: 4 }] });
    expect(entriesOf(data, board)).toEqual([1, 0]);
    expect((await fill(url, board.writer(0)))[0]).toBe(2);
    // A repeat, and an older one, remove no more.
    expect(await outcome(url, "trim", trim)).toBe("ok");
    expect(await outcome(url, "trim", signTrim(board.adminSeed, { receiveId, upTo: 1 }))).toBe("ok");
    expect(await readBatch(url, board.queue)).toMatchObject({ last: 6, gone: 3 });
  });

  test("beyond the last entry is refused, so that its repeat removes nothing that came later", async () => {
    const { url } = await server();
    const board = await createdBoard(url, 1);
    await good(url, "append", appendOf(board.writer(0)));
    const trim = signTrim(board.adminSeed, { receiveId: board.queue.receiveId, upTo: 2 });
    expect(await outcome(url, "trim", trim)).toBe("conflict");
    expect(await readBatch(url, board.queue)).toMatchObject({ last: 1, gone: 0 });
  });

  test("a queue that is no board is trimmed by its read key", async () => {
    const { url } = await server({ "relay.queueEntries": 2 });
    const queue = await createdQueue(url);
    const { receiveId } = queue;
    await fill(url, queue);
    expect(await outcome(url, "trim", signTrim(random(32), { receiveId, upTo: 1 }))).toBe("forbidden");
    expect(await outcome(url, "trim", signTrim(queue.readSeed, { receiveId, upTo: 2 }))).toBe("ok");
    expect(await readBatch(url, queue)).toMatchObject({ last: 2, gone: 2, entries: [] });
    expect(await good(url, "append", appendOf(queue))).toEqual({ kind: "appended", value: { seq: 3 } });
  });
});

test("appends to a queue that is no board cost a few statements for all that are committed together", async () => {
  const said: string[] = [];
  const db = new Kysely<RelayTables>({
    dialect: new SqliteDialect({ database: new Database(":memory:") }),
    log: ({ query }) => void said.push(query.sql.split(" ").slice(0, 3).join(" ")),
  });
  await migrate(db, "relay", relayMigrations);
  const limits = { retentionDays: 30, bundleDays: 730, tombstoneDays: 30, queueEntries: 9, queueBytes: 90_000 };
  const commit = relayCommit(db, limits);
  const { receiveId, sendId, readKey } = newQueue();
  const create = { kind: "create", receiveId, sendId, readKey, writeKeys: concat(...newKeys(2)), adminKey: undefined } as const;
  await commit([create], 20_000);
  said.length = 0;
  const append = () => ({ kind: "append", receiveId, version: 0, place: 1, appendId: random(16), body: random(1024) }) as const;
  await commit([append(), append(), append()], 20_000);
  expect(said.filter((statement) => !/^(begin|commit)/u.test(statement))).toEqual([
    "select * from",
    'select "ids" from',
    'insert into "parcel"',
    'insert into "append_run"',
    'update "queue" set',
  ]);
  said.length = 0;
  await commit([append()], 20_000);
  expect(said.filter((statement) => !/^(begin|commit)/u.test(statement))).toEqual([
    "select * from",
    'insert into "parcel"',
    'update "append_run" set',
    'update "queue" set',
  ]);
  await db.destroy();
});
