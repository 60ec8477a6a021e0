import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import { describe, expect, test } from "vitest";
import { type Bytes, expectOk, utf8 } from "@photon/protocol/codec";
import {
  decryptWithIdentity,
  makePassphraseOpener,
  maxBlob,
  openPassphraseIdentity,
  openWithPassphrase,
  sealWithPassphrase,
  unwrapEpochKeys,
  wrapEpochKeys,
} from "@photon/protocol/archive";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const keys = [
  { epoch: 0, key: fill(32, 1) },
  { epoch: 1, key: fill(32, 2) },
];
const expected = new Map([
  [0, fill(32, 1)],
  [1, fill(32, 2)],
]);
/** scrypt with N = 4: these passphrases protect nothing. */
const cheap = 2;

describe("wrapped epoch keys", () => {
  test("open for every opener, and for nobody else", async () => {
    const [phone, laptop, stranger] = await Promise.all([
      generateHybridIdentity(),
      generateHybridIdentity(),
      generateHybridIdentity(),
    ]);
    const file = await wrapEpochKeys(keys, [await identityToRecipient(phone), await identityToRecipient(laptop)]);
    for (const identity of [phone, laptop]) {
      expect(expectOk(await unwrapEpochKeys(file, (bytes) => decryptWithIdentity(bytes, identity)))).toEqual(expected);
    }
    expect(await unwrapEpochKeys(file, (bytes) => decryptWithIdentity(bytes, stranger))).toMatchObject({
      ok: false,
      error: { code: "cannot-open" },
    });
  });

  test("are only ever wrapped to hybrid openers", async () => {
    const classical = await identityToRecipient(await generateX25519Identity());
    await expect(wrapEpochKeys(keys, [classical])).rejects.toThrow(/not hybrid/u);
    await expect(wrapEpochKeys(keys, [])).rejects.toThrow();
  });

  test("after an opener was removed do not open for it", async () => {
    const [phone, laptop] = await Promise.all([generateHybridIdentity(), generateHybridIdentity()]);
    const after = await wrapEpochKeys([...keys, { epoch: 2, key: fill(32, 3) }], [await identityToRecipient(laptop)]);
    expect(await unwrapEpochKeys(after, (bytes) => decryptWithIdentity(bytes, phone))).toMatchObject({ ok: false });
    expect(expectOk(await unwrapEpochKeys(after, (bytes) => decryptWithIdentity(bytes, laptop))).size).toBe(3);
  });

  test("damaged, too long or with an epoch twice are refused", async () => {
    const identity = await generateHybridIdentity();
    const recipient = await identityToRecipient(identity);
    const open = (bytes: Bytes) => decryptWithIdentity(bytes, identity);
    const file = await wrapEpochKeys(keys, [recipient]);
    for (const at of [30, 1700, file.length - 1]) {
      const changed = file.slice();
      changed[Math.min(at, file.length - 1)] = (changed[Math.min(at, file.length - 1)] ?? 0) ^ 1;
      expect(await unwrapEpochKeys(changed, open)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    }
    expect(await unwrapEpochKeys(fill(maxBlob + 1, 1), open)).toMatchObject({ ok: false, error: { code: "too-long" } });
    const twice = await wrapEpochKeys([...keys, { epoch: 1, key: fill(32, 3) }], [recipient]);
    expect(await unwrapEpochKeys(twice, open)).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
  });
});

describe("a passphrase opener", () => {
  test("opens what was wrapped to it, with the passphrase and not without", async () => {
    const opener = await makePassphraseOpener("correct horse battery staple", cheap);
    expect(opener.recipient).toMatch(/^age1pq1/u);
    const file = await wrapEpochKeys(keys, [opener.recipient]);
    const opened = expectOk(await openPassphraseIdentity(opener.sealedIdentity, "correct horse battery staple"));
    expect(opened.recipient).toBe(opener.recipient);
    expect(expectOk(await unwrapEpochKeys(file, opened.decryptAge))).toEqual(expected);
    expect(await openPassphraseIdentity(opener.sealedIdentity, "correct horse battery stable")).toMatchObject({
      ok: false,
      error: { code: "cannot-open" },
    });
  });

  test("holds a hybrid identity, and nothing else counts as one", async () => {
    for (const wrong of ["", "hello", await generateX25519Identity(), `AGE-SECRET-KEY-PQ-1${"Q".repeat(58)}`]) {
      const sealed = await sealWithPassphrase(utf8(wrong), "p", cheap);
      expect((await openPassphraseIdentity(sealed, "p")).ok).toBe(false);
    }
  });
});

describe("a file under a passphrase", () => {
  test("says the work that it asks for; as stock age, 2^18 unless it protects nothing", async () => {
    const header = (file: Bytes): string => new TextDecoder("latin1").decode(file.subarray(0, 100));
    expect(header(await sealWithPassphrase(utf8("Hello"), "p", 5))).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S{22} 5\n/u);
    expect(header(await sealWithPassphrase(utf8("Hello"), "p"))).toMatch(/^age-encryption\.org\/v1\n-> scrypt \S{22} 18\n/u);
  });

  test("comes back, and a wrong passphrase is told from a file that is none", async () => {
    const file = await sealWithPassphrase(utf8("Hello"), "the right one", cheap);
    expect(expectOk(await openWithPassphrase(file, "the right one", 1000))).toEqual(utf8("Hello"));
    expect(await openWithPassphrase(file, "the wrong one", 1000)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    expect(await openWithPassphrase(utf8("Hello"), "the right one", 1000)).toMatchObject({
      ok: false,
      error: { code: "malformed" },
    });
    expect(await openWithPassphrase(file, "the right one", 10)).toMatchObject({ ok: false, error: { code: "too-long" } });
  });

  test("that asks for more work than age's own is refused before any is done", async () => {
    const file = await sealWithPassphrase(utf8("Hello"), "p", cheap);
    const text = new TextDecoder("latin1").decode(file);
    for (const cost of ["19", "20", "63", "99"]) {
      const dear = Uint8Array.from(text.replace(/(-> scrypt \S+) 2\n/u, `$1 ${cost}\n`), (character) => character.charCodeAt(0));
      expect(await openWithPassphrase(dear, "p", 1000)).toMatchObject({ ok: false, error: { code: "out-of-range" } });
    }
  });
});
