/** The parts that several statement bodies share. See spec/02-statements.md for the field tables. */
import { boolean, bytes, oneOf, optional, ruled, type SchemaType, set, struct, text, uint } from "../codec/index.ts";
import { leafIdSchema, statementIdSchema } from "./ids.ts";

/** What a wire value was made with; another number is refused with `unknown-suite`. */
export const suites = { "ed25519-xwing-aes256gcm-sha512": 1 } as const;
export type Suite = keyof typeof suites;
export const suiteSchema = oneOf(suites, "unknown-suite");

export const maxKeyPackage = 8 * 1024;
export const maxLeaves = 10;
export const maxHeads = 16;

/** One device's place in a side: its id is its verification key; the package lets it be added while it is offline. */
export const leafSchema = struct({
  id: [1, leafIdSchema],
  /** An MLS KeyPackage (RFC 9420 §10) whose signature key is `id`. */
  lastResort: [2, bytes({ min: 1, max: maxKeyPackage })],
});
export type Leaf = SchemaType<typeof leafSchema>;
/** New leaves, ordered by their ids. */
export const leavesSchema = set(leafSchema, { min: 1, max: maxLeaves }, (leaf) => leaf.id);

/** The write side of an inbox queue: everything a peer needs to deposit, and nothing to read with. */
export const inboxSchema = struct({
  /** Origin of the relay, such as "https://relay.example". */
  relay: [1, text(256)],
  sendId: [2, bytes(16)],
  /** HMAC-SHA-256 key that authorises an append. */
  writeKey: [3, bytes(32)],
  /** XChaCha20-Poly1305 key under which every deposit is sealed once more. */
  sealKey: [4, bytes(32)],
  /** Counts the key rotations of this queue, from 0. */
  rotation: [5, uint({ max: 0xffff_ffff })],
});
export type Inbox = SchemaType<typeof inboxSchema>;

export const custodyClasses = { device: 0, host: 1 } as const;
export const custodyStrengths = { software: 0, hardware: 1, attested: 2 } as const;

/** Where a side's keys are. Only `computeCustody` makes one from key stores and plan; no caller states it. */
export const custodySchema = ruled(
  struct({
    class: [1, oneOf(custodyClasses)],
    strength: [2, oneOf(custodyStrengths)],
    escrow: [3, boolean],
    shares: [4, boolean],
    trustees: [5, boolean],
    /** Present exactly when the class is `host`. */
    host: [6, optional(text(256))],
    attestation: [7, optional(bytes({ min: 1, max: 4096 }))],
  }),
  (custody) =>
    (custody.class === "host") === (custody.host !== undefined) ? undefined : "a host is named exactly when the class is host",
);
export type Custody = SchemaType<typeof custodySchema>;

/** A salted hash of a blinded recovery key (BLS12-381), one per threshold. Empty without trustees. */
export const commitmentSchema = struct({
  /** 0 for recoveries nobody contests, 1 for contested ones. */
  threshold: [1, uint({ max: 1 })],
  hash: [2, bytes(32)],
});
export type Commitment = SchemaType<typeof commitmentSchema>;

/** What a plan means for one relationship. With no plan: version 0 and both lists empty. */
export const planPartsSchema = struct({
  version: [1, uint({ max: 0xffff_ffff })],
  /** One per threshold, in that order. */
  commitments: [2, set(commitmentSchema, { max: 2 }, (commitment) => Uint8Array.of(commitment.threshold))],
  /** Ed25519 public keys that may admit and retire; their private halves are only in escrow or shares. */
  admissionKeys: [3, set(bytes(32), { max: 4 }, (key) => key)],
});
export type PlanParts = SchemaType<typeof planPartsSchema>;

/** Statement ids, ordered by their bytes. */
export const headsSchema = set(statementIdSchema, { max: maxHeads }, (id) => id);
