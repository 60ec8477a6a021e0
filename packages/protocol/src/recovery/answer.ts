/**
 * Answer words: what a trustee reads back to the person after approving, and the person types into the new device. They stand for
 * this trustee's answer to this request, with the plan that it names. Without them a new device counts pseudonyms, and one who
 * means ill can make as many as they like, under a plan of their own; with them it counts people. See spec/12-recovery.md.
 */
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { type Bytes, encode, encodeCbor, sha256 } from "../codec/index.ts";
import { type VerificationData, verificationSchema } from "../trustees/index.ts";

const count = 3;
const bits = 11;

export interface Answered {
  /** Digest of the request. */
  readonly request: Bytes;
  readonly author: Bytes;
  readonly dealerKey: Bytes;
  readonly verification: VerificationData;
}

/** Three words of BIP-39 (English), 33 bits, separated by spaces. */
export function answerWords({ request, author, dealerKey, verification }: Answered): string {
  const data = sha256(encode(verificationSchema, verification));
  const digest = sha256(encodeCbor(["photon/recovery/answer/1", request, author, dealerKey, data]));
  const number = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  return Array.from({ length: count }, (_, at) => wordAt(Number((number >> BigInt(64 - bits * (at + 1))) & 0x7ffn))).join(" ");
}

function wordAt(index: number): string {
  const word = wordlist[index];
  if (word === undefined) throw new Error(`no word ${index}`);
  return word;
}

/** As it was typed: case, punctuation and spaces do not matter. */
export const sameAnswer = (typed: string, words: string): boolean =>
  typed
    .toLowerCase()
    .split(/[^a-z]+/u)
    .filter((word) => word !== "")
    .join(" ") === words;
