/**
 * Device codes: what the old device shows and the new one is given. The same form as an invitation's words, the relay and
 * 128 bits, but other keys come of them. A code is good while `devices add` runs, and for one device. See spec/06-meeting.md.
 *
 *     drop₀ ‖ drop₁ ‖ drop₂ ‖ psk = HKDF-SHA-512(entropy, info = "photon/device-code/1", 128)
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, err, ok, type Result, utf8 } from "../codec/index.ts";
import { type InvitationError, invitationError } from "./error.ts";
import { formatWords, parseWords } from "./words.ts";

export interface DeviceCodeKeys {
  /** 32 bytes each: where the offer, the answer and the reply lie. */
  readonly drops: readonly [offer: Bytes, answer: Bytes, reply: Bytes];
  /** 32 bytes that both devices, and whoever sees the code, hold. */
  readonly psk: Bytes;
}
export interface DeviceCode extends DeviceCodeKeys {
  /** One line: the relay's name and twelve words. */
  readonly code: string;
}
export interface ParsedDeviceCode extends DeviceCodeKeys {
  readonly relay: string;
  readonly entropy: Bytes;
}

/** @param from.entropy 16 fresh random bytes. @param from.relay a canonical origin (see `parseOrigin`). */
export function makeDeviceCode(from: { readonly entropy: Bytes; readonly relay: string }): DeviceCode {
  return { code: formatWords(from.relay, from.entropy), ...deviceCodeKeys(from.entropy) };
}

/** @param defaultRelay for twelve words that come without a relay's name; without it they are refused. */
export function parseDeviceCode(text: string, defaultRelay?: string): Result<ParsedDeviceCode, InvitationError> {
  const parsed = parseWords(text);
  if (!parsed.ok) return parsed;
  const { entropy } = parsed.value;
  const relay = parsed.value.relay ?? defaultRelay;
  if (relay === undefined) return err(invitationError("bad-invitation", "the relay's name is missing before the words"));
  return ok({ relay, entropy, ...deviceCodeKeys(entropy) });
}

function deviceCodeKeys(entropy: Bytes): DeviceCodeKeys {
  const keys = asBytes(hkdf(sha512, entropy, undefined, utf8("photon/device-code/1"), 128));
  return { drops: [keys.slice(0, 32), keys.slice(32, 64), keys.slice(64, 96)], psk: keys.slice(96) };
}
