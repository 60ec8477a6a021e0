/** What a load generator needs of a client: queues, sockets, and nothing that costs more than it must. */
import { createHmac } from "node:crypto";
import { type Agent, request } from "node:http";
import { ed25519 } from "@noble/curves/ed25519.js";
import { asBytes, type Bytes, decode, encode } from "@photon/protocol/codec";
import {
  appendMacInput,
  clientFrameSchema,
  maxRelayFrame,
  maxRelayResponse,
  readInput,
  relayFrameSchema,
  type RelayRequest,
  relayRequestSchema,
  type RelayResponse,
  relayResponseSchema,
  signDelete,
} from "@photon/protocol/queue";
import { WebSocket } from "ws";

export interface LoadQueue {
  readonly receiveId: Bytes;
  readonly sendId: Bytes;
  readonly readSeed: Bytes;
  readonly writeKey: Bytes;
}

export function random(length: number): Bytes {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(out.subarray(at, at + 65536));
  return out;
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

async function call(url: string, request: RelayRequest): Promise<RelayResponse> {
  const response = await fetch(`${url}/v1/relay`, {
    method: "POST",
    headers: { "content-type": "application/cbor" },
    body: encode(relayRequestSchema, request),
  });
  const decoded = decode(relayResponseSchema, new Uint8Array(await response.arrayBuffer()), maxRelayResponse);
  if (!decoded.ok) throw new Error(decoded.error.detail);
  return decoded.value;
}

/** A few key pairs serve all: what is measured is not the client's signing. */
export async function createQueues(url: string, count: number): Promise<readonly LoadQueue[]> {
  const readSeed = random(32);
  const readKey = asBytes(ed25519.getPublicKey(readSeed));
  const queues = Array.from({ length: count }, () => ({
    receiveId: random(16),
    sendId: random(16),
    readSeed,
    writeKey: random(32),
  }));
  for (let at = 0; at < queues.length; at += 200) {
    const answers = await Promise.all(
      queues
        .slice(at, at + 200)
        .map(({ receiveId, sendId, writeKey }) =>
          call(url, { kind: "create", value: { receiveId, sendId, readKey, writeKeys: [writeKey] } }),
        ),
    );
    for (const answer of answers) if (answer.kind !== "done") throw new Error(JSON.stringify(answer));
  }
  return queues;
}

/** So that what comes next finds room in the database, as in a relay whose readers keep up, and not a file that grows. */
export async function deleteQueues(url: string, queues: readonly LoadQueue[]): Promise<void> {
  for (const { receiveId, readSeed } of queues) {
    const answer = await call(url, { kind: "delete", value: signDelete(readSeed, { receiveId }) });
    if (answer.kind !== "done") throw new Error(JSON.stringify(answer));
  }
}

/** The whole body of an append over HTTP. */
export function appendBody(queue: LoadQueue, size: number): Bytes {
  const fields = { sendId: queue.sendId, appendId: random(16), body: random(size) };
  const mac = asBytes(createHmac("sha256", queue.writeKey).update(appendMacInput(fields)).digest());
  return encode(relayRequestSchema, { kind: "append", value: { ...fields, mac } });
}

/** Posts over kept connections, without what `fetch` costs; checks the answer. */
export function httpAppend(url: string, agent: Agent, body: Bytes): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/v1/relay`,
      { method: "POST", agent, headers: { "content-type": "application/cbor" } },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const answer = decode(relayResponseSchema, Buffer.concat(parts), maxRelayResponse);
          if (answer.ok && answer.value.kind === "appended") resolve();
          else reject(new Error("an append was not answered as one"));
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

export function connected(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/watch`, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** One pushing connection per queue; `onEntry` gets "index of queue:sequence number". */
export function watchQueues(url: string, queues: readonly LoadQueue[], onEntry: (entry: string) => void): Promise<WebSocket[]> {
  return Promise.all(
    queues.map(async (queue, index) => {
      const socket = await connected(url);
      const fields = { receiveId: queue.receiveId, after: 0, limit: 1 };
      const read = { ...fields, signature: asBytes(ed25519.sign(readInput(fields), queue.readSeed)) };
      await new Promise<void>((resolve, reject) => {
        socket.on("message", (data: Buffer) => {
          const frame = decode(relayFrameSchema, data, maxRelayFrame);
          if (!frame.ok) return reject(new Error(frame.error.detail));
          if (frame.value.kind === "watching") resolve();
          if (frame.value.kind !== "entries") return;
          for (const { seq } of frame.value.value.entries) onEntry(`${index}:${seq}`);
          socket.send(encode(clientFrameSchema, { kind: "ack", value: { push: frame.value.value.push } }));
        });
        socket.send(encode(clientFrameSchema, { kind: "watch", value: { push: true, reads: [read] } }));
      });
      return socket;
    }),
  );
}
