/**
 * "relay.example w1 … w12": the relay's name and twelve words of BIP-39 (English) for 128 bits, as people say, type and
 * paste them. Reading is lenient in what a keyboard or a mail program adds, and exact in saying what is wrong.
 * See spec/06-meeting.md.
 */
import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { asBytes, type Bytes, err, ok, type Result } from "../codec/index.ts";
import { type InvitationError, invitationError } from "./error.ts";
import { parseOrigin, shortOrigin } from "./origin.ts";

const wordCount = 12;
const known = new Set(wordlist);

/** @param entropy 16 bytes. @param relay a canonical origin. */
export function formatWords(relay: string, entropy: Bytes): string {
  if (entropy.length !== 16) throw new Error(`${entropy.length} bytes of entropy, not 16`);
  if (parseOrigin(relay) !== relay) throw new Error(`${relay} is not a canonical origin`);
  return `${shortOrigin(relay)} ${entropyToMnemonic(entropy, wordlist)}`;
}

export interface ParsedWords {
  /** Undefined where the words came without a relay. */
  readonly relay: string | undefined;
  readonly entropy: Bytes;
}

export function parseWords(text: string): Result<ParsedWords, InvitationError> {
  const tokens = cleanText(text).split(" ").map(trimPunctuation).filter(Boolean);
  const [first] = tokens;
  if (first === undefined) return err(invitationError("bad-invitation", "it is empty"));
  const named = /[.:[]/u.test(first) || /^localhost$/iu.test(first) || tokens.length === wordCount + 1;
  const words = (named ? tokens.slice(1) : tokens).map((word) => word.toLowerCase());
  const relay = named ? parseOrigin(first) : undefined;
  const wrong = checkWords(words, relay !== undefined);
  if (wrong !== undefined) return err(wrong);
  if (named && relay === undefined) return err(invitationError("invitation-mistyped", `“${shown(first)}” is not a relay's name`));
  try {
    return ok({ relay, entropy: asBytes(mnemonicToEntropy(words.join(" "), wordlist)) });
  } catch {
    // Twelve words of the list were given, so that all the library can still object to is their checksum.
    return err(
      invitationError(
        "invitation-mistyped",
        "all are words of the list, but one is another word than was meant, or they changed places",
      ),
    );
  }
}

function checkWords(words: readonly string[], relayKnown: boolean): InvitationError | undefined {
  const unknown = words.flatMap((word, index) => (known.has(word) ? [] : [{ word, position: index + 1 }]));
  const familiar = words.length - unknown.length;
  if (words.length === 0) {
    return relayKnown
      ? invitationError("invitation-truncated", `0 of ${wordCount} words`)
      : invitationError("bad-invitation", "no words");
  }
  // Prose is full of words of the list: a short run is taken for a part of an invitation only if nearly all of it is.
  const prose = words.length < wordCount && unknown.length > 1;
  if (prose || familiar * 2 < words.length || words.length > 2 * wordCount) {
    return invitationError("bad-invitation", "these are not words of an invitation");
  }
  if (words.length < wordCount) return invitationError("invitation-truncated", `${words.length} of ${wordCount} words`);
  if (words.length > wordCount) return invitationError("invitation-mistyped", `${words.length} words instead of ${wordCount}`);
  const [wrong] = unknown;
  if (wrong === undefined) return undefined;
  const cutLast = unknown.length === 1 && wrong.position === wordCount && wordlist.some((word) => word.startsWith(wrong.word));
  if (cutLast) return invitationError("invitation-truncated", `the last word, “${wrong.word}”, is cut short`);
  const near = nearestWords(wrong.word);
  const hint = near.length === 0 ? "" : `; perhaps ${near.map((word) => `“${word}”`).join(" or ")}`;
  return invitationError("invitation-mistyped", `word ${wrong.position}, “${shown(wrong.word)}”, is not in the list${hint}`);
}

/** At most three words of the list that are at most two slips of the finger away, nearest first. */
export function nearestWords(typed: string): string[] {
  return wordlist
    .map((word) => ({ word, distance: Math.abs(word.length - typed.length) > 2 ? 3 : slips(typed, word) }))
    .filter(({ distance }) => distance <= 2)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ word }) => word);
}

/** Optimal string alignment distance: insertions, deletions, substitutions, and neighbours that changed places. */
function slips(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(substitution, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** One line, without the invisible characters that mail programs and web pages put in; runs of white space become one. */
export function cleanText(text: string): string {
  return trimPunctuation(
    text
      .slice(0, maxTyped)
      .replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/gu, "")
      .replace(/\s+/gu, " "),
  );
}
/** Far above anything we write; what follows cannot make it right. */
const maxTyped = 4096;

/** Without the quotes, brackets and full stops around it. */
function trimPunctuation(text: string): string {
  return text.replace(/^[\s"'`«»“”„‘’<>(){}*_.,;!?…]+/u, "").replace(/[\s"'`«»“”„‘’<>(){}*.,:;!?…]+$/u, "");
}

/** Safe to print, and short. */
const shown = (text: string): string => text.replace(/[\p{C}]/gu, "").slice(0, 32);
