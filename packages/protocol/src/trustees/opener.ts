/**
 * From the opener's shared secret to an `age` identity with a hybrid key pair (X-Wing). The archive's epochs are wrapped to
 * the recipient; only t trustees together can make the identity. See spec/07-archive.md for openers.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 as xwing } from "@noble/post-quantum/hybrid.js";
import { bech32 } from "@scure/base";
import { asBytes, type Bytes, utf8 } from "../codec/index.ts";
import { domains } from "./domains.ts";
import type { Scalar } from "./scalars.ts";

export interface OpenerIdentity {
  /** Secret: `AGE-SECRET-KEY-PQ-1…`, what `decryptWithIdentity` of the archive takes. */
  readonly identity: string;
  /** `age1pq1…`. */
  readonly recipient: string;
}

/** The 32-byte seed of the key pair. */
const seedOf = (secret: Scalar): Bytes => asBytes(hkdf(sha512, secret, undefined, utf8(domains.opener), 32));

/** The public half alone: no string that holds the private one is ever made, since strings cannot be erased. */
export function openerRecipient(secret: Scalar): string {
  const seed = seedOf(secret);
  const { publicKey, secretKey } = xwing.keygen(seed);
  seed.fill(0);
  secretKey.fill(0);
  return recipientOf(publicKey);
}

export function openerIdentity(secret: Scalar): OpenerIdentity {
  const seed = seedOf(secret);
  const identity = bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase();
  seed.fill(0);
  return { identity, recipient: openerRecipient(secret) };
}

/** Longer than the 90 characters of BIP 173, as `age` has it. */
const recipientOf = (publicKey: Uint8Array): string => bech32.encode("age1pq", bech32.toWords(publicKey), false);
