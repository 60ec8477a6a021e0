import { asBytes, type Bytes, toHex, utf8 } from "../codec/index.ts";
import { sha256 } from "@noble/hashes/sha2.js";

/** A contact as it leaves Photon: what a person wrote down and knows, and nothing that a key or a server would be found by. */
export interface ExportedContact {
  readonly petname: string;
  readonly note?: string | undefined;
  readonly verified?: ExportedVerification | undefined;
}
export interface ExportedVerification {
  readonly how: VerifiedHow;
  /** Milliseconds since 1970. */
  readonly at: number;
}
export const verifiedHows = ["in-person", "words-compared", "known-channel", "introduced"] as const;
export type VerifiedHow = (typeof verifiedHows)[number];

/** What was understood, and how many cards were not contacts that could be used. */
export interface ImportedContacts {
  readonly contacts: readonly ExportedContact[];
  readonly skipped: number;
}

/** The longest file read, in bytes. */
export const maxContactsFile = 16 * 1024 * 1024;
export const maxContacts = 10_000;
const maxPetname = 256;
const maxNote = 64 * 1024;

/** The contact, or undefined where it has no name or a text too long to be one. */
export function checkContact(petname: unknown, note: unknown, how: unknown, at: unknown): ExportedContact | undefined {
  if (typeof petname !== "string" || petname.trim() === "" || petname.length > maxPetname) return undefined;
  const verified = checkVerification(how, at);
  return {
    petname,
    ...(typeof note === "string" && note !== "" && note.length <= maxNote ? { note } : {}),
    ...(verified === undefined ? {} : { verified }),
  };
}

/** @param at a time as `Date.parse` reads it. */
export function checkVerification(how: unknown, at: unknown): ExportedVerification | undefined {
  const known = verifiedHows.find((name) => name === how);
  const time = typeof at === "string" ? Date.parse(at) : Number.NaN;
  return known === undefined || Number.isNaN(time) || time < 0 ? undefined : { how: known, at: time };
}

/**
 * A UUID (RFC 9562, version 8) from the petname alone: exporting again updates the card in an address book instead of
 * doubling it, and says nothing about keys or sides.
 */
export function contactUid(petname: string): string {
  const bytes: Bytes = asBytes(sha256(utf8(`photon/contact/1\n${petname}`))).slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = toHex(bytes);
  return `urn:uuid:${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")}`;
}

/** Text that has a UTF-8 form: half a surrogate pair becomes U+FFFD. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd");
