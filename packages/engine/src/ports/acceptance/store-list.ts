import { compareBytes, utf8 } from "@photon/protocol/codec";
import type { ListQuery, Store } from "../store.ts";
import { equal, rejects, valueOf } from "./assert.ts";
import type { AcceptanceCase, StorePlace } from "./case.ts";

const value = utf8("x");

async function fill(store: Store, keys: readonly string[]): Promise<void> {
  const writes = keys.map((key) => ({ table: "change", key, value }) as const);
  valueOf(await store.commit(writes), "commit");
}

const keysOf = async (store: Store, query?: ListQuery): Promise<readonly string[]> =>
  (await store.list("change", query)).map(({ key }) => key);

interface Encoded {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** The order of the port, in the plainest possible way. */
const encodedInOrder = (keys: readonly string[]): readonly Encoded[] =>
  keys.map((key) => ({ key, bytes: utf8(key) })).toSorted((a, b) => compareBytes(a.bytes, b.bytes));
const sorted = (keys: readonly string[]): readonly string[] => encodedInOrder(keys).map(({ key }) => key);

/** The port's words, one by one. */
function expectedKeys(ordered: readonly Encoded[], query: ListQuery): readonly string[] {
  const { prefix = "", after, limit, reverse = false } = query;
  const bound = after === undefined ? undefined : utf8(after);
  const chosen = ordered.filter(({ key, bytes }) => {
    if (!key.startsWith(prefix)) return false;
    if (bound === undefined) return true;
    const order = compareBytes(bytes, bound);
    return reverse ? order < 0 : order > 0;
  });
  const keys = chosen.map(({ key }) => key);
  return (reverse ? keys.toReversed() : keys).slice(0, limit);
}

/** Where UTF-8 and UTF-16 disagree, and what separators, wildcards and normalisation might break. */
const awkward = [
  "", "\0", "\0\0", "a", "a\0", "a\0b", "a/", "a/1", "a/10", "a/2", "a0", "ab", "b", "A", "%", "_", "*", "[", "'", '"', "\\", "\n", "\u{7f}",
  "é", "e\u{301}", "ü/1", "\u{7ff}", "\u{800}", "\u{d7ff}", "\u{d7ff}x", "\u{e000}", "\u{e000}/1", "\u{fb01}", "\u{ff5e}", "\u{fffd}", "\u{ffff}", "\u{ffff}/1",
  "\u{10000}", "\u{1f600}", "\u{1f600}/1", "\u{1f600}\u{10ffff}", "\u{1f601}", "\u{10fffe}", "\u{10ffff}", "\u{10ffff}\u{10ffff}", "\u{10ffff}/1",
]; // prettier-ignore

/** Order, prefixes, pages. */
export const listCases: readonly AcceptanceCase<StorePlace>[] = [
  {
    name: "a list is ordered by the UTF-8 bytes of its keys, characters above U+FFFF last",
    run: async (place) => {
      const store = await place.open();
      await fill(store, ["\u{1f600}", "\u{ff5e}", "z", "\u{fb01}", "\u{10000}", "a", "é"]);
      equal(await keysOf(store), ["a", "z", "é", "\u{fb01}", "\u{ff5e}", "\u{10000}", "\u{1f600}"], "order");
      await store.close();
    },
  },
  {
    name: "every key comes back exactly as it was written: empty, with separators, wildcards, not normalised",
    run: async (place) => {
      const store = await place.open();
      await fill(store, awkward);
      equal(await keysOf(store), sorted(awkward), "keys");
      for (const key of awkward) equal((await store.get("change", key))?.key, key, "get");
      await store.close();
    },
  },
  {
    name: "prefix, after, limit and reverse do together what each says",
    run: async (place) => {
      const store = await place.open();
      await fill(store, awkward);
      const ordered = encodedInOrder(awkward);
      const prefixes = [
        undefined,
        "",
        "a",
        "a/",
        "a/1",
        "%",
        "e",
        "\u{d7ff}",
        "\u{ffff}",
        "\u{1f600}",
        "\u{10ffff}",
        "\u{10ffff}\u{10ffff}",
        "none",
      ];
      const afters = [
        undefined,
        "",
        "a",
        "a/1",
        "a/11",
        "\u{e000}",
        "\u{ffff}",
        "\u{1f600}",
        "\u{10ffff}\u{10ffff}",
        "\u{10ffff}\u{10ffff}z",
      ];
      for (const prefix of prefixes) {
        for (const after of afters) {
          for (const limit of [undefined, 0, 1, 3, 1_000]) {
            for (const reverse of [false, true]) {
              const query: ListQuery = {
                reverse,
                ...(prefix === undefined ? {} : { prefix }),
                ...(after === undefined ? {} : { after }),
                ...(limit === undefined ? {} : { limit }),
              };
              equal(await keysOf(store, query), expectedKeys(ordered, query), JSON.stringify(query));
            }
          }
        }
      }
      await store.close();
    },
  },
  {
    name: "10,000 rows come back in pages, each row once",
    run: async (place) => {
      const store = await place.open();
      // Multiplying by a number that is prime to 10,000 visits every index once, out of order.
      await fill(
        store,
        Array.from({ length: 10_000 }, (_, index) => `k/${(index * 7_919) % 10_000}`),
      );
      const all = await keysOf(store);
      equal(all.length, 10_000, "rows");
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await keysOf(store, { limit: 999, ...(after === undefined ? {} : { after }) });
        seen.push(...page);
        after = page.at(-1);
        if (after === undefined) break;
      }
      equal(seen, all, "pages");
      equal(await keysOf(store, { reverse: true, limit: 3 }), ["k/9999", "k/9998", "k/9997"], "the last three");
      await store.close();
    },
  },
  {
    name: "a key that is not well-formed Unicode is refused",
    run: async (place) => {
      const store = await place.open();
      await rejects(() => store.get("change", "\u{d800}"), "get");
      await rejects(() => store.list("change", { prefix: "\u{dc00}" }), "list by prefix");
      await rejects(() => store.list("change", { after: "a\u{d83d}" }), "list after");
      await rejects(() => store.commit([{ table: "change", key: "\u{d83d}x", value }]), "commit");
      equal(await keysOf(store), [], "nothing was written");
      await store.close();
    },
  },
];
