import { signMove } from "@photon/protocol/queue";
import { describe, expect, test } from "vitest";
import { appendOf, createdQueue, good, outcome, random, readBatch, readOf, server } from "./people.ts";
import { appendMany } from "./watcher.ts";

const day = 86_400_000;
const start = 20_000 * day;

describe("what time removes", () => {
  test("entries stay readable for 30 days, then go, and the queue says up to which", async () => {
    let now = start;
    const { url, sweep } = await server({}, { now: () => now });
    const queue = await createdQueue(url);
    for (let i = 0; i < 3; i++) await good(url, "append", appendOf(queue));
    now += 20 * day;
    for (let i = 0; i < 2; i++) await good(url, "append", appendOf(queue));
    now += 10 * day;
    await sweep();
    expect(await readBatch(url, queue)).toMatchObject({
      last: 5,
      gone: 0,
      entries: [{ seq: 1 }, { seq: 2 }, { seq: 3 }, { seq: 4 }, { seq: 5 }],
    });
    now += day;
    await sweep();
    expect(await readBatch(url, queue)).toMatchObject({ last: 5, gone: 3, entries: [{ seq: 4 }, { seq: 5 }] });
    now += 100 * day;
    await sweep();
    expect(await readBatch(url, queue)).toMatchObject({ last: 5, gone: 5, entries: [] });
    // Numbers go on where they were.
    expect(await good(url, "append", appendOf(queue))).toEqual({ kind: "appended", value: { seq: 6 } });
  });

  test("a queue larger than one step is swept whole", async () => {
    let now = start;
    const { url, sweep } = await server({ "relay.queueBurstBytes": 100_000_000 }, { now: () => now });
    const queue = await createdQueue(url);
    expect(await appendMany(url, queue, 1_200)).toEqual({ appended: 1_200 });
    now += 31 * day;
    await sweep();
    expect(await readBatch(url, queue)).toMatchObject({ last: 1_200, gone: 1_200 });
  });

  test("room that expired entries held can be used again", async () => {
    let now = start;
    const { url, sweep } = await server({ "relay.queueEntries": 2 }, { now: () => now });
    const queue = await createdQueue(url);
    for (let i = 0; i < 2; i++) await good(url, "append", appendOf(queue));
    expect(await outcome(url, "append", appendOf(queue))).toBe("queue-full");
    now += 31 * day;
    await sweep();
    expect(await outcome(url, "append", appendOf(queue))).toBe("ok");
  });

  test("a moved queue hands out its bundle for two years, then is gone", async () => {
    let now = start;
    const { url, sweep } = await server({}, { now: () => now });
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue));
    const bundle = random(500);
    await good(url, "move", signMove(queue.readSeed, { receiveId: queue.receiveId, bundle }));
    for (let year = 0; year < 2; year++) {
      now += 365 * day;
      await sweep();
      expect(await good(url, "append", appendOf(queue))).toEqual({ kind: "moved", value: { bundle } });
    }
    now += day;
    await sweep();
    expect(await outcome(url, "append", appendOf(queue))).toBe("forbidden");
    expect((await good(url, "read", [readOf(queue)])).value).toEqual([{ kind: "refused", value: "forbidden" }]);
  });

  test("a drop past its days is told from one that never was, for 30 days more", async () => {
    let now = start;
    const { url, sweep } = await server({}, { now: () => now });
    const drop = { dropId: random(32), body: random(100), days: 7 };
    await good(url, "put", drop);
    now += 7 * day;
    await sweep();
    expect(await outcome(url, "get", { dropId: drop.dropId })).toBe("ok");
    now += day;
    // Whether or not it was swept already.
    expect(await outcome(url, "get", { dropId: drop.dropId })).toBe("expired");
    await sweep();
    expect(await outcome(url, "get", { dropId: drop.dropId })).toBe("expired");
    expect(await outcome(url, "put", drop)).toBe("exists");
    now += 29 * day;
    await sweep();
    expect(await outcome(url, "get", { dropId: drop.dropId })).toBe("expired");
    now += day;
    await sweep();
    expect(await outcome(url, "get", { dropId: drop.dropId })).toBe("not-found");
    expect(await outcome(url, "get", { dropId: random(32) })).toBe("not-found");
  });
});

describe("a clock that leaps", () => {
  test("ten years ahead removes nothing, and the server says that it is not well", async () => {
    let now = start;
    const { url, sweep } = await server({}, { now: () => now });
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue));
    now += 3_650 * day;
    await sweep();
    expect(await readBatch(url, queue)).toMatchObject({ gone: 0, entries: [{ seq: 1 }] });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    now = start + day;
    await sweep();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test("set back, it does not make entries that are at once too old when it is right again", async () => {
    let now = start;
    const first = await server({}, { now: () => now });
    const queue = await createdQueue(first.url);
    await first.sweep();
    await first.close();
    now = start - 100 * day;
    const second = await server({ data: first.data }, { now: () => now });
    await good(second.url, "append", appendOf(queue));
    now = start + day;
    await second.sweep();
    expect(await readBatch(second.url, queue)).toMatchObject({ gone: 0, entries: [{ seq: 1 }] });
  });
});
