/** Boards: queues of Ana's that Ben, Chi and Dee write and read as well. */
import { join } from "node:path";
import type { Bytes } from "@photon/protocol/codec";
import { readKeyOf, type RelayRequestOf } from "@photon/protocol/queue";
import Database from "better-sqlite3";
import type { ParcelTable } from "../src/relay/tables.ts";
import { expect } from "vitest";
import { createOf, good, newQueue, random, type TestQueue } from "./people.ts";

export interface TestBoard {
  /** What every member knows of it: enough to read, and nothing to write with. */
  readonly queue: TestQueue;
  readonly adminSeed: Bytes;
  readonly adminKey: Bytes;
  readonly writeKeys: readonly Bytes[];
  /** The board as its n-th writer has it. */
  writer(place: number): TestQueue;
}

export const boardOf = (queue: TestQueue, adminSeed: Bytes, writeKeys: readonly Bytes[]): TestBoard => ({
  queue,
  adminSeed,
  adminKey: readKeyOf(adminSeed),
  writeKeys,
  writer: (place) => ({ ...queue, writeKey: writeKeys[place] ?? queue.writeKey }),
});
export const newBoard = (writers: number): TestBoard => boardOf(newQueue(), random(32), newKeys(writers));
export const newKeys = (count: number): readonly Bytes[] => Array.from({ length: count }, () => random(32));

export const createBoardOf = ({ queue, adminKey, writeKeys }: TestBoard): RelayRequestOf<"create"> => ({
  ...createOf(queue),
  writeKeys,
  adminKey,
});

export async function createdBoard(url: string, writers: number): Promise<TestBoard> {
  const board = newBoard(writers);
  await good(url, "create", createBoardOf(board));
  return board;
}

interface Counted {
  readonly entries: number;
  readonly bytes: number;
}

const none: Counted = { entries: 0, bytes: 0 };

/** What the relay has counted, of the whole board and for each writer in the order of their keys; and it is what lies there. */
export function counted(data: string, { queue }: TestBoard): { readonly whole: Counted; readonly portions: readonly Counted[] } {
  const database = new Database(join(data, "relay.sqlite"), { readonly: true });
  const { receiveId } = queue;
  const parcels = database.prepare<[Bytes], ParcelTable>("select * from parcel where queue = ? order by seq").all(receiveId);
  const writers = database
    .prepare<[Bytes], Counted & { readonly number: number }>(
      "select number, entries, bytes from writer where queue = ? order by place",
    )
    .all(receiveId);
  const whole = database.prepare<[Bytes], Counted>("select entries, bytes from queue where receive_id = ?").get(receiveId) ?? none;
  database.close();
  const weigh = (some: typeof parcels): Counted => ({
    entries: some.reduce((sum, { bodies, size }) => sum + bodies.length / size, 0),
    bytes: some.reduce((sum, { bodies }) => sum + bodies.length, 0),
  });
  const portions = writers.map(({ entries, bytes }) => ({ entries, bytes }));
  expect(portions).toEqual(writers.map(({ number }) => weigh(parcels.filter(({ writer }) => writer === number))));
  expect(whole).toEqual(weigh(parcels));
  return { whole, portions };
}
export const countedPortions = (data: string, board: TestBoard): readonly Counted[] => counted(data, board).portions;
