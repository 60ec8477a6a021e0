/**
 * Deterministic CBOR (RFC 8949 §4.2.1): one value has one encoding, and only that encoding is accepted.
 * The item types we use: integers within ±(2^53−1), byte strings, text strings, arrays, maps with integer keys,
 * booleans. No tags, floats, null, undefined or indefinite lengths. See spec/01-encoding.md.
 *
 * The decoder is our own (decision 0005): total, linear in its input, and with one error code for each way to go wrong. The
 * encoder is in `cbor-encode.ts`.
 */
import { ownBytes } from "./bytes.ts";
import { decodeError, type DecodeError, type DecodeErrorCode } from "./error.ts";
import { err, ok, type Result } from "./result.ts";

export type Cbor = number | string | boolean | Uint8Array | readonly Cbor[] | CborMap;
export type CborMap = ReadonlyMap<number, Cbor>;

/** Deeper nesting than any type of ours needs; keeps a decoder's stack small whatever the input. */
export const maxDepth = 16;

/**
 * Decodes exactly one canonical item that is the whole input. The value shares no memory with the input, but for what is lent.
 * @param max the longest input accepted, in bytes.
 * @param lendFrom byte strings of at least this length are views of the input: for who changes it no more, and is soon done.
 */
export function decodeCbor(bytes: Uint8Array, max: number, lendFrom = Number.POSITIVE_INFINITY): Result<Cbor, DecodeError> {
  if (bytes.length > max) return err(decodeError("too-long", `${bytes.length} bytes, at most ${max}`));
  const reader: Reader = { bytes, lendFrom, at: 0, error: undefined };
  const value = readItem(reader, 0);
  if (value !== undefined && reader.at < bytes.length) fail(reader, "malformed", `${bytes.length - reader.at} bytes after the end`);
  if (reader.error !== undefined) return err(reader.error);
  if (value === undefined) throw new Error("a decoder failed without saying why");
  return ok(value);
}

/** Where the walk is. Its functions return undefined once `error` is set, and read no further. */
interface Reader {
  readonly bytes: Uint8Array;
  readonly lendFrom: number;
  at: number;
  error: DecodeError | undefined;
}

/** The first byte of an item and the number that comes with it: a value, a length, or a count. */
interface Head {
  readonly major: number;
  readonly count: number;
}

function fail(reader: Reader, code: DecodeErrorCode, detail: string): undefined {
  reader.error ??= decodeError(code, `at byte ${reader.at}: ${detail}`);
  return undefined;
}

function readItem(reader: Reader, depth: number): Cbor | undefined {
  const head = readHead(reader);
  if (head === undefined) return undefined;
  switch (head.major) {
    case 0:
      return head.count;
    case 1:
      return -1 - head.count;
    case 2:
      return readBytes(reader, head.count);
    case 3:
      return readText(reader, head.count);
    case 4:
      return readArray(reader, head.count, depth);
    case 5:
      return readMap(reader, head.count, depth);
    default:
      return head.count === 21;
  }
}

function readHead(reader: Reader): Head | undefined {
  const { bytes } = reader;
  const first = bytes[reader.at];
  if (first === undefined) return fail(reader, "malformed", "ends early");
  const major = first >> 5;
  const info = first & 31;
  if (major === 7 && info !== 20 && info !== 21) return fail(reader, "wrong-shape", "a float or simple value");
  if (major === 6) return fail(reader, "wrong-shape", "a tag");
  if (info > 27) return fail(reader, "not-canonical", "an indefinite or reserved length");
  if (info < 24) {
    reader.at += 1;
    return { major, count: info };
  }
  const size = 1 << (info - 24);
  if (reader.at + 1 + size > bytes.length) return fail(reader, "malformed", "ends early");
  let count = 0;
  for (let i = 1; i <= size; i++) count = count * 256 + (bytes[reader.at + i] ?? 0);
  if (count < (size === 1 ? 24 : 2 ** (4 * size))) return fail(reader, "not-canonical", "a number in more bytes than it needs");
  const largest = major === 1 ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER;
  if (count > largest) return fail(reader, "out-of-range", "a number beyond 2^53-1");
  reader.at += 1 + size;
  return { major, count };
}

function readString(reader: Reader, length: number): Uint8Array | undefined {
  const { bytes, at } = reader;
  if (at + length > bytes.length) return fail(reader, "malformed", "a string ends early");
  reader.at = at + length;
  // Not `subarray`: of a Buffer that is another Buffer.
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at, length);
}

function readBytes(reader: Reader, length: number): Uint8Array | undefined {
  const value = readString(reader, length);
  return value === undefined || length >= reader.lendFrom ? value : ownBytes(value);
}

// Fatal, so that nothing is repaired, and without the habit of dropping a leading U+FEFF: text comes back as it was.
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readText(reader: Reader, length: number): string | undefined {
  const started = reader.at;
  const value = readString(reader, length);
  if (value === undefined) return undefined;
  try {
    return utf8Decoder.decode(value);
  } catch {
    reader.at = started;
    return fail(reader, "malformed", "text that is not UTF-8");
  }
}

/** Each item takes a byte at least: a count that the rest of the input cannot hold allocates nothing. */
function fits(reader: Reader, items: number, depth: number): boolean {
  if (items > reader.bytes.length - reader.at) fail(reader, "malformed", "more items than bytes");
  else if (depth >= maxDepth) fail(reader, "out-of-range", `nested deeper than ${maxDepth}`);
  return reader.error === undefined;
}

function readArray(reader: Reader, count: number, depth: number): readonly Cbor[] | undefined {
  if (!fits(reader, count, depth)) return undefined;
  const items: Cbor[] = [];
  for (let i = 0; i < count; i++) {
    const item = readItem(reader, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
  }
  return items;
}

/** Keys in the order of their encodings: unsigned ones ascending, then negative ones by their distance from zero. */
export const byEncoding = (a: number, b: number): number => (a < 0 === b < 0 ? Math.abs(a) - Math.abs(b) : a < 0 ? 1 : -1);

const emptyMap: CborMap = new Map();

function readMap(reader: Reader, count: number, depth: number): CborMap | undefined {
  if (!fits(reader, 2 * count, depth)) return undefined;
  if (count === 0) return emptyMap; // shared: a long row of empty maps costs no memory
  const map = new Map<number, Cbor>();
  let previous: number | undefined;
  for (let i = 0; i < count; i++) {
    const key = readItem(reader, depth + 1);
    if (key === undefined) return undefined;
    if (typeof key !== "number") return fail(reader, "wrong-shape", "a map key that is no integer");
    if (previous !== undefined && byEncoding(previous, key) >= 0) {
      return fail(reader, "not-canonical", "map keys out of order, or twice");
    }
    previous = key;
    const value = readItem(reader, depth + 1);
    if (value === undefined) return undefined;
    map.set(key, value);
  }
  return map;
}
