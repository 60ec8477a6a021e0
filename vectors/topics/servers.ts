/** Requests and answers of relay and vault: spec/08-relay-and-vault.md. */
import { type Cbor, encode, type Schema } from "@photon/protocol/codec";
import { type VaultRequest, vaultRequestSchema, type VaultResponse, vaultResponseSchema } from "@photon/protocol/archive";
import {
  type ClientFrame,
  clientFrameSchema,
  type RelayFrame,
  relayFrameSchema,
  type RelayRequest,
  relayRequestSchema,
  type RelayResponse,
  relayResponseSchema,
} from "@photon/protocol/queue";
import { decoder, edited, encoded, fixed, type InvalidCase, spoiled, type Topic, wrong } from "../support.ts";

/** Longer than any of the vectors; a server states its own. */
const max = 1024 * 1024 + 1024;
const receiveId = fixed("receive id", 16);
const sendId = fixed("send id", 16);
const signature = fixed("signature", 64);
const readKey = fixed("read key", 32);
const writeKeys = [fixed("write key 1", 32), fixed("write key 0", 32)];
const body = fixed("body", 1024);
const adminKey = fixed("admin key", 32);
const boardKeys = (count: number) => Array.from({ length: count }, (_, i) => fixed(`board's write key ${i}`, 32));

const relayRequests: readonly (readonly [string, RelayRequest])[] = [
  ["create", { kind: "create", value: { receiveId, sendId, readKey, writeKeys } }],
  ["create, paid for", { kind: "create", value: { receiveId, sendId, readKey, writeKeys, payment: fixed("token", 20) } }],
  ["append", { kind: "append", value: { sendId, appendId: fixed("append id", 16), body, mac: fixed("mac", 32) } }],
  [
    "read of two queues",
    {
      kind: "read",
      value: [
        { receiveId, after: 0, limit: 1, signature },
        { receiveId: fixed("other receive id", 16), after: 9_000_000, limit: 1024, signature },
      ],
    },
  ],
  ["rotate", { kind: "rotate", value: { receiveId, version: 1, readKey, writeKeys, signature } }],
  ["move", { kind: "move", value: { receiveId, bundle: fixed("bundle", 64), signature } }],
  ["delete", { kind: "delete", value: { receiveId, signature } }],
  ["put", { kind: "put", value: { dropId: fixed("drop", 32), body, days: 30 } }],
  ["get", { kind: "get", value: { dropId: fixed("drop", 32) } }],
  ["create, a board", { kind: "create", value: { receiveId, sendId, readKey, writeKeys: boardKeys(5), adminKey } }],
  ["create, a board of 24 writers", { kind: "create", value: { receiveId, sendId, readKey, writeKeys: boardKeys(24), adminKey } }],
  [
    "rotate, a board of 24 writers",
    { kind: "rotate", value: { receiveId, version: 2, readKey, writeKeys: boardKeys(24), signature } },
  ],
  ["trim", { kind: "trim", value: { receiveId, upTo: 300, signature } }],
];
const relayResponses: readonly (readonly [string, RelayResponse])[] = [
  ["done", { kind: "done", value: {} }],
  ["appended", { kind: "appended", value: { seq: 42 } }],
  ["moved", { kind: "moved", value: { bundle: fixed("bundle", 64) } }],
  [
    "entries: one batch, one refusal",
    {
      kind: "entries",
      value: [
        {
          kind: "batch",
          value: {
            entries: [{ seq: 3, body: fixed("entry", 40) }],
            last: 3,
            gone: 2,
            overflowed: true,
            bundle: fixed("bundle", 64),
            version: 1,
          },
        },
        { kind: "refused", value: "forbidden" },
      ],
    },
  ],
  ["frozen", { kind: "frozen", value: { last: 3 } }],
  ["drop", { kind: "drop", value: { body } }],
  ["refused", { kind: "refused", value: { code: "rate-limited", detail: "slow down", retryAfter: 30 } }],
];
const vaultRequests: readonly (readonly [string, VaultRequest])[] = [
  ["blobPut", { kind: "blobPut", value: { register: fixed("register", 16), body: fixed("blob", 100), signature } }],
  ["blobGet", { kind: "blobGet", value: { hash: fixed("hash", 32) } }],
  [
    "headPut: the first",
    {
      kind: "headPut",
      value: {
        register: fixed("register", 16),
        seq: 1,
        previous: new Uint8Array(32),
        body: fixed("head", 100),
        writeKey: fixed("key", 32),
        keeps: [],
        signature,
      },
    },
  ],
  [
    "headPut: with a new key",
    {
      kind: "headPut",
      value: {
        register: fixed("register", 16),
        seq: 2,
        previous: fixed("previous", 32),
        body: fixed("head", 100),
        writeKey: fixed("key", 32),
        nextKey: fixed("next key", 32),
        keeps: [fixed("hash", 32)],
        signature,
      },
    },
  ],
  ["headGet: the newest", { kind: "headGet", value: { register: fixed("register", 16) } }],
  ["headGet: an older one", { kind: "headGet", value: { register: fixed("register", 16), seq: 1 } }],
  ["headList", { kind: "headList", value: { register: fixed("register", 16) } }],
];
const vaultResponses: readonly (readonly [string, VaultResponse])[] = [
  ["stored", { kind: "stored", value: { hash: fixed("hash", 32) } }],
  ["blob", { kind: "blob", value: { body: fixed("blob", 100) } }],
  ["accepted", { kind: "accepted", value: { seq: 2 } }],
  ["refused", { kind: "refused", value: { code: "conflict", detail: "" } }],
  ["heads: only the newest", { kind: "heads", value: { newest: 1, kept: [] } }],
  [
    "heads: superseded on two days",
    {
      kind: "heads",
      value: {
        newest: 9,
        kept: [
          { from: 4, to: 7, left: 3 },
          { from: 8, to: 8, left: 45 },
        ],
      },
    },
  ],
];

type Edits = readonly (readonly [of: string, name: string, path: number[], part: Cbor | undefined, error: string])[];
function spoil<T>(type: string, schema: Schema<T>, samples: readonly (readonly [string, T])[], edits: Edits): InvalidCase[] {
  const bytes = (of: string): Uint8Array => {
    const sample = samples.find(([name]) => name === of);
    if (sample === undefined) throw new Error(`no ${of}`);
    return encode(schema, sample[1]);
  };
  return [
    ...spoiled(type, bytes(samples[1]?.[0] ?? "")),
    ...edits.map(([of, name, path, part, error]) => wrong(type, `${of} with ${name}`, edited(bytes(of), path, part), error)),
  ];
}

const requestEdits: Edits = [
  ["get", "an unknown tag", [0], 9, "wrong-shape"],
  ["create", "no write key", [1, 4], [], "out-of-range"],
  ["create", "five write keys", [1, 4], Array.from({ length: 5 }, () => new Uint8Array(32)), "out-of-range"],
  ["create", "an unknown field", [1, 6], 0, "wrong-shape"],
  ["append", "an append id of 15 bytes", [1, 2], new Uint8Array(15), "out-of-range"],
  ["append", "a body of 65,537 bytes", [1, 3], new Uint8Array(65537), "out-of-range"],
  ["append", "no body", [1, 3], new Uint8Array(), "out-of-range"],
  ["read of two queues", "no queues", [1], [], "out-of-range"],
  ["read of two queues", "a limit of 0", [1, 0, 3], 0, "out-of-range"],
  ["read of two queues", "a limit of 1,025", [1, 1, 3], 1025, "out-of-range"],
  ["read of two queues", "a cursor below zero", [1, 0, 2], -1, "out-of-range"],
  ["rotate", "version 0", [1, 2], 0, "out-of-range"],
  ["move", "a signature of 63 bytes", [1, 3], new Uint8Array(63), "out-of-range"],
  ["put", "31 days", [1, 3], 31, "out-of-range"],
  ["get", "a drop id of 16 bytes", [1, 1], new Uint8Array(16), "out-of-range"],
  ["create, a board", "25 write keys", [1, 4], boardKeys(25), "out-of-range"],
  ["create, a board", "a write key twice", [1, 4], [...boardKeys(2), ...boardKeys(1)], "wrong-shape"],
  ["create, a board", "no admin key, but five write keys", [1, 7], undefined, "out-of-range"],
  ["create, a board", "an admin key of 31 bytes", [1, 7], new Uint8Array(31), "out-of-range"],
  ["create, a board", "an unknown field", [1, 8], 0, "wrong-shape"],
  ["rotate, a board of 24 writers", "25 write keys", [1, 4], boardKeys(25), "out-of-range"],
  ["trim", "nothing to trim up to", [1, 2], 0, "out-of-range"],
  ["trim", "no signature", [1, 3], undefined, "wrong-shape"],
];
const responseEdits: Edits = [
  ["refused", "an unknown code", [1, 1], 99, "wrong-shape"],
  ["refused", "a detail of 201 characters", [1, 2], "d".repeat(201), "out-of-range"],
  ["entries: one batch, one refusal", "no batch", [1], [], "out-of-range"],
  ["entries: one batch, one refusal", "a third kind of batch", [1, 1, 0], 3, "wrong-shape"],
  ["done", "a field", [1, 1], 0, "wrong-shape"],
];
const vaultEdits: Edits = [
  ["blobPut", "no body", [1, 2], new Uint8Array(), "out-of-range"],
  ["headPut: the first", "a body of 16,385 bytes", [1, 4], new Uint8Array(16385), "out-of-range"],
  ["headPut: the first", "a next key of 31 bytes", [1, 6], new Uint8Array(31), "out-of-range"],
  ["headPut: the first", "257 blobs", [1, 7], Array.from({ length: 257 }, () => new Uint8Array(32)), "out-of-range"],
  ["headGet: the newest", "an unknown field", [1, 3], 0, "wrong-shape"],
  ["headList", "no register", [1, 1], undefined, "wrong-shape"],
  ["headList", "an unknown field", [1, 2], 0, "wrong-shape"],
];

export const relayApi: Topic = {
  name: "relay-api",
  about: "Requests to a relay and its answers, as CBOR. Signatures and MACs are placeholders here: see the topic `deposit`.",
  types: { request: decoder(relayRequestSchema, max), response: decoder(relayResponseSchema, max) },
  valid: () => [
    ...relayRequests.map(([name, value]) => encoded("request", relayRequestSchema, name, value)),
    ...relayResponses.map(([name, value]) => encoded("response", relayResponseSchema, name, value)),
  ],
  invalid: () => [
    ...spoil("request", relayRequestSchema, relayRequests, requestEdits),
    ...spoil("response", relayResponseSchema, relayResponses, responseEdits),
  ],
};
export const vaultApi: Topic = {
  name: "vault-api",
  about: "Requests to a vault and its answers, as CBOR. Signatures are placeholders here: see the topic `archive`.",
  types: { request: decoder(vaultRequestSchema, max), response: decoder(vaultResponseSchema, max) },
  valid: () => [
    ...vaultRequests.map(([name, value]) => encoded("request", vaultRequestSchema, name, value)),
    ...vaultResponses.map(([name, value]) => encoded("response", vaultResponseSchema, name, value)),
  ],
  invalid: () => [
    ...spoil("request", vaultRequestSchema, vaultRequests, vaultEdits),
    ...spoil("response", vaultResponseSchema, vaultResponses, [
      ["refused", "an unknown code", [1, 1], 11, "wrong-shape"],
      ["heads: superseded on two days", "a head that is kept for 3,651 days", [1, 2, 0, 3], 3651, "out-of-range"],
      ["heads: only the newest", "no newest", [1, 1], undefined, "wrong-shape"],
    ]),
  ],
};

const read = { receiveId, after: 7, limit: 100, signature };
const clientFrames: readonly (readonly [string, ClientFrame])[] = [
  ["watch, for hints", { kind: "watch", value: { push: false, reads: [read] } }],
  [
    "watch, for entries",
    { kind: "watch", value: { push: true, reads: [read, { ...read, receiveId: fixed("other receive id", 16) }] } },
  ],
  ["ack", { kind: "ack", value: { push: 3 } }],
  ["requests", { kind: "requests", value: [{ ref: 1, request: { kind: "get", value: { dropId: fixed("drop", 32) } } }] }],
  ["ping", { kind: "ping", value: { ref: 4294967295 } }],
];
const relayFrames: readonly (readonly [string, RelayFrame])[] = [
  [
    "watching: one queue is, the other is refused",
    {
      kind: "watching",
      value: [
        { kind: "watched", value: {} },
        { kind: "refused", value: "forbidden" },
      ],
    },
  ],
  ["hint", { kind: "hint", value: { receiveId } }],
  ["entries", { kind: "entries", value: { push: 1, receiveId, entries: [{ seq: 8, body: fixed("entry", 40) }], caughtUp: true } }],
  ["responses", { kind: "responses", value: [{ ref: 1, response: { kind: "done", value: {} } }] }],
  ["pong", { kind: "pong", value: { ref: 0 } }],
  ["ended", { kind: "ended", value: { receiveId } }],
  ["a frame refused", { kind: "refused", value: { code: "malformed", detail: "not a frame" } }],
];

export const watchApi: Topic = {
  name: "watch-api",
  about: "Frames of the watch connection, from the client and from the relay, as CBOR.",
  types: { client: decoder(clientFrameSchema, max), relay: decoder(relayFrameSchema, max) },
  valid: () => [
    ...clientFrames.map(([name, value]) => encoded("client", clientFrameSchema, name, value)),
    ...relayFrames.map(([name, value]) => encoded("relay", relayFrameSchema, name, value)),
  ],
  invalid: () => [
    ...spoil("client", clientFrameSchema, clientFrames, [
      ["watch, for hints", "no reads", [1, 2], [], "out-of-range"],
      ["watch, for hints", "a number for push", [1, 1], 1, "wrong-shape"],
      ["requests", "no requests", [1], [], "out-of-range"],
      ["ping", "a reference of 33 bits", [1, 1], 2 ** 32, "out-of-range"],
      ["ack", "an unknown tag", [0], 5, "wrong-shape"],
    ]),
    ...spoil("relay", relayFrameSchema, relayFrames, [
      ["hint", "an id of 15 bytes", [1, 1], new Uint8Array(15), "out-of-range"],
      ["entries", "an empty entry", [1, 3, 0, 2], new Uint8Array(), "out-of-range"],
      ["a frame refused", "an unknown code", [1, 1], 99, "wrong-shape"],
    ]),
  ],
};
