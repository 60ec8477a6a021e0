/**
 * Sealing to key packages, outside any group: for what must reach leaves before there is a session with them.
 * A fresh key is wrapped to the init key of each package by HPKE base mode (RFC 9180), X-Wing, HKDF-SHA-512, AES-256-GCM.
 *
 * | field      | holds                                                                                             |
 * | ---------- | ------------------------------------------------------------------------------------------------- |
 * | suite      | the suite label                                                                                   |
 * | recipients | for each: SHA-256 of its key package, encapsulation, wrapped key; info is the CBOR [label, context] |
 * | commitment | HKDF of the key and "commitment": no second key opens the same payload, so all see the same       |
 * | payload    | AES-256-GCM under HKDF of the key and "payload", nonce zero (the key is used once)                |
 */
import type { CiphersuiteImpl } from "ts-mls/crypto/ciphersuite.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  asBytes,
  bytes,
  type Bytes,
  decode,
  decodeError,
  type DecodeError,
  encode,
  encodeCbor,
  equalBytes,
  err,
  list,
  ok,
  type Result,
  struct,
  utf8,
} from "../codec/index.ts";
import { suiteSchema } from "../statement/index.ts";
import type { SessionCrypto } from "./crypto.ts";
import { checkKeyPackage, decodeKeyPackageSecrets } from "./key-package.ts";
import { thrown } from "./library.ts";
import { maxMembers } from "./state.ts";
import { erase, kemOutputSize, tagSize } from "./suite.ts";
import type { KeyPackagePair } from "./types.ts";

export const maxSealedPlaintext = 1024 * 1024;
const recipientSchema = struct({
  ref: [1, bytes(32)],
  kemOutput: [2, bytes(kemOutputSize)],
  wrapped: [3, bytes(32 + tagSize)],
});
const sealedSchema = struct({
  suite: [1, suiteSchema],
  recipients: [2, list(recipientSchema, { min: 1, max: maxMembers })],
  commitment: [3, bytes(32)],
  payload: [4, bytes({ min: tagSize, max: maxSealedPlaintext + tagSize })],
});
const maxSealed = maxSealedPlaintext + maxMembers * 1300 + 256;

const label = "photon sealed to key packages 1";
const infoOf = (context: string): Bytes => encodeCbor([label, context]);
const nonce = new Uint8Array(12);

async function derive(crypto: SessionCrypto, key: Uint8Array): Promise<{ readonly payloadKey: Bytes; readonly commitment: Bytes }> {
  const prk = await crypto.extract(utf8(label), key);
  const payloadKey = await crypto.expand(prk, utf8("payload"), 32);
  const commitment = await crypto.expand(prk, utf8("commitment"), 32);
  erase([prk]);
  return { payloadKey, commitment };
}

export async function sealToPackages(
  crypto: SessionCrypto,
  suite: CiphersuiteImpl,
  packages: readonly Bytes[],
  context: string,
  plaintext: Bytes,
): Promise<Result<Bytes, DecodeError>> {
  if (plaintext.length > maxSealedPlaintext) return err(decodeError("too-long", `plaintext: at most ${maxSealedPlaintext} bytes`));
  if (packages.length < 1 || packages.length > maxMembers) return err(decodeError("out-of-range", `1 to ${maxMembers} packages`));
  const key = crypto.random(32);
  const info = infoOf(context);
  const recipients = [];
  for (const one of packages) {
    const checked = await checkKeyPackage(suite, one);
    if (!checked.ok) return checked;
    try {
      const initKey = await suite.hpke.importPublicKey(checked.value.initKey);
      const { enc, ct } = await suite.hpke.seal(initKey, key, info);
      recipients.push({ ref: checked.value.ref, kemOutput: asBytes(enc), wrapped: asBytes(ct) });
    } catch (error) {
      return err(decodeError("out-of-range", `init key: ${thrown(error)}`)); // 1216 bytes that are no X-Wing key
    }
  }
  const { payloadKey, commitment } = await derive(crypto, key);
  const payload = await crypto.seal(payloadKey, nonce, info, plaintext);
  erase([key, payloadKey]);
  return ok(encode(sealedSchema, { suite: "ed25519-xwing-aes256gcm-sha512", recipients, commitment, payload }));
}

export async function openWithPackage(
  crypto: SessionCrypto,
  suite: CiphersuiteImpl,
  sealed: Bytes,
  own: KeyPackagePair,
  context: string,
): Promise<Result<Bytes, DecodeError>> {
  const parsed = decode(sealedSchema, sealed, maxSealed);
  if (!parsed.ok) return parsed;
  const secrets = decodeKeyPackageSecrets(own.secret);
  if (!secrets.ok) return secrets;
  const ref = sha256(own.public);
  const recipient = parsed.value.recipients.find((one) => equalBytes(one.ref, ref));
  if (recipient === undefined) return err(decodeError("cannot-open", "not sealed to this key package"));
  const info = infoOf(context);
  let key: Uint8Array;
  try {
    const initKey = await suite.hpke.importPrivateKey(secrets.value.initKey);
    key = await suite.hpke.open(initKey, recipient.kemOutput, recipient.wrapped, info);
  } catch (error) {
    return err(decodeError("cannot-open", thrown(error)));
  }
  const { payloadKey, commitment } = await derive(crypto, key);
  erase([key, secrets.value.initKey, secrets.value.encryptionKey]);
  if (!equalBytes(commitment, parsed.value.commitment))
    return err(decodeError("cannot-open", "the key is not the one committed to"));
  const plaintext = await crypto.open(payloadKey, nonce, info, parsed.value.payload);
  erase([payloadKey]);
  return plaintext === undefined ? err(decodeError("cannot-open", "payload")) : ok(plaintext);
}
