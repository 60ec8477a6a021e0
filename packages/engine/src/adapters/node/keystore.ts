import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import {
  asBytes,
  bytes,
  concat,
  decode,
  decodeError,
  encode,
  err,
  fromHex,
  ok,
  struct,
  text,
  uint,
  utf8,
} from "@photon/protocol/codec";
import type { SchemaType } from "@photon/protocol/codec";
import { type DevicePublicKeys, type KeyStore, KeyStoreFailure } from "../../ports/index.ts";
import { decryptAgeFile, makeAgeIdentity } from "../age-identity.ts";
import type { Cipher } from "../encrypted/cipher.ts";
import { nodeCipher } from "./cipher.ts";
import { isExposed, publishFile, syncDirectory, writePrivateFile } from "./private-file.ts";

const deviceKeySchema = struct({
  version: [0, uint({ min: 1, max: 1 })],
  /** Ed25519 (RFC 8032 §5.1.5). */
  signSeed: [1, bytes(32)],
  /** `AGE-SECRET-KEY-PQ-1…`. */
  ageIdentity: [2, text(128)],
  /** AES-256. */
  wrapKey: [3, bytes(32)],
  /** `age1pq1…`: the identity's public half, which takes a tenth of a second to derive. */
  recipient: [4, text(2048)],
});
const maxDeviceKey = 4096;

interface DeviceKey {
  readonly publicKeys: DevicePublicKeys;
  readonly signKey: KeyObject;
  readonly ageIdentity: string;
  readonly cipher: Cipher;
}

/**
 * The device key in `device.key` of a profile's folder: mode 0600, written once and whole. What keeps it is the operating
 * system's rights and nothing more, which is what strength "software" says.
 * @throws KeyStoreFailure `key-exposed` if others can read the file, `key-damaged`, or `key-missing` before `open`.
 */
export function nodeKeyStore(dir: string): KeyStore {
  const file = join(dir, "device.key");
  let loaded: DeviceKey | undefined;
  const key = (): DeviceKey => {
    if (loaded === undefined) throw new KeyStoreFailure("key-missing", "the key store is not open");
    return loaded;
  };
  return {
    open: async () => {
      if (loaded === undefined) {
        if (!existsSync(file)) await createDeviceKey(file);
        loaded = loadDeviceKey(file);
      }
      return loaded.publicKeys;
    },
    sign: async (message) => asBytes(sign(null, message, key().signKey)),
    decryptAge: async (age) => decryptAgeFile(key().ageIdentity, age),
    wrap: async (plaintext, context) => key().cipher.seal(plaintext, utf8(context)),
    unwrap: async (sealed, context) => {
      const opened = await key().cipher.open(sealed, utf8(context));
      return opened === undefined ? err(decodeError("cannot-open", "not wrapped by this device for this purpose")) : ok(opened);
    },
    destroy: async () => {
      loaded = undefined;
      if (!existsSync(file)) return;
      overwrite(file);
      rmSync(file);
      syncDirectory(dir);
    },
  };
}

async function createDeviceKey(file: string): Promise<void> {
  const { identity, recipient } = await makeAgeIdentity();
  const key: SchemaType<typeof deviceKeySchema> = {
    version: 1,
    signSeed: asBytes(randomBytes(32)),
    ageIdentity: identity,
    wrapKey: asBytes(randomBytes(32)),
    recipient,
  };
  const temporary = `${file}.${randomBytes(8).toString("hex")}.new`;
  writePrivateFile(temporary, encode(deviceKeySchema, key));
  // If another process was first, its key is the device's.
  publishFile(temporary, file);
}

function loadDeviceKey(file: string): DeviceKey {
  if (isExposed(file)) {
    throw new KeyStoreFailure(
      "key-exposed",
      `others can read ${file}: run "chmod 600" on it, and retire this device if someone may have`,
    );
  }
  const stored = decode(deviceKeySchema, readFileSync(file), maxDeviceKey);
  if (!stored.ok) throw new KeyStoreFailure("key-damaged", `${file} is not a device key (${stored.error.code})`);
  const { signSeed, ageIdentity, wrapKey, recipient } = stored.value;
  const signKey = ed25519PrivateKey(signSeed);
  const spki = createPublicKey(signKey).export({ format: "der", type: "spki" });
  return {
    publicKeys: { sign: asBytes(spki.subarray(-32)), recipient, strength: "software" },
    signKey,
    ageIdentity,
    cipher: nodeCipher(wrapKey),
  };
}

/** RFC 8410 §7: the fixed head of a PKCS #8 Ed25519 key. */
const pkcs8Head = fromHex("302e020100300506032b657004220420") ?? new Uint8Array();

function ed25519PrivateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(concat(pkcs8Head, seed)), format: "der", type: "pkcs8" });
}

/** Best effort: a log-structured disk keeps what it likes. */
function overwrite(file: string): void {
  const handle = openSync(file, "r+");
  try {
    writeSync(handle, new Uint8Array(statSync(file).size), 0);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
