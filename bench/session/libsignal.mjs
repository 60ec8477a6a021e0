/**
 * One message of a Signal conversation between two devices, by `@signalapp/libsignal-client`: native Rust, PQXDH and the
 * triple ratchet. The session record is serialised and read back with every step, as a durable store has to. Messages go one
 * way, so its asymmetric ratchet does not step; and there is no signature on a message, where ours has one.
 *
 * Plain JavaScript: the package is not installed with the workspace, so there are no types of it.
 */
import * as signal from "@signalapp/libsignal-client";

class Sessions extends signal.SessionStore {
  #records = new Map();
  async saveSession(address, record) {
    this.#records.set(String(address), record.serialize());
  }
  async getSession(address) {
    const record = this.#records.get(String(address));
    return record === undefined ? null : signal.SessionRecord.deserialize(record);
  }
  async getExistingSessions(addresses) {
    return Promise.all(addresses.map((address) => this.getSession(address)));
  }
}
class Identities extends signal.IdentityKeyStore {
  key = signal.PrivateKey.generate();
  #known = new Map();
  async getIdentityKey() {
    return this.key;
  }
  async getLocalRegistrationId() {
    return 5;
  }
  async saveIdentity(address, key) {
    this.#known.set(String(address), key);
    return 0;
  }
  async isTrustedIdentity() {
    return true;
  }
  async getIdentity(address) {
    return this.#known.get(String(address)) ?? null;
  }
}
const keysOf = (Base, save, get, done) => {
  const keys = new Map();
  return new (class extends Base {
    async [save](id, record) {
      keys.set(id, record);
    }
    async [get](id) {
      return keys.get(id);
    }
    async [done]() {}
  })();
};

const makeDevice = (name) => ({
  address: signal.ProtocolAddress.new(name, 1),
  sessions: new Sessions(),
  identities: new Identities(),
  preKeys: keysOf(signal.PreKeyStore, "savePreKey", "getPreKey", "removePreKey"),
  signedPreKeys: keysOf(signal.SignedPreKeyStore, "saveSignedPreKey", "getSignedPreKey", "unused"),
  kyberPreKeys: keysOf(signal.KyberPreKeyStore, "saveKyberPreKey", "getKyberPreKey", "markKyberPreKeyUsed"),
});

async function bundleOf(device) {
  const identity = device.identities.key;
  const preKey = signal.PrivateKey.generate();
  const signedPreKey = signal.PrivateKey.generate();
  const kyber = signal.KEMKeyPair.generate();
  const signature = identity.sign(signedPreKey.getPublicKey().serialize());
  const kyberSignature = identity.sign(kyber.getPublicKey().serialize());
  await device.preKeys.savePreKey(1, signal.PreKeyRecord.new(1, preKey.getPublicKey(), preKey));
  const signed = signal.SignedPreKeyRecord.new(2, Date.now(), signedPreKey.getPublicKey(), signedPreKey, signature);
  await device.signedPreKeys.saveSignedPreKey(2, signed);
  await device.kyberPreKeys.saveKyberPreKey(3, signal.KyberPreKeyRecord.new(3, Date.now(), kyber, kyberSignature));
  const publicOf = (key) => key.getPublicKey();
  // prettier-ignore
  return signal.PreKeyBundle.new(5, 1, 1, publicOf(preKey), 2, publicOf(signedPreKey), signature, publicOf(identity), 3, publicOf(kyber), kyberSignature);
}

const encrypt = (from, to, text) => signal.signalEncrypt(text, to.address, from.address, from.sessions, from.identities);
const decrypt = (from, to, bytes) =>
  signal.signalDecrypt(signal.SignalMessage.deserialize(bytes), from.address, to.address, to.sessions, to.identities);

/** @param {Uint8Array} plaintext */
export async function makeConversation(plaintext) {
  const ana = makeDevice("ana");
  const ben = makeDevice("ben");
  await signal.processPreKeyBundle(await bundleOf(ben), ben.address, ana.address, ana.sessions, ana.identities);
  const first = signal.PreKeySignalMessage.deserialize((await encrypt(ana, ben, plaintext)).serialize());
  const { address, sessions, identities, preKeys, signedPreKeys, kyberPreKeys } = ben;
  await signal.signalDecryptPreKey(first, ana.address, address, sessions, identities, preKeys, signedPreKeys, kyberPreKeys);
  await decrypt(ben, ana, (await encrypt(ben, ana, plaintext)).serialize());
  return async () => {
    const message = await encrypt(ana, ben, plaintext);
    const opened = await decrypt(ana, ben, message.serialize());
    if (opened.length !== plaintext.length) throw new Error("libsignal opened something else");
  };
}
