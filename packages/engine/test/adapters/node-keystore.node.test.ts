import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { encryptedStore, nodeKeyStore } from "@photon/engine/adapters/node";
import { openSqliteStore } from "@photon/engine/adapters/sqlite";
import { KeyStoreFailure } from "@photon/engine/ports";
import { expectOk, utf8 } from "@photon/protocol/codec";

const root = mkdtempSync(join(tmpdir(), "photon-keystore-"));
const freshFolder = (): string => mkdtempSync(join(root, "profile-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("the Node key store", () => {
  test("writes one file, whole, of mode 0600, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      const folder = freshFolder();
      await nodeKeyStore(folder).open();
      expect(readdirSync(folder)).toEqual(["device.key"]);
      expect(statSync(join(folder, "device.key")).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  test("refuses a key file that others can read or write, with the words to mend it, and leaves it alone", async () => {
    const folder = freshFolder();
    const file = join(folder, "device.key");
    const { sign } = await nodeKeyStore(folder).open();
    for (const mode of [0o640, 0o604, 0o620, 0o666]) {
      chmodSync(file, mode);
      const failure = await nodeKeyStore(folder)
        .open()
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(KeyStoreFailure);
      expect(failure).toMatchObject({ code: "key-exposed" });
      expect(String(failure)).toContain("chmod 600");
      expect(statSync(file).mode & 0o777).toBe(mode);
    }
    chmodSync(file, 0o600);
    expect((await nodeKeyStore(folder).open()).sign).toEqual(sign);
  });

  test("a key file that was cut or changed in form is `key-damaged`, and is never replaced by a fresh key", async () => {
    const folder = freshFolder();
    const file = join(folder, "device.key");
    await nodeKeyStore(folder).open();
    const whole = readFileSync(file);
    for (const damaged of [
      whole.subarray(0, 0),
      whole.subarray(0, 40),
      whole.subarray(1),
      Buffer.concat([whole, whole]),
      Buffer.from("hello"),
    ]) {
      writeFileSync(file, damaged);
      await expect(nodeKeyStore(folder).open()).rejects.toMatchObject({ code: "key-damaged" });
      expect(readFileSync(file).equals(damaged)).toBe(true);
    }
  });

  test("opening leaves no half-written file behind, and destroying leaves none at all", async () => {
    const folder = freshFolder();
    const stores = [1, 2, 3, 4].map(() => nodeKeyStore(folder));
    await Promise.all(stores.map((keys) => keys.open()));
    expect(readdirSync(folder)).toEqual(["device.key"]);
    await stores[0]?.destroy();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("its failures and its public keys carry nothing of the secret", async () => {
    const folder = freshFolder();
    const file = join(folder, "device.key");
    const identity = /AGE-SECRET-KEY-PQ-1[A-Z0-9]+/u;
    const keys = nodeKeyStore(folder);
    expect(JSON.stringify(await keys.open())).not.toMatch(identity);
    expect(readFileSync(file, "latin1")).toMatch(identity);
    writeFileSync(file, readFileSync(file).subarray(0, 150));
    const failure = await nodeKeyStore(folder)
      .open()
      .catch((error: unknown) => error);
    expect(`${String(failure)}${JSON.stringify(failure)}`).not.toMatch(identity);
  });
});

describe("a profile on disk, with its key store, store and encryption together", () => {
  test("no file holds a value readably, and the profile opens again", async () => {
    const folder = freshFolder();
    const file = join(folder, "profile.db");
    const secret = utf8("Ben: see you at the harbour");
    for (let opening = 0; opening < 2; opening++) {
      const store = expectOk(await encryptedStore(expectOk(await openSqliteStore(file)), nodeKeyStore(folder)));
      if (opening === 0) expectOk(await store.commit([{ table: "message", key: "1", value: secret }]));
      expect((await store.get("message", "1"))?.value).toEqual(secret);
      for (const name of readdirSync(folder))
        expect(readFileSync(join(folder, name)).includes(Buffer.from(secret.subarray(0, 8)))).toBe(false);
      await store.close();
    }
    expect(existsSync(file)).toBe(true);
  });

  test("another device's key beside the database is `store-corrupt`", async () => {
    const folder = freshFolder();
    const file = join(folder, "profile.db");
    await expectOk(await encryptedStore(expectOk(await openSqliteStore(file)), nodeKeyStore(folder))).close();
    const inner = expectOk(await openSqliteStore(file));
    expect(await encryptedStore(inner, nodeKeyStore(freshFolder()))).toMatchObject({ ok: false, error: { code: "store-corrupt" } });
    await inner.close();
  });
});
