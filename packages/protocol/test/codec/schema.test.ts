import {
  boolean,
  branded,
  bytes,
  type Bytes,
  type Cbor,
  decode,
  encode,
  encodeCbor,
  expectOk,
  list,
  oneOf,
  optional,
  ruled,
  type Schema,
  set,
  struct,
  text,
  toHex,
  uint,
  union,
} from "@photon/protocol/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

/** What the schema makes of an item: its value, or the code and place of the refusal. */
const read = (schema: Schema<unknown>, item: Cbor): unknown => {
  const decoded = decode(schema, encodeCbor(item), 1 << 16);
  return decoded.ok ? { value: decoded.value } : `${decoded.error.code} ${decoded.error.detail}`;
};
const of = (...values: number[]): Bytes => Uint8Array.from(values);

describe("uint", () => {
  const age = uint({ min: 18, max: 99 });
  test("takes its bounds and refuses what lies outside, at both ends of the wire", () => {
    for (const good of [18, 99]) expect(read(age, good)).toEqual({ value: good });
    for (const bad of [17, 100]) {
      expect(read(age, bad)).toBe("out-of-range $: not in 18..99");
      expect(() => encode(age, bad)).toThrow("18..99");
    }
  });
  test("by default goes from 0 to 2^53-1", () => {
    expect(read(uint(), Number.MAX_SAFE_INTEGER)).toEqual({ value: Number.MAX_SAFE_INTEGER });
    expect(read(uint(), -1)).toMatch(/^out-of-range/u);
    for (const bad of [-1, 1.5, Number.NaN, Infinity, 2 ** 53]) expect(() => encode(uint(), bad)).toThrow("is not in");
  });
  test("negative zero is zero on the wire", () => expect(toHex(encode(uint(), -0))).toBe("00"));
  test.each([["1"], [of(1)], [true], [[1]], [new Map()]] as [Cbor][])("refuses %o", (item) => {
    expect(read(uint(), item)).toBe("wrong-shape $: expected an unsigned integer");
  });
});

describe("boolean", () => {
  test("takes true and false and nothing else", () => {
    for (const good of [true, false]) expect(read(boolean, good)).toEqual({ value: good });
    for (const bad of [0, 1, "true", of(1)]) expect(read(boolean, bad)).toBe("wrong-shape $: expected true or false");
  });
});

describe("bytes", () => {
  test("of one length take that length only", () => {
    expect(read(bytes(2), of(1, 2))).toEqual({ value: of(1, 2) });
    for (const bad of [of(), of(1), of(1, 2, 3)]) {
      expect(read(bytes(2), bad)).toBe("out-of-range $: length not in 2..2");
      expect(() => encode(bytes(2), bad)).toThrow("2..2");
    }
    expect(read(bytes(2), "ab")).toBe("wrong-shape $: expected bytes");
  });
  test("of bounded length take both bounds", () => {
    const some = bytes({ min: 1, max: 3 });
    expect(read(some, of(1))).toEqual({ value: of(1) });
    expect(read(some, of(1, 2, 3))).toEqual({ value: of(1, 2, 3) });
    for (const bad of [of(), of(1, 2, 3, 4)]) expect(read(some, bad)).toBe("out-of-range $: length not in 1..3");
    expect(read(bytes({ max: 1 }), of())).toEqual({ value: of() });
  });
  test("with a brand are checked as others are", () => {
    expect(read(branded(2), of(1))).toBe("out-of-range $: length not in 2..2");
  });
});

describe("text", () => {
  test("is bounded in UTF-16 code units", () => {
    expect(read(text(4), "Ana!")).toEqual({ value: "Ana!" });
    expect(read(text(4), "😀😀")).toEqual({ value: "😀😀" });
    expect(read(text(4), "😀😀!")).toBe("out-of-range $: longer than 4");
    expect(() => encode(text(4), "Ana!!")).toThrow("more than 4");
    expect(read(text(4), of(65))).toBe("wrong-shape $: expected text");
  });
  test("half of a surrogate pair is never written", () => {
    for (const bad of ["\uD83D", "\uDE00", "a\uDE00\uD83Db"]) expect(() => encode(text(9), bad)).toThrow("surrogate");
    expect(() => encode(text(9), "😀")).not.toThrow();
  });
});

describe("oneOf", () => {
  const colours = oneOf({ red: 0, blue: 7 });
  test("maps names to numbers and back", () => {
    expect(toHex(encode(colours, "blue"))).toBe("07");
    expect(read(colours, 0)).toEqual({ value: "red" });
  });
  test("refuses other numbers, with the code it was given", () => {
    expect(read(colours, 1)).toBe("wrong-shape $: 1 is none of red, blue");
    expect(read(colours, -1)).toMatch(/^wrong-shape/u);
    expect(read(oneOf({ one: 1 }, "unknown-suite"), 2)).toBe("unknown-suite $: 2 is none of one");
    expect(read(oneOf({ one: 1 }, "unknown-suite"), "one")).toBe("wrong-shape $: expected the number of one of one");
  });
  test("a name from outside the set is a bug, an inherited one too", () => {
    for (const name of ["green", "toString", "__proto__"])
      expect(() => encode(colours as Schema<string>, name)).toThrow("unknown name");
  });
  test("two names with one number are a bug", () => {
    expect(() => oneOf({ a: 1, b: 1 })).toThrow("equal");
  });
});

describe("list", () => {
  const few = list(uint({ max: 9 }), { min: 1, max: 3 });
  test("keeps order and takes both bounds", () => {
    expect(read(few, [3, 1, 3])).toEqual({ value: [3, 1, 3] });
    expect(read(few, [1])).toEqual({ value: [1] });
    for (const bad of [[], [1, 2, 3, 4]]) {
      expect(read(few, bad)).toBe(`out-of-range $: ${bad.length} items is not in 1..3`);
      expect(() => encode(few, bad)).toThrow("items");
    }
  });
  test("names the item at fault", () => {
    expect(read(few, [1, 99])).toBe("out-of-range $[1]: not in 0..9");
    expect(read(few, new Map())).toBe("wrong-shape $: expected a list");
  });
});

describe("set", () => {
  const ids = set(bytes(1), { max: 3 });
  const pairs = set(struct({ id: [1, uint()], name: [2, text(9)] }), { max: 3 }, (pair) => of(pair.id));
  test("is written in one order, each item once", () => {
    expect(toHex(encode(ids, [of(3), of(1), of(3)]))).toBe("8241014103");
    expect(() => encode(ids, [of(1), of(2), of(3), of(4)])).toThrow("items");
  });
  test("refuses another order, and an item twice", () => {
    expect(read(ids, [of(1), of(3)])).toEqual({ value: [of(1), of(3)] });
    expect(read(ids, [of(3), of(1)])).toBe("not-canonical $: out of order, or twice");
    expect(read(ids, [of(1), of(1)])).toBe("not-canonical $: out of order, or twice");
    expect(read(ids, [of(1), "a"])).toBe("wrong-shape $[1]: expected bytes");
  });
  test("by a key: two items with one key are refused, and never written", () => {
    const ana = { id: 1, name: "Ana" };
    expect(encode(pairs, [{ id: 2, name: "Ben" }, ana, ana])).toEqual(encode(pairs, [ana, { id: 2, name: "Ben" }]));
    expect(() => encode(pairs, [ana, { id: 1, name: "Ben" }])).toThrow("one key");
    const twice = [new Map<number, Cbor>([[1, 1], [2, "Ana"]]), new Map<number, Cbor>([[1, 1], [2, "Ben"]])]; // prettier-ignore
    expect(read(pairs, twice)).toBe("not-canonical $: out of order, or twice");
  });
  test("any order encodes alike", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 3 }), (values) => {
        const forwards = encode(
          ids,
          values.map((value) => of(value)),
        );
        expect(
          encode(
            ids,
            values.toReversed().map((value) => of(value)),
          ),
        ).toEqual(forwards);
        expect(expectOk(decode(ids, forwards, 99)).length).toBe(new Set(values).size);
      }),
    );
  });
});

describe("struct", () => {
  const person = struct({ name: [1, text(9)], age: [2, optional(uint({ max: 150 }))], old: [-5, optional(boolean)] });
  test("absent and present fields come back as they were", () => {
    for (const value of [{ name: "Ana" }, { name: "", age: 0 }, { name: "Ben", age: 40, old: false }]) {
      expect(expectOk(decode(person, encode(person, value), 99))).toEqual(value);
    }
    expect(encode(person, { name: "Ana", age: undefined })).toEqual(encode(person, { name: "Ana" }));
  });
  test("keys stand in canonical order: unsigned before negative", () => {
    expect(toHex(encode(person, { old: true, age: 1, name: "A" }))).toBe("a3016141020124f5");
  });
  test("refuses a missing field, an unknown one, and what is no map", () => {
    expect(read(person, new Map([[2, 1]]))).toBe("wrong-shape $.name: expected a value");
    expect(read(person, new Map<number, Cbor>([[1, "Ana"], [3, 1]]))).toBe("wrong-shape $: expected no field 3"); // prettier-ignore
    expect(read(person, ["Ana"])).toBe("wrong-shape $: expected a map");
    expect(() => encode(person as Schema<object>, {})).toThrow("missing field name");
  });
  test("names the field at fault, however deep", () => {
    const nested = struct({ people: [1, list(person, { max: 2 })] });
    expect(read(nested, new Map([[1, [new Map<number, Cbor>([[1, "Ana"], [2, 151]])]]]))).toBe("out-of-range $.people[0].age: not in 0..150"); // prettier-ignore
  });
  test("two fields with one number are a bug", () => {
    expect(() => struct({ a: [1, uint()], b: [1, uint()] })).toThrow("equal");
  });
  test("a field named like an inherited property is a field like any other", () => {
    const odd = struct({ constructor: [1, optional(uint())] });
    expect(read(odd, new Map([[1, 4]]))).toEqual({ value: { constructor: 4 } });
  });
});

describe("union", () => {
  const shape = union({ circle: [1, struct({ radius: [1, uint()] })], dot: [2, struct({})] });
  test("is [tag, value] on the wire and told apart by kind", () => {
    expect(toHex(encode(shape, { kind: "circle", value: { radius: 3 } }))).toBe("8201a10103");
    expect(read(shape, [2, new Map()])).toEqual({ value: { kind: "dot", value: {} } });
  });
  test.each([
    [[3, new Map()], "wrong-shape $: expected a tag among 1, 2"],
    [["1", new Map()], "wrong-shape $: expected a tag among 1, 2"],
    [[1], "wrong-shape $: expected [tag, value]"],
    [[2, new Map(), 0], "wrong-shape $: expected [tag, value]"],
    [new Map(), "wrong-shape $: expected [tag, value]"],
    [[1, new Map([[1, -1]])], "out-of-range $.circle.radius: not in 0..9007199254740991"],
  ] as [Cbor, string][])("refuses %o", (item, refusal) => {
    expect(read(shape, item)).toBe(refusal);
  });
  test("another kind is a bug, and so are two variants with one tag", () => {
    expect(() => encode(shape as Schema<unknown>, { kind: "toString", value: {} })).toThrow("unknown kind");
    expect(() => union({ a: [1, uint()], b: [1, uint()] })).toThrow("equal");
  });
});

describe("ruled", () => {
  const range = ruled(struct({ from: [1, uint()], to: [2, uint()] }), ({ from, to }) =>
    from <= to ? undefined : "ends before it begins",
  );
  test("refuses what breaks the rule, at both ends of the wire", () => {
    expect(expectOk(decode(range, encode(range, { from: 1, to: 1 }), 9))).toEqual({ from: 1, to: 1 });
    expect(read(range, new Map([[1, 2], [2, 1]]))).toBe("wrong-shape $: ends before it begins"); // prettier-ignore
    expect(() => encode(range, { from: 2, to: 1 })).toThrow("ends before it begins");
    expect(read(range, 4)).toBe("wrong-shape $: expected a map");
  });
});

describe("decode", () => {
  test("states its maximum and consumes all input", () => {
    expect(decode(uint(), of(0), 0)).toMatchObject({ ok: false, error: { code: "too-long" } });
    expect(decode(uint(), of(0, 0), 9)).toMatchObject({ ok: false, error: { code: "malformed" } });
    expect(decode(uint(), of(0x18, 1), 9)).toMatchObject({ ok: false, error: { code: "not-canonical" } });
  });
  test("expectOk throws the code of what was not expected", () => {
    expect(() => expectOk(decode(uint(), of(0x20), 9))).toThrow("out-of-range: $: not in");
    expect(() => expectOk({ ok: false, error: "plain" })).toThrow("plain");
  });
});
