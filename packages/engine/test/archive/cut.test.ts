import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encode, type Hlc, utf8 } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/archive";
import { makeSideId } from "@photon/protocol/statement";
import { cutAt, mending } from "../../src/archive/cut.ts";
import { harmOf, isHarmed, shapeOf } from "../../src/archive/shape.ts";
import { decodeFirstSeen, encodeFirstSeen } from "../../src/circle/state.ts";
import { flagSchema, petnameSchema, recordSchema } from "../../src/relationship/records.ts";

const at = (wall: number): Hlc => ({ wall, counter: 0, node: new Uint8Array(8) });
const change = (key: string, wall: number, value?: Uint8Array<ArrayBuffer>): Change => ({
  key,
  hlc: at(wall),
  ...(value === undefined ? {} : { value }),
});
const record = (id: string, wall = 1): Change =>
  change(
    `rel/${id}/record`,
    wall,
    encode(recordSchema, { mine: makeSideId(new Uint8Array(32).fill(7)), role: "inviter", created: 1 }),
  );
const name = (id: string, petname: string, wall = 1): Change => change(`rel/${id}/petname`, wall, encode(petnameSchema, petname));
const closed = (id: string, wall: number, flag = true): Change => change(`rel/${id}/closed`, wall, encode(flagSchema, flag));
const none = { earlier: [], later: [], mended: [], notBefore: 0 };
const keysOf = (changes: readonly Change[]): readonly string[] => changes.map(({ key }) => key).toSorted();

describe("the state as of an earlier head", () => {
  const chosen = [record("ben"), name("ben", "Ben"), change("msg/ben/1", 1, utf8("hello")), change("notes/x", 1, utf8("x"))];

  test("nothing that was there is written over by a later head, and nothing is lost to one", () => {
    const later = [
      name("ben", "", 9),
      closed("ben", 9),
      change("msg/ben/1", 9, utf8("other")),
      change("msg/ben/2", 9, utf8("more")),
      change("notes/x", 9),
    ];
    const cut = cutAt(chosen, { ...none, later });
    expect(cut.changes).toEqual(chosen);
    expect(keysOf(cut.later)).toEqual(["msg/ben/2"]);
    expect(cut.leftOut).toBe(1);
  });

  test("what an earlier head holds and it lacks is taken, a deletion in it notwithstanding", () => {
    const earlier = [
      change("msg/ben/0", 0, utf8("before")),
      change("msg/ben/1", 0, utf8("old")),
      change("notes/y", 0, utf8("y")),
      name("chi", "Chi"),
    ];
    const cut = cutAt([...chosen, change("msg/ben/0", 5), change("notes/y", 5)], { ...none, earlier });
    expect(keysOf(cut.changes)).toEqual([
      "msg/ben/0",
      "msg/ben/1",
      "notes/x",
      "notes/y",
      "rel/ben/petname",
      "rel/ben/record",
      "rel/chi/petname",
    ]);
    // What Photon may delete stays deleted.
    expect(cut.changes.find(({ key }) => key === "notes/y")?.value).toBeUndefined();
    expect(cut.changes.find(({ key }) => key === "msg/ben/1")?.value).toEqual(utf8("hello"));
  });

  test("a relationship that only later heads know is taken whole; a device that only they know is not", () => {
    const later = [
      record("hal", 9),
      name("hal", "Hal", 9),
      change("inbox/hal/1", 9, utf8("i")),
      change("dev/0011", 9, utf8("d")),
      change("plan/1", 9, utf8("p")),
    ];
    const cut = cutAt(chosen, { ...none, later });
    expect(keysOf(cut.later)).toEqual(["inbox/hal/1", "rel/hal/petname", "rel/hal/record"]);
    expect(cut.leftOut).toBe(2);
  });

  test("what was not there was not seen before: a later head's first-seen times begin with it", () => {
    const later = [change("fs/ben/aa", 9, encodeFirstSeen(5)), change("fs/ben/bb", 9, encodeFirstSeen(5000))];
    const cut = cutAt(chosen, { ...none, later, notBefore: 1000 });
    expect(cut.later.map(({ value }) => (value === undefined ? 0 : decodeFirstSeen(value)))).toEqual([1000, 5000]);
  });

  test("entries that are mended are as they once were, or not there", () => {
    const spoiled = [...chosen, name("ben", "x", 5), closed("ben", 5)];
    const mended = mending(["ben"], chosen);
    const cut = cutAt(spoiled, { ...none, mended, later: [closed("ben", 9)] });
    expect(keysOf(cut.changes)).toEqual(["msg/ben/1", "notes/x", "rel/ben/petname", "rel/ben/record"]);
    expect(shapeOf(cut.changes).relationships.get("ben")?.petname).toEqual(encode(petnameSchema, "Ben"));
    expect(cut.later).toEqual([]);
  });

  test("with nothing around it, a state is itself; no entry ever comes twice from two heads", () => {
    const entry = fc.record({
      key: fc.constantFrom("rel/a/record", "rel/a/petname", "msg/a/1", "msg/b/2", "st/a/3", "fs/a/3", "dev/1"),
      wall: fc.nat(5),
      gone: fc.boolean(),
    });
    const some = fc.array(entry, { maxLength: 12 });
    const made = (list: readonly { key: string; wall: number; gone: boolean }[]): Change[] =>
      list.map(({ key, wall, gone }) => change(key, wall, gone ? undefined : encodeFirstSeen(wall)));
    fc.assert(
      fc.property(some, some, some, (a, b, c) => {
        const [head, earlier, later] = [made(a), made(b), made(c)];
        const cut = cutAt(head, { ...none, earlier, later });
        const inHead = new Set(head.filter(({ value }) => value !== undefined).map(({ key }) => key));
        const inChanges = new Set(keysOf(cut.changes));
        for (const key of inHead) expect(inChanges.has(key)).toBe(true);
        for (const { key } of cut.later) expect(inChanges.has(key)).toBe(false);
        for (const { key, value } of earlier) if (value !== undefined) expect(inChanges.has(key)).toBe(true);
        const alone = cutAt(head, none);
        expect(new Set(keysOf(alone.changes))).toEqual(inHead);
      }),
    );
  });
});

describe("harm", () => {
  const people = ["a", "b", "c", "d", "e"];
  const before = shapeOf(people.flatMap((id) => [record(id), name(id, id)]));
  const after = (...more: readonly Change[]) => shapeOf([...people.flatMap((id) => [record(id), name(id, id)]), ...more]);

  test("is what is missing, closed or called otherwise; what is new is none", () => {
    expect(harmOf(before, after())).toEqual({ records: 0, relationships: 0 });
    expect(harmOf(before, after(record("f"), closed("f", 2)))).toEqual({ records: 0, relationships: 0 });
    expect(harmOf(before, after(closed("a", 2), closed("a", 3, false)))).toEqual({ records: 0, relationships: 0 });
    expect(harmOf(before, after(closed("a", 2), name("b", "x", 2), change("rel/c/record", 2)))).toEqual({
      records: 1,
      relationships: 3,
    });
  });

  test("counts where it concerns most: three of five, not two; of one or two only where nobody else is left", () => {
    const [a, b, c] = people.map((id) => closed(id, 2));
    expect(isHarmed(before, after(...[a, b].flatMap((one) => one ?? [])))).toBe(false);
    expect(isHarmed(before, after(...[a, b, c].flatMap((one) => one ?? [])))).toBe(true);
    const first = shapeOf([record("a"), name("a", "a")]);
    expect(isHarmed(first, shapeOf([record("a"), name("a", "Ana")]))).toBe(false);
    expect(isHarmed(first, shapeOf([record("a"), name("a", "")]))).toBe(true);
    expect(isHarmed(first, shapeOf([record("a"), name("a", "a"), closed("a", 2)]))).toBe(true);
    expect(isHarmed(first, shapeOf([record("a"), name("a", "a"), closed("a", 2), record("b"), name("b", "b")]))).toBe(false);
    expect(isHarmed(before, shapeOf([]))).toBe(true);
    expect(isHarmed(shapeOf([]), shapeOf([]))).toBe(false);
  });
});
