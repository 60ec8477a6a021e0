import { signDelete, signRotate } from "@photon/protocol/queue";
import { describe, expect, test } from "vitest";
import { appendOf, createdQueue, good, newQueue, random, readOf, server } from "./people.ts";
import { takeUntil, watcher, watchFrame } from "./watcher.ts";

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

describe("a watch that pushes", () => {
  test("brings what was there, says when it is caught up, then brings what comes", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    for (let i = 0; i < 3; i++) await good(url, "append", appendOf(queue));
    const watch = await watcher(url);
    watch.send(watchFrame([queue], true));
    expect(await watch.nextOf("watching")).toEqual([{ kind: "watched", value: {} }]);
    expect(await watch.nextOf("entries")).toMatchObject({
      push: 1,
      caughtUp: false,
      entries: [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
    });
    expect(await watch.nextOf("entries")).toMatchObject({ push: 2, caughtUp: true, entries: [] });
    const append = appendOf(queue);
    await good(url, "append", append);
    expect(await watch.nextOf("entries")).toMatchObject({ push: 3, caughtUp: true, entries: [{ seq: 4, body: append.body }] });
  });

  test("an empty queue is caught up at once", async () => {
    const { url } = await server();
    const watch = await watcher(url);
    watch.send(watchFrame([await createdQueue(url)], true));
    expect(await watch.nextOf("entries")).toMatchObject({ caughtUp: true, entries: [] });
  });

  test("resumes from the cursor it is given, and misses nothing", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    for (let i = 0; i < 5; i++) await good(url, "append", appendOf(queue));
    const first = await watcher(url);
    first.send(watchFrame([queue], true));
    expect(await takeUntil(first, 5)).toEqual(upTo(5));
    first.close();
    await first.closed;
    for (let i = 0; i < 5; i++) await good(url, "append", appendOf(queue));
    const second = await watcher(url);
    second.send(watchFrame([queue], true, 5));
    expect(await takeUntil(second, 10)).toEqual([6, 7, 8, 9, 10]);
  });

  test("pushes no more unacknowledged bytes than allowed, and goes on when they are acknowledged", async () => {
    const { url } = await server({ "relay.unacknowledgedBytes": 100_000, "relay.queueBurstBytes": 100_000_000 });
    const queue = await createdQueue(url);
    const watch = await watcher(url);
    watch.send(watchFrame([queue], true));
    await watch.nextOf("entries");
    for (let i = 0; i < 40; i++) await good(url, "append", appendOf(queue, 16384));
    // Asked after the last append: whatever was pushed has arrived before the answer.
    watch.send({ kind: "ping", value: { ref: 7 } });
    const pushed: number[] = [];
    for (;;) {
      const frame = await watch.next();
      if (frame?.kind === "pong") break;
      if (frame?.kind === "entries") pushed.push(...frame.value.entries.map((entry) => entry.seq));
    }
    expect(pushed).toEqual(upTo(6));
    watch.send({ kind: "ack", value: { push: 7 } });
    expect(await takeUntil(watch, 40)).toEqual(upTo(40).slice(6));
  });

  test("an entry larger than the whole allowance still comes, alone", async () => {
    const { url } = await server({ "relay.unacknowledgedBytes": 65_536 });
    const queue = await createdQueue(url);
    for (let i = 0; i < 3; i++) await good(url, "append", appendOf(queue, 65536));
    const watch = await watcher(url);
    watch.send(watchFrame([queue], true));
    expect(await takeUntil(watch, 3)).toEqual([1, 2, 3]);
  });

  test("concurrent appends and watching: nothing missed, nothing twice, nothing out of order", async () => {
    const { url } = await server({ "relay.unacknowledgedBytes": 65_536 });
    const queues = await Promise.all([1, 2, 3].map(() => createdQueue(url)));
    const appends = Promise.all(
      queues.flatMap((queue) =>
        [1, 2, 3, 4].map(async () => {
          for (let i = 0; i < 25; i++) await good(url, "append", appendOf(queue));
        }),
      ),
    );
    const watches = queues.map(async (queue) => {
      const watch = await watcher(url);
      watch.send(watchFrame([queue], true));
      return takeUntil(watch, 100);
    });
    await appends;
    for (const seqs of await Promise.all(watches)) expect(seqs).toEqual(upTo(100));
  });
});

describe("a watch that hints", () => {
  test("hints at what is there and at what comes, and pushes nothing", async () => {
    const { url } = await server();
    const [full, empty] = [await createdQueue(url), await createdQueue(url)];
    await good(url, "append", appendOf(full));
    const watch = await watcher(url);
    watch.send(watchFrame([full, empty], false));
    expect(await watch.nextOf("watching")).toHaveLength(2);
    expect(await watch.nextOf("hint")).toEqual({ receiveId: full.receiveId });
    await good(url, "append", appendOf(empty));
    expect(await watch.nextOf("hint")).toEqual({ receiveId: empty.receiveId });
    expect(watch.waiting).toEqual([]);
  });
});

describe("the right to watch", () => {
  test("an unknown queue and a wrong signature are refused alike, and nothing of the queue is told", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    const watch = await watcher(url);
    const forged = { ...readOf(queue), signature: random(64) };
    for (const push of [true, false]) {
      watch.send({ kind: "watch", value: { push, reads: [forged, readOf(newQueue())] } });
      expect(await watch.nextOf("watching")).toEqual([1, 2].map(() => ({ kind: "refused", value: "forbidden" })));
    }
    await good(url, "append", appendOf(queue));
    watch.send({ kind: "ping", value: { ref: 1 } });
    expect(await watch.next()).toEqual({ kind: "pong", value: { ref: 1 } });
  });

  test("ends when the queue's keys are rotated and when it is deleted: a retired device hears nothing more", async () => {
    const { url } = await server();
    const [rotated, deleted] = [await createdQueue(url), await createdQueue(url)];
    const watch = await watcher(url);
    watch.send(watchFrame([rotated, deleted], true));
    await watch.nextOf("watching");
    const next = { ...newQueue(), receiveId: rotated.receiveId, sendId: rotated.sendId };
    const keys = { receiveId: rotated.receiveId, version: 1, readKey: next.readKey, writeKeys: [next.writeKey] };
    await good(url, "rotate", signRotate(rotated.readSeed, keys));
    expect(await watch.nextOf("ended")).toEqual({ receiveId: rotated.receiveId });
    await good(url, "append", appendOf(next));
    await good(url, "delete", signDelete(deleted.readSeed, { receiveId: deleted.receiveId }));
    expect(await watch.nextOf("ended")).toEqual({ receiveId: deleted.receiveId });
    watch.send(watchFrame([rotated], true));
    expect(await watch.nextOf("watching")).toEqual([{ kind: "refused", value: "forbidden" }]);
    watch.send(watchFrame([next], true));
    expect(await takeUntil(watch, 1)).toEqual([1]);
  });
});

describe("requests over the watch connection", () => {
  test("are answered as over HTTP, each under its number", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    const watch = await watcher(url);
    const appends = [appendOf(queue), appendOf(queue), { ...appendOf(queue), mac: random(32) }];
    watch.send({
      kind: "requests",
      value: [
        ...appends.map((value, ref) => ({ ref, request: { kind: "append" as const, value } })),
        { ref: 9, request: { kind: "read" as const, value: [readOf(queue)] } },
      ],
    });
    const answers = new Map<number, string>();
    while (answers.size < 4) {
      for (const { ref, response } of await watch.nextOf("responses")) {
        answers.set(ref, response.kind === "refused" ? response.value.code : response.kind);
      }
    }
    expect([0, 1, 2, 9].map((ref) => answers.get(ref))).toEqual(["appended", "appended", "forbidden", "entries"]);
  });

  test("count against the address's allowance", async () => {
    const { url } = await server({ "limits.requestsPerSecond": 1, "limits.requestBurst": 3 });
    const queue = await createdQueue(url);
    const watch = await watcher(url);
    const requests = Array.from({ length: 5 }, (_, ref) => ({ ref, request: { kind: "append" as const, value: appendOf(queue) } }));
    watch.send({ kind: "requests", value: requests });
    const codes: string[] = [];
    while (codes.length < 5) {
      for (const { response } of await watch.nextOf("responses"))
        codes.push(response.kind === "refused" ? response.value.code : response.kind);
    }
    expect(codes.toSorted()).toEqual(["appended", "appended", "rate-limited", "rate-limited", "rate-limited"]);
  });
});

describe("what is no frame", () => {
  test.each([
    ["text", "hello"],
    ["an empty frame", new Uint8Array(0)],
    ["other CBOR", new Uint8Array([0xa0])],
    ["a frame that goes on", new Uint8Array([0x82, 0x04, 0xa1, 0x01, 0x01, 0x00])],
  ])("ends the connection: %s", async (_name, bytes) => {
    const { url } = await server();
    const watch = await watcher(url);
    watch.sendRaw(bytes);
    expect(await watch.closed).toBe(1002);
  });

  test("an acknowledgement of what was never pushed ends the connection with a reason", async () => {
    const { url } = await server();
    const watch = await watcher(url);
    watch.send({ kind: "ack", value: { push: 5 } });
    expect(await watch.nextOf("refused")).toMatchObject({ code: "malformed" });
    expect(await watch.closed).toBe(1002);
  });
});

test("more sockets of one address than allowed are turned away before they open", async () => {
  const { url } = await server({ "limits.socketsPerAddress": 2 });
  const first = await watcher(url);
  await watcher(url);
  await expect(watcher(url)).rejects.toThrow("429");
  first.close();
  await first.closed;
  await expect
    .poll(() =>
      watcher(url).then(
        () => "open",
        () => "refused",
      ),
    )
    .toBe("open");
});
