/**
 * An archive at one of several vaults. Each vault's operator sees keys, hashes and numbers of its own: what two of them keep
 * has nothing in common by which they could tell that it is one person's. See spec/07-archive.md.
 */
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, concat, decodeError, type DecodeError, err, ok, type Result, utf8 } from "../codec/index.ts";

/** Epochs are numbered turn × 65,536 plus 16 bits that look random. */
export const turnSize = 65_536;

/** What the devices of a circle share; never in the archive. */
export interface CircleEpoch {
  readonly epoch: number;
  readonly key: Bytes;
  /** Seed of the Ed25519 key that signs heads once this epoch is in force. */
  readonly writeSeed: Bytes;
}

/** The epoch as the vault that holds this register knows it: HKDF-SHA-512 of the circle's, salted with the register's id. */
export function epochAt(register: Bytes, { epoch, key, writeSeed }: CircleEpoch): CircleEpoch {
  const derived = hkdf(sha512, concat(key, writeSeed), register, utf8("photon/archive/place/1"), 66);
  const [high = 0, low = 0] = derived;
  return {
    epoch: Math.floor(epoch / turnSize) * turnSize + high * 256 + low,
    key: asBytes(derived.slice(2, 34)),
    writeSeed: asBytes(derived.slice(34)),
  };
}

const identityLabel = "photon/archive/identity/1";

/**
 * A passphrase opener's sealed identity as one vault keeps it: the file under the passphrase, sealed once more. The same for
 * every device, and for every vault another.
 * @param veil 32 bytes, made with the opener. Whoever restores with the passphrase needs them.
 */
export function veilIdentity(veil: Bytes, register: Bytes, sealedIdentity: Bytes): Bytes {
  return asBytes(cipherFor(veil, register).encrypt(sealedIdentity));
}

export function unveilIdentity(veil: Bytes, register: Bytes, blob: Bytes): Result<Bytes, DecodeError> {
  try {
    return ok(asBytes(cipherFor(veil, register).decrypt(blob)));
  } catch {
    return err(decodeError("cannot-open", "the passphrase's key")); // the library's way of saying that the tag does not fit
  }
}

/** One message under each key, so that the nonce may be derived with it. */
function cipherFor(veil: Bytes, register: Bytes): ReturnType<typeof xchacha20poly1305> {
  if (veil.length !== 32) throw new Error(`a veil of ${veil.length} bytes, not 32`);
  const derived = hkdf(sha512, veil, register, utf8(identityLabel), 56);
  return xchacha20poly1305(derived.subarray(0, 32), derived.subarray(32), utf8(identityLabel));
}
