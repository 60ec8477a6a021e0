/**
 * LeafNode (RFC 9420 §7.2) in the one form that we make and accept, so that every byte but keys and signature is fixed:
 *
 * | field            | value                                                                                    |
 * | ---------------- | ---------------------------------------------------------------------------------------- |
 * | encryption_key   | X-Wing, 1216 bytes                                                                       |
 * | signature_key    | Ed25519, 32 bytes: the leaf's id                                                         |
 * | credential       | `basic`, its identity the CBOR struct below, naming the same leaf id                     |
 * | capabilities     | version mls10, our suite, no extensions, no proposals, credential `basic`                |
 * | leaf_node_source | key_package, lifetime 0 to 2^64 - 1                                                      |
 * | extensions       | none                                                                                     |
 * | signature        | 64 bytes                                                                                 |
 *
 * The lifetime never ends: clocks of devices lie, and a device that is away for a year must still be admitted. What may be
 * used when is decided by the lineage (a retired leaf's package is never used) and by the key-package rule of spec/04-session.md.
 */
import type { Capabilities } from "ts-mls/capabilities.js";
import type { Credential } from "ts-mls/credential.js";
import type { Lifetime } from "ts-mls/lifetime.js";
import { type Bytes, concat, encode, equalBytes, struct, uint } from "../codec/index.ts";
import { type LeafId, leafIdSchema, makeLeafId } from "../statement/index.ts";
import { kemPublicSize, signatureSize, suiteName } from "./suite.ts";
import { type TlsReader, vectorSize } from "./tls.ts";

const credentialSchema = struct({ version: [1, uint({ min: 1, max: 1 })], leaf: [2, leafIdSchema] });
/** Custom credential types break the library's join, so the structure is inside a `basic` one. */
export const credentialOf = (leaf: LeafId): Credential & { readonly identity: Bytes } => ({
  credentialType: "basic",
  identity: encode(credentialSchema, { version: 1, leaf }),
});
const credentialSize = credentialOf(makeLeafId(new Uint8Array(32))).identity.length;

/** The library's question about every leaf it meets: is that credential the one of that key? */
export const isCredentialOf = (credential: Credential, signatureKey: Uint8Array): boolean =>
  credential.credentialType === "basic" &&
  signatureKey.length === 32 &&
  equalBytes(credential.identity, credentialOf(makeLeafId(signatureKey)).identity);

export const capabilities: Capabilities = {
  versions: ["mls10"],
  ciphersuites: [suiteName],
  extensions: [],
  proposals: [],
  credentials: ["basic"],
};
export const lifetime: Lifetime = { notBefore: 0n, notAfter: 0xffff_ffff_ffff_ffffn };

const basicCredential = new Uint8Array([0x00, 0x01]);
/** Capabilities; source and lifetime; extensions. */
const fixedPart = concat(
  new Uint8Array([0x02, 0x00, 0x01, 0x02, 0x00, 83, 0x00, 0x00, 0x02, 0x00, 0x01]),
  new Uint8Array([0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  new Uint8Array([0x00]),
);

export const leafNodeSize =
  vectorSize(kemPublicSize) + vectorSize(32) + 2 + vectorSize(credentialSize) + fixedPart.length + vectorSize(signatureSize);

export interface LeafNodeParts {
  readonly leaf: LeafId;
  readonly encryptionKey: Bytes;
}

/** Structure only: signatures are the library's to check. */
export function readLeafNode(reader: TlsReader): LeafNodeParts {
  const encryptionKey = reader.vector(kemPublicSize, "encryption key");
  const leaf = makeLeafId(reader.vector(32, "signature key"));
  reader.constant(basicCredential, "credential type");
  const identity = reader.vector(credentialSize, "credential");
  if (!reader.failed() && !equalBytes(identity, credentialOf(leaf).identity)) {
    reader.refuse("wrong-shape", "the credential names another leaf than the signature key");
  }
  reader.constant(fixedPart, "capabilities, lifetime or extensions");
  reader.vector(signatureSize, "leaf signature");
  return { leaf, encryptionKey };
}
