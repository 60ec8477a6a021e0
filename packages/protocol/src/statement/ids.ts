/** Identifiers and keys that are told apart by type. Only the schemas and the functions here make one. See spec/02-statements.md. */
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, branded, type Bytes, toHex } from "../codec/index.ts";

declare const brand: unique symbol;
type Brand<Name extends string> = Bytes & { readonly [brand]: Name };

/** 32 random bytes that name one side of one relationship. */
export type SideId = Brand<"SideId">;
/** SHA-256 of a statement's bytes as received. */
export type StatementId = Brand<"StatementId">;
/** An Ed25519 public key (RFC 8032), which is also the leaf's id: one per device and relationship. */
export type LeafId = Brand<"LeafId">;
/** 32 random bytes that name an MLS group. */
export type GroupId = Brand<"GroupId">;

export const sideIdSchema = branded<SideId>(32);
export const statementIdSchema = branded<StatementId>(32);
export const leafIdSchema = branded<LeafId>(32);
export const groupIdSchema = branded<GroupId>(32);

export const statementIdOf = (bytes: Uint8Array): StatementId => asBytes(sha256(bytes)) as StatementId;

const exactly32 = (bytes: Uint8Array, what: string): Bytes => {
  if (bytes.length !== 32) throw new Error(`${what} has ${bytes.length} bytes, not 32`);
  return asBytes(bytes);
};
/** From 32 fresh random bytes. */
export const makeSideId = (random: Uint8Array): SideId => exactly32(random, "a side id") as SideId;
/** From 32 fresh random bytes. */
export const makeGroupId = (random: Uint8Array): GroupId => exactly32(random, "a group id") as GroupId;
/** From a public key that this program made or verified. */
export const makeLeafId = (publicKey: Uint8Array): LeafId => exactly32(publicKey, "a leaf key") as LeafId;
/** From 32 bytes that this program stored as a statement id before. */
export const makeStatementId = (bytes: Uint8Array): StatementId => exactly32(bytes, "a statement id") as StatementId;

/** A map key for any id. */
export const idKey = (id: Uint8Array): string => toHex(id);
