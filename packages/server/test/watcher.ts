/** A watch connection in the hands of a test. */
import { decode, encode } from "@photon/protocol/codec";
import {
  type ClientFrame,
  clientFrameSchema,
  maxFrameRequests,
  maxRelayFrame,
  type RelayFrame,
  relayFrameSchema,
} from "@photon/protocol/queue";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { appendOf, readOf, type TestQueue } from "./people.ts";

type FrameValue<K> = Extract<RelayFrame, { readonly kind: K }>["value"];

export interface Watcher {
  send(frame: ClientFrame): void;
  sendRaw(bytes: Uint8Array | string): void;
  /** The next frame; undefined when the connection has closed. */
  next(): Promise<RelayFrame | undefined>;
  /** The next frame of that kind; others in between are skipped. */
  nextOf<K extends RelayFrame["kind"]>(kind: K): Promise<FrameValue<K>>;
  /** Frames that have arrived and were not taken. */
  readonly waiting: readonly RelayFrame[];
  close(): void;
  readonly closed: Promise<number>;
}

export async function watcher(url: string): Promise<Watcher> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/watch`, { perMessageDeflate: false });
  onTestFinished(() => socket.terminate());
  const waiting: RelayFrame[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  socket.on("message", (data: Buffer) => {
    const frame = decode(relayFrameSchema, data, maxRelayFrame);
    if (!frame.ok) throw new Error(frame.error.detail);
    waiting.push(frame.value);
    wake?.();
  });
  const closed = new Promise<number>((resolve) => {
    socket.on("close", (code) => {
      ended = true;
      wake?.();
      resolve(code);
    });
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("open", () => resolve());
    socket.once("error", reject);
  });
  const next = async (): Promise<RelayFrame | undefined> => {
    while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
    return waiting.shift();
  };
  const nextOf = async <K extends RelayFrame["kind"]>(kind: K): Promise<FrameValue<K>> => {
    for (;;) {
      const frame = await next();
      if (frame === undefined) throw new Error(`the connection closed before a frame of kind ${kind}`);
      if (frame.kind === kind) return frame.value as FrameValue<K>;
    }
  };
  return {
    send: (frame) => socket.send(encode(clientFrameSchema, frame)),
    sendRaw: (bytes) => socket.send(bytes),
    next,
    nextOf,
    waiting,
    close: () => socket.close(),
    closed,
  };
}

export const watchFrame = (queues: readonly TestQueue[], push: boolean, after = 0): ClientFrame => ({
  kind: "watch",
  value: { push, reads: queues.map((queue) => readOf(queue, after, 1)) },
});

/** Takes pushes, acknowledging each, until `last` has come; gives the sequence numbers in order of arrival. */
export async function takeUntil(watch: Watcher, last: number): Promise<number[]> {
  const seqs: number[] = [];
  while ((seqs.at(-1) ?? 0) < last) {
    const pushed = await watch.nextOf("entries");
    seqs.push(...pushed.entries.map((entry) => entry.seq));
    watch.send({ kind: "ack", value: { push: pushed.push } });
  }
  return seqs;
}

/** Appends over one connection, all at once; how many were answered how. */
export async function appendMany(url: string, queue: TestQueue, count: number): Promise<Readonly<Record<string, number>>> {
  const watch = await watcher(url);
  for (let at = 0; at < count; at += maxFrameRequests) {
    const size = Math.min(maxFrameRequests, count - at);
    const requests = Array.from({ length: size }, (_, i) => ({
      ref: at + i,
      request: { kind: "append" as const, value: appendOf(queue) },
    }));
    watch.send({ kind: "requests", value: requests });
  }
  const outcomes: Record<string, number> = {};
  for (let answered = 0; answered < count;) {
    for (const { response } of await watch.nextOf("responses")) {
      const outcome = response.kind === "refused" ? response.value.code : response.kind;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      answered += 1;
    }
  }
  watch.close();
  return outcomes;
}
