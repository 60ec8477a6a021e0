import { signDelete, signMove, signRotate } from "@photon/protocol/queue";
import { describe, expect, test } from "vitest";
import {
  appendOf,
  call,
  createdQueue,
  createOf,
  good,
  newQueue,
  outcome,
  random,
  readAll,
  readBatch,
  readOf,
  server,
} from "./people.ts";

describe("a queue", () => {
  test("what is appended is read in order, with sequence numbers from 1", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    const sent = [appendOf(queue), appendOf(queue, 4096), appendOf(queue, 16384), appendOf(queue, 65536)];
    for (const [index, append] of sent.entries()) {
      expect(await good(url, "append", append)).toEqual({ kind: "appended", value: { seq: index + 1 } });
    }
    const batch = await readBatch(url, queue);
    expect(batch.entries.map((entry) => entry.seq)).toEqual([1, 2, 3, 4]);
    expect(batch.entries.map((entry) => entry.body)).toEqual(sent.map((append) => append.body));
    expect(batch).toMatchObject({ last: 4, gone: 0, overflowed: false, version: 0 });
    expect((await readBatch(url, queue, 2, 1)).entries.map((entry) => entry.seq)).toEqual([3]);
  });

  test("a repeated append is answered as the first was, and stored once", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    const append = appendOf(queue);
    await good(url, "append", appendOf(queue));
    const first = await good(url, "append", append);
    await good(url, "append", appendOf(queue));
    const repeats = await Promise.all(Array.from({ length: 5 }, () => good(url, "append", append)));
    for (const repeat of repeats) expect(repeat).toEqual(first);
    expect((await readAll(url, queue)).map((entry) => entry.seq)).toEqual([1, 2, 3]);
  });

  test("creating is idempotent for the same keys and refused for others", async () => {
    const { url } = await server();
    const queue = newQueue();
    expect(await outcome(url, "create", createOf(queue))).toBe("ok");
    expect(await outcome(url, "create", createOf(queue))).toBe("ok");
    expect(await outcome(url, "create", { ...createOf(queue), writeKeys: [random(32)] })).toBe("exists");
    expect(await outcome(url, "create", { ...createOf(newQueue()), sendId: queue.sendId })).toBe("exists");
  });

  test("an unknown queue and a wrong proof are answered in the same bytes", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    const stranger = newQueue();
    const wrongMac = { ...appendOf(queue), mac: random(32) };
    expect(await call(url, "append", wrongMac)).toEqual(await call(url, "append", appendOf(stranger)));
    const wrongRead = { ...readOf(queue), signature: random(64) };
    expect(await call(url, "read", [wrongRead])).toEqual(await call(url, "read", [readOf(stranger)]));
    const keys = { version: 1, readKey: queue.readKey, writeKeys: [random(32)] };
    for (const signer of [queue, stranger]) {
      const { receiveId } = signer;
      expect(await outcome(url, "rotate", signRotate(stranger.readSeed, { receiveId, ...keys }))).toBe("forbidden");
      expect(await outcome(url, "move", signMove(stranger.readSeed, { receiveId, bundle: random(100) }))).toBe("forbidden");
      expect(await outcome(url, "delete", signDelete(stranger.readSeed, { receiveId }))).toBe("forbidden");
    }
    expect((await readBatch(url, queue)).last).toBe(0);
  });

  test("a forbidden queue does not spoil the other reads of a request", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue));
    const answer = await good(url, "read", [readOf(newQueue()), readOf(queue)]);
    expect(answer.value.map((part) => part.kind)).toEqual(["refused", "batch"]);
  });

  test("rotated keys replace the old ones; a repeat of the rotation is answered alike, a rival is a conflict", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue));
    const next = { ...newQueue(), receiveId: queue.receiveId, sendId: queue.sendId };
    const { receiveId } = queue;
    const rotation = signRotate(queue.readSeed, { receiveId, version: 1, readKey: next.readKey, writeKeys: [next.writeKey] });
    expect(await outcome(url, "rotate", rotation)).toBe("ok");
    expect(await outcome(url, "rotate", rotation)).toBe("ok");
    expect(await outcome(url, "append", appendOf(queue))).toBe("forbidden");
    expect((await good(url, "append", appendOf(next))).kind).toBe("appended");
    expect((await good(url, "read", [readOf(queue)])).value).toEqual([{ kind: "refused", value: "forbidden" }]);
    expect(await readBatch(url, next)).toMatchObject({ last: 2, version: 1 });
    const rival = signRotate(next.readSeed, { receiveId, version: 1, readKey: queue.readKey, writeKeys: [queue.writeKey] });
    expect(await outcome(url, "rotate", rival)).toBe("conflict");
    // The accepted signature under other keys is no rotation.
    expect(await outcome(url, "rotate", { ...rotation, version: 2, writeKeys: [queue.writeKey] })).toBe("forbidden");
  });

  test("a moved queue is frozen, hands later appenders its bundle, and stays readable", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    const early = appendOf(queue);
    await good(url, "append", early);
    const bundle = random(3000);
    const move = signMove(queue.readSeed, { receiveId: queue.receiveId, bundle });
    expect(await good(url, "move", move)).toEqual({ kind: "frozen", value: { last: 1 } });
    expect(await good(url, "move", move)).toEqual({ kind: "frozen", value: { last: 1 } });
    expect(await outcome(url, "move", signMove(queue.readSeed, { receiveId: queue.receiveId, bundle: random(9) }))).toBe(
      "conflict",
    );
    expect(await good(url, "append", appendOf(queue))).toEqual({ kind: "moved", value: { bundle } });
    // What was accepted before is still answered as it was.
    expect(await good(url, "append", early)).toEqual({ kind: "appended", value: { seq: 1 } });
    expect(await readBatch(url, queue)).toMatchObject({ last: 1, bundle });
  });

  test("a deleted queue is gone for writers and readers", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue));
    expect(await outcome(url, "delete", signDelete(queue.readSeed, { receiveId: queue.receiveId }))).toBe("ok");
    expect(await outcome(url, "append", appendOf(queue))).toBe("forbidden");
    expect((await good(url, "read", [readOf(queue)])).value).toEqual([{ kind: "refused", value: "forbidden" }]);
  });

  test("a body that is not of a bucket's size is refused", async () => {
    const { url } = await server();
    const queue = await createdQueue(url);
    expect(await outcome(url, "append", appendOf(queue, 1000))).toBe("malformed");
  });

  test("one answer stays bounded, and reading on brings the rest", async () => {
    const { url } = await server({ "relay.queueBurstBytes": 100_000_000 });
    const queue = await createdQueue(url);
    for (let i = 0; i < 80; i++) await good(url, "append", appendOf(queue, 65536));
    expect((await readBatch(url, queue, 0, 1024)).entries.length).toBe(64);
    expect((await readAll(url, queue)).map((entry) => entry.seq)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
  });
});

describe("a drop", () => {
  test("is put once and fetched by whoever knows its id", async () => {
    const { url } = await server();
    const drop = { dropId: random(32), body: random(700), days: 7 };
    expect(await outcome(url, "get", { dropId: drop.dropId })).toBe("not-found");
    expect(await outcome(url, "put", drop)).toBe("ok");
    expect(await outcome(url, "put", drop)).toBe("ok");
    expect(await outcome(url, "put", { ...drop, body: random(700) })).toBe("exists");
    expect(await good(url, "get", { dropId: drop.dropId })).toEqual({ kind: "drop", value: { body: drop.body } });
  });
});
