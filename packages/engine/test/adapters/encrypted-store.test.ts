import { describe, expect, test } from "vitest";
import { memoryKeyStore, memoryStore } from "@photon/engine/adapters/memory";
import { encryptedStore, systemRandom } from "@photon/engine/adapters/web";
import { type Store, StoreFailure } from "@photon/engine/ports";
import { equalBytes, expectOk, ownBytes, toHex, utf8 } from "@photon/protocol/codec";

const keys = memoryKeyStore(systemRandom);
const text = utf8("Ben: see you at the harbour");

async function openOver(inner: Store): Promise<Store> {
  return expectOk(await encryptedStore(inner, keys));
}

/** What lies on the disk, as text that can be searched. */
async function disk(inner: Store): Promise<string> {
  const rows = [...(await inner.list("message")), ...(await inner.list("meta"))];
  return rows.map(({ value }) => toHex(value)).join("\n");
}

describe("an encrypted store", () => {
  test("writes no value readably, and no two equal values alike", async () => {
    const inner = memoryStore();
    const store = await openOver(inner);
    expectOk(
      await store.commit([
        { table: "message", key: "1", value: text },
        { table: "message", key: "2", value: text },
      ]),
    );
    expect(await disk(inner)).not.toContain(toHex(text.subarray(0, 6)));
    const [first, second] = await inner.list("message");
    expect(first !== undefined && second !== undefined && equalBytes(first.value, second.value)).toBe(false);
  });

  test("another device's key store does not open it: `store-corrupt`, saying why", async () => {
    const inner = memoryStore();
    expectOk(await (await openOver(inner)).commit([{ table: "message", key: "1", value: text }]));
    const before = await disk(inner);
    const opened = await encryptedStore(inner, memoryKeyStore(systemRandom));
    expect(opened).toMatchObject({ ok: false, error: { code: "store-corrupt" } });
    expect(!opened.ok && "detail" in opened.error ? opened.error.detail : "").toContain("another device key");
    expect(await disk(inner)).toBe(before);
  });

  test("a value does not pass for another row's, nor in another table, nor after any change", async () => {
    const inner = memoryStore();
    const store = await openOver(inner);
    expectOk(await store.commit([{ table: "message", key: "1", value: text }]));
    const sealed = (await inner.get("message", "1"))?.value ?? new Uint8Array();
    const forged = [
      { table: "message", key: "2", value: sealed },
      { table: "state", key: "1", value: sealed },
      { table: "secret", key: "cut", value: ownBytes(sealed.subarray(0, sealed.length - 1)) },
      { table: "secret", key: "short", value: ownBytes(sealed.subarray(0, 20)) },
      { table: "secret", key: "empty", value: new Uint8Array() },
    ] as const;
    expectOk(await inner.commit(forged));
    for (const { table, key } of forged) await expect(store.get(table, key)).rejects.toThrow(StoreFailure);
    await expect(store.list("message")).rejects.toMatchObject({ error: { code: "store-corrupt" } });
    for (let at = 0; at < sealed.length; at++) {
      const changed = ownBytes(sealed);
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      expectOk(await inner.commit([{ table: "message", key: "1", value: changed }]));
      await expect(store.get("message", "1")).rejects.toThrow(StoreFailure);
    }
  });

  test("its data key is not visible through it and cannot be written through it", async () => {
    const inner = memoryStore();
    const store = await openOver(inner);
    const [reserved] = await inner.list("meta");
    const key = reserved?.key ?? "";
    expect(await store.get("meta", key)).toBeUndefined();
    expect(await store.list("meta")).toEqual([]);
    await expect(store.commit([{ table: "meta", key, value: text }])).rejects.toThrow();
    await expect(store.commit([], [{ table: "meta", key, version: 1 }])).rejects.toThrow();
    expectOk(
      await store.commit([
        { table: "meta", key: "a", value: text },
        { table: "meta", key: "z", value: text },
      ]),
    );
    for (const reverse of [false, true]) {
      for (const limit of [0, 1, 2, 3]) {
        expect((await store.list("meta", { limit, reverse })).map((row) => row.key)).toEqual(
          (reverse ? ["z", "a"] : ["a", "z"]).slice(0, limit),
        );
      }
    }
  });

  test("rows without a data key are `store-corrupt`, never an empty profile with a fresh key", async () => {
    const inner = memoryStore();
    expectOk(await (await openOver(inner)).commit([{ table: "duty", key: "1", value: text }]));
    const [reserved] = await inner.list("meta");
    expectOk(await inner.commit([{ table: "meta", key: reserved?.key ?? "", value: undefined }]));
    expect(await encryptedStore(inner, keys)).toMatchObject({ ok: false, error: { code: "store-corrupt" } });
  });

  test("two that open a new store at once share one data key", async () => {
    const inner = memoryStore();
    const [first, second] = await Promise.all([openOver(inner), openOver(inner)]);
    expectOk(await first.commit([{ table: "message", key: "1", value: text }]));
    expect((await second.get("message", "1"))?.value).toEqual(text);
  });
});
