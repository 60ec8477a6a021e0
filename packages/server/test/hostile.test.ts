import { vaultResponseSchema, vaultRequestSchema, maxVaultResponse } from "@photon/protocol/archive";
import { type Bytes, decode, encode } from "@photon/protocol/codec";
import {
  clientFrameSchema,
  maxRelayResponse,
  type RelayRequest,
  relayRequestSchema,
  relayResponseSchema,
  signDelete,
  signMove,
  signRotate,
  signTrim,
} from "@photon/protocol/queue";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBoardOf, newBoard, newKeys } from "./board-people.ts";
import { appendOf, createOf, newQueue, random, readOf, server } from "./people.ts";
import { headAfter, newKey } from "./vault-people.ts";
import { watcher } from "./watcher.ts";

const queue = newQueue();
const { receiveId, readKey, writeKey } = queue;
const board = newBoard(5);
const relayRequests: readonly RelayRequest[] = [
  { kind: "create", value: createOf(queue) },
  { kind: "append", value: appendOf(queue) },
  { kind: "read", value: [readOf(queue), readOf(newQueue())] },
  { kind: "rotate", value: signRotate(queue.readSeed, { receiveId, version: 1, readKey, writeKeys: [writeKey] }) },
  { kind: "move", value: signMove(queue.readSeed, { receiveId, bundle: random(50) }) },
  { kind: "delete", value: signDelete(queue.readSeed, { receiveId }) },
  { kind: "put", value: { dropId: random(32), body: random(20), days: 3 } },
  { kind: "get", value: { dropId: random(32) } },
  { kind: "create", value: createBoardOf(board) },
  { kind: "append", value: appendOf(board.writer(4)) },
  { kind: "rotate", value: signRotate(board.adminSeed, { ...board.queue, version: 1, writeKeys: newKeys(6) }) },
  { kind: "trim", value: signTrim(board.adminSeed, { receiveId: board.queue.receiveId, upTo: 1 }) },
];
const device = newKey();
const head = headAfter(undefined, random(16), device, { keeps: [random(32)], nextKey: newKey().key });
const vaultRequests: readonly Bytes[] = [
  encode(vaultRequestSchema, { kind: "headPut", value: head }),
  encode(vaultRequestSchema, { kind: "headGet", value: { register: head.register, seq: 1 } }),
  encode(vaultRequestSchema, { kind: "headList", value: { register: head.register } }),
  encode(vaultRequestSchema, { kind: "blobGet", value: { hash: random(32) } }),
  encode(vaultRequestSchema, { kind: "blobPut", value: { register: head.register, body: random(30), signature: random(64) } }),
];

/** One to four changes: bytes replaced, cut out, put in, or the end cut off. */
const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  how: fc.constantFrom("replace", "flip", "insert", "remove", "cut"),
  byte: fc.nat(255),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;
function mutated(bytes: Uint8Array, changes: readonly Mutation[]): Uint8Array<ArrayBuffer> {
  const out = [...bytes];
  for (const { at, how, byte } of changes) {
    const place = Math.min(out.length - 1, Math.floor(at * out.length));
    if (how === "replace") out[place] = byte;
    else if (how === "flip") out[place] = (out[place] ?? 0) ^ (1 << (byte % 8));
    else if (how === "insert") out.splice(place, 0, byte);
    else if (how === "remove") out.splice(place, 1);
    else out.length = Math.max(1, place);
  }
  return new Uint8Array(out);
}

const post = (url: string, path: string, body: Uint8Array<ArrayBuffer>): Promise<Response> =>
  fetch(`${url}${path}`, { method: "POST", headers: { "content-type": "application/cbor" }, body });
const free = { "limits.requestsPerSecond": 0 };

describe("whatever is sent, the answer is one of Photon's, and never a fault of the server", () => {
  test.each([
    ["relay", "/v1/relay", relayRequests.map((request) => encode(relayRequestSchema, request))],
    ["vault", "/v1/vault", vaultRequests],
  ] as const)("mutated requests to the %s", async (role, path, valid) => {
    const { url } = await server(free);
    await fc.assert(
      fc.asyncProperty(fc.nat(valid.length - 1), fc.array(mutation, { minLength: 1, maxLength: 4 }), async (index, changes) => {
        const response = await post(url, path, mutated(valid[index] ?? new Uint8Array(1), changes));
        expect(response.status).not.toBe(500);
        const body = new Uint8Array(await response.arrayBuffer());
        const answer =
          role === "relay"
            ? decode(relayResponseSchema, body, maxRelayResponse)
            : decode(vaultResponseSchema, body, maxVaultResponse);
        expect(answer.ok).toBe(true);
        if (answer.ok && answer.value.kind === "refused") expect(answer.value.value.code).not.toBe("internal");
      }),
      { numRuns: 1_500 },
    );
  });

  test("arbitrary bytes", async () => {
    const { url } = await server(free);
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.constantFrom("/v1/relay", "/v1/vault"),
        async (bytes, path) => {
          const response = await post(url, path, new Uint8Array(bytes));
          expect(response.status).toBe(400);
          expect(response.headers.get("content-type")).toBe("application/cbor");
          await response.arrayBuffer();
        },
      ),
      { numRuns: 500 },
    );
  });

  test("mutated frames: the connection answers or ends, and the next one is served", async () => {
    const { url } = await server({ ...free, "limits.socketsPerAddress": 10_000 });
    const frames = [
      encode(clientFrameSchema, { kind: "watch", value: { push: true, reads: [readOf(queue)] } }),
      encode(clientFrameSchema, { kind: "ack", value: { push: 0 } }),
      encode(clientFrameSchema, { kind: "requests", value: relayRequests.map((request, ref) => ({ ref, request })) }),
      encode(clientFrameSchema, { kind: "ping", value: { ref: 3 } }),
    ];
    await fc.assert(
      fc.asyncProperty(fc.nat(frames.length - 1), fc.array(mutation, { minLength: 1, maxLength: 3 }), async (index, changes) => {
        const watch = await watcher(url);
        watch.sendRaw(mutated(frames[index] ?? new Uint8Array(1), changes));
        watch.send({ kind: "ping", value: { ref: 77 } });
        for (;;) {
          const frame = await watch.next();
          if (frame === undefined || (frame.kind === "pong" && frame.value.ref === 77)) break;
          if (frame.kind === "responses")
            for (const { response } of frame.value) expect(response).not.toMatchObject({ value: { code: "internal" } });
        }
        watch.close();
      }),
      { numRuns: 300 },
    );
  });

  test("paths and methods that are nobody's", async () => {
    const { url } = await server();
    for (const path of ["/", "/v1", "/v1/relay", "/v2/relay", "/i/../metrics/x", "/%00", "/v1/relay?x=1"]) {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    }
    expect((await fetch(`${url}/v1/relay`, { method: "DELETE" })).status).toBe(404);
  });
});
