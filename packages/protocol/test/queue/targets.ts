/** What the relay's readers and peers feed to decoders of `queue`. */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { type Bytes, concat, decode, encode, expectOk, utf8 } from "@photon/protocol/codec";
import {
  addFragment,
  createSchema,
  decodeBody,
  decodeContent,
  decodeEnvelope,
  decodeText,
  encodeBody,
  encodeContent,
  encodeEnvelope,
  encodeText,
  fragmentEnvelope,
  openDeposit,
  relayRequestSchema,
  relayResponseSchema,
  sealDeposit,
  signRead,
  signTrim,
  verifyRead,
  verifyTrim,
} from "@photon/protocol/queue";
import { makeLeafId, makeSideId, makeStatementId } from "@photon/protocol/statement";
import { expectOutcome, type FuzzTarget } from "./fuzz.ts";

const fill = (length: number, value = 1): Bytes => new Uint8Array(length).fill(value);
const key = fill(32, 7);
const nonce = fill(24, 9);
const id = fill(16, 2);
const hlc = { wall: 1_800_000_000_000, counter: 1, node: fill(8) };

const envelopes = [
  encodeEnvelope({ kind: "lineage", value: { statements: [fill(40), fill(80)] } }),
  encodeEnvelope({ kind: "generation", value: { statement: fill(40), welcome: fill(300) } }),
  encodeEnvelope({ kind: "message", value: { generation: makeStatementId(fill(32)), message: fill(200) } }),
  encodeEnvelope({ kind: "claim", value: { invitation: id, statements: [fill(30)] } }),
  encodeEnvelope({ kind: "need", value: { side: makeSideId(fill(32)), heads: [makeStatementId(fill(32))] } }),
  encodeEnvelope({ kind: "fragment", value: { id, index: 1, count: 3, part: fill(50) } }),
];
const bodies = {
  ack: encodeBody("ack", [id, fill(16)]),
  receipt: encodeBody("receipt", [id]),
  "key-package": encodeBody("key-package", {
    leaf: makeLeafId(fill(32)),
    package: fill(90),
    generation: makeStatementId(fill(32)),
  }),
  change: encodeBody("change", [
    { key: "petname/1", hlc, value: utf8("Ben") },
    { key: "petname/2", hlc },
  ]),
  confirm: encodeBody("confirm", { invitation: id }),
} as const;

/** A deposit whose seal fits, around any plain bytes: what a peer with the key can make. */
const sealAnything = (plain: Bytes): Bytes => {
  const whole = new Uint8Array(1024 - 40);
  whole.set(plain.subarray(0, whole.length));
  return concat(nonce, xchacha20poly1305(key, nonce, utf8("photon/deposit/1")).encrypt(whole));
};

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "openDeposit: bytes from a relay",
    valid: [expectOk(sealDeposit(key, envelopes[0] ?? key, nonce))],
    run: (input) => expectOutcome(openDeposit([fill(32), key], input)),
  },
  {
    name: "openDeposit: plain bytes from a peer",
    valid: [concat(Uint8Array.of(0, 0, 0, 5), utf8("Hello"))],
    run: (input) => expectOutcome(openDeposit([key], sealAnything(input))),
  },
  { name: "decodeEnvelope", valid: envelopes, run: (input) => expectOutcome(decodeEnvelope(input)) },
  {
    name: "addFragment",
    valid: fragmentEnvelope(encodeEnvelope({ kind: "generation", value: { statement: fill(9), welcome: fill(70_000) } }), id),
    run: (input) => {
      const envelope = decodeEnvelope(input);
      if (!envelope.ok || envelope.value.kind !== "fragment") return;
      const first = addFragment(undefined, envelope.value.value);
      expectOutcome(first);
      if (first.ok && !("complete" in first.value)) expectOutcome(addFragment(first.value, { ...envelope.value.value, index: 0 }));
    },
  },
  {
    name: "decodeContent",
    valid: [encodeContent({ id, sent: hlc, kind: "text", body: expectOk(encodeText("Hello, Ben")), replyTo: id })],
    run: (input) => expectOutcome(decodeContent(input)),
  },
  { name: "decodeText", valid: [utf8("Zoë 👋\u202e")], run: (input) => expectOutcome(decodeText(input)) },
  {
    name: "decodeBody",
    valid: Object.values(bodies),
    run: (input) => {
      for (const kind of Object.keys(bodies) as (keyof typeof bodies)[]) expectOutcome(decodeBody(kind, input));
    },
  },
  {
    name: "relay requests",
    valid: [
      encode(createSchema, { receiveId: id, sendId: id, readKey: key, writeKeys: [key] }),
      encode(relayRequestSchema, {
        kind: "create",
        value: {
          receiveId: id,
          sendId: id,
          readKey: key,
          writeKeys: [key, fill(32), fill(32, 2), fill(32, 3), fill(32, 4)],
          adminKey: key,
        },
      }),
      encode(relayRequestSchema, { kind: "trim", value: signTrim(key, { receiveId: id, upTo: 300 }) }),
      encode(relayRequestSchema, { kind: "read", value: [signRead(key, { receiveId: id, after: 0, limit: 10 })] }),
      encode(relayRequestSchema, { kind: "append", value: { sendId: id, appendId: id, body: fill(1024), mac: key } }),
      encode(relayRequestSchema, { kind: "put", value: { dropId: key, body: fill(100), days: 7 } }),
    ],
    run: (input) => {
      const request = decode(relayRequestSchema, input, 100_000);
      expectOutcome(request);
      if (request.ok && request.value.kind === "read") for (const read of request.value.value) verifyRead(fill(32), read);
      if (request.ok && request.value.kind === "trim") verifyTrim(fill(32), request.value.value);
    },
  },
  {
    name: "relay responses",
    valid: [
      encode(relayResponseSchema, { kind: "appended", value: { seq: 5 } }),
      encode(relayResponseSchema, { kind: "refused", value: { code: "rate-limited", detail: "slow down", retryAfter: 3 } }),
      encode(relayResponseSchema, {
        kind: "entries",
        value: [
          {
            kind: "batch",
            value: { entries: [{ seq: 1, body: fill(64) }], last: 1, gone: 0, overflowed: false, bundle: fill(9), version: 2 },
          },
          { kind: "refused", value: "forbidden" },
        ],
      }),
    ],
    run: (input) => expectOutcome(decode(relayResponseSchema, input, 100_000)),
  },
];
