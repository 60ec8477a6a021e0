/**
 * Every byte string of eight bytes in what was stored, at every offset: where two records have one in common, somebody who
 * holds the disk can join them.
 */
import { type Bytes, toHex } from "@photon/protocol/codec";

export interface Named {
  readonly name: string;
  readonly parts: readonly Bytes[];
}

export interface Shared {
  /** Hex of the eight bytes. */
  readonly window: string;
  readonly names: readonly string[];
}

const size = 8;

/** Each alignment of the bytes, as words of eight. */
function* words(bytes: Bytes): Generator<BigUint64Array> {
  for (let offset = 0; offset < size && bytes.length - offset >= size; offset++) {
    const length = Math.floor((bytes.length - offset) / size) * size;
    yield new BigUint64Array(bytes.slice(offset, offset + length).buffer);
  }
}

const hexOf = (word: bigint): string => toHex(new Uint8Array(BigUint64Array.of(word).buffer));

/** What is left of a byte string before, between and behind these texts. */
export function without(bytes: Bytes, texts: readonly Bytes[]): readonly Bytes[] {
  let parts: readonly Bytes[] = [bytes];
  for (const text of texts) parts = parts.flatMap((part) => cutOut(part, text));
  return parts;
}

function cutOut(bytes: Bytes, text: Bytes): readonly Bytes[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Bytes[] = [];
  let begin = 0;
  for (let at = haystack.indexOf(text); at >= 0; at = haystack.indexOf(text, begin)) {
    parts.push(bytes.subarray(begin, at));
    begin = at + text.length;
  }
  return [...parts, bytes.subarray(begin)];
}

/** The windows that are in more than one record. */
export function sharedWindows(records: readonly Named[]): readonly Shared[] {
  const bytes = records.flatMap(({ parts }) => parts).reduce((sum, { length }) => sum + length, 0);
  const all = new BigUint64Array(bytes);
  let filled = 0;
  for (const { parts } of records) {
    for (const part of parts) {
      for (const aligned of words(part)) {
        all.set(aligned, filled);
        filled += aligned.length;
      }
    }
  }
  const sorted = all.subarray(0, filled).toSorted();
  const repeated = new Set<bigint>();
  for (let at = 1; at < filled; at++) {
    const word = sorted[at];
    if (word !== undefined && word === sorted[at - 1]) repeated.add(word);
  }
  if (repeated.size === 0) return [];
  const places = new Map<bigint, Set<string>>();
  for (const { name, parts } of records) {
    for (const part of parts) {
      for (const aligned of words(part)) {
        for (const word of aligned) if (repeated.has(word)) places.set(word, (places.get(word) ?? new Set()).add(name));
      }
    }
  }
  return [...places].filter(([, names]) => names.size > 1).map(([word, names]) => ({ window: hexOf(word), names: [...names] }));
}

const filterBits = 28;

/** @returns a search for the windows of other bytes among those of `kept`. */
export function windowFilter(kept: readonly Bytes[]): (bytes: Bytes) => readonly string[] {
  const all = new BigUint64Array(kept.reduce((sum, { length }) => sum + length, 0));
  const filter = new Uint8Array(2 ** (filterBits - 3));
  let filled = 0;
  for (const part of kept) {
    for (const aligned of words(part)) {
      all.set(aligned, filled);
      filled += aligned.length;
      for (const bit of places(aligned)) filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  const sorted = all.subarray(0, filled).toSorted();
  return (bytes) => {
    const found = new Set<string>();
    for (const aligned of words(bytes)) {
      for (const [at, bit] of places(aligned).entries()) {
        const word = ((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0 ? undefined : aligned[at];
        if (word !== undefined && holds(sorted, word)) found.add(hexOf(word));
      }
    }
    return [...found];
  };
}

/** Where in the filter each word is. */
function places(aligned: BigUint64Array): Uint32Array {
  const halves = new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length * 2);
  const found = new Uint32Array(aligned.length);
  for (let at = 0; at < found.length; at++) {
    const mixed = Math.imul(halves[2 * at] ?? 0, 0x9e3779b1) ^ Math.imul(halves[2 * at + 1] ?? 0, 0x85ebca6b);
    found[at] = (mixed ^ (mixed >>> 15)) >>> (32 - filterBits);
  }
  return found;
}

function holds(sorted: BigUint64Array, word: bigint): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0n) < word) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === word;
}
