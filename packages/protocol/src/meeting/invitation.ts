/**
 * Invitations: one-time, seven days, 128 bits. See spec/06-meeting.md.
 *
 * | from    | to      | by                     | what                                                                       |
 * | ------- | ------- | ---------------------- | -------------------------------------------------------------------------- |
 * | inviter | relay   | `put` of `dropId`      | `offer`, sealed: the inviter's `found` and its siblings' `admit`s           |
 * | inviter | invitee | link, QR or words      | the relay and 128 bits; a link also the hash of `found`, and the expiry     |
 * | invitee | relay   | `get` of `dropId`      | the offer; whose first statement must be the `found` that the link promised |
 * | invitee | inviter | `append` to its inbox  | `claim` and `generation` (see spec/05-queue.md)                            |
 *
 *     link = relay "/i#" base64url(CBOR {1: entropy, 2: found, 3: expires, 4: checksum})
 *     dropId ‖ sealKey ‖ id = HKDF-SHA-512(entropy, info = "photon/invitation/1", 80)
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import {
  asBytes,
  bytes,
  type Bytes,
  decode,
  encode,
  encodeCbor,
  equalBytes,
  err,
  fromBase64url,
  ok,
  type Result,
  struct,
  toBase64url,
  uint,
  utf8,
} from "../codec/index.ts";
import { type StatementId, statementIdSchema } from "../statement/index.ts";
import { type InvitationError, invitationError } from "./error.ts";
import { parseOrigin } from "./origin.ts";
import { cleanText, formatWords, parseWords } from "./words.ts";

/** How long an invitation is good for, in ms. */
export const invitationLifetime = 7 * 24 * 3600 * 1000;

/** Times that take nine bytes in CBOR, so that every link has one length and a cut one is known: 1970-02-20 and later. */
const firstTime = 2 ** 32;
const fragmentSchema = struct({
  entropy: [1, bytes(16)],
  found: [2, statementIdSchema],
  expires: [3, uint({ min: firstTime })],
  checksum: [4, bytes(4)],
});
const fragmentLength = 70;
const textLength = Math.ceil((fragmentLength * 4) / 3);

export interface InvitationKeys {
  /** 32 bytes: where at the relay the offer lies. */
  readonly dropId: Bytes;
  /** 32 bytes: what seals it. */
  readonly sealKey: Bytes;
  /** 16 bytes: names the invitation in a claim, and says that the claimant held it. */
  readonly id: Bytes;
}

export interface Invitation extends InvitationKeys {
  readonly link: string;
  readonly words: string;
}

export interface ParsedInvitation extends InvitationKeys {
  readonly relay: string;
  readonly entropy: Bytes;
  /** Present in a link: the id of the inviter's `found`. Words leave it out, and with it the protection from a swap. */
  readonly found: StatementId | undefined;
  /** Milliseconds; present in a link. The offer says it as well. */
  readonly expires: number | undefined;
}

/** @param from.entropy 16 fresh random bytes. @param from.relay a canonical origin (see `parseOrigin`). */
export function makeInvitation(from: {
  readonly entropy: Bytes;
  readonly relay: string;
  readonly found: StatementId;
  readonly expires: number;
}): Invitation {
  const { entropy, relay, found, expires } = from;
  const words = formatWords(relay, entropy);
  const fragment = encode(fragmentSchema, { entropy, found, expires, checksum: checksumOf(relay, entropy, found, expires) });
  if (fragment.length !== fragmentLength) throw new Error(`a fragment of ${fragment.length} bytes, not ${fragmentLength}`);
  return { link: `${relay}/i#${toBase64url(fragment)}`, words, ...invitationKeys(entropy) };
}

/**
 * Reads a link or words. Expiry is the caller's to check, who has a clock.
 * @param defaultRelay for twelve words that come without a relay's name; without it they are refused.
 */
export function parseInvitation(text: string, defaultRelay?: string): Result<ParsedInvitation, InvitationError> {
  const read = readInvitation(text);
  if (!read.ok) return read;
  const { entropy, found, expires } = read.value;
  const relay = read.value.relay ?? defaultRelay;
  if (relay === undefined) return err(invitationError("bad-invitation", "the relay's name is missing before the words"));
  return ok({ relay, entropy, found, expires, ...invitationKeys(entropy) });
}

/** The relay that an invitation names; undefined for twelve words alone. */
export function relayOfInvitation(text: string): Result<string | undefined, InvitationError> {
  const read = readInvitation(text);
  return read.ok ? ok(read.value.relay) : read;
}

interface Read {
  readonly relay: string | undefined;
  readonly entropy: Bytes;
  readonly found: StatementId | undefined;
  readonly expires: number | undefined;
}

function readInvitation(text: string): Result<Read, InvitationError> {
  const clean = cleanText(text);
  if (looksLikeLink(clean)) return readLink(clean.replaceAll(" ", ""));
  const parsed = parseWords(clean);
  return parsed.ok ? ok({ ...parsed.value, found: undefined, expires: undefined }) : parsed;
}

/** Words have white space between them and may begin with "http://localhost:1234"; a link has a path, or nothing after. */
function looksLikeLink(clean: string): boolean {
  if (/[A-Za-z0-9_-]{60}/u.test(clean)) return true;
  const [first = ""] = clean.split(" ");
  if (/^https?:\/\/[^/]*\/./iu.test(first)) return true;
  return first === clean && (/^https?:/iu.test(clean) || /^https?$/iu.test(clean));
}

function readLink(link: string): Result<Read, InvitationError> {
  const parts = /^(https?:\/\/[^/?#]+)\/i#(.*)$/iu.exec(link);
  if (parts === null) return err(brokenLink(link));
  const [, written = "", fragment = ""] = parts;
  if (fragment.length < textLength) {
    return err(invitationError("invitation-truncated", `${fragment.length} of ${textLength} characters after the #`));
  }
  const relay = parseOrigin(written);
  const data = fromBase64url(fragment);
  const parsed = data === undefined ? undefined : decode(fragmentSchema, data, fragmentLength);
  if (relay === undefined || parsed?.ok !== true)
    return err(invitationError("invitation-mistyped", "a character of the link is wrong"));
  const { entropy, found, expires, checksum } = parsed.value;
  if (!equalBytes(checksum, checksumOf(relay, entropy, found, expires))) {
    return err(invitationError("invitation-mistyped", "a character of the link is wrong"));
  }
  return ok({ relay, entropy, found, expires });
}

/** What has the beginning of a link but not its form: cut short, or with a wrong character in it, or some other link. */
function brokenLink(link: string): InvitationError {
  if (/[A-Za-z0-9_-]{60}/u.test(link)) return invitationError("invitation-mistyped", "a character before the # is wrong");
  if (/^https?(?::\/?)?$/iu.test(link) || /^https?:\/\/[^/?#]*(?:\/i?)?$/iu.test(link)) {
    return invitationError("invitation-truncated", "the link ends before its #");
  }
  return invitationError("bad-invitation", "a link, but not of an invitation");
}

/** Covers the relay too: a link that leads to another server than was meant is a mistyped one. */
function checksumOf(relay: string, entropy: Bytes, found: StatementId, expires: number): Bytes {
  return asBytes(sha256(encodeCbor(["photon/invitation/checksum/1", relay, entropy, found, expires]))).slice(0, 4);
}

function invitationKeys(entropy: Bytes): InvitationKeys {
  const keys = asBytes(hkdf(sha512, entropy, undefined, utf8("photon/invitation/1"), 80));
  return { dropId: keys.slice(0, 32), sealKey: keys.slice(32, 64), id: keys.slice(64) };
}
