/**
 * What proves each relay request. See spec/05-queue.md.
 *
 * | request  | proof                                             | covers                                          |
 * | -------- | ------------------------------------------------- | ----------------------------------------------- |
 * | `append` | HMAC-SHA-256 under one of the queue's write keys  | label ‖ sendId ‖ appendId ‖ SHA-256(body)       |
 * | `read`   | Ed25519 by the queue's read key                   | [label, receiveId, after, limit]                |
 * | `rotate` | Ed25519 by the owner's key before the rotation    | [label, receiveId, version, readKey, writeKeys] |
 * | `move`   | Ed25519 by the owner's key                        | [label, receiveId, SHA-256(bundle)]             |
 * | `trim`   | Ed25519 by the owner's key                        | [label, receiveId, upTo]                        |
 * | `delete` | Ed25519 by the owner's key                        | [label, receiveId]                              |
 *
 * The owner's key of a board is its admin key, of any other queue its read key: `ownerKey` and `ownerSeed` choose.
 *
 * A repeat of any of them does what the first did, or nothing: append ids are idempotent, reads only read, rotations are
 * compare-and-swap. So none needs a time or a challenge. The ids are random per queue, hence also per relay.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, concat, encodeCbor, type SchemaType, utf8 } from "../codec/index.ts";
import { verifyEd25519 } from "../statement/index.ts";
import { portableQueueCrypto, type QueueCrypto } from "./crypto.ts";
import type { appendSchema, deleteSchema, moveSchema, readSchema, rotateSchema, trimSchema } from "./relay-api.ts";

export type AppendRequest = SchemaType<typeof appendSchema>;
export type ReadRequest = SchemaType<typeof readSchema>;
export type RotateRequest = SchemaType<typeof rotateSchema>;
export type MoveRequest = SchemaType<typeof moveSchema>;
export type TrimRequest = SchemaType<typeof trimSchema>;
export type DeleteRequest = SchemaType<typeof deleteSchema>;
type Unsigned<T> = Omit<T, "signature">;
type Unproved = Omit<AppendRequest, "mac">;

/** The public key that changes to a queue are proved by. @param queue its keys, as `create` names them. */
export const ownerKey = (queue: { readonly readKey: Bytes; readonly adminKey?: Bytes | undefined }): Bytes =>
  queue.adminKey ?? queue.readKey;
/** The seed that changes to a queue are signed with: the admin seed of a board, the read seed of any other. */
export const ownerSeed = (queue: { readonly readSeed: Bytes; readonly adminSeed?: Bytes | undefined }): Bytes =>
  queue.adminSeed ?? queue.readSeed;

const appendLabel = utf8("photon/relay/append/1");

/** What is MACed: every part has a fixed length, so that no two requests share an input. */
export const appendMacInput = ({ sendId, appendId, body }: Unproved, crypto: QueueCrypto = portableQueueCrypto): Bytes =>
  concat(appendLabel, sendId, appendId, crypto.digest(body));

export const appendMac = (writeKey: Bytes, request: Unproved, crypto: QueueCrypto = portableQueueCrypto): Bytes =>
  crypto.mac(writeKey, appendMacInput(request, crypto));

/** Compares in constant time, and tries every key whichever fits. */
export const verifyAppendMac = (writeKeys: readonly Bytes[], request: AppendRequest): boolean =>
  appendWriter(writeKeys, request) !== undefined;

/** The place in the list of the key that made the MAC; undefined where none did. */
export function appendWriter(writeKeys: readonly Bytes[], request: AppendRequest): number | undefined {
  let place: number | undefined;
  for (const [index, key] of writeKeys.entries()) if (equalSecrets(appendMac(key, request), request.mac)) place = index;
  return place;
}

export const readInput = ({ receiveId, after, limit }: Unsigned<ReadRequest>): Bytes =>
  encodeCbor(["photon/relay/read/1", receiveId, after, limit]);
export const rotateInput = ({ receiveId, version, readKey, writeKeys }: Unsigned<RotateRequest>): Bytes =>
  encodeCbor(["photon/relay/rotate/1", receiveId, version, readKey, writeKeys]);
export const moveInput = ({ receiveId, bundle }: Unsigned<MoveRequest>): Bytes =>
  encodeCbor(["photon/relay/move/1", receiveId, sha256(bundle)]);
export const trimInput = ({ receiveId, upTo }: Unsigned<TrimRequest>): Bytes =>
  encodeCbor(["photon/relay/trim/1", receiveId, upTo]);
export const deleteInput = ({ receiveId }: Unsigned<DeleteRequest>): Bytes => encodeCbor(["photon/relay/delete/1", receiveId]);

const signed = <T extends object>(seed: Bytes, fields: T, input: Bytes): T & { readonly signature: Bytes } => ({
  ...fields,
  signature: asBytes(ed25519.sign(input, seed)),
});

/** The whole request, signed. @param seed the 32-byte read seed of the queue, board or not. */
export const signRead = (seed: Bytes, fields: Unsigned<ReadRequest>, crypto: QueueCrypto = portableQueueCrypto): ReadRequest => ({
  ...fields,
  signature: crypto.sign(seed, readInput(fields)),
});
/** These four: @param seed the 32-byte `ownerSeed` of the queue. */
export const signRotate = (seed: Bytes, fields: Unsigned<RotateRequest>): RotateRequest =>
  signed(seed, fields, rotateInput(fields));
export const signMove = (seed: Bytes, fields: Unsigned<MoveRequest>): MoveRequest => signed(seed, fields, moveInput(fields));
export const signTrim = (seed: Bytes, fields: Unsigned<TrimRequest>): TrimRequest => signed(seed, fields, trimInput(fields));
export const signDelete = (seed: Bytes, fields: Unsigned<DeleteRequest>): DeleteRequest =>
  signed(seed, fields, deleteInput(fields));
/** The whole request with its MAC. */
export const proveAppend = (writeKey: Bytes, fields: Unproved): AppendRequest => ({ ...fields, mac: appendMac(writeKey, fields) });

/** Strict RFC 8032 verification; a server may verify natively over the same input. */
export const verifyRead = (readKey: Bytes, request: ReadRequest): boolean =>
  verifyEd25519(readKey, readInput(request), request.signature);
export const verifyRotate = (owner: Bytes, request: RotateRequest): boolean =>
  verifyEd25519(owner, rotateInput(request), request.signature);
export const verifyMove = (owner: Bytes, request: MoveRequest): boolean =>
  verifyEd25519(owner, moveInput(request), request.signature);
export const verifyTrim = (owner: Bytes, request: TrimRequest): boolean =>
  verifyEd25519(owner, trimInput(request), request.signature);
export const verifyDelete = (owner: Bytes, request: DeleteRequest): boolean =>
  verifyEd25519(owner, deleteInput(request), request.signature);

/** Looks at every byte whatever it finds; lengths are public. */
function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
