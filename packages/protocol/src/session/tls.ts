/**
 * The TLS presentation language (RFC 9420 §2.1), for the few structures that we read or write ourselves. Everything that the reader
 * takes has a length that the caller states, or a bound; nothing is allocated in proportion to a length field.
 *
 * After the first thing that is not as it must be, every further read gives zeros or nothing, and `finish` gives that
 * first error: so a parser can be written straight through, and no value of a failed parse can get out.
 */
import { type Bytes, concat, decodeError, type DecodeError, equalBytes, err, ok, ownBytes, type Result } from "../codec/index.ts";

export class TlsReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #at = 0;
  #error: DecodeError | undefined;

  /** @param name of the structure, for error messages. */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  failed(): boolean {
    return this.#error !== undefined;
  }

  /** Bytes not yet read; none once the parse has failed. */
  left(): number {
    return this.failed() ? 0 : this.#bytes.length - this.#at;
  }

  refuse(code: DecodeError["code"], what: string): void {
    this.#error ??= decodeError(code, `${this.#name}: ${what}`);
  }

  /** Exactly `length` bytes; a copy. Zeros once the parse has failed. */
  take(length: number, what: string): Bytes {
    if (this.failed() || length > this.left()) {
      this.refuse("malformed", `${what} ends early`);
      return new Uint8Array(length);
    }
    const start = this.#at;
    this.#at += length;
    return ownBytes(this.#bytes.subarray(start, this.#at));
  }

  /** Bytes that can only be these. */
  constant(expected: Uint8Array, what: string, code: DecodeError["code"] = "wrong-shape"): void {
    if (this.left() < expected.length) return this.refuse("malformed", `${what} ends early`);
    if (!equalBytes(this.#bytes.subarray(this.#at, this.#at + expected.length), expected)) return this.refuse(code, what);
    this.#at += expected.length;
  }

  /** Zero once the parse has failed. */
  uint(size: 1 | 2 | 3 | 4, what: string): number {
    if (this.failed() || size > this.left()) {
      this.refuse("malformed", `${what} ends early`);
      return 0;
    }
    let value = 0;
    for (const end = this.#at + size; this.#at < end; this.#at++) value = value * 256 + (this.#bytes[this.#at] ?? 0);
    return value;
  }

  /** A length in its one shortest form (RFC 9420 §2.1.2), at most `max` and at most what is left. */
  length(max: number, what: string): number {
    const first = this.uint(1, what);
    const size = 1 << (first >> 6);
    if (size > 4) this.refuse("malformed", `${what}: a length of 8 bytes`);
    if (this.failed()) return 0;
    let value = first & 0x3f;
    if (size === 2) value = value * 2 ** 8 + this.uint(1, what);
    if (size === 4) value = value * 2 ** 24 + this.uint(3, what);
    if (size > 1 && value < (size === 2 ? 1 << 6 : 1 << 14))
      this.refuse("not-canonical", `${what}: length not in its shortest form`);
    if (value > max) this.refuse("out-of-range", `${what}: ${value} bytes, at most ${max}`);
    if (value > this.left()) this.refuse("malformed", `${what} ends early`);
    return this.failed() ? 0 : value;
  }

  /** A vector of exactly `length` bytes. */
  vector(length: number, what: string): Bytes {
    const found = this.length(length, what);
    if (found !== length) this.refuse("out-of-range", `${what}: ${found} bytes, not ${length}`);
    return this.take(length, what);
  }

  /** A vector of `min` to `max` bytes. */
  vectorWithin(min: number, max: number, what: string): Bytes {
    const found = this.length(max, what);
    if (found < min) this.refuse("out-of-range", `${what}: ${found} bytes, at least ${min}`);
    return this.failed() ? new Uint8Array(0) : this.take(found, what);
  }

  /** The value, if all was as it must be and nothing is left over. */
  finish<T>(value: () => T): Result<T, DecodeError> {
    if (this.left() > 0) this.refuse("malformed", `${this.left()} bytes after the end`);
    return this.#error === undefined ? ok(value()) : err(this.#error);
  }
}

/** A vector's length in its shortest form. */
export function vectorLength(length: number): Bytes {
  if (length < 1 << 6) return Uint8Array.of(length);
  if (length < 1 << 14) return Uint8Array.of(0x40 | (length >> 8), length);
  return Uint8Array.of(0x80 | (length >>> 24), length >> 16, length >> 8, length);
}
/** How many bytes a vector of that many bytes takes, its length field included. */
export const vectorSize = (length: number): number => (length < 1 << 6 ? 1 : length < 1 << 14 ? 2 : 4) + length;
export const vector = (content: Uint8Array): Bytes => concat(vectorLength(content.length), content);
export const uint32 = (value: number): Bytes => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
