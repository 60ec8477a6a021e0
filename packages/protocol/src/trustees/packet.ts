/**
 * What a trustee is given: enough to help somebody who remembers nothing. Every packet has one length, so that neither its
 * deposit nor what keeps it says how many trustees there are, how many it takes, or how long the hint is.
 *
 *     packet = be32(length of inner) ‖ inner ‖ zeros          12,288 bytes: with all overheads in a deposit of 16 KiB
 */
import {
  bytes,
  type Bytes,
  decode,
  decodeError,
  type DecodeError,
  encode,
  err,
  list,
  ok,
  type Result,
  ruled,
  type SchemaType,
  struct,
  text,
  uint,
  utf8,
} from "../codec/index.ts";
import { suiteSchema } from "../statement/index.ts";
import { type TrusteeError } from "./error.ts";
import { isCertified, pseudonymKey } from "./pseudonym.ts";
import type { Random } from "./scalars.ts";
import { sharesSchema } from "./shares.ts";
import { parseVerification, type Verification, verificationSchema, verifyShares } from "./verification.ts";

export const packetLength = 12 * 1024;
const prefixLength = 4;
export const maxHint = 200;
export const maxDelay = 14 * 24;

export const archivePlaceSchema = struct({
  /** Origin, such as "https://vault.example". */
  vault: [1, text(256)],
  register: [2, bytes(16)],
});
export type ArchivePlace = SchemaType<typeof archivePlaceSchema>;

/** A board that all of the plan read and write, and only the owner's devices change (spec/08-relay-and-vault.md). */
export const planQueueSchema = struct({
  /** Origin, such as "https://relay.example". */
  relay: [1, text(256)],
  receiveId: [2, bytes(16)],
  sendId: [3, bytes(16)],
  /** Ed25519 seed. */
  readSeed: [4, bytes(32)],
  /** This trustee's own: each writer has an equal portion of the room. */
  writeKey: [5, bytes(32)],
  sealKey: [6, bytes(32)],
});
export type PlanQueue = SchemaType<typeof planQueueSchema>;

const hintSchema = ruled(
  text(maxHint),
  (hint) => (utf8(hint).length <= maxHint ? undefined : `more than ${maxHint} bytes`),
  "out-of-range",
);

export const packetSchema = struct({
  suite: [1, suiteSchema],
  /** 32 random bytes, the same in every version of the plan. */
  plan: [2, bytes(32)],
  version: [3, uint({ max: 0xffff_ffff })],
  shares: [4, sharesSchema],
  verification: [5, verificationSchema],
  archives: [6, list(archivePlaceSchema, { min: 1, max: 3 })],
  /** One at each of up to two operators, with the same entries. */
  queues: [7, list(planQueueSchema, { min: 1, max: 2 })],
  /** Ed25519 public key that certifies the plan's pseudonyms … */
  dealer: [8, bytes(32)],
  /** … the seed of this trustee's own, and its certificate. */
  pseudonymSeed: [9, bytes(32)],
  certificate: [10, bytes(64)],
  /** The person's own words, for the trustee who begins a recovery; may be empty. */
  hint: [11, hintSchema],
  /** Hours between enough approvals and release. */
  delay: [12, uint({ max: maxDelay })],
  /** Days since 1970-01-01. */
  dealt: [13, uint({ max: 0xffff_ffff })],
  /** The pseudonym that all trustees share, by which one of them says what must not be known of one of them. */
  jointSeed: [14, bytes(32)],
  jointCertificate: [15, bytes(64)],
});
/** Secret. Replicates in the trustee's circle, and is never part of an archive. */
export type TrusteePacket = SchemaType<typeof packetSchema>;

/** Exactly `packetLength` bytes. */
export function encodePacket(packet: TrusteePacket): Bytes {
  const inner = encode(packetSchema, packet);
  if (prefixLength + inner.length > packetLength) throw new Error(`a packet of ${inner.length} bytes`);
  const out = new Uint8Array(packetLength);
  new DataView(out.buffer).setUint32(0, inner.length);
  out.set(inner, prefixLength);
  inner.fill(0);
  return out;
}

/** Its shape alone; whether what it holds is good is `checkPacket`'s to say. */
export function decodePacket(received: Uint8Array): Result<TrusteePacket, DecodeError> {
  if (received.length > packetLength) return err(decodeError("too-long", `${received.length} bytes, at most ${packetLength}`));
  if (received.length < packetLength) return err(decodeError("malformed", `${received.length} bytes, not ${packetLength}`));
  const end = prefixLength + new DataView(received.buffer, received.byteOffset, received.length).getUint32(0);
  if (end > packetLength) return err(decodeError("out-of-range", "the inner length passes the end"));
  if (received.subarray(end).some((byte) => byte !== 0)) return err(decodeError("not-canonical", "padding is not zero"));
  return decode(packetSchema, received.subarray(prefixLength, end), packetLength);
}

/**
 * Everything that a trustee can check before it says yes: the points, the shares against them, and its certificates.
 * @param random only blinds the arithmetic.
 */
export function checkPacket(packet: TrusteePacket, random: Random): Result<Verification, DecodeError | TrusteeError> {
  const verification = parseVerification(packet.verification);
  if (!verification.ok) return verification;
  const { plan, version, dealer, certificate } = packet;
  const key = pseudonymKey(packet.pseudonymSeed);
  if (!isCertified(dealer, { plan, version, role: "trustee", key }, certificate)) {
    return err(decodeError("bad-signature", "$.certificate"));
  }
  if (!isCertified(dealer, { plan, version, role: "joint", key: pseudonymKey(packet.jointSeed) }, packet.jointCertificate)) {
    return err(decodeError("bad-signature", "$.jointCertificate"));
  }
  const shares = verifyShares(verification.value, packet.shares, random);
  return shares.ok ? ok(verification.value) : shares;
}
