/**
 * What a client asks of a relay, and what it answers: one CBOR request per HTTP POST to `/v1/relay`, one CBOR response.
 * See spec/05-queue.md.
 *
 * | request  | authorised by                        | answer                                             |
 * | -------- | ------------------------------------ | -------------------------------------------------- |
 * | `create` | proof of work or token, where asked  | `done`                                             |
 * | `append` | HMAC under one of the write keys     | `appended` with the sequence number, or `moved`    |
 * | `read`   | a signature per queue, by its read key | `entries`, one batch per queue                   |
 * | `rotate` | the owner's key; compare-and-swap    | `done`                                             |
 * | `move`   | the owner's key                      | `frozen` with the last sequence number             |
 * | `trim`   | the owner's key                      | `done`                                             |
 * | `delete` | the owner's key                      | `done`                                             |
 * | `put`    | first writer wins                    | `done`                                             |
 * | `get`    | knowing the drop id                  | `drop`                                             |
 *
 * The owner's key is the read key, or the admin key where the queue was created with one: such a queue is a **board**, which
 * several write and read, and none of them can change or fill.
 */
import {
  boolean,
  type Bytes,
  bytes,
  list,
  oneOf,
  optional,
  ruled,
  type SchemaType,
  struct,
  text,
  toHex,
  uint,
  union,
} from "../codec/index.ts";

/** The sizes, in bytes, in which deposits travel, overheads included. */
export const buckets = [1024, 4096, 16384, 65536] as const;
export const maxBody = 65536;
export const maxBundle = 65536;
export const maxReadQueues = 256;
export const maxReadEntries = 1024;
/** Write keys of a queue, and of a board, each of whose keys has an equal portion of its room. */
export const maxWriteKeys = 4;
export const maxBoardWriters = 24;
/** The longest request and response, in bytes, encodings included. */
export const maxRelayRequest = 96 * 1024;
export const maxRelayResponse = 24 * 1024 * 1024;

const seq = uint();
const id = bytes(16);
const signature = bytes(64);
const writeKeys = list(bytes(32), { min: 1, max: maxBoardWriters });

/** More keys than the queue may have, in words. A rotation does not say what its queue is: the relay asks this of it. */
export const tooManyWriters = (keys: readonly Bytes[], board: boolean): string | undefined =>
  board || keys.length <= maxWriteKeys ? undefined : `${keys.length} write keys; only a board has more than ${maxWriteKeys}`;
/** A board's key twice, in words: two writers would be one. */
export const sameWriterTwice = (keys: readonly Bytes[], board: boolean): string | undefined =>
  board && new Set(keys.map(toHex)).size < keys.length ? "a write key stands twice" : undefined;

const createFields = struct({
  receiveId: [1, id],
  sendId: [2, id],
  /** Ed25519 public key. */
  readKey: [3, bytes(32)],
  /** At most `maxWriteKeys`; for a board `maxBoardWriters`, all different. */
  writeKeys: [4, writeKeys],
  /** Operator's token, or the hashcash nonce that it asks for. */
  payment: [5, optional(bytes({ max: 512 }))],
  // Number 6 is left out: a published vector says that it is unknown.
  /** Ed25519 public key that alone rotates, moves, trims and deletes, for as long as the queue lives. It makes it a board. */
  adminKey: [7, optional(bytes(32))],
});
export const createSchema = ruled(
  ruled(createFields, (value) => sameWriterTwice(value.writeKeys, value.adminKey !== undefined)),
  (value) => tooManyWriters(value.writeKeys, value.adminKey !== undefined),
  "out-of-range",
);
export const appendSchema = struct({
  sendId: [1, id],
  /** Chosen by the sender; a repeat is answered as the first was. */
  appendId: [2, id],
  /** Exactly one of `buckets` long. */
  body: [3, bytes({ min: 1, max: maxBody })],
  /** HMAC-SHA-256 over `appendMacInput`. */
  mac: [4, bytes(32)],
});
export const readSchema = struct({
  receiveId: [1, id],
  /** Entries with a larger sequence number are returned; 0 for all. */
  after: [2, seq],
  limit: [3, uint({ min: 1, max: maxReadEntries })],
  signature: [4, signature],
});
export const rotateSchema = struct({
  receiveId: [1, id],
  /** The version that this rotation makes: the queue's current one plus one, else `conflict`. Queues begin at 0. */
  version: [2, uint({ min: 1, max: 0xffff_ffff })],
  readKey: [3, bytes(32)],
  writeKeys: [4, writeKeys],
  signature: [5, signature],
});
export const moveSchema = struct({
  receiveId: [1, id],
  /** Handed to every later appender for two years. Sealed by the client to those it is meant for. */
  bundle: [2, bytes({ min: 1, max: maxBundle })],
  signature: [3, signature],
});
export const deleteSchema = struct({ receiveId: [1, id], signature: [2, signature] });
export const trimSchema = struct({
  receiveId: [1, id],
  /** Entries up to this sequence number are removed; one beyond the last is a `conflict`, so that a repeat removes no more. */
  upTo: [2, uint({ min: 1 })],
  signature: [3, signature],
});
export const putSchema = struct({
  dropId: [1, bytes(32)],
  body: [2, bytes({ min: 1, max: maxBody })],
  /** Days it is kept, at most 30. */
  days: [3, uint({ min: 1, max: 30 })],
});
export const getSchema = struct({ dropId: [1, bytes(32)] });

export const relayRequestSchema = union({
  create: [1, createSchema],
  append: [2, appendSchema],
  read: [3, list(readSchema, { min: 1, max: maxReadQueues })],
  rotate: [4, rotateSchema],
  move: [5, moveSchema],
  delete: [6, deleteSchema],
  put: [7, putSchema],
  get: [8, getSchema],
  // Tag 9 is left out: a published vector says that it is unknown.
  trim: [10, trimSchema],
});
export type RelayRequest = SchemaType<typeof relayRequestSchema>;
export type RelayRequestOf<K extends RelayRequest["kind"]> = Extract<RelayRequest, { kind: K }>["value"];

/** Why a relay refuses. The words and remedies are in the engine's error table. */
export const relayRefusals = {
  malformed: 1,
  "too-large": 2,
  /** No such queue, or a key or signature that does not belong to it: one answer, so that nothing can be probed. */
  forbidden: 3,
  "queue-full": 4,
  "rate-limited": 5,
  overloaded: 6,
  conflict: 7,
  "payment-required": 8,
  exists: 9,
  "not-found": 10,
  /** A drop that was here and is past its days. */
  expired: 11,
  "disk-full": 12,
  internal: 13,
} as const;
export type RelayRefusal = keyof typeof relayRefusals;

const entry = struct({ seq: [1, seq], body: [2, bytes({ min: 1, max: maxBody })] });
const batch = struct({
  entries: [1, list(entry, { max: maxReadEntries })],
  /** The largest sequence number in the queue; the reader has caught up when it holds it. */
  last: [2, seq],
  /** Sequence numbers up to this one are gone from the relay: past their days, or trimmed. */
  gone: [3, seq],
  /** Appends were refused because the queue was full since the last read. */
  overflowed: [4, boolean],
  /** Present once the queue is frozen: the bundle that appenders are handed. */
  bundle: [5, optional(bytes({ min: 1, max: maxBundle }))],
  /** Rotation version of the queue. */
  version: [6, uint({ max: 0xffff_ffff })],
});
export type Batch = SchemaType<typeof batch>;
export type QueueEntry = SchemaType<typeof entry>;

export const relayResponseSchema = union({
  done: [1, struct({})],
  appended: [2, struct({ seq: [1, seq] })],
  moved: [3, struct({ bundle: [1, bytes({ min: 1, max: maxBundle })] })],
  /** One for each read of the request, in its order; a forbidden queue does not spoil the others. */
  entries: [4, list(union({ batch: [1, batch], refused: [2, oneOf(relayRefusals)] }), { min: 1, max: maxReadQueues })],
  frozen: [5, struct({ last: [1, seq] })],
  drop: [6, struct({ body: [1, bytes({ min: 1, max: maxBody })] })],
  refused: [
    7,
    struct({
      code: [1, oneOf(relayRefusals)],
      detail: [2, text(200)],
      /** Seconds after which a repeat makes sense. */
      retryAfter: [3, optional(uint({ max: 86400 * 31 }))],
    }),
  ],
});
export type RelayResponse = SchemaType<typeof relayResponseSchema>;

/** Which answers a request can have, besides `refused`. */
export interface RelayAnswers {
  readonly create: "done";
  readonly append: "appended" | "moved";
  readonly read: "entries";
  readonly rotate: "done";
  readonly move: "frozen";
  readonly delete: "done";
  readonly put: "done";
  readonly get: "drop";
  readonly trim: "done";
}
export type RelayAnswer<K extends RelayRequest["kind"]> = Extract<RelayResponse, { kind: RelayAnswers[K] }>;
