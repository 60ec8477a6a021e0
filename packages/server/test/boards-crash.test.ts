/**
 * kill -9 of a real server process while a board is written to by three, rotated and trimmed. Afterwards what was acknowledged is
 * there once, or trimmed; each writer's portion counts what lies there; and whatever was not answered is sent again and is right.
 */
import { toHex } from "@photon/protocol/codec";
import { type AppendRequest, type RelayRequest, signRotate, signTrim } from "@photon/protocol/queue";
import { expect, test } from "vitest";
import { boardOf, countedPortions, createdBoard, type TestBoard } from "./board-people.ts";
import { serverProcess } from "./crash-rounds.ts";
import { appendOf, call, good, outcome, readBatch, temporaryFolder } from "./people.ts";

type Change = Extract<RelayRequest, { kind: "rotate" | "trim" }>;
const send = (url: string, change: Change) =>
  change.kind === "rotate" ? outcome(url, "rotate", change.value) : outcome(url, "trim", change.value);

test("kill -9 at a random moment leaves a board's portions right, and rotating and trimming it can be repeated", async () => {
  const data = temporaryFolder();
  let running = await serverProcess(data);
  let board = await createdBoard(running.url, 3);
  const { receiveId, readKey } = board.queue;
  const acknowledged = new Map<number, AppendRequest>();
  let version = 0;
  const nextChange = (): readonly [Change, TestBoard] => {
    const upTo = Math.max(0, ...acknowledged.keys()) - 5;
    if (upTo > 0 && Math.random() < 0.5) return [{ kind: "trim", value: signTrim(board.adminSeed, { receiveId, upTo }) }, board];
    const [first, ...others] = board.writeKeys;
    const next = boardOf(board.queue, board.adminSeed, first === undefined ? others : [...others, first]);
    const fields = { receiveId, version: version + 1, readKey, writeKeys: next.writeKeys };
    return [{ kind: "rotate", value: signRotate(board.adminSeed, fields) }, next];
  };
  const changed = (change: Change, next: TestBoard): void => {
    if (change.kind === "rotate") version = change.value.version;
    board = next;
  };
  const writers = [0, 1, 2].map((place) => board.writer(place));

  for (let round = 0; round < 3; round++) {
    const { url } = running;
    let dead = false;
    const writing = writers.map(async (writer) => {
      let pending: AppendRequest | undefined;
      while (!dead) {
        pending ??= appendOf(writer, 1024);
        const answer = await call(url, "append", pending);
        if (!answer.ok) continue;
        if (answer.value.kind !== "appended") throw new Error(`an append was answered ${answer.value.kind}`);
        acknowledged.set(answer.value.value.seq, pending);
        pending = undefined;
      }
      return pending;
    });
    const changing = (async () => {
      while (!dead) {
        const [change, next] = nextChange();
        const answer = await send(url, change);
        if (answer !== "ok") return [change, next] as const;
        changed(change, next);
      }
      return undefined;
    })();
    await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 300));
    const killed = running.kill("SIGKILL");
    dead = true;
    await killed;
    const unanswered = await Promise.all(writing);
    const unansweredChange = await changing;
    running = await serverProcess(data);
    countedPortions(data, board);
    if (unansweredChange !== undefined) {
      const [change, next] = unansweredChange;
      for (const _ of ["repeated", "and once more"]) expect(await send(running.url, change)).toBe("ok");
      changed(change, next);
    }
    for (const append of unanswered) {
      if (append === undefined) continue;
      const answer = await good(running.url, "append", append);
      if (answer.kind === "appended") acknowledged.set(answer.value.seq, append);
    }
    const stored = new Map<number, string>();
    const { gone, last } = await readBatch(running.url, board.queue);
    expect(gone).toBeLessThan(last);
    for (let cursor = gone; cursor < last;) {
      const { entries } = await readBatch(running.url, board.queue, cursor, 1024);
      for (const { seq, body } of entries) {
        expect(seq).toBe(cursor + 1);
        stored.set(seq, toHex(body));
        cursor = seq;
      }
    }
    expect(new Set(stored.values()).size).toBe(stored.size);
    for (const [seq, { body }] of acknowledged) if (seq > gone) expect(stored.get(seq)).toBe(toHex(body));
    expect(countedPortions(data, board).reduce((sum, { entries }) => sum + entries, 0)).toBe(last - gone);
  }
  expect(version).toBeGreaterThan(0);
  expect((await readBatch(running.url, board.queue)).gone).toBeGreaterThan(0);
  await running.kill("SIGTERM");
}, 120_000);
