import { asBytes, decodeError, err, ok, utf8 } from "@photon/protocol/codec";
import { ed25519Signer } from "@photon/protocol/statement";
import { KeyStoreFailure, type DevicePublicKeys, type KeyStore, type Random } from "../../ports/index.ts";
import { decryptAgeFile, makeAgeIdentity } from "../age-identity.ts";
import { type Cipher, webCipherSuite } from "../encrypted/cipher.ts";

interface DeviceKey {
  readonly publicKeys: DevicePublicKeys;
  readonly signer: ReturnType<typeof ed25519Signer>;
  readonly identity: string;
  readonly cipher: Cipher;
}

/** A device key that lives as long as this object. For tests. */
export function memoryKeyStore(random: Random): KeyStore {
  let making: Promise<DeviceKey> | undefined;
  const key = (): Promise<DeviceKey> => {
    if (making === undefined) throw new KeyStoreFailure("key-missing", "the key store is not open");
    return making;
  };
  return {
    open: async () => (await (making ??= makeDeviceKey(random))).publicKeys,
    sign: async (message) => asBytes(await (await key()).signer.sign(message)),
    decryptAge: async (file) => decryptAgeFile((await key()).identity, file),
    wrap: async (plaintext, context) => (await key()).cipher.seal(plaintext, utf8(context)),
    unwrap: async (sealed, context) => {
      const opened = await (await key()).cipher.open(sealed, utf8(context));
      return opened === undefined ? err(decodeError("cannot-open", "not wrapped by this device for this purpose")) : ok(opened);
    },
    destroy: async () => {
      making = undefined;
    },
  };
}

async function makeDeviceKey(random: Random): Promise<DeviceKey> {
  const signer = ed25519Signer(random.bytes(32));
  const { identity, recipient } = await makeAgeIdentity();
  return {
    publicKeys: { sign: asBytes(signer.publicKey), recipient, strength: "software" },
    signer,
    identity,
    cipher: await webCipherSuite.cipher(random.bytes(32)),
  };
}
