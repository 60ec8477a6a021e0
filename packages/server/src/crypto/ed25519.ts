/** Native Ed25519 (RFC 8032), with the parsed keys kept: parsing costs a good part of a verification. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { idKey } from "../ids.ts";

/** SubjectPublicKeyInfo of an Ed25519 key up to the key itself (RFC 8410 §4). */
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex");
const keptKeys = 20_000;

export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

export function ed25519Verifier(): VerifyEd25519 {
  const kept = new Map<string, KeyObject>();
  const parsed = (publicKey: Uint8Array): KeyObject => {
    const id = idKey(publicKey);
    const known = kept.get(id);
    if (known !== undefined) return known;
    const key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: "der", type: "spki" });
    if (kept.size >= keptKeys) kept.clear();
    kept.set(id, key);
    return key;
  };
  return (publicKey, message, signature) => {
    try {
      return verify(null, message, parsed(publicKey), signature);
    } catch {
      // Bytes that are no point of the curve were stored as a key: nothing verifies under them.
      return false;
    }
  };
}
