/**
 * Deterministic CBOR (RFC 8949 §4.2.1): one value has one encoding, and only that encoding is accepted.
 * The item types we use: integers within ±(2^53−1), byte strings, text strings, arrays, maps with integer keys,
 * booleans. No tags, floats, null, undefined or indefinite lengths.
 */
import { decode as cborgDecode, encode as cborgEncode, rfc8949EncodeOptions } from "cborg";
import { asBytes, type Bytes, equalBytes } from "./bytes.ts";
import { decodeError, type DecodeError } from "./error.ts";
import { err, ok, type Result } from "./result.ts";

export type Cbor = number | string | boolean | Uint8Array | readonly Cbor[] | CborMap;
export type CborMap = ReadonlyMap<number, Cbor>;

/** Deeper nesting than any type of ours needs; keeps a decoder's stack small whatever the input. */
export const maxDepth = 16;

export function encodeCbor(value: Cbor): Bytes {
  return asBytes(cborgEncode(value, rfc8949EncodeOptions));
}

/**
 * Decodes exactly one canonical item that is the whole input.
 * @param max the longest input accepted, in bytes.
 */
export function decodeCbor(bytes: Uint8Array, max: number): Result<Cbor, DecodeError> {
  if (bytes.length > max) return err(decodeError("too-long", `${bytes.length} bytes, at most ${max}`));
  const shape = checkShape(bytes);
  if (shape !== undefined) return err(shape);
  let value: Cbor;
  try {
    value = cborgDecode(bytes, {
      useMaps: true,
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
    }) as Cbor;
  } catch (error) {
    return err(decodeError("malformed", error instanceof Error ? error.message : "not CBOR"));
  }
  // One comparison rejects every remaining variation: unsorted keys, long-form lengths, repaired text.
  if (!equalBytes(encodeCbor(value), bytes)) return err(decodeError("not-canonical", "re-encoding differs"));
  return ok(value);
}

/**
 * A linear walk before the library sees the bytes: exactly one item, bounded depth, only the item types we use,
 * no count that the remaining bytes could not hold. So memory is bounded by the input's length.
 */
function checkShape(bytes: Uint8Array): DecodeError | undefined {
  const open: number[] = [];
  let at = 0;
  let remaining = 1;
  for (;;) {
    while (remaining === 0) {
      const outer = open.pop();
      if (outer === undefined) {
        return at === bytes.length ? undefined : decodeError("malformed", `${bytes.length - at} bytes after the end`);
      }
      remaining = outer;
    }
    remaining -= 1;
    const first = bytes[at];
    if (first === undefined) return decodeError("malformed", "ends early");
    at += 1;
    const major = first >> 5;
    const info = first & 31;
    if (major === 7) {
      if (info !== 20 && info !== 21) return decodeError("wrong-shape", `simple value ${info}`);
      continue;
    }
    if (major === 6) return decodeError("wrong-shape", `major type ${major}`);
    let count = info;
    if (info > 27) return decodeError("not-canonical", "indefinite or reserved length");
    if (info >= 24) {
      const size = 1 << (info - 24);
      if (at + size > bytes.length) return decodeError("malformed", "ends early");
      count = 0;
      for (let i = 0; i < size; i++) count = count * 256 + (bytes[at + i] ?? 0);
      at += size;
      if (!Number.isSafeInteger(count)) return decodeError("out-of-range", "number above 2^53-1");
    }
    if (major <= 1) continue;
    if (major === 2 || major === 3) {
      if (count > bytes.length - at) return decodeError("malformed", "string ends early");
      at += count;
      continue;
    }
    const items = major === 4 ? count : 2 * count;
    if (items > bytes.length - at) return decodeError("malformed", "more items than bytes");
    if (open.length >= maxDepth) return decodeError("out-of-range", `nested deeper than ${maxDepth}`);
    open.push(remaining);
    remaining = items;
  }
}
