import { expect, test } from "vitest";
import { memoryStore } from "@photon/engine/adapters/memory";
import { expectOk, utf8 } from "@photon/protocol/codec";

test("a memory store goes back to a snapshot as a disk does to an old copy, and later commits leave the snapshot alone", async () => {
  const store = memoryStore();
  expectOk(await store.commit([{ table: "generation", key: "a", value: utf8("1") }]));
  const copy = store.snapshot();
  expectOk(
    await store.commit([
      { table: "generation", key: "a", value: utf8("2") },
      { table: "generation", key: "b", value: utf8("1") },
    ]),
  );
  store.restore(copy);
  expect(await store.list("generation")).toEqual([{ key: "a", value: utf8("1"), version: 1 }]);
  expectOk(await store.commit([{ table: "generation", key: "a", value: undefined }]));
  store.restore(copy);
  expect((await store.get("generation", "a"))?.version).toBe(1);
});
