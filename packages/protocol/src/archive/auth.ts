/**
 * What proves each vault request. See spec/07-archive.md.
 *
 * | request   | proof                             | covers                                                                 |
 * | --------- | --------------------------------- | ---------------------------------------------------------------------- |
 * | `blobPut` | Ed25519 by the register's key     | [label, register, SHA-256(body)]                                       |
 * | `headPut` | Ed25519 by the head's `writeKey`  | [label, the request's map without its signature]                       |
 *
 * A repeated blob is the same blob; a repeated head loses the compare-and-swap.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, encode, encodeCbor, type SchemaType } from "../codec/index.ts";
import { verifyEd25519 } from "../statement/index.ts";
import { type blobPutSchema, type Head, headPutSchema } from "./vault-api.ts";

export type BlobPut = SchemaType<typeof blobPutSchema>;
type Unsigned<T> = Omit<T, "signature">;

/** `previous` of the first head of a register. */
export const noHead: Bytes = new Uint8Array(32);

export const blobPutInput = ({ register, body }: Unsigned<BlobPut>): Bytes =>
  encodeCbor(["photon/vault/blob/1", register, sha256(body)]);

export function headPutInput(head: Unsigned<Head>): Bytes {
  const map = headPutSchema.toCbor({ ...head, signature: new Uint8Array(64) });
  if (!(map instanceof Map)) throw new Error("a head is a map");
  const unsigned = new Map(map);
  unsigned.delete(signatureKey);
  return encodeCbor(["photon/vault/head/1", unsigned]);
}
/** The key of `signature` in `headPutSchema`. */
const signatureKey = 8;

/** What the next head names as `previous`, and what devices pin against a vault that goes back in time. */
export const headHash = (head: Head): Bytes => asBytes(sha256(encode(headPutSchema, head)));

/** Ed25519 (RFC 8032) by a 32-byte private key; a platform may have it natively. */
export type SignBySeed = (seed: Uint8Array, message: Uint8Array) => Bytes;
const portable: SignBySeed = (seed, message) => asBytes(ed25519.sign(message, seed));

export const signBlobPut = (seed: Bytes, fields: Unsigned<BlobPut>, sign = portable): BlobPut => ({
  ...fields,
  signature: sign(seed, blobPutInput(fields)),
});
export const signHeadPut = (seed: Bytes, fields: Unsigned<Head>, sign = portable): Head => ({
  ...fields,
  signature: sign(seed, headPutInput(fields)),
});

/** Strict RFC 8032 verification; a server may verify natively over the same input. */
export const verifyBlobPut = (writeKey: Bytes, request: BlobPut): boolean =>
  verifyEd25519(writeKey, blobPutInput(request), request.signature);
/** By the key that the head names; whether that key may write to the register is the vault's to know. */
export const verifyHeadPut = (head: Head): boolean => verifyEd25519(head.writeKey, headPutInput(head), head.signature);
