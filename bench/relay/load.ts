/**
 * The load generator, a process of its own. Its argument is a JSON `Load`; it prints one JSON object with what it measured.
 * Frames are made before the clock starts, for the relay and the echo alike.
 */
import { createHmac } from "node:crypto";
import { Agent } from "node:http";
import { asBytes, type Bytes, decode, encode } from "@photon/protocol/codec";
import { appendMacInput, clientFrameSchema, maxRelayFrame, relayFrameSchema } from "@photon/protocol/queue";
import {
  appendBody,
  connected,
  createQueues,
  deleteQueues,
  httpAppend,
  type LoadQueue,
  percentile,
  random,
  watchQueues,
} from "./client.ts";
import { framed, rawConnection } from "./raw.ts";

export type Load =
  | {
      readonly what: "echo";
      readonly url: string;
      readonly size: number;
      readonly count: number;
      readonly connections: number;
      readonly window: number;
    }
  | {
      readonly what: "bare";
      readonly url: string;
      readonly size: number;
      readonly count: number;
      readonly connections: number;
      readonly window: number;
    }
  | {
      readonly what: "append";
      readonly url: string;
      readonly size: number;
      readonly count: number;
      readonly connections: number;
      readonly window: number;
      readonly queues: number;
    }
  | {
      readonly what: "http";
      readonly url: string;
      readonly size: number;
      readonly count: number;
      readonly connections: number;
      readonly queues: number;
    }
  | {
      readonly what: "delivery";
      readonly url: string;
      readonly size: number;
      readonly pairs: number;
      readonly perPair: number;
      readonly everyMs: number;
    }
  | { readonly what: "idle"; readonly url: string; readonly sockets: number };

function queueOf(queues: readonly LoadQueue[], index: number): LoadQueue {
  const queue = queues[index % queues.length];
  if (queue === undefined) throw new Error("no queue");
  return queue;
}

function appendFrame(queue: LoadQueue, size: number, ref: number): Bytes {
  const fields = { sendId: queue.sendId, appendId: random(16), body: random(size) };
  const mac = asBytes(createHmac("sha256", queue.writeKey).update(appendMacInput(fields)).digest());
  return encode(clientFrameSchema, { kind: "requests", value: [{ ref, request: { kind: "append", value: { ...fields, mac } } }] });
}

/** Frames that are sent together. */
const refill = 8;
/** Longest a run takes; what was answered until then counts. */
const maxMilliseconds = 6_000;

/** Sends messages over the connections, `window` unanswered on each; `answered` says how many a message answers. */
async function pipelined(
  url: string,
  messages: readonly Uint8Array[],
  connections: number,
  window: number,
  answered: (message: Uint8Array) => number,
): Promise<number> {
  const frames = messages.map(framed);
  let started = 0;
  let total = 0;
  const lanes = await Promise.all(
    Array.from({ length: connections }, async (_, lane) => {
      let next = lane;
      let open = 0;
      let ended: () => void = () => undefined;
      const done = new Promise<void>((resolve) => (ended = resolve));
      const fill = (): void => {
        const some: Buffer[] = [];
        while (open < window && performance.now() < started + maxMilliseconds) {
          const frame = frames[next];
          if (frame === undefined) break;
          next += connections;
          open += 1;
          some.push(frame);
        }
        if (some.length > 0) connection.send(some);
        if (open === 0) ended();
      };
      const connection = await rawConnection(url, (message) => {
        const count = answered(message);
        open -= count;
        total += count;
        // Some at once: each write to a socket costs as much as many frames in one.
        if (open <= window - refill || frames[next] === undefined) fill();
      });
      return { fill, done, connection };
    }),
  );
  started = performance.now();
  for (const { fill } of lanes) fill();
  await Promise.all(lanes.map(({ done }) => done));
  const seconds = (performance.now() - started) / 1000;
  for (const { connection } of lanes) connection.end();
  return total / seconds;
}

/** Which appends a message says are stored. */
function appendedRefs(message: Uint8Array): readonly number[] {
  const frame = decode(relayFrameSchema, message, maxRelayFrame);
  if (!frame.ok || frame.value.kind !== "responses") throw new Error("not a response");
  for (const { response } of frame.value.value) if (response.kind !== "appended") throw new Error(JSON.stringify(response));
  return frame.value.value.map(({ ref }) => ref);
}

async function run(load: Load): Promise<Readonly<Record<string, number>>> {
  switch (load.what) {
    case "echo": {
      const frames = Array.from({ length: load.count }, () => random(load.size + 100));
      // As long as what was sent: an echo.
      const echoed = (message: Uint8Array): number => {
        if (message.length !== load.size + 100) throw new Error("no echo");
        return 1;
      };
      return { perSecond: await pipelined(load.url, frames, load.connections, load.window, echoed) };
    }
    case "bare": {
      const frames = Array.from({ length: load.count }, () => random(load.size + 100));
      const stored = (message: Uint8Array): number => new DataView(message.buffer, message.byteOffset).getUint32(0, true);
      return { perSecond: await pipelined(load.url, frames, load.connections, load.window, stored) };
    }
    case "append": {
      const queues = await createQueues(load.url, load.queues);
      const frames = Array.from({ length: load.count }, (_, i) => appendFrame(queueOf(queues, i), load.size, i));
      const stored = (message: Uint8Array): number => appendedRefs(message).length;
      const perSecond = await pipelined(load.url, frames, load.connections, load.window, stored);
      await deleteQueues(load.url, queues);
      return { perSecond };
    }
    case "http": {
      const queues = await createQueues(load.url, load.queues);
      const bodies = Array.from({ length: load.count }, (_, i) => appendBody(queueOf(queues, i), load.size));
      const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
      const started = performance.now();
      let next = 0;
      let sent = 0;
      await Promise.all(
        Array.from({ length: load.connections }, async () => {
          for (;;) {
            const body = bodies[next];
            if (body === undefined || performance.now() > started + maxMilliseconds) return;
            next += 1;
            await httpAppend(load.url, agent, body);
            sent += 1;
          }
        }),
      );
      return { perSecond: sent / ((performance.now() - started) / 1000) };
    }
    case "delivery": {
      const queues = await createQueues(load.url, load.pairs);
      const waits: number[] = [];
      const started = new Map<string, { readonly at: number; heard: number }>();
      // Delivered once its sender has the relay's word for it and its reader has it, whichever comes later.
      const hear = (append: string): void => {
        const one = started.get(append);
        if (one === undefined) return;
        one.heard += 1;
        if (one.heard === 2) waits.push(performance.now() - one.at);
      };
      const readers = await watchQueues(load.url, queues, hear);
      const senders = await Promise.all(queues.map(() => connected(load.url)));
      for (const [pair, sender] of senders.entries())
        sender.on("message", (data: Buffer) => {
          for (const ref of appendedRefs(data)) hear(`${pair}:${ref}`);
        });
      for (let round = 0; round < load.perPair; round++) {
        for (const [pair, queue] of queues.entries()) {
          const frame = appendFrame(queue, load.size, round + 1);
          started.set(`${pair}:${round + 1}`, { at: performance.now(), heard: 0 });
          senders[pair]?.send(frame);
        }
        await new Promise((resolve) => setTimeout(resolve, load.everyMs));
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      for (const socket of [...readers, ...senders]) socket.terminate();
      return { delivered: waits.length, p50: percentile(waits, 0.5), p99: percentile(waits, 0.99) };
    }
    case "idle": {
      const queues = await createQueues(load.url, load.sockets);
      const started = performance.now();
      let open = 0;
      for (let at = 0; at < queues.length; at += 100) {
        open += (await watchQueues(load.url, queues.slice(at, at + 100), () => undefined)).length;
      }
      const seconds = (performance.now() - started) / 1000;
      process.stdout.write(`${JSON.stringify({ open, perSecond: open / seconds })}\n`);
      // Held until the parent has looked at the server's memory.
      await new Promise((resolve) => process.stdin.once("data", resolve));
      return {};
    }
  }
}

const result = await run(JSON.parse(process.argv[2] ?? "") as Load);
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
