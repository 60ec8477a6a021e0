/**
 * What creating a queue can cost, when the operator asks: a token, or a proof of work (hashcash). The relay says which in the
 * detail of `payment-required`: "token", or "hashcash" and the number of zero bits. A proof is a nonce of 8 bytes for which
 * SHA-256(label ‖ receiveId ‖ sendId ‖ nonce) begins with that many zero bits; it is good for that one queue and no other.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, utf8 } from "../codec/index.ts";

const label = utf8("photon/relay/payment/1");
export const hashcashNonceLength = 8;

/** What is hashed. */
export const paymentInput = (receiveId: Bytes, sendId: Bytes, nonce: Uint8Array): Bytes => concat(label, receiveId, sendId, nonce);

/** How many zero bits a hash begins with. */
export function zeroBits(hash: Uint8Array): number {
  let bits = 0;
  for (const byte of hash) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

export const hashcashDetail = (bits: number): string => `hashcash ${bits}`;
/** The number of bits asked for, or undefined when the detail asks for something else. */
export function askedHashcash(detail: string): number | undefined {
  const found = /^hashcash (\d{1,2})$/u.exec(detail);
  return found === null ? undefined : Number(found[1]);
}

/** Tries `tries` nonces from `start` on; undefined when none fits. Expect 2^bits tries altogether. */
export function searchHashcash(receiveId: Bytes, sendId: Bytes, bits: number, start: number, tries: number): Bytes | undefined {
  const nonce = new Uint8Array(hashcashNonceLength);
  const view = new DataView(nonce.buffer);
  for (let at = start; at < start + tries; at++) {
    view.setBigUint64(0, BigInt(at));
    if (zeroBits(sha256(paymentInput(receiveId, sendId, nonce))) >= bits) return nonce;
  }
  return undefined;
}
