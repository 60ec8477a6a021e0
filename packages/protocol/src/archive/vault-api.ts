/**
 * What a client asks of a vault: one CBOR request per HTTP POST to `/v1/vault`. Blobs are content-addressed and read by
 * whoever knows the hash; writing is authorised by the key of the register that the blob counts against. A register
 * holds signed heads with a monotone sequence, written by compare-and-swap; superseded heads and what they name are kept
 * for 45 days. See spec/08-relay-and-vault.md.
 */
import { bytes, list, oneOf, optional, type SchemaType, struct, text, uint, union } from "../codec/index.ts";

export const maxBlob = 1024 * 1024;
export const maxHead = 16 * 1024;
/** The longest request and response, in bytes, encodings included. */
export const maxVaultRequest = maxBlob + 1024;
export const maxVaultResponse = maxBlob + 1024;

const registerId = bytes(16);
const signature = bytes(64);
const hash = bytes(32);
const headSeq = uint();

export const blobPutSchema = struct({
  register: [1, registerId],
  body: [2, bytes({ min: 1, max: maxBlob })],
  /** Ed25519 by the register's current write key over `blobPutInput`. */
  signature: [3, signature],
});
export const blobGetSchema = struct({ hash: [1, hash] });
export const headPutSchema = struct({
  register: [1, registerId],
  /** 1 + the sequence number of the head it replaces. */
  seq: [2, headSeq],
  /** SHA-256 of the replaced head's encoding; 32 zero bytes for the first. */
  previous: [3, hash],
  body: [4, bytes({ min: 1, max: maxHead })],
  /** Ed25519 public key that signs this head (the first: trust on first use) … */
  writeKey: [5, bytes(32)],
  /** … and the one that will sign the next, where it changes. */
  nextKey: [6, optional(bytes(32))],
  /** Blobs that this head needs: their leases are renewed. */
  keeps: [7, list(hash, { max: 256 })],
  signature: [8, signature],
});
export type Head = SchemaType<typeof headPutSchema>;
export const headGetSchema = struct({
  register: [1, registerId],
  /** An older head still kept, by its sequence number; absent for the newest. */
  seq: [2, optional(headSeq)],
});

/** Which heads are there, for whoever looks for one that was superseded: `headGet` brings each of them. */
export const headListSchema = struct({ register: [1, registerId] });

export const vaultRequestSchema = union({
  blobPut: [1, blobPutSchema],
  blobGet: [2, blobGetSchema],
  headPut: [3, headPutSchema],
  headGet: [4, headGetSchema],
  headList: [5, headListSchema],
});
export type VaultRequest = SchemaType<typeof vaultRequestSchema>;
export type VaultRequestOf<K extends VaultRequest["kind"]> = Extract<VaultRequest, { kind: K }>["value"];

/** Days of grace that a vault may give; the most runs that `headList` answers. */
export const maxGraceDays = 3650;
export const keptHeadsSchema = struct({
  newest: [1, headSeq],
  /** Superseded heads, a run for each day on which some were superseded, oldest first. */
  kept: [
    2,
    list(
      struct({
        from: [1, headSeq],
        to: [2, headSeq],
        /** For how many days more they and what they name are kept, at least. */
        left: [3, uint({ max: maxGraceDays })],
      }),
      { max: maxGraceDays + 2 },
    ),
  ],
});
export type KeptHeads = SchemaType<typeof keptHeadsSchema>;

export const vaultRefusals = {
  malformed: 1,
  "too-large": 2,
  forbidden: 3,
  "quota-exceeded": 4,
  "rate-limited": 5,
  overloaded: 6,
  conflict: 7,
  "not-found": 8,
  "disk-full": 9,
  internal: 10,
} as const;
export type VaultRefusal = keyof typeof vaultRefusals;

export const vaultResponseSchema = union({
  stored: [1, struct({ hash: [1, hash] })],
  blob: [2, struct({ body: [1, bytes({ min: 1, max: maxBlob })] })],
  accepted: [3, struct({ seq: [1, headSeq] })],
  head: [4, headPutSchema],
  refused: [
    5,
    struct({ code: [1, oneOf(vaultRefusals)], detail: [2, text(200)], retryAfter: [3, optional(uint({ max: 86400 * 31 }))] }),
  ],
  heads: [6, keptHeadsSchema],
});
export type VaultResponse = SchemaType<typeof vaultResponseSchema>;
export interface VaultAnswers {
  readonly blobPut: "stored";
  readonly blobGet: "blob";
  readonly headPut: "accepted";
  readonly headGet: "head";
  readonly headList: "heads";
}
export type VaultAnswer<K extends VaultRequest["kind"]> = Extract<VaultResponse, { kind: VaultAnswers[K] }>;
