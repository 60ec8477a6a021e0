/** What a `blobPut` signs, from a native hash: the same bytes as `blobPutInput` of @photon/protocol. */
import { type Bytes, encodeCbor, ownBytes } from "@photon/protocol/codec";

export const blobInput = (register: Uint8Array, hash: Uint8Array): Bytes =>
  encodeCbor(["photon/vault/blob/1", ownBytes(register), ownBytes(hash)]);
