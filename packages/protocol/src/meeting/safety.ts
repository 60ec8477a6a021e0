/**
 * Safety words: what two people compare to know that nobody sits between them. See spec/06-meeting.md.
 *
 *     fingerprint = PBKDF2-HMAC-SHA-512(side ‖ found, salt = "photon/safety/1", 16,384 rounds, 64 bytes)
 *
 * Each form shows more than 100 bits of each side's fingerprint: ten words of 11 bits, 35 digits, 17 pictures of 6 bits.
 * The stretching makes each try of someone who looks for a similar one 2^14 times dearer.
 */
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { asBytes, type Bytes, compareBytes, concat, utf8 } from "../codec/index.ts";
import type { SideId, StatementId } from "../statement/index.ts";
import { pictureNames } from "./pictures.ts";

export const wordsPerSide = 10;
export const digitsPerSide = 35;
export const picturesPerSide = 17;
const rounds = 16_384;

export interface SafetyWords {
  /** Ten for each side. */
  readonly words: readonly string[];
  /** 35 for each side, in groups of five. */
  readonly digits: string;
  /** Names of pictures, 17 for each side. */
  readonly pictures: readonly string[];
}

/** 64 bytes that stand for a side and the statement that founded it. Takes about a tenth of a second: keep it. */
export function fingerprint(side: SideId, found: StatementId): Bytes {
  return asBytes(pbkdf2(sha512, concat(side, found), utf8("photon/safety/1"), { c: rounds, dkLen: 64 }));
}

/** The same for both people: the fingerprint with the smaller bytes comes first, whoever asks. */
export function safetyWords(a: Bytes, b: Bytes): SafetyWords {
  const sides = [a, b].toSorted(compareBytes);
  return {
    words: sides.flatMap((side) => numbers(side, 11, wordsPerSide).map((number) => wordlist[number] ?? "")),
    digits: sides.flatMap(digitGroups).join(" "),
    pictures: sides.flatMap((side) => numbers(side, 6, picturesPerSide).map((number) => pictureNames[number] ?? "")),
  };
}

/** Five digits from each five bytes: 40 bits modulo 100,000, uneven by less than one part in ten million. */
function digitGroups(side: Bytes): string[] {
  return Array.from({ length: digitsPerSide / 5 }, (_, group) => {
    const number = side.subarray(5 * group, 5 * group + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    return (number % 100_000).toString().padStart(5, "0");
  });
}

/** The first `count` numbers of `width` bits, most significant bit first. */
function numbers(from: Bytes, width: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    let number = 0;
    for (let bit = index * width; bit < (index + 1) * width; bit++) {
      number = number * 2 + (((from[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    }
    return number;
  });
}
