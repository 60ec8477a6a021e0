/** The symmetric ratchet of one sender (RFC 9420 §9.1), and the keys that a message and its sender data are sealed with. */
import { type Bytes, concat, utf8 } from "../codec/index.ts";
import type { Awaitable, SessionCrypto } from "./crypto.ts";
import type { Ratchet } from "./state.ts";
import { erase, hashSize } from "./suite.ts";
import { uint32, vector, vectorLength } from "./tls.ts";

/** AES-256-GCM. */
const keySize = 32;
const nonceSize = 12;
export const reuseGuardSize = 4;

/** ExpandWithLabel (RFC 9420 §8) for one label and length; the context is all that varies. */
function expandWithLabel(
  label: string,
  length: number,
): (crypto: SessionCrypto, secret: Bytes, context: Bytes) => Awaitable<Bytes> {
  const prefix = concat(Uint8Array.of(length >> 8, length), vector(utf8(`MLS 1.0 ${label}`)));
  return (crypto, secret, context) => crypto.expand(secret, concat(prefix, vectorLength(context.length), context), length);
}
const expandSecret = expandWithLabel("secret", hashSize);
const expandKey = expandWithLabel("key", keySize);
const expandNonce = expandWithLabel("nonce", nonceSize);

export interface MessageKeys {
  readonly key: Bytes;
  readonly nonce: Bytes;
}

/** What seals the message at the ratchet's place. @param reuseGuard keeps nonces apart should a state ever be used twice. */
export async function messageKeys(crypto: SessionCrypto, ratchet: Ratchet, reuseGuard: Bytes): Promise<MessageKeys> {
  const place = uint32(ratchet.counter);
  const key = await expandKey(crypto, ratchet.secret, place);
  const nonce = await expandNonce(crypto, ratchet.secret, place);
  for (let i = 0; i < reuseGuard.length; i++) nonce[i] = (nonce[i] ?? 0) ^ (reuseGuard[i] ?? 0);
  return { key, nonce };
}

/** The next place. The ratchet given stays as it was: whoever holds it decides when it goes. */
export async function advance(crypto: SessionCrypto, ratchet: Ratchet): Promise<Ratchet> {
  return { counter: ratchet.counter + 1, secret: await expandSecret(crypto, ratchet.secret, uint32(ratchet.counter)) };
}

/** `steps` places on; what lies between is erased. */
export async function advanceBy(crypto: SessionCrypto, ratchet: Ratchet, steps: number): Promise<Ratchet> {
  let current = ratchet;
  for (let i = 0; i < steps; i++) {
    const next = await advance(crypto, current);
    if (current !== ratchet) erase([current.secret]);
    current = next;
  }
  return current;
}

/** RFC 9420 §6.3.2: from a sample of the ciphertext, so that every message has its own. */
export async function senderDataKeys(crypto: SessionCrypto, senderDataSecret: Bytes, ciphertext: Bytes): Promise<MessageKeys> {
  const sample = ciphertext.slice(0, hashSize);
  return {
    key: await expandKey(crypto, senderDataSecret, sample),
    nonce: await expandNonce(crypto, senderDataSecret, sample),
  };
}
