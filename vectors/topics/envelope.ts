/** What a deposit holds once opened, and the plaintext of a session message: spec/05-queue.md. */
import { type Cbor, encode, utf8 } from "@photon/protocol/codec";
import {
  bodySchemasOfContent,
  type CborKind,
  type Content,
  contentSchema,
  type Envelope,
  envelopeSchema,
  maxContent,
  maxContentBody,
  maxEnvelope,
} from "@photon/protocol/queue";
import { makeLeafId, makeSideId, makeStatementId } from "@photon/protocol/statement";
import { decoder, edited, encoded, fixed, type InvalidCase, spoiled, type Topic, wrong } from "../support.ts";

const id = fixed("message", 16);
const statementId = makeStatementId(fixed("generation statement", 32));
const statements = [fixed("a statement", 48), fixed("another statement", 48)];
const sent = { wall: 1_790_000_000_000, counter: 2, node: fixed("node", 8) };

const envelopes: readonly (readonly [string, Envelope])[] = [
  ["lineage", { kind: "lineage", value: { statements } }],
  ["generation", { kind: "generation", value: { statement: fixed("a statement", 48), welcome: fixed("a welcome", 40) } }],
  [
    "generation of one device alone",
    { kind: "generation", value: { statement: fixed("a statement", 48), welcome: new Uint8Array() } },
  ],
  ["message", { kind: "message", value: { generation: statementId, message: fixed("an MLS message", 60) } }],
  ["claim", { kind: "claim", value: { invitation: fixed("invitation", 16), statements } }],
  ["need", { kind: "need", value: { side: makeSideId(fixed("side", 32)), heads: [statementId] } }],
  ["need, of a side of which nothing is known", { kind: "need", value: { side: makeSideId(fixed("side", 32)), heads: [] } }],
  ["fragment", { kind: "fragment", value: { id, index: 1, count: 2, part: fixed("a part", 50) } }],
];
const contents: readonly (readonly [string, Content])[] = [
  ["text", { id, sent, kind: "text", body: utf8("Hello, Ben. Привет!") }],
  ["a reply", { id, sent, kind: "text", body: utf8("Yes."), replyTo: fixed("earlier message", 16) }],
  ["of a newer version", { id, sent, kind: "hologram", body: Uint8Array.of(1, 2, 3) }],
  ["without a body", { id, sent: { ...sent, counter: 0 }, kind: "notice", body: new Uint8Array() }],
];

function invalid(): InvalidCase[] {
  const bytes = (kind: Envelope["kind"]): Uint8Array => {
    const found = envelopes.find(([, envelope]) => envelope.kind === kind)?.[1];
    if (found === undefined) throw new Error(`no ${kind}`);
    return encode(envelopeSchema, found);
  };
  const parts: readonly (readonly [Envelope["kind"], string, number[], Cbor | undefined, string])[] = [
    ["lineage", "an unknown tag", [0], 7, "wrong-shape"],
    ["lineage", "no tag", [0], undefined, "wrong-shape"],
    ["lineage", "no statements", [1, 1], [], "out-of-range"],
    ["lineage", "65 statements", [1, 1], Array.from({ length: 65 }, () => Uint8Array.of(0)), "out-of-range"],
    ["lineage", "an empty statement", [1, 1, 0], new Uint8Array(), "out-of-range"],
    ["generation", "no welcome", [1, 2], undefined, "wrong-shape"],
    ["message", "an empty message", [1, 2], new Uint8Array(), "out-of-range"],
    ["message", "a generation of 31 bytes", [1, 1], new Uint8Array(31), "out-of-range"],
    ["claim", "an invitation of 15 bytes", [1, 1], new Uint8Array(15), "out-of-range"],
    ["need", "a head twice", [1, 2], [statementId, statementId], "not-canonical"],
    ["fragment", "an index of 64", [1, 2], 64, "out-of-range"],
    ["fragment", "a count of one", [1, 3], 1, "out-of-range"],
    ["fragment", "an empty part", [1, 4], new Uint8Array(), "out-of-range"],
    ["fragment", "an unknown field", [1, 5], 0, "wrong-shape"],
  ];
  const text = encode(contentSchema, { id, sent, kind: "text", body: utf8("Hello") });
  const inText: readonly (readonly [string, number[], Cbor | undefined, string])[] = [
    ["an id of 15 bytes", [1], new Uint8Array(15), "out-of-range"],
    ["no time", [2], undefined, "wrong-shape"],
    ["a wall time of 49 bits", [2, 1], 2 ** 48, "out-of-range"],
    ["a kind of 33 characters", [3], "k".repeat(33), "out-of-range"],
    ["a kind that is no text", [3], 1, "wrong-shape"],
    ["a body of text", [4], "Hello", "wrong-shape"],
    ["a body of 61,441 bytes", [4], new Uint8Array(61_441), "out-of-range"],
    ["an unknown field", [6], 0, "wrong-shape"],
  ];
  return [
    ...spoiled("envelope", bytes("lineage")),
    ...parts.map(([kind, name, path, part, error]) =>
      wrong("envelope", `${kind} with ${name}`, edited(bytes(kind), path, part), error),
    ),
    ...spoiled("content", text),
    ...inText.map(([name, path, part, error]) => wrong("content", name, edited(text, path, part), error)),
    wrong("ack", "no ids", Uint8Array.of(0x80), "out-of-range"),
    wrong("ack", "an id of 15 bytes", Uint8Array.of(0x81, 0x4f, ...new Uint8Array(15)), "out-of-range"),
  ];
}

export const envelope: Topic = {
  name: "envelope",
  about:
    "Envelopes (what a deposit holds), contents (the plaintext of a session message), and the bodies of the kinds that are CBOR.",
  types: {
    envelope: decoder(envelopeSchema, maxEnvelope),
    content: decoder(contentSchema, maxContent),
    ...Object.fromEntries(
      (Object.keys(bodySchemasOfContent) as CborKind[]).map((kind) => [
        kind,
        decoder<never>(bodySchemasOfContent[kind] as never, maxContentBody),
      ]),
    ),
  },
  valid: () => [
    ...envelopes.map(([name, value]) => encoded("envelope", envelopeSchema, name, value)),
    ...contents.map(([name, value]) => encoded("content", contentSchema, `content: ${name}`, value)),
    encoded("ack", bodySchemasOfContent.ack, "ack", [id, fixed("another message", 16)]),
    encoded("receipt", bodySchemasOfContent.receipt, "receipt", [id]),
    encoded("key-package", bodySchemasOfContent["key-package"], "key-package", {
      leaf: makeLeafId(fixed("leaf", 32)),
      package: fixed("key package", 64),
      generation: statementId,
    }),
    encoded("change", bodySchemasOfContent.change, "change: a value and a deletion", [
      { key: "petname/ben", hlc: sent, value: utf8("Ben") },
      { key: "petname/chi", hlc: { ...sent, counter: 3 } },
    ]),
    encoded("confirm", bodySchemasOfContent.confirm, "confirm", { invitation: fixed("invitation", 16) }),
  ],
  invalid,
};
