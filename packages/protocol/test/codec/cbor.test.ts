import { type Cbor, concat, decodeCbor, encodeCbor, equalBytes, fromHex, maxDepth, toHex } from "@photon/protocol/codec";
import { decode as cborgDecode, encode as cborgEncode, rfc8949EncodeOptions } from "cborg";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const hex = (text: string): Uint8Array => {
  const bytes = fromHex(text.replaceAll(" ", ""));
  if (bytes === undefined) throw new Error(`no hex: ${text}`);
  return bytes;
};
const refusal = (text: string): string => {
  const decoded = decodeCbor(hex(text), 1 << 20);
  return decoded.ok ? "accepted" : decoded.error.code;
};

describe("canonical decoding", () => {
  /** RFC 8949 appendix A, the rows whose types we use. */
  const rows: readonly (readonly [string, Cbor])[] = [
    ["00", 0],
    ["01", 1],
    ["0a", 10],
    ["17", 23],
    ["1818", 24],
    ["1819", 25],
    ["1864", 100],
    ["1903e8", 1000],
    ["1a000f4240", 1000000],
    ["1b000000e8d4a51000", 1000000000000],
    ["20", -1],
    ["29", -10],
    ["3863", -100],
    ["3903e7", -1000],
    ["f4", false],
    ["f5", true],
    ["40", new Uint8Array()],
    ["4401020304", Uint8Array.of(1, 2, 3, 4)],
    ["60", ""],
    ["6161", "a"],
    ["6449455446", "IETF"],
    ["62225c", '"\\'],
    ["62c3bc", "ü"],
    ["63e6b0b4", "水"],
    ["64f0908591", "𐅑"],
    ["80", []],
    ["83010203", [1, 2, 3]],
    ["8301820203820405", [1, [2, 3], [4, 5]]],
    ["98190102030405060708090a0b0c0d0e0f101112131415161718181819", Array.from({ length: 25 }, (_, i) => i + 1)],
    ["a0", new Map()],
    [
      "a201020304",
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
  ];
  test.each(rows)("RFC 8949 appendix A: %s", (encoded, value) => {
    expect(toHex(encodeCbor(value))).toBe(encoded);
    expect(decodeCbor(hex(encoded), encoded.length)).toEqual({ ok: true, value });
  });

  test.each([
    ["bignums", "c249010000000000000000", "wrong-shape"],
    ["18446744073709551615", "1bffffffffffffffff", "out-of-range"],
    ["-18446744073709551616", "3bffffffffffffffff", "out-of-range"],
    ["2^53", "1b0020000000000000", "out-of-range"],
    ["-2^53", "3b001fffffffffffff", "out-of-range"],
    ["half floats", "f93c00", "wrong-shape"],
    ["negative zero", "f98000", "wrong-shape"],
    ["single floats", "fa47c35000", "wrong-shape"],
    ["double floats", "fb3ff199999999999a", "wrong-shape"],
    ["infinity", "f97c00", "wrong-shape"],
    ["NaN", "f97e00", "wrong-shape"],
    ["NaN in eight bytes", "fb7ff8000000000000", "wrong-shape"],
    ["null", "f6", "wrong-shape"],
    ["undefined", "f7", "wrong-shape"],
    ["simple(16)", "f0", "wrong-shape"],
    ["simple(255)", "f8ff", "wrong-shape"],
    ["false in two bytes", "f814", "wrong-shape"],
    ["a tag", "c074323031332d30332d32315432303a30343a30305a", "wrong-shape"],
    ["a COSE_Sign1 tag", "d28440a04040", "wrong-shape"],
    ["indefinite bytes", "5f42010243030405ff", "not-canonical"],
    ["indefinite text", "7f657374726561646d696e67ff", "not-canonical"],
    ["indefinite array", "9fff", "not-canonical"],
    ["indefinite map", "bf01ff", "not-canonical"],
    ["a lone break", "ff", "wrong-shape"],
    ["reserved length 28", "1c", "not-canonical"],
    ["reserved length 30", "5e", "not-canonical"],
    ["0 in two bytes", "1800", "not-canonical"],
    ["23 in two bytes", "1817", "not-canonical"],
    ["255 in three bytes", "1900ff", "not-canonical"],
    ["65535 in five bytes", "1a0000ffff", "not-canonical"],
    ["2^32-1 in nine bytes", "1b00000000ffffffff", "not-canonical"],
    ["-1 in two bytes", "3800", "not-canonical"],
    ["an empty string with a long length", "5800", "not-canonical"],
    ["an empty array with a long count", "9800", "not-canonical"],
    ["an empty map with a long count", "b800", "not-canonical"],
    ["text keys", "a26161016162820203", "wrong-shape"],
    ["byte string keys", "a1410101", "wrong-shape"],
    ["array keys", "a18001", "wrong-shape"],
    ["boolean keys", "a1f401", "wrong-shape"],
    ["keys out of order", "a202000100", "not-canonical"],
    ["a negative key before a positive", "a220000100", "not-canonical"],
    ["negative keys out of order", "a221002000", "not-canonical"],
    ["a key twice", "a201000100", "not-canonical"],
    ["a key twice, deep inside", "8181a201000100", "not-canonical"],
    ["a key twice in different lengths", "a20100180100", "not-canonical"],
    ["a trailing byte", "0000", "malformed"],
    ["a second item", "80a0", "malformed"],
    ["nothing", "", "malformed"],
    ["a number cut short", "1903", "malformed"],
    ["bytes cut short", "430102", "malformed"],
    ["text cut short", "6261", "malformed"],
    ["an array cut short", "8201", "malformed"],
    ["a map without its last value", "a101", "malformed"],
    ["2^53-1 items", "9b001fffffffffffff", "malformed"],
    ["a count beyond what is left, before it looks at the items", "82f6", "malformed"],
    ["2^53-1 entries", "bb001fffffffffffff", "malformed"],
    ["2^53-1 bytes", "5b001fffffffffffff", "malformed"],
    ["2^32-1 items", "9affffffff00", "malformed"],
    ["a stray continuation byte", "6180", "malformed"],
    ["an overlong slash", "62c0af", "malformed"],
    ["a lone high surrogate", "63eda080", "malformed"],
    ["a lone low surrogate", "63edb080", "malformed"],
    ["a surrogate pair in six bytes", "66eda081edb080", "malformed"],
    ["a code point above U+10FFFF", "64f4908080", "malformed"],
    ["a code point cut short", "62e6b0", "malformed"],
  ])("refuses %s", (_, encoded, code) => {
    expect(refusal(encoded)).toBe(code);
  });

  test("takes the largest and smallest integers, and no other", () => {
    for (const value of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      expect(decodeCbor(encodeCbor(value), 9)).toEqual({ ok: true, value });
    }
  });

  test("text comes back as it was, a leading U+FEFF and a replacement character included", () => {
    for (const text of ["\uFEFFAna", "\uFFFD", "\0", "\u202EneB", "e\u0301"]) {
      expect(decodeCbor(encodeCbor(text), 99)).toEqual({ ok: true, value: text });
    }
  });

  test("input longer than its maximum is refused before it is read", () => {
    expect(decodeCbor(new Uint8Array(11), 10)).toMatchObject({ ok: false, error: { code: "too-long" } });
    expect(decodeCbor(encodeCbor(new Uint8Array(8)), 9).ok).toBe(true);
  });

  test(`nests ${maxDepth} deep and no deeper`, () => {
    expect(refusal("81".repeat(maxDepth - 1) + "80")).toBe("accepted");
    expect(refusal("81".repeat(maxDepth) + "80")).toBe("out-of-range");
    expect(refusal("a100".repeat(maxDepth) + "a0")).toBe("out-of-range");
    expect(refusal("81".repeat(1 << 19))).toBe("out-of-range");
  });

  test("what was decoded shares no memory with the input", () => {
    const input = encodeCbor([Uint8Array.of(1, 2, 3)]);
    const decoded = decodeCbor(input, 99);
    input.fill(0);
    expect(decoded).toEqual({ ok: true, value: [Uint8Array.of(1, 2, 3)] });
  });

  test("what is lent is a view of the input, and nothing shorter than was said", () => {
    const input = encodeCbor([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6, 7), "text that is longer"]);
    const padded = concat(Uint8Array.of(9), input).subarray(1);
    const decoded = decodeCbor(padded, 99, 4);
    padded.fill(0);
    expect(decoded).toEqual({ ok: true, value: [Uint8Array.of(1, 2, 3), Uint8Array.of(0, 0, 0, 0), "text that is longer"] });
    expect(decodeCbor(input, 99, 1)).toEqual(decodeCbor(input, 99));
  });

  test("an error names the place and never the value", () => {
    const decoded = decodeCbor(hex("8243414e4181f6"), 99);
    expect(decoded).toEqual({ ok: false, error: { code: "wrong-shape", detail: "at byte 6: a float or simple value" } });
  });
});

const value: fc.Memo<Cbor> = fc.memo((depth) => {
  const leaves: fc.Arbitrary<Cbor>[] = [
    fc.maxSafeInteger(),
    fc.integer({ min: -300, max: 300 }),
    fc.boolean(),
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 40 }),
  ];
  if (depth <= 1) return fc.oneof(...leaves);
  const inner = value(depth - 1);
  const map = fc
    .array(fc.tuple(fc.integer({ min: -70000, max: 70000 }), inner), { maxLength: 6 })
    .map((entries) => new Map(entries));
  return fc.oneof(...leaves, fc.array(inner, { maxLength: 6 }), map);
});
const items = value(4).map((item) => (Object.is(item, -0) ? 0 : item));

describe("properties", () => {
  test("decode∘encode is the identity", () => {
    fc.assert(
      fc.property(items, (item) => {
        const encoded = encodeCbor(item);
        expect(decodeCbor(encoded, encoded.length)).toEqual({ ok: true, value: sorted(item) });
      }),
    );
  });

  test("the encoder writes the very bytes that the library writes", () => {
    const long = fc.oneof(
      items,
      fc.string({ minLength: 3000, maxLength: 9000 }),
      fc.uint8Array({ minLength: 3000, maxLength: 70_000 }),
    );
    fc.assert(
      fc.property(fc.array(long, { maxLength: 3 }), (item) => {
        expect(toHex(encodeCbor(item))).toBe(toHex(cborgEncode(item, rfc8949EncodeOptions)));
      }),
      { numRuns: 500 },
    );
    for (const number of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => encodeCbor([number])).toThrow("no integer");
    }
  });

  test("whatever is accepted encodes to the very bytes that came in, and the library reads it the same", () => {
    const mutated = fc.tuple(items, fc.nat(), fc.nat(255)).map(([item, at, byte]) => {
      const encoded = encodeCbor(item);
      if (encoded.length > 0) encoded[at % encoded.length] = byte;
      return encoded;
    });
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 24 }), mutated), (bytes) => {
        const decoded = decodeCbor(bytes, 1 << 16);
        if (!decoded.ok) return;
        accepted += 1;
        expect(equalBytes(encodeCbor(decoded.value), bytes)).toBe(true);
        if (!hasMark(decoded.value)) expect(cborgDecode(bytes, { useMaps: true, strict: true })).toEqual(decoded.value);
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });
});

/** Maps in their canonical order; Vitest compares maps without order, so that only -0 matters. */
function sorted(item: Cbor): Cbor {
  if (Object.is(item, -0)) return 0;
  if (Array.isArray(item)) return (item as readonly Cbor[]).map(sorted);
  if (item instanceof Map) return new Map([...(item as ReadonlyMap<number, Cbor>)].map(([key, inner]) => [key, sorted(inner)]));
  return item;
}

/** The library drops a leading U+FEFF (decision 0005). */
function hasMark(item: Cbor): boolean {
  if (typeof item === "string") return item.startsWith("\uFEFF");
  if (Array.isArray(item)) return (item as readonly Cbor[]).some(hasMark);
  if (item instanceof Map) return [...(item as ReadonlyMap<number, Cbor>).values()].some(hasMark);
  return false;
}
