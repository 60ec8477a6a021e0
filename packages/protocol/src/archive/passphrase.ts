/**
 * Files under a passphrase: plain `age` files (C2SP age, scrypt recipient), which the stock `age` tool opens.
 * The library draws the salt and the nonces itself.
 */
import { Decrypter, Encrypter } from "age-encryption";
import { asBytes, type Bytes, decodeError, type DecodeError, err, ok, type Result } from "../codec/index.ts";

/** log2 of scrypt's N (RFC 7914): what stock `age` uses, about one second and 256 MiB. */
export const workFactor = 18;
/** Above this a file is refused before any work is done: a hostile one could ask for gigabytes. */
export const maxWorkFactor = 18;
const maxHeader = 4096;

/** @param cost log2 of scrypt's N; less than the default only where the passphrase protects nothing, as in tests. */
export async function sealWithPassphrase(plaintext: Bytes, passphrase: string, cost: number = workFactor): Promise<Bytes> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  encrypter.setScryptWorkFactor(cost);
  return asBytes(await encrypter.encrypt(plaintext));
}

/**
 * @param max the longest file accepted, in bytes.
 * @returns `cannot-open` for a wrong passphrase (or a header that was damaged); `malformed` where it is no passphrase file
 * at all, or one whose content was cut short or changed: the passphrase is right then.
 */
export async function openWithPassphrase(file: Bytes, passphrase: string, max: number): Promise<Result<Bytes, DecodeError>> {
  if (file.length > max) return err(decodeError("too-long", `${file.length} bytes, at most ${max}`));
  const cost = workFactorOf(file);
  if (!cost.ok) return cost;
  // Two steps, since the library throws plain Errors for a wrong passphrase and for damage alike.
  const fileKey = await attempt(() => {
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    return decrypter.decryptHeader(file);
  });
  if (fileKey === undefined) return err(decodeError("cannot-open", "the passphrase does not open it"));
  const plaintext = await attempt(() => {
    const decrypter = new Decrypter();
    decrypter.addIdentity({ unwrapFileKey: () => fileKey });
    return decrypter.decrypt(file);
  });
  return plaintext === undefined
    ? err(decodeError("malformed", "cut short or changed after it was written"))
    : ok(asBytes(plaintext));
}

async function attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function workFactorOf(file: Bytes): Result<number, DecodeError> {
  const header = new TextDecoder("latin1").decode(file.subarray(0, maxHeader));
  const stanza = /^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]?)\n/u.exec(header);
  if (stanza === null) return err(decodeError("malformed", "not an age file under a passphrase"));
  const cost = Number(stanza[1]);
  if (cost > maxWorkFactor) return err(decodeError("out-of-range", `a work factor of ${cost}, at most ${maxWorkFactor}`));
  return ok(cost);
}
