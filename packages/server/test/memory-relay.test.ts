import { signDelete, signMove, signRotate, signTrim } from "@photon/protocol/queue";
import { httpTransport } from "@photon/engine/adapters/http";
import type { Transport } from "@photon/engine/ports";
import { memoryRelay } from "@photon/testkit";
import { expect, test } from "vitest";
import { boardOf, createBoardOf, newBoard, newKeys, type TestBoard } from "./board-people.ts";
import { appendOf, random, readOf, server } from "./people.ts";

/** What is asked of a relay about a board, and what it answered, in turn. */
async function story(relay: Transport, url: string, board: TestBoard, next: TestBoard): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  const ask: Transport["call"] = async (to, kind, value) => {
    const answer = await relay.call(to, kind, value);
    answers.push([kind, answer.ok ? answer.value : answer.error.code === "refused" ? answer.error.refusal : answer.error.code]);
    return answer;
  };
  const { queue, adminSeed } = board;
  const { receiveId, readSeed, readKey } = queue;
  const create = createBoardOf(board);
  for (const again of [create, create, { ...create, adminKey: undefined }]) await ask(url, "create", again);
  const append = appendOf(board.writer(0));
  for (const one of [append, append, appendOf(board.writer(0)), appendOf(board.writer(0)), appendOf(board.writer(1))]) {
    await ask(url, "append", one);
  }
  const [bundle, keys] = [random(9), { receiveId, version: 1, readKey, writeKeys: next.writeKeys }];
  for (const seed of [readSeed, adminSeed]) {
    await ask(url, "trim", signTrim(seed, { receiveId, upTo: 4 }));
    await ask(url, "trim", signTrim(seed, { receiveId, upTo: 1 }));
    await ask(url, "trim", signTrim(seed, { receiveId, upTo: 1 }));
    await ask(url, "rotate", signRotate(seed, { ...keys, writeKeys: [...keys.writeKeys, ...keys.writeKeys] }));
    await ask(url, "rotate", signRotate(seed, keys));
    await ask(url, "read", [readOf(queue)]);
    for (let i = 0; i < 3; i++) await ask(url, "append", appendOf(next.writer(1)));
    await ask(url, "move", signMove(seed, { receiveId, bundle }));
    await ask(url, "append", appendOf(next.writer(0)));
    await ask(url, "delete", signDelete(seed, { receiveId }));
  }
  await ask(url, "read", [readOf(queue)]);
  return answers;
}

test("the relay in memory answers about boards as the real one does", async () => {
  const { url } = await server({ "relay.queueEntries": 5 });
  const board = newBoard(2);
  const [first = random(32)] = board.writeKeys;
  const next = boardOf(board.queue, board.adminSeed, [...newKeys(1), first]);
  const inMemory = memoryRelay({ limits: { entries: 5, bytes: 1_000_000 } });
  // The same board, and bodies and ids drawn anew: what is compared is outcomes and numbers.
  const shape = (answers: readonly unknown[]) => JSON.parse(JSON.stringify(answers, unlikely)) as unknown;
  expect(shape(await story(inMemory, url, board, next))).toEqual(shape(await story(httpTransport(), url, board, next)));
});

/** Leaves out what is drawn by chance, and a mark that the relay in memory does not keep. */
const unlikely = (key: string, value: unknown): unknown => (["body", "bundle", "overflowed"].includes(key) ? undefined : value);
