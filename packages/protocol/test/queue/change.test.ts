import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, compareBytes, utf8 } from "@photon/protocol/codec";
import { type Change, laterChange, mergeChanges, sortChanges } from "@photon/protocol/queue";

const node: Bytes = new Uint8Array(8);
const at = (wall: number, value: string | undefined, key = "petname"): Change => ({
  key,
  hlc: { wall, counter: 0, node },
  value: value === undefined ? undefined : utf8(value),
});
/** Few keys, times and values, so that they collide. */
const change: fc.Arbitrary<Change> = fc
  .tuple(
    fc.constantFrom("a", "b", "\u{10000}", "\uffff"),
    fc.nat(3),
    fc.option(fc.constantFrom("x", "y", "xy"), { nil: undefined }),
  )
  .map(([key, wall, value]) => at(wall, value, key));
const merged = (...lists: readonly Change[][]): Change[] => {
  let state = new Map<string, Change>();
  for (const list of lists) state = mergeChanges(state, list);
  return sortChanges(state.values());
};

describe("merging changes", () => {
  test("the last writer wins, and a deletion wins like any write", () => {
    expect(merged([at(1, "Ben"), at(2, "Benjamin")])).toEqual([at(2, "Benjamin")]);
    expect(merged([at(2, undefined)], [at(1, "Ben")])).toEqual([at(2, undefined)]);
    expect(merged([at(2, undefined)], [at(3, "Ben")])).toEqual([at(3, "Ben")]);
  });

  test("equal times are decided by the values' bytes, alike on every device", () => {
    expect(laterChange(at(1, "a"), at(1, "b"))).toEqual(at(1, "b"));
    expect(laterChange(at(1, "b"), at(1, "a"))).toEqual(at(1, "b"));
    expect(laterChange(at(1, undefined), at(1, ""))).toEqual(at(1, ""));
  });

  test("is commutative, associative and idempotent", () => {
    const list = fc.array(change, { maxLength: 8 });
    fc.assert(
      fc.property(list, list, list, (a, b, c) => {
        const all = merged(a, b, c);
        expect(merged(c, a, b)).toEqual(all);
        expect(merged([...b, ...c].toReversed(), a)).toEqual(all);
        expect(merged(all, merged(b, c), a)).toEqual(all);
      }),
    );
  });

  test("leaves what it was given as it was", () => {
    const before = new Map([["petname", at(1, "Ben")]]);
    mergeChanges(before, [at(2, "Chi")]);
    expect(before.get("petname")).toEqual(at(1, "Ben"));
  });

  test("one state has one order, by the UTF-8 bytes of its keys", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 20 }), (keys) => {
        const sorted = sortChanges(keys.map((key) => at(1, "v", key))).map(({ key }) => utf8(key));
        for (let i = 1; i < sorted.length; i++) expect(compareBytes(sorted[i - 1] ?? node, sorted[i] ?? node)).toBeLessThan(0);
      }),
    );
  });
});
