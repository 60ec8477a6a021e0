/** Deterministic CBOR: spec/01-encoding.md. */
import { type Cbor, concat, decodeCbor, encodeCbor, ok, toHex, utf8 } from "@photon/protocol/codec";
import { bytesOf, type InvalidCase, type Topic } from "../support.ts";

const max = 1024;

/** Diagnostic notation (RFC 8949 §8). */
function diagnostic(item: Cbor): string {
  if (item instanceof Uint8Array) return `h'${toHex(item)}'`;
  if (typeof item === "string") return JSON.stringify(item);
  if (Array.isArray(item)) return `[${(item as readonly Cbor[]).map(diagnostic).join(", ")}]`;
  if (item instanceof Map) {
    return `{${[...(item as ReadonlyMap<number, Cbor>)].map(([key, value]) => `${key}: ${diagnostic(value)}`).join(", ")}}`;
  }
  if (typeof item === "number" || typeof item === "boolean") return String(item);
  throw new Error("no item");
}

const values: readonly (readonly [name: string, item: Cbor])[] = [
  ["zero", 0],
  ["the largest number in one byte", 23],
  ["the smallest in two", 24],
  ["the largest in two", 255],
  ["the smallest in three", 256],
  ["the largest in three", 65535],
  ["the smallest in five", 65536],
  ["the largest in five", 4294967295],
  ["the smallest in nine", 4294967296],
  ["the largest", Number.MAX_SAFE_INTEGER],
  ["minus one", -1],
  ["a negative number in two bytes", -25],
  ["the smallest", Number.MIN_SAFE_INTEGER],
  ["no bytes", new Uint8Array()],
  ["24 bytes", new Uint8Array(24)],
  ["no text", ""],
  ["text", "Ana und Ben, 安 и Бен"],
  ["text that begins with U+FEFF", "\uFEFFAna"],
  ["text beyond the basic plane", "𐅑😀"],
  ["false", false],
  ["true", true],
  ["an empty list", []],
  ["a list of lists", [1, [2, [3, []]]]],
  ["an empty map", new Map()],
  ["keys in order: unsigned by value, then negative", new Map<number, Cbor>([[1, 1], [24, 2], [256, 3], [-1, 4], [-25, 5]])], // prettier-ignore
  ["nested 16 deep", Array.from({ length: 15 }).reduce<Cbor>((inner) => [inner], [])],
];

const refused: readonly (readonly [name: string, hex: string, error: string])[] = [
  ["nothing", "", "malformed"],
  ["two items", "0000", "malformed"],
  ["a number cut short", "1903", "malformed"],
  ["bytes cut short", "430102", "malformed"],
  ["a list cut short", "8201", "malformed"],
  ["a map without its last value", "a101", "malformed"],
  ["a count that the rest cannot hold", "9b001fffffffffffff", "malformed"],
  ["a length that the rest cannot hold", "5b001fffffffffffff", "malformed"],
  ["text that is not UTF-8", "62c328", "malformed"],
  ["a lone surrogate", "63eda080", "malformed"],
  ["an overlong character", "62c0af", "malformed"],
  ["zero in two bytes", "1800", "not-canonical"],
  ["255 in three bytes", "1900ff", "not-canonical"],
  ["65535 in five bytes", "1a0000ffff", "not-canonical"],
  ["4294967295 in nine bytes", "1b00000000ffffffff", "not-canonical"],
  ["minus one in two bytes", "3800", "not-canonical"],
  ["a long length", "580101", "not-canonical"],
  ["indefinite bytes", "5f4100ff", "not-canonical"],
  ["indefinite text", "7f6161ff", "not-canonical"],
  ["an indefinite list", "9fff", "not-canonical"],
  ["an indefinite map", "bfff", "not-canonical"],
  ["reserved length 28", "1c", "not-canonical"],
  ["keys out of order", "a202000100", "not-canonical"],
  ["a negative key before an unsigned one", "a220000100", "not-canonical"],
  ["a key twice", "a201000100", "not-canonical"],
  ["a text key", "a1616101", "wrong-shape"],
  ["a byte string key", "a1416101", "wrong-shape"],
  ["a list for a key", "a18000", "wrong-shape"],
  ["a tag", "c000", "wrong-shape"],
  ["null", "f6", "wrong-shape"],
  ["undefined", "f7", "wrong-shape"],
  ["a simple value", "f0", "wrong-shape"],
  ["a half float", "f93c00", "wrong-shape"],
  ["negative zero", "f98000", "wrong-shape"],
  ["NaN", "f97e00", "wrong-shape"],
  ["infinity", "f97c00", "wrong-shape"],
  ["a double", "fb3ff199999999999a", "wrong-shape"],
  ["a big number", "c249010000000000000000", "wrong-shape"],
  ["a lone break", "ff", "wrong-shape"],
  ["2^53", "1b0020000000000000", "out-of-range"],
  ["−2^53", "3b001fffffffffffff", "out-of-range"],
  ["2^64−1", "1bffffffffffffffff", "out-of-range"],
  ["nested 17 deep", `${"81".repeat(16)}80`, "out-of-range"],
];

export const encoding: Topic = {
  name: "encoding",
  about:
    "One item of deterministic CBOR (RFC 8949 §4.2.1) that is the whole input, at most 1,024 bytes, and its diagnostic notation.",
  types: {
    item: (input) => {
      const decoded = decodeCbor(bytesOf(input, "bytes"), max);
      return decoded.ok ? ok({ diagnostic: diagnostic(decoded.value) }) : decoded;
    },
  },
  valid: () =>
    values.map(([name, item]) => ({
      name,
      type: "item",
      input: { bytes: toHex(encodeCbor(item)) },
      output: { diagnostic: diagnostic(item) },
    })),
  invalid: () => [
    ...refused.map(([name, bytes, error]): InvalidCase => ({ name, type: "item", input: { bytes }, error })),
    { name: "1,025 bytes", type: "item", input: { bytes: toHex(encodeCbor(new Uint8Array(1022))) }, error: "too-long" },
    {
      name: "text whose last character is cut",
      type: "item",
      input: { bytes: toHex(concat(Uint8Array.of(0x62), utf8("水").subarray(0, 2))) },
      error: "malformed",
    },
  ],
};
