import type { Bytes } from "@photon/protocol/codec";
import type { Store } from "../store.ts";
import { equal, holds, valueOf } from "./assert.ts";
import type { AcceptanceCase, StorePlace } from "./case.ts";

const pattern = (length: number): Bytes => Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);

async function put(store: Store, key: string, value: Bytes): Promise<void> {
  valueOf(await store.commit([{ table: "secret", key, value }]), "commit");
}

/** Values come back byte for byte, and belong to whoever asked for them. */
export const valueCases: readonly AcceptanceCase<StorePlace>[] = [
  {
    name: "values of 0, 1, 255 and 1,048,576 bytes come back as they were",
    run: async (place) => {
      const sizes = [0, 1, 255, 1_048_576];
      const store = await place.open();
      for (const size of sizes) await put(store, `${size}`, pattern(size));
      await store.close();
      const again = await place.open();
      for (const size of sizes) equal((await again.get("secret", `${size}`))?.value, pattern(size), `${size} bytes`);
      equal((await again.list("secret")).length, sizes.length, "list");
      await again.close();
    },
  },
  {
    name: "an empty value is a row, not a deletion",
    run: async (place) => {
      const store = await place.open();
      await put(store, "a", new Uint8Array());
      equal(await store.get("secret", "a"), { key: "a", value: new Uint8Array(), version: 1 }, "get");
      await store.close();
    },
  },
  {
    name: "bytes that the caller changes afterwards do not change in the store",
    run: async (place) => {
      const store = await place.open();
      const given = pattern(64);
      await put(store, "a", given);
      given.fill(0);
      const got = await store.get("secret", "a");
      equal(got?.value, pattern(64), "after changing what was given");
      got?.value.fill(0);
      (await store.list("secret"))[0]?.value.fill(0);
      equal((await store.get("secret", "a"))?.value, pattern(64), "after changing what was got");
      await store.close();
    },
  },
  {
    name: "a part of a larger buffer is stored as that part, and a value that is read owns its buffer",
    run: async (place) => {
      const store = await place.open();
      await put(store, "a", pattern(1_000).subarray(100, 110));
      const value = (await store.get("secret", "a"))?.value;
      equal(value, new Uint8Array(pattern(1_000).subarray(100, 110)), "value");
      holds(value?.buffer.byteLength === 10, "the value keeps a larger buffer alive");
      await store.close();
    },
  },
];
