/**
 * KeyPackage (RFC 9420 §10) in the one form that we make and accept: mls10, our suite, an X-Wing init key that is not the
 * leaf's encryption key, a leaf node as in leaf-node.ts, no extensions. So every package has the same length.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import {
  decodeKeyPackage,
  encodeKeyPackage,
  generateKeyPackageWithKey,
  type KeyPackage,
  verifyKeyPackage,
} from "ts-mls/keyPackage.js";
import { verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";
import {
  asBytes,
  bytes,
  type Bytes,
  decode,
  decodeError,
  type DecodeError,
  encode,
  equalBytes,
  err,
  ok,
  ownBytes,
  type Result,
  struct,
  uint,
} from "../codec/index.ts";
import { type LeafId } from "../statement/index.ts";
import { capabilities, credentialOf, leafNodeSize, lifetime, readLeafNode } from "./leaf-node.ts";
import { kemPrivateSize, kemPublicSize, signatureSize, versionAndSuite } from "./suite.ts";
import { TlsReader, vectorSize } from "./tls.ts";
import type { KeyPackagePair, LeafKeys } from "./types.ts";

export const keyPackageSize = 4 + vectorSize(kemPublicSize) + leafNodeSize + 1 + vectorSize(signatureSize);
const noExtensions = new Uint8Array([0x00]);

/** What the owner of a package keeps. */
const secretSchema = struct({
  version: [1, uint({ min: 1, max: 1 })],
  initKey: [2, bytes(kemPrivateSize)],
  encryptionKey: [3, bytes(kemPrivateSize)],
});
export interface KeyPackageSecrets {
  readonly initKey: Bytes;
  readonly encryptionKey: Bytes;
}

export async function makeKeyPackage(suite: CiphersuiteImpl, self: LeafKeys): Promise<KeyPackagePair> {
  const { publicPackage, privatePackage } = await generateKeyPackageWithKey(
    credentialOf(self.id),
    capabilities,
    lifetime,
    [],
    { signKey: self.seed, publicKey: self.id },
    suite,
  );
  return {
    public: asBytes(encodeKeyPackage(publicPackage)),
    secret: encode(secretSchema, {
      version: 1,
      initKey: asBytes(privatePackage.initPrivateKey),
      encryptionKey: asBytes(privatePackage.hpkePrivateKey),
    }),
  };
}

export function decodeKeyPackageSecrets(secret: Bytes): Result<KeyPackageSecrets, DecodeError> {
  const parsed = decode(secretSchema, secret, 256);
  return parsed.ok ? ok({ initKey: parsed.value.initKey, encryptionKey: parsed.value.encryptionKey }) : parsed;
}

/** A package whose structure and signatures hold. */
export interface CheckedKeyPackage {
  readonly leaf: LeafId;
  readonly initKey: Bytes;
  /** SHA-256 of the bytes. */
  readonly ref: Bytes;
  readonly library: KeyPackage;
}

export async function checkKeyPackage(suite: CiphersuiteImpl, source: Bytes): Promise<Result<CheckedKeyPackage, DecodeError>> {
  if (source.length > keyPackageSize)
    return err(decodeError("too-long", `key package: ${source.length} bytes, not ${keyPackageSize}`));
  const held = ownBytes(source);
  const reader = new TlsReader(held, "key package");
  reader.constant(versionAndSuite, "version or suite", "unknown-suite");
  const initKey = reader.vector(kemPublicSize, "init key");
  const { leaf, encryptionKey } = readLeafNode(reader);
  reader.constant(noExtensions, "extensions");
  reader.vector(signatureSize, "signature");
  if (!reader.failed() && equalBytes(initKey, encryptionKey))
    reader.refuse("wrong-shape", "init key and encryption key are the same");
  const parsed = reader.finish(() => decodeKeyPackage(held, 0)?.[0]);
  if (!parsed.ok) return parsed;
  const library = parsed.value;
  if (library === undefined) {
    return err(decodeError("malformed", "key package: the library reads it otherwise"));
  }
  if (!(await verifyLeafNodeSignatureKeyPackage(library.leafNode, suite.signature))) {
    return err(decodeError("bad-signature", "key package: leaf node"));
  }
  if (!(await verifyKeyPackage(library, suite.signature))) return err(decodeError("bad-signature", "key package"));
  return ok({ leaf, initKey, ref: asBytes(sha256(held)), library });
}
