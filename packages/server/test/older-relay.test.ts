import { join } from "node:path";
import { concat } from "@photon/protocol/codec";
import { signDelete, signRotate } from "@photon/protocol/queue";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { countedPortions, createdBoard, newKeys } from "./board-people.ts";
import { appendOf, createOf, good, newQueue, outcome, random, readBatch, server, temporaryFolder } from "./people.ts";

/** As the first version made it, to the letter. */
const firstVersion = `
create table migration (number integer primary key, name text not null);
create table "queue" ("receive_id" blob not null primary key, "send_id" blob not null unique, "read_key" blob not null,
  "write_keys" blob not null, "version" bigint not null, "rotation" blob, "last_seq" bigint not null, "gone_seq" bigint not null,
  "entries" bigint not null, "bytes" bigint not null, "overflowed" integer not null, "frozen_day" integer, "bundle" blob) without rowid;
create table "entry" ("queue" blob not null, "seq" bigint not null, "append_id" blob not null, "day" integer not null,
  "body" blob not null, constraint "entry_key" primary key ("queue", "seq")) without rowid;
create unique index "entry_append" on "entry" ("queue", "append_id");
create table "drop" ("drop_id" blob not null primary key, "body" blob, "until_day" integer not null) without rowid;
create index "drop_until" on "drop" ("until_day");
create table "clock" ("name" text primary key, "day" integer not null);
insert into migration values (1, 'queues and drops');
`;
const day = 86_400_000;

test("a relay's database from before there were boards opens, and its queues go on as they were", async () => {
  const data = temporaryFolder();
  let now = 20_000 * day;
  const [queue, frozen, long, emptied] = [newQueue(), newQueue(), newQueue(), newQueue()];
  const early = appendOf(queue);
  const [bundle, second] = [random(50), random(32)];
  const old = new Database(join(data, "relay.sqlite"));
  old.exec(firstVersion);
  const insertQueue = old.prepare("insert into queue values (?, ?, ?, ?, 0, null, ?, ?, ?, ?, 0, ?, ?)");
  const { receiveId } = queue;
  insertQueue.run(receiveId, queue.sendId, queue.readKey, concat(queue.writeKey, second), 2, 0, 2, 2048, null, null);
  insertQueue.run(frozen.receiveId, frozen.sendId, frozen.readKey, frozen.writeKey, 0, 0, 0, 0, 20_000, bundle);
  const insertEntry = old.prepare("insert into entry values (?, ?, ?, ?, ?)");
  insertEntry.run(receiveId, 1, early.appendId, 19_990, early.body);
  insertEntry.run(receiveId, 2, random(16), 20_000, random(1024));
  // One that had more than fits into a run of append ids, the first of them gone.
  insertQueue.run(long.receiveId, long.sendId, long.readKey, long.writeKey, 120, 49, 71, 71 * 1024, null, null);
  const appends = new Map(Array.from({ length: 71 }, (_, index) => [50 + index, appendOf(long)]));
  // And one whose reader has taken all there was.
  insertQueue.run(emptied.receiveId, emptied.sendId, emptied.readKey, emptied.writeKey, 10, 10, 0, 0, null, null);
  for (const [seq, { appendId, body }] of appends) insertEntry.run(long.receiveId, seq, appendId, 20_000, body);
  old.close();

  const { url, sweep, close } = await server({ data, "relay.queueEntries": 3 }, { now: () => now });
  const before = await readBatch(url, queue);
  expect(before).toMatchObject({ last: 2, gone: 0, version: 0, entries: [{ seq: 1 }, { seq: 2 }] });
  expect(before.entries[0]?.body).toEqual(early.body);
  expect(await good(url, "append", early)).toEqual({ kind: "appended", value: { seq: 1 } });
  const longBefore = await readBatch(url, long, 0, 100);
  expect(longBefore.entries).toEqual([...appends].map(([seq, { body }]) => ({ seq, body })));
  for (const [seq, append] of appends) expect(await good(url, "append", append)).toEqual({ kind: "appended", value: { seq } });
  expect(await good(url, "append", appendOf({ ...queue, writeKey: second }))).toEqual({ kind: "appended", value: { seq: 3 } });
  // The whole queue is its writers' together.
  expect(await outcome(url, "append", appendOf(queue))).toBe("queue-full");
  expect(await outcome(url, "create", { ...createOf(queue), writeKeys: [queue.writeKey, second] })).toBe("ok");
  expect(await good(url, "append", appendOf(frozen))).toEqual({ kind: "moved", value: { bundle } });
  now += 25 * day;
  await sweep();
  expect(await readBatch(url, queue)).toMatchObject({ last: 3, gone: 1 });
  const keys = { receiveId, version: 1, readKey: queue.readKey, writeKeys: newKeys(2) };
  expect(await outcome(url, "rotate", signRotate(queue.readSeed, keys))).toBe("ok");
  expect(await outcome(url, "delete", signDelete(queue.readSeed, { receiveId }))).toBe("ok");
  const board = await createdBoard(url, 3);
  await good(url, "append", appendOf(board.writer(2)));
  expect(countedPortions(data, board).map(({ entries }) => entries)).toEqual([0, 0, 1]);
  await close();

  const first = await server({ data }, { now: () => now });
  const next = Array.from({ length: 70 }, () => appendOf(emptied));
  for (const [index, append] of next.entries())
    expect(await good(first.url, "append", append)).toEqual({ kind: "appended", value: { seq: 11 + index } });
  await first.close();
  const again = await server({ data }, { now: () => now });
  for (const [index, append] of next.entries())
    expect(await good(again.url, "append", append)).toEqual({ kind: "appended", value: { seq: 11 + index } });
  expect(await readBatch(again.url, board.queue)).toMatchObject({ last: 1, entries: [{ seq: 1 }] });
});
