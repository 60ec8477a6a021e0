import { decode, encode } from "@photon/protocol/codec";
import { type ClientFrame, clientFrameSchema, maxRelayFrame, type RelayFrame, relayFrameSchema } from "@photon/protocol/queue";
import { expect, test } from "vitest";
import { closeCodes } from "../src/http/sockets.ts";
import { type WatchOptions, watchSession } from "../src/relay/watch-session.ts";
import { newQueue, random, readOf, type TestQueue } from "./people.ts";

/** A session whose store and network are in the hands of the test. */
function session(options: Partial<WatchOptions> & { readonly buffered?: () => number }) {
  const sent: RelayFrame[] = [];
  const closed: number[] = [];
  const watchers = new Set<Parameters<WatchOptions["watching"]["add"]>[1]>();
  const handler = watchSession(
    {
      address: "",
      send: (bytes) => {
        const frame = decode(relayFrameSchema, bytes, maxRelayFrame);
        if (!frame.ok) throw new Error(frame.error.detail);
        sent.push(frame.value);
      },
      buffered: options.buffered ?? (() => 0),
      pause: () => undefined,
      resume: () => undefined,
      close: (code) => closed.push(code),
    },
    {
      watching: {
        add: (_id, listener) => void watchers.add(listener),
        remove: (_id, listener) => void watchers.delete(listener),
        appended: () => undefined,
        ended: () => undefined,
      },
      unacknowledgedBytes: 1_000_000,
      mayRead: () => Promise.resolve(true),
      entries: () => Promise.resolve([]),
      answer: () => Promise.reject(new Error("no requests here")),
      answered: () => undefined,
      onFault: (error) => {
        throw error;
      },
      ...options,
    },
  );
  return {
    sent,
    closed,
    watchers,
    send: (frame: ClientFrame) => handler.frame(encode(clientFrameSchema, frame)),
    append: (queue: TestQueue, seq: number, body: Uint8Array) => {
      for (const watcher of watchers) watcher.appended(queue.receiveId, seq, body);
    },
    closeByPeer: () => handler.closed(),
  };
}
const turns = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};
const watch = (queue: TestQueue, push = true): ClientFrame => ({ kind: "watch", value: { push, reads: [readOf(queue)] } });
const pushed = (sent: readonly RelayFrame[]): number[] =>
  sent.flatMap((frame) => (frame.kind === "entries" ? frame.value.entries.map((entry) => entry.seq) : []));

test("an entry that is appended while the store is being asked is not missed", async () => {
  const queue = newQueue();
  const body = random(1024);
  const stored: { seq: number; body: Uint8Array }[] = [];
  const seen = session({
    entries: async (_receiveId, after) => {
      const found = stored.filter((entry) => entry.seq > after);
      // Commits just after the store has answered, before the answer is heard.
      if (stored.length === 0) {
        stored.push({ seq: 1, body });
        seen.append(queue, 1, body);
      }
      return found;
    },
  });
  seen.send(watch(queue));
  await turns();
  expect(pushed(seen.sent)).toEqual([1]);
});

test("nothing is pushed or hinted before the proof is checked, not even by an acknowledgement", async () => {
  const queue = newQueue();
  let allow = (_allowed: boolean): void => undefined;
  const seen = session({
    mayRead: () => new Promise((resolve) => (allow = resolve)),
    entries: () => Promise.resolve([{ seq: 1, body: random(1024) }]),
  });
  for (const push of [true, false]) {
    seen.send(watch(queue, push));
    seen.append(queue, 1, random(1024));
    seen.send({ kind: "ack", value: { push: 0 } });
    await turns();
    expect(seen.sent).toEqual([]);
    allow(false);
    await turns();
    expect(seen.sent).toEqual([{ kind: "watching", value: [{ kind: "refused", value: "forbidden" }] }]);
    seen.sent.length = 0;
  }
  expect(seen.watchers.size).toBe(0);
});

test("a hundred appends of one turn are one hint", async () => {
  const queue = newQueue();
  const seen = session({});
  seen.send(watch(queue, false));
  await turns();
  for (let seq = 1; seq <= 100; seq++) seen.append(queue, seq, random(16));
  await turns();
  expect(seen.sent.filter((frame) => frame.kind === "hint")).toHaveLength(1);
});

test("a client that takes nothing from the network is let go", async () => {
  const seen = session({ buffered: () => 64 * 1024 * 1024 });
  seen.send({ kind: "ping", value: { ref: 1 } });
  expect(seen.closed).toEqual([closeCodes.tooSlow]);
});

test("a connection that closes is told of nothing more", async () => {
  const queue = newQueue();
  const seen = session({});
  seen.send(watch(queue));
  await turns();
  seen.closeByPeer();
  expect(seen.watchers.size).toBe(0);
});
