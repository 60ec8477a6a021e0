/** Statements held against another implementation of Ed25519 and SHA-256. */
import { decodeCbor, encodeCbor, expectOk, utf8 } from "@photon/protocol/codec";
import { maxStatement, signStatement, statementIdOf } from "@photon/protocol/statement";
import { createHash, createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { ana, drafts } from "./samples.ts";

test("OpenSSL verifies the Sig_structure of RFC 9052 §4.4", async () => {
  const { bytes } = await signStatement(drafts.close, ana);
  const [header, , payload, signature] = expectOk(decodeCbor(bytes, maxStatement)) as readonly Uint8Array[];
  const signed = encodeCbor(["Signature1", header ?? [], utf8("photon/statement/close/1"), payload ?? []]);
  const x = Buffer.from(ana.publicKey).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  expect(verify(null, signed, key, signature ?? new Uint8Array())).toBe(true);
  expect(verify(null, encodeCbor(["Signature1", header ?? [], utf8(""), payload ?? []]), key, signature ?? new Uint8Array())).toBe(
    false,
  );
});

test("a statement's id is the SHA-256 of its bytes as received", async () => {
  const { id, bytes } = await signStatement(drafts.found, ana);
  expect(Buffer.from(id)).toEqual(createHash("sha256").update(bytes).digest());
  expect(statementIdOf(bytes)).toEqual(id);
});
