import { describe, expect, test } from "vitest";
import { openIndexedDbStore } from "@photon/engine/adapters/indexeddb";
import { webKeyStore } from "@photon/engine/adapters/web";
import { expectOk, toHex, utf8 } from "@photon/protocol/codec";
import { ensureIndexedDb } from "../ensure-indexeddb.ts";

await ensureIndexedDb();

let names = 0;
const freshName = (): string => `indexeddb-${Date.now()}-${(names += 1)}`;

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("no reason given")));
  });

async function makeDatabase(name: string, version: number, objectStores: readonly string[]): Promise<void> {
  const request = indexedDB.open(name, version);
  request.addEventListener("upgradeneeded", () => {
    for (const objectStore of objectStores) request.result.createObjectStore(objectStore);
  });
  (await settled(request)).close();
}

describe("an IndexedDB store", () => {
  test("`store-format` for a newer format, which stays as it is", async () => {
    const name = freshName();
    await makeDatabase(name, 7, ["later"]);
    expect(await openIndexedDbStore(name)).toEqual({ ok: false, error: { code: "store-format", found: 7, supported: 1 } });
    const database = await settled(indexedDB.open(name));
    expect([database.version, [...database.objectStoreNames]]).toEqual([7, ["later"]]);
    database.close();
  });

  test("`store-corrupt` for another program's database", async () => {
    const name = freshName();
    await makeDatabase(name, 1, ["notes"]);
    expect(await openIndexedDbStore(name)).toMatchObject({ ok: false, error: { code: "store-corrupt" } });
  });

  test("does not stand in the way of deleting it", async () => {
    const name = freshName();
    const store = expectOk(await openIndexedDbStore(name));
    expectOk(await store.commit([{ table: "meta", key: "a", value: utf8("x") }]));
    await settled(indexedDB.deleteDatabase(name));
    const fresh = expectOk(await openIndexedDbStore(name));
    expect(await fresh.list("meta")).toEqual([]);
    await fresh.close();
  });
});

describe("a web key store", () => {
  test("stores no key that a script could read: WebCrypto keys that cannot be extracted, and sealed bytes", async () => {
    const name = freshName();
    const keys = webKeyStore(name);
    await keys.open();
    const database = await settled(indexedDB.open(name));
    const record: unknown = await settled(database.transaction("key").objectStore("key").get("device"));
    database.close();
    const parts = Object.values(record as Record<string, unknown>);
    const cryptoKeys = parts.filter((part) => part instanceof CryptoKey);
    expect(cryptoKeys.length).toBeGreaterThan(0);
    for (const key of cryptoKeys) {
      expect(key.extractable).toBe(false);
      await expect(crypto.subtle.exportKey(key.type === "secret" ? "raw" : "pkcs8", key)).rejects.toThrow();
    }
    const sealed = parts.filter((part) => part instanceof Uint8Array);
    expect(sealed.length).toBeGreaterThan(0);
    for (const bytes of sealed) expect(toHex(bytes)).not.toContain(toHex(utf8("AGE-SECRET-KEY")));
  });

  test("what it sealed for itself does not come out of `unwrap`", async () => {
    const name = freshName();
    const keys = webKeyStore(name);
    await keys.open();
    const database = await settled(indexedDB.open(name));
    const record = (await settled(database.transaction("key").objectStore("key").get("device"))) as Record<string, unknown>;
    database.close();
    const sealed = Object.values(record).filter((part) => part instanceof Uint8Array) as Uint8Array<ArrayBuffer>[];
    for (const bytes of sealed) {
      for (const context of ["", "photon/keystore/age-identity/v1", "photon/keystore/sign-seed/v1"]) {
        expect(await keys.unwrap(bytes, context)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
      }
    }
  });
});
