/**
 * What the topics share. A vector is one call of a pure function: its type names the function (in the topic's `types`),
 * `input` holds its arguments, and `output` its value, or `error` the code with which it refuses. Bytes are hex.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  type Bytes,
  type Cbor,
  concat,
  decode,
  decodeCbor,
  encode,
  encodeCbor,
  equalBytes,
  expectOk,
  fromHex,
  type Result,
  type Schema,
  toHex,
  utf8,
} from "@photon/protocol/codec";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Fields = { readonly [key: string]: Json };
/** A function under test, from JSON to JSON. */
export type Run = (input: Fields) => Promise<Result<Json, { readonly code: string }>> | Result<Json, { readonly code: string }>;

export interface ValidCase {
  readonly name: string;
  readonly type: string;
  readonly input: Fields;
  readonly output: Json;
}
export interface InvalidCase {
  readonly name: string;
  readonly type: string;
  readonly input: Fields;
  readonly error: string;
}
/** What a file `valid.json` or `invalid.json` holds. */
export interface VectorFile<Case> {
  readonly topic: string;
  readonly about: string;
  readonly cases: readonly Case[];
}
export interface Topic {
  readonly name: string;
  readonly about: string;
  readonly types: Readonly<Record<string, Run>>;
  valid(): Promise<ValidCase[]> | ValidCase[];
  invalid(): Promise<InvalidCase[]> | InvalidCase[];
}

/** Bytes as hex, absent fields left out, everything else as it is. */
export function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, part]) => part !== undefined);
    return Object.fromEntries(entries.map(([name, part]) => [name, toJson(part)]));
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null) return value;
  throw new Error(`no JSON for ${typeof value}`);
}

export function bytesOf(input: Fields, name: string): Bytes {
  const text = input[name];
  const bytes = typeof text === "string" ? fromHex(text) : undefined;
  if (bytes === undefined) throw new Error(`${name} is no hex`);
  return bytes;
}
export function listOf(input: Fields, name: string): readonly Json[] {
  const list = input[name];
  if (!Array.isArray(list)) throw new Error(`${name} is no list`);
  return list as readonly Json[];
}
export function bytesListOf(input: Fields, name: string): Bytes[] {
  return listOf(input, name).map((item) => bytesOf({ item }, "item"));
}
export function numberOf(input: Fields, name: string): number {
  const number = input[name];
  if (typeof number !== "number") throw new Error(`${name} is no number`);
  return number;
}
export function textOf(input: Fields, name: string): string {
  const text = input[name];
  if (typeof text !== "string") throw new Error(`${name} is no text`);
  return text;
}

/** `length` bytes that depend on the name alone: the fixed seed of all vectors. */
export function fixed(name: string, length: number): Bytes {
  let out: Bytes = new Uint8Array();
  for (let i = 0; out.length < length; i++) out = concat(out, sha256(utf8(`photon vectors ${name} ${i}`)));
  return out.slice(0, length);
}

/** Decodes `bytes`; what is accepted must encode to the very same bytes. */
export function decoder<T>(schema: Schema<T>, max: number): Run {
  return (input) => {
    const received = bytesOf(input, "bytes");
    const decoded = decode(schema, received, max);
    if (!decoded.ok) return decoded;
    if (!equalBytes(encode(schema, decoded.value), received)) throw new Error("accepted, but encodes differently");
    return { ok: true, value: toJson(decoded.value) };
  };
}

export const encoded = <T>(type: string, schema: Schema<T>, name: string, value: T): ValidCase => ({
  name,
  type,
  input: { bytes: toHex(encode(schema, value)) },
  output: toJson(value),
});

/** The bytes of an item in which the part at `path` is replaced, or taken out where `part` is undefined. */
export function edited(bytes: Uint8Array, path: readonly number[], part: Cbor | undefined): Bytes {
  return encodeCbor(change(expectOk(decodeCbor(bytes, 1 << 24)), path, part));
}
function change(item: Cbor, path: readonly number[], part: Cbor | undefined): Cbor {
  const [key, ...rest] = path;
  if (key === undefined) throw new Error("an empty path");
  if (Array.isArray(item)) {
    const before = item as readonly Cbor[];
    const current = before[key];
    if (rest.length > 0 && current !== undefined) return before.with(key, change(current, rest, part));
    return part === undefined ? before.toSpliced(key, 1) : before.toSpliced(key, key < before.length ? 1 : 0, part);
  }
  if (!(item instanceof Map)) throw new Error("nothing inside");
  const map = new Map(item as ReadonlyMap<number, Cbor>);
  const current = map.get(key);
  if (rest.length > 0 && current !== undefined) map.set(key, change(current, rest, part));
  else if (part === undefined) map.delete(key);
  else map.set(key, part);
  return map;
}

/** The ways in which any canonical encoding can be spoiled, for the type it belongs to. */
export function spoiled(
  type: string,
  bytes: Uint8Array,
  input: (bytes: Uint8Array) => Fields = (b) => ({ bytes: toHex(b) }),
): InvalidCase[] {
  const [first = 0] = bytes;
  const longHead = concat(Uint8Array.of((first & 0xe0) | 24, first & 31), bytes.subarray(1));
  const indefinite = concat(Uint8Array.of(first | 31), bytes.subarray(1), Uint8Array.of(0xff));
  return [
    { name: `${type}: nothing`, type, input: input(new Uint8Array()), error: "malformed" },
    { name: `${type}: cut short by a byte`, type, input: input(bytes.subarray(0, -1)), error: "malformed" },
    { name: `${type}: a byte after the end`, type, input: input(concat(bytes, Uint8Array.of(0))), error: "malformed" },
    { name: `${type}: its first head in two bytes`, type, input: input(longHead), error: "not-canonical" },
    { name: `${type}: of indefinite length`, type, input: input(indefinite), error: "not-canonical" },
    { name: `${type}: tagged`, type, input: input(concat(Uint8Array.of(0xd2), bytes)), error: "wrong-shape" },
  ];
}
export const wrong = (type: string, name: string, bytes: Uint8Array, error: string): InvalidCase => ({
  name: `${type}: ${name}`,
  type,
  input: { bytes: toHex(bytes) },
  error,
});
