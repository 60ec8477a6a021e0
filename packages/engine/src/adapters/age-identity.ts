import { Decrypter, generateHybridIdentity, identityToRecipient } from "age-encryption";
import { asBytes, type Bytes, type DecodeError, decodeError, err, ok, type Result } from "@photon/protocol/codec";

/** A hybrid `age` identity (X-Wing, `AGE-SECRET-KEY-PQ-1…`) and the recipient that belongs to it (`age1pq1…`). */
export interface AgeIdentity {
  readonly identity: string;
  readonly recipient: string;
}

/** Draws its own randomness: the library has no other way. */
export async function makeAgeIdentity(): Promise<AgeIdentity> {
  const identity = await generateHybridIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

export async function decryptAgeFile(identity: string, file: Bytes): Promise<Result<Bytes, DecodeError>> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return ok(asBytes(await decrypter.decrypt(file)));
  } catch {
    // The library throws plain errors for every fault of a file; none of its words are fit for people.
    return err(decodeError("cannot-open", "not an age file for this device, or changed on the way"));
  }
}
