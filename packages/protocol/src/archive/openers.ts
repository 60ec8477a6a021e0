/**
 * Openers: whoever can open the archive has a hybrid key pair (X-Wing), and every archive epoch is wrapped to the public
 * halves. The wrapping is an `age` file with one hybrid recipient per opener, so that turning the epoch needs nobody's
 * secret. See spec/07-archive.md.
 *
 * | opener       | private half                                                           |
 * | ------------ | ---------------------------------------------------------------------- |
 * | `device`     | in the device's key store, and nowhere else                            |
 * | `passphrase` | an `age` identity, kept as an `age` file under the passphrase (scrypt) |
 * | `trustees`   | an `age` identity that was dealt to a plan's trustees and then erased |
 */
import { Decrypter, Encrypter, generateHybridIdentity, identityToRecipient } from "age-encryption";
import {
  asBytes,
  bytes,
  type Bytes,
  decode,
  decodeError,
  type DecodeError,
  encode,
  err,
  list,
  ok,
  type Result,
  type SchemaType,
  struct,
  uint,
  utf8,
} from "../codec/index.ts";
import { suiteSchema } from "../statement/index.ts";
import { maxOpeners } from "./head.ts";
import { openWithPassphrase, sealWithPassphrase, workFactor } from "./passphrase.ts";
import { maxEpoch } from "./segment.ts";
import { maxBlob } from "./vault-api.ts";

/** Epochs that one wrapping can hold: a new one comes with each opener that is removed. */
export const maxEpochs = 4096;
const maxSealedIdentity = 16 * 1024;

const epochKeySchema = struct({ epoch: [1, uint({ max: maxEpoch })], key: [2, bytes(32)] });
export type EpochKey = SchemaType<typeof epochKeySchema>;
const epochKeysSchema = struct({
  suite: [1, suiteSchema],
  /** All epochs whose segments are still part of the archive, the one in force last. */
  keys: [2, list(epochKeySchema, { min: 1, max: maxEpochs })],
});

/** Decrypts an `age` file with one private half; `KeyStore.decryptAge` is one. */
export type DecryptAge = (file: Bytes) => Promise<Result<Bytes, DecodeError>>;

/**
 * @param recipients hybrid recipients (`age1pq1…`), one per opener. Throws for any other kind: everything stored is hybrid.
 * @returns an `age` file, to be kept as a blob. The library draws the file key.
 */
export async function wrapEpochKeys(keys: readonly EpochKey[], recipients: readonly string[]): Promise<Bytes> {
  if (recipients.length === 0 || recipients.length > maxOpeners) throw new Error(`${recipients.length} openers`);
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    if (!recipient.startsWith("age1pq1")) throw new Error("an opener that is not hybrid");
    encrypter.addRecipient(recipient);
  }
  return asBytes(await encrypter.encrypt(encode(epochKeysSchema, { suite: "ed25519-xwing-aes256gcm-sha512", keys })));
}

/** For what only an opener is to read, besides the epochs. Throws for a recipient that is not hybrid. */
export async function sealToRecipient(recipient: string, plaintext: Bytes): Promise<Bytes> {
  if (!recipient.startsWith("age1pq1")) throw new Error("a recipient that is not hybrid");
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return asBytes(await encrypter.encrypt(plaintext));
}

/** @returns the keys by epoch. Two different keys for one epoch are refused. */
export async function unwrapEpochKeys(file: Bytes, decryptAge: DecryptAge): Promise<Result<Map<number, Bytes>, DecodeError>> {
  if (file.length > maxBlob) return err(decodeError("too-long", `${file.length} bytes, at most ${maxBlob}`));
  const opened = await decryptAge(file);
  if (!opened.ok) return opened;
  const parsed = decode(epochKeysSchema, opened.value, maxBlob);
  if (!parsed.ok) return parsed;
  const keys = new Map<number, Bytes>();
  for (const { epoch, key } of parsed.value.keys) {
    if (keys.has(epoch)) return err(decodeError("wrong-shape", `$.keys: epoch ${epoch} twice`));
    keys.set(epoch, key);
  }
  return ok(keys);
}

export interface PassphraseOpener {
  /** `age1pq1…`: wrap epochs to it. */
  readonly recipient: string;
  /** The private half under the passphrase; stored beside the archive. */
  readonly sealedIdentity: Bytes;
}

export interface OpenerKeyPair {
  /** The private half as text, `AGE-SECRET-KEY-PQ-1…`. */
  readonly identity: string;
  /** `age1pq1…`: wrap epochs to it. */
  readonly recipient: string;
}

/** A fresh pair; the library draws it. What deals the private half to others erases it afterwards. */
export async function makeOpenerKeyPair(): Promise<OpenerKeyPair> {
  const identity = await generateHybridIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** What can open the files that are wrapped to one opener. */
export interface OpenIdentity {
  readonly recipient: string;
  readonly decryptAge: DecryptAge;
}

/** @param text `AGE-SECRET-KEY-PQ-1…`, as a passphrase file holds it or as the shares of trustees add up to it. */
export async function openIdentity(text: string): Promise<Result<OpenIdentity, DecodeError>> {
  const identity = text.trim();
  if (!/^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/u.test(identity)) return err(decodeError("wrong-shape", "not a hybrid age identity"));
  try {
    const recipient = await identityToRecipient(identity);
    return ok({ recipient, decryptAge: (file) => decryptWithIdentity(file, identity) });
  } catch {
    return err(decodeError("malformed", "an age identity with a wrong checksum"));
  }
}

/** Whether epochs can be wrapped to it: an opener that came from elsewhere is asked before it is kept. */
export async function isHybridRecipient(recipient: string): Promise<boolean> {
  if (!recipient.startsWith("age1pq1")) return false;
  try {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    await encrypter.encrypt(new Uint8Array(0));
    return true;
  } catch {
    return false; // the library's way of saying that it is no recipient
  }
}

/** @param cost as in `sealWithPassphrase`. */
export async function makePassphraseOpener(passphrase: string, cost: number = workFactor): Promise<PassphraseOpener> {
  const { identity, recipient } = await makeOpenerKeyPair();
  // With a newline, as `age-keygen` writes it: the decrypted file is itself an identity file for the stock tool.
  return { recipient, sealedIdentity: await sealWithPassphrase(utf8(`${identity}\n`), passphrase, cost) };
}

/** @returns what opens the files wrapped to this opener, or `cannot-open` for a wrong passphrase. */
export async function openPassphraseIdentity(
  sealedIdentity: Bytes,
  passphrase: string,
): Promise<Result<OpenIdentity, DecodeError>> {
  const opened = await openWithPassphrase(sealedIdentity, passphrase, maxSealedIdentity);
  return opened.ok ? openIdentity(new TextDecoder().decode(opened.value)) : opened;
}

/** @param identity the text of an age identity, `AGE-SECRET-KEY-PQ-1…`. */
export async function decryptWithIdentity(file: Bytes, identity: string): Promise<Result<Bytes, DecodeError>> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity); // throws for an identity that is none: the caller's bug
  try {
    return ok(asBytes(await decrypter.decrypt(file)));
  } catch (error) {
    // The library throws plain Errors for a file that is malformed, damaged, or for somebody else.
    return err(decodeError("cannot-open", error instanceof Error ? error.message : "the file does not open"));
  }
}
