import { type Bytes, type Result, utf8 } from "@photon/protocol/codec";
import { type Row, type Store, type StoreError, type Table, tables, type Write } from "../store.ts";
import { equal, holds, rejects, valueOf } from "./assert.ts";
import type { AcceptanceCase, StorePlace } from "./case.ts";

const put = (table: Table, key: string, value: string): Write => ({ table, key, value: utf8(value) });
const remove = (table: Table, key: string): Write => ({ table, key, value: undefined });
const row = (key: string, value: string, version: number): Row => ({ key, value: utf8(value), version });

async function committed(store: Store, ...writes: readonly Write[]): Promise<void> {
  valueOf(await store.commit(writes), "commit");
}

function conflict(result: Result<void, StoreError>, table: Table, key: string): void {
  holds(!result.ok, "a commit with a wrong expectation was accepted");
  if (!result.ok) equal(result.error, { code: "version-conflict", table, key }, "the error names the row");
}

/** Versions, expectations and "all or nothing". */
export const commitCases: readonly AcceptanceCase<StorePlace>[] = [
  {
    name: "a row that was never written is absent",
    run: async (place) => {
      const store = await place.open();
      equal(await store.get("message", "a"), undefined, "get");
      equal(await store.list("message"), [], "list");
      await store.close();
    },
  },
  {
    name: "a row's version is 1 at first and one more at each write, and starts again after a delete",
    run: async (place) => {
      const store = await place.open();
      for (const version of [1, 2, 3]) {
        await committed(store, put("message", "a", `text ${version}`));
        equal(await store.get("message", "a"), row("a", `text ${version}`, version), "get");
      }
      await committed(store, remove("message", "a"), remove("message", "never there"));
      equal(await store.get("message", "a"), undefined, "after the delete");
      await committed(store, put("message", "a", "again"));
      equal(await store.get("message", "a"), row("a", "again", 1), "written again");
      await store.close();
    },
  },
  {
    name: "a key that occurs twice in a batch keeps its last value, and its version moves by one",
    run: async (place) => {
      const store = await place.open();
      await committed(store, put("state", "a", "first"), put("state", "b", "other"), put("state", "a", "last"));
      equal(await store.get("state", "a"), row("a", "last", 1), "new");
      await committed(
        store,
        remove("state", "a"),
        put("state", "a", "put after delete"),
        put("state", "b", "gone"),
        remove("state", "b"),
      );
      equal(await store.list("state"), [row("a", "put after delete", 2)], "written over and deleted");
      await store.close();
    },
  },
  {
    name: "the same key in two tables is two rows",
    run: async (place) => {
      const store = await place.open();
      await committed(store, ...tables.map((table) => put(table, "a", `in ${table}`)));
      await committed(store, remove("meta", "a"));
      for (const table of tables) {
        equal(await store.get(table, "a"), table === "meta" ? undefined : row("a", `in ${table}`, 1), table);
      }
      await store.close();
    },
  },
  {
    name: "a commit whose expectations hold is written",
    run: async (place) => {
      const store = await place.open();
      const absent = { table: "generation", key: "g", version: 0 } as const;
      valueOf(await store.commit([put("generation", "g", "1")], [absent]), "expecting absence");
      const first = { table: "generation", key: "g", version: 1 } as const;
      valueOf(await store.commit([put("message", "m", "1")], [first]), "expecting a row that is not written");
      valueOf(await store.commit([put("generation", "g", "2")], [first]), "expecting the row that is written");
      equal(await store.get("generation", "g"), row("g", "2", 2), "get");
      await store.close();
    },
  },
  {
    name: "a failed expectation is named, and nothing of its batch is written in any table",
    run: async (place) => {
      const store = await place.open();
      await committed(store, put("cursor", "c", "old"), put("outbox", "o", "old"));
      const batch = [put("cursor", "c", "new"), remove("outbox", "o"), put("message", "m", "new")];
      for (const version of [0, 2]) {
        conflict(
          await store.commit(batch, [
            { table: "outbox", key: "o", version: 1 },
            { table: "cursor", key: "c", version },
          ]),
          "cursor",
          "c",
        );
      }
      conflict(await store.commit(batch, [{ table: "message", key: "m", version: 1 }]), "message", "m");
      conflict(await store.commit([], [{ table: "message", key: "m", version: 1 }]), "message", "m");
      equal(await store.get("cursor", "c"), row("c", "old", 1), "cursor");
      equal(await store.get("outbox", "o"), row("o", "old", 1), "outbox");
      equal(await store.get("message", "m"), undefined, "message");
      await store.close();
    },
  },
  {
    name: "of two that expect the same version, one wins",
    run: async (place) => {
      const store = await place.open();
      await committed(store, put("generation", "ratchet", "0"));
      const expected = [{ table: "generation", key: "ratchet", version: 1 }] as const;
      const results = await Promise.all(
        ["1", "2", "3", "4"].map((value) => store.commit([put("generation", "ratchet", value)], expected)),
      );
      equal(results.filter(({ ok }) => ok).length, 1, "winners");
      equal((await store.get("generation", "ratchet"))?.version, 2, "version");
      await store.close();
    },
  },
  {
    name: "commits that are not waited for are written in the order in which they were asked for",
    run: async (place) => {
      const store = await place.open();
      // The first is by far the slowest to prepare, where preparing depends on the size.
      const sizes = [4_000_000, ...Array.from({ length: 20 }, () => 1_000)];
      await Promise.all(sizes.map((size, index) => store.commit([{ table: "state", key: "a", value: filled(size, index) }])));
      equal(await store.get("state", "a"), { key: "a", value: filled(1_000, 20), version: 21 }, "the last");
      await store.close();
    },
  },
  {
    name: "what was committed is there after closing and opening again, with its versions",
    run: async (place) => {
      const first = await place.open();
      await committed(first, put("message", "kept", "1"), put("message", "gone", "1"));
      await committed(first, put("message", "kept", "2"), remove("message", "gone"));
      await first.close();
      const second = await place.open();
      equal(await second.list("message"), [row("kept", "2", 2)], "rows");
      await committed(second, put("message", "kept", "3"));
      await second.close();
      const third = await place.open();
      equal(await third.get("message", "kept"), row("kept", "3", 3), "row");
      await third.close();
    },
  },
  {
    name: "a closed store refuses to be used, and may be closed again",
    run: async (place) => {
      const store = await place.open();
      await store.close();
      await store.close();
      await rejects(() => store.get("meta", "a"), "get");
      await rejects(() => store.list("meta"), "list");
      await rejects(() => store.commit([put("meta", "a", "1")]), "commit");
    },
  },
];

const filled = (size: number, byte: number): Bytes => new Uint8Array(size).fill(byte);
