import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { type Bytes, concat } from "@photon/protocol/codec";
import { readInput, readKeyOf, signRead } from "@photon/protocol/queue";

const seed: Bytes = new Uint8Array(32).fill(2);
/** The fixed beginning of an Ed25519 SubjectPublicKeyInfo (RFC 8410). */
const spki = Uint8Array.from([0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]);

test("a server may verify a reader's request natively over the same input", () => {
  const read = signRead(seed, { receiveId: new Uint8Array(16), after: 5, limit: 100 });
  const key = createPublicKey({ key: Buffer.from(concat(spki, readKeyOf(seed))), format: "der", type: "spki" });
  expect(verify(null, readInput(read), key, read.signature)).toBe(true);
  expect(verify(null, readInput({ ...read, after: 6 }), key, read.signature)).toBe(false);
});
