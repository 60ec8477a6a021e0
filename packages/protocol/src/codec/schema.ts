/**
 * Schemas: a type, its encoder and its decoder in one value. Decoders are total: they return the typed value or a
 * typed error that names the place, never a partial value. Every variable-length part states its maximum.
 * See spec/01-encoding.md.
 */
import type { Bytes } from "./bytes.ts";
import { encodeCbor } from "./cbor-encode.ts";
import { type Cbor, decodeCbor } from "./cbor.ts";
import type { DecodeError } from "./error.ts";
import type { Result } from "./result.ts";

/** What a schema takes, as data: for the tables of `spec/` and for tests that go through every field. */
export type Form =
  | { readonly kind: "uint"; readonly min: number; readonly max: number }
  | { readonly kind: "boolean" }
  | { readonly kind: "bytes"; readonly min: number; readonly max: number }
  | { readonly kind: "text"; readonly max: number }
  | { readonly kind: "name"; readonly names: Readonly<Record<string, number>> }
  | { readonly kind: "list" | "set"; readonly min: number; readonly max: number; readonly item: Form }
  | { readonly kind: "map"; readonly fields: readonly FormField[] }
  | { readonly kind: "choice"; readonly variants: readonly { readonly tag: number; readonly name: string; readonly form: Form }[] }
  | { readonly kind: "any" };
export interface FormField {
  readonly key: number;
  readonly name: string;
  readonly optional: boolean;
  readonly form: Form;
}

export interface Schema<T> {
  readonly form: Form;
  // Methods, not function properties: a Schema<T> must be usable where a Schema<unknown> is asked for.
  toCbor(value: T): Cbor;
  fromCbor(value: Cbor, path: string): Result<T, DecodeError>;
}

export type SchemaType<S> = S extends Schema<infer T> ? T : never;

/** The canonical bytes of a value; they are what gets signed, hashed and sealed. */
export function encode<T>(schema: Schema<T>, value: T): Bytes {
  return encodeCbor(schema.toCbor(value));
}

/**
 * @param max the longest input accepted, in bytes; every caller states it.
 * @param lendFrom as for `decodeCbor`; nothing is lent unless it is given.
 */
export function decode<T>(schema: Schema<T>, bytes: Uint8Array, max: number, lendFrom?: number): Result<T, DecodeError> {
  const item = decodeCbor(bytes, max, lendFrom);
  return item.ok ? schema.fromCbor(item.value, "$") : item;
}
