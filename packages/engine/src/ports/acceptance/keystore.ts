import { Encrypter } from "age-encryption";
import { asBytes, type Bytes, equalBytes, ownBytes, utf8 } from "@photon/protocol/codec";
import { verifyEd25519 } from "@photon/protocol/statement";
import { equal, holds, refused, rejects, valueOf } from "./assert.ts";
import type { AcceptanceCase, KeyStorePlace } from "./case.ts";

const message = utf8("Ana's phone");

async function ageFile(recipient: string, content: Bytes): Promise<Bytes> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return asBytes(await encrypter.encrypt(content));
}

function altered(bytes: Bytes, at: number): Bytes {
  const copy = ownBytes(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** What every `KeyStore` must do. */
export const keyStoreCases: readonly AcceptanceCase<KeyStorePlace>[] = [
  {
    name: "the device key is made once and is the same ever after",
    run: async (place) => {
      const keys = place.keyStore();
      const [first, second] = await Promise.all([keys.open(), keys.open()]);
      equal(first, second, "opened twice at once");
      equal(await place.keyStore().open(), first, "opened by another process");
      equal(first.sign.length, 32, "length of the signing key");
      holds(first.recipient.startsWith("age1pq1"), "the recipient is not a hybrid one");
      equal(Object.keys(first).toSorted(), ["recipient", "sign", "strength"], "what is public");
      const other = await place.otherDevice().open();
      holds(!equalBytes(other.sign, first.sign) && other.recipient !== first.recipient, "two devices share a key");
    },
  },
  {
    name: "two processes that make the device key at once end up with one",
    run: async (place) => {
      const opened = await Promise.all([1, 2, 3].map(() => place.keyStore().open()));
      const settled = await place.keyStore().open();
      for (const keys of opened) equal(keys, settled, "the key");
    },
  },
  {
    name: "signatures verify under the public key, also after reopening, and under no other",
    run: async (place) => {
      const keys = place.keyStore();
      const { sign } = await keys.open();
      const reopened = place.keyStore();
      await reopened.open();
      for (const signature of [await keys.sign(message), await reopened.sign(message)]) {
        equal(signature.length, 64, "length");
        holds(verifyEd25519(sign, message, signature), "the signature does not verify");
        holds(!verifyEd25519(sign, utf8("Ana's laptop"), signature), "the signature verifies for another message");
        holds(!verifyEd25519((await place.otherDevice().open()).sign, message, signature), "it verifies under another key");
      }
    },
  },
  {
    name: "what was wrapped is unwrapped with its context only, by this device only",
    run: async (place) => {
      const keys = place.keyStore();
      await keys.open();
      const other = place.otherDevice();
      await other.open();
      for (const plaintext of [new Uint8Array(), message, new Uint8Array(100_000).fill(7)]) {
        const sealed = await keys.wrap(plaintext, "leaf/1");
        const reopened = place.keyStore();
        await reopened.open();
        equal(valueOf(await reopened.unwrap(sealed, "leaf/1"), "unwrap"), plaintext, "plaintext");
        refused(await keys.unwrap(sealed, "leaf/2"), "another context");
        refused(await keys.unwrap(sealed, ""), "no context");
        refused(await other.unwrap(sealed, "leaf/1"), "another device");
      }
    },
  },
  {
    name: "wrapping hides: never the same bytes twice, and the plaintext not among them",
    run: async (place) => {
      const keys = place.keyStore();
      await keys.open();
      const first = await keys.wrap(message, "a");
      holds(!equalBytes(first, await keys.wrap(message, "a")), "wrapped twice alike");
      holds(!String.fromCharCode(...first).includes(String.fromCharCode(...message)), "the plaintext is readable");
    },
  },
  {
    name: "a wrapped value that was changed or cut anywhere is refused",
    run: async (place) => {
      const keys = place.keyStore();
      await keys.open();
      const sealed = await keys.wrap(message, "a");
      for (let at = 0; at < sealed.length; at++) {
        refused(await keys.unwrap(altered(sealed, at), "a"), `byte ${at} changed`);
        refused(await keys.unwrap(ownBytes(sealed.subarray(0, at)), "a"), `cut to ${at}`);
      }
      refused(await keys.unwrap(ownBytes(new Uint8Array([...sealed, 0])), "a"), "one byte more");
    },
  },
  {
    name: "an age file for this device opens here and on no other device",
    run: async (place) => {
      const keys = place.keyStore();
      const { recipient } = await keys.open();
      const other = place.otherDevice();
      await other.open();
      const file = await ageFile(recipient, message);
      equal(valueOf(await keys.decryptAge(file), "decrypt"), message, "content");
      refused(await other.decryptAge(file), "another device");
      for (const at of [0, 30, file.length >> 1, file.length - 1])
        refused(await keys.decryptAge(altered(file, at)), `byte ${at} changed`);
      refused(await keys.decryptAge(ownBytes(file.subarray(0, file.length - 1))), "cut");
      refused(await keys.decryptAge(new Uint8Array()), "nothing");
    },
  },
  {
    name: "a key store that is not open refuses to be used",
    run: async (place) => {
      const keys = place.keyStore();
      await rejects(() => keys.sign(message), "sign");
      await rejects(() => keys.wrap(message, "a"), "wrap");
      await rejects(() => keys.unwrap(message, "a"), "unwrap");
      await rejects(() => keys.decryptAge(message), "decryptAge");
    },
  },
  {
    name: "destroying the device key loses what it wrapped, and a new one is another",
    run: async (place) => {
      const keys = place.keyStore();
      const before = await keys.open();
      const sealed = await keys.wrap(message, "a");
      await keys.destroy();
      await rejects(() => keys.sign(message), "sign after destroy");
      await keys.destroy();
      const after = await keys.open();
      holds(!equalBytes(before.sign, after.sign) && before.recipient !== after.recipient, "the old key is back");
      refused(await keys.unwrap(sealed, "a"), "what the old key wrapped");
    },
  },
];
