import { asBytes, type Bytes, decodeError, err, ok, utf8 } from "@photon/protocol/codec";
import { ed25519Signer } from "@photon/protocol/statement";
import { type DevicePublicKeys, type KeyStore, KeyStoreFailure } from "../../ports/index.ts";
import { decryptAgeFile, makeAgeIdentity } from "../age-identity.ts";
import { type Cipher, webCipher } from "../encrypted/cipher.ts";
import { openDatabase } from "../indexeddb/database.ts";

/** What IndexedDB holds: keys that cannot be extracted, and the rest sealed under them. */
interface StoredKey {
  /** AES-256-GCM. */
  readonly wrapKey: CryptoKey;
  readonly publicKeys: DevicePublicKeys;
  /** Undefined where the browser has no Ed25519; then there is `sealedSeed`. */
  readonly signKey: CryptoKey | undefined;
  readonly sealedSeed: Bytes | undefined;
  /** WebCrypto has no X-Wing: `AGE-SECRET-KEY-PQ-1…`, sealed. */
  readonly sealedIdentity: Bytes;
}

interface DeviceKey {
  readonly publicKeys: DevicePublicKeys;
  readonly cipher: Cipher;
  readonly sign: (message: Bytes) => Promise<Bytes>;
  readonly identity: string;
}

const keyStoreFormat = 1;
const objectStore = "key";
const recordKey = "device";
const seedContext = utf8("photon/keystore/sign-seed/v1");
const identityContext = utf8("photon/keystore/age-identity/v1");
/** What callers wrap is told apart from what this key store seals for itself. */
const wrapContext = (context: string): Bytes => utf8(`photon/keystore/wrap/v1/${context}`);

/**
 * The device key in a database of its own. The wrap key and, where the browser can, the signing key are WebCrypto keys that
 * no script can extract; the `age` identity is stored sealed under the wrap key.
 * @throws KeyStoreFailure `key-missing` before `open`, `key-damaged`, or `key-platform` where there is no WebCrypto.
 */
export function webKeyStore(name: string, factory: IDBFactory = indexedDB): KeyStore {
  let opening: Promise<DeviceKey> | undefined;
  const key = (): Promise<DeviceKey> => {
    if (opening === undefined) throw new KeyStoreFailure("key-missing", "the key store is not open");
    return opening;
  };
  return {
    open: async () => {
      opening ??= openDeviceKey(factory, name);
      try {
        return (await opening).publicKeys;
      } catch (error) {
        opening = undefined;
        throw error;
      }
    },
    sign: async (message) => (await key()).sign(message),
    decryptAge: async (file) => decryptAgeFile((await key()).identity, file),
    wrap: async (plaintext, context) => (await key()).cipher.seal(plaintext, wrapContext(context)),
    unwrap: async (sealed, context) => {
      const opened = await (await key()).cipher.open(sealed, wrapContext(context));
      return opened === undefined ? err(decodeError("cannot-open", "not wrapped by this device for this purpose")) : ok(opened);
    },
    destroy: async () => {
      opening = undefined;
      const database = await open(factory, name);
      await database.delete(objectStore, recordKey);
      database.close();
    },
  };
}

const open = (factory: IDBFactory, name: string): ReturnType<typeof openDatabase> =>
  openDatabase(factory, name, keyStoreFormat, (fresh) => {
    fresh.createObjectStore(objectStore);
  });

async function openDeviceKey(factory: IDBFactory, name: string): Promise<DeviceKey> {
  // Absent, whatever the types say, where the page came over plain HTTP from another machine.
  if (!isSecureContextForKeys()) throw new KeyStoreFailure("key-platform", "the browser gives WebCrypto only to pages over HTTPS");
  const database = await open(factory, name);
  try {
    const stored = (await database.get(objectStore, recordKey)) as StoredKey | undefined;
    if (stored !== undefined) return await deviceKeyOf(stored);
    const made = await makeStoredKey();
    const transaction = database.transaction(objectStore, "readwrite", { durability: "strict" });
    // Another page may have made one since; the first to be stored is the device's.
    const first = (await transaction.store.get(recordKey)) as StoredKey | undefined;
    if (first === undefined) await transaction.store.put(made, recordKey);
    await transaction.done;
    return await deviceKeyOf(first ?? made);
  } finally {
    database.close();
  }
}

const isSecureContextForKeys = (): boolean => "subtle" in crypto;

async function makeStoredKey(): Promise<StoredKey> {
  const wrapKey = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const cipher = webCipher(wrapKey);
  const { identity, recipient } = await makeAgeIdentity();
  const sealedIdentity = await cipher.seal(utf8(identity), identityContext);
  const native = await nativeSignKey();
  if (native !== undefined) {
    const sign = new Uint8Array(await crypto.subtle.exportKey("raw", native.publicKey));
    const publicKeys: DevicePublicKeys = { sign, recipient, strength: "software" };
    return { wrapKey, publicKeys, signKey: native.privateKey, sealedSeed: undefined, sealedIdentity };
  }
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const publicKeys: DevicePublicKeys = { sign: asBytes(ed25519Signer(seed).publicKey), recipient, strength: "software" };
  return { wrapKey, publicKeys, signKey: undefined, sealedSeed: await cipher.seal(seed, seedContext), sealedIdentity };
}

async function nativeSignKey(): Promise<CryptoKeyPair | undefined> {
  try {
    const made = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return "privateKey" in made ? made : undefined;
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return undefined;
    throw error;
  }
}

async function deviceKeyOf(stored: StoredKey): Promise<DeviceKey> {
  const cipher = webCipher(stored.wrapKey);
  const identity = await cipher.open(stored.sealedIdentity, identityContext);
  if (identity === undefined) throw new KeyStoreFailure("key-damaged", "the age identity does not open");
  return {
    publicKeys: stored.publicKeys,
    cipher,
    sign: await signWith(stored, cipher),
    identity: new TextDecoder().decode(identity),
  };
}

async function signWith(stored: StoredKey, cipher: Cipher): Promise<DeviceKey["sign"]> {
  const { signKey, sealedSeed } = stored;
  if (signKey !== undefined) return async (message) => new Uint8Array(await crypto.subtle.sign("Ed25519", signKey, message));
  const seed = sealedSeed === undefined ? undefined : await cipher.open(sealedSeed, seedContext);
  if (seed === undefined) throw new KeyStoreFailure("key-damaged", "the signing key does not open");
  const signer = ed25519Signer(seed);
  return async (message) => asBytes(await signer.sign(message));
}
