/**
 * Schemas: a type, its encoder and its decoder in one value. Decoders are total: they return the typed value or a
 * typed error that names the place, never a partial value. Every variable-length part states its maximum.
 */
import { asBytes, type Bytes } from "./bytes.ts";
import { type Cbor, decodeCbor, encodeCbor } from "./cbor.ts";
import { decodeError, type DecodeError } from "./error.ts";
import { err, ok, type Result } from "./result.ts";

export interface Schema<T> {
  // Methods, not function properties: a Schema<T> must be usable where a Schema<unknown> is asked for.
  toCbor(value: T): Cbor;
  fromCbor(value: Cbor, path: string): Result<T, DecodeError>;
}

export type SchemaType<S> = S extends Schema<infer T> ? T : never;

/** The canonical bytes of a value; they are what gets signed, hashed and sealed. */
export function encode<T>(schema: Schema<T>, value: T): Bytes {
  return encodeCbor(schema.toCbor(value));
}

/** @param max the longest input accepted, in bytes; every caller states it. */
export function decode<T>(schema: Schema<T>, bytes: Uint8Array, max: number): Result<T, DecodeError> {
  const item = decodeCbor(bytes, max);
  return item.ok ? schema.fromCbor(item.value, "$") : item;
}

const wrong = (path: string, wanted: string): { ok: false; error: DecodeError } =>
  err(decodeError("wrong-shape", `${path}: expected ${wanted}`));
const range = (path: string, wanted: string): { ok: false; error: DecodeError } =>
  err(decodeError("out-of-range", `${path}: ${wanted}`));

/** Unsigned integer, min ≤ n ≤ max (default the largest safe integer). */
export function uint(bounds: { min?: number; max?: number } = {}): Schema<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds;
  return {
    toCbor: (value) => {
      if (!Number.isSafeInteger(value) || value < min || value > max) throw new Error(`${value} is not in ${min}..${max}`);
      return value;
    },
    fromCbor: (value, path) => {
      if (typeof value !== "number") return wrong(path, "an unsigned integer");
      return Number.isSafeInteger(value) && value >= min && value <= max ? ok(value) : range(path, `not in ${min}..${max}`);
    },
  };
}

export const boolean: Schema<boolean> = {
  toCbor: (value) => value,
  fromCbor: (value, path) => (typeof value === "boolean" ? ok(value) : wrong(path, "true or false")),
};

/** A byte string of exactly `length`, or between `min` (default 0) and `max`. */
export function bytes(size: number | { min?: number; max: number }): Schema<Bytes> {
  const min = typeof size === "number" ? size : (size.min ?? 0);
  const max = typeof size === "number" ? size : size.max;
  return {
    toCbor: (value) => {
      if (value.length < min || value.length > max) throw new Error(`${value.length} bytes is not in ${min}..${max}`);
      return value;
    },
    fromCbor: (value, path) => {
      if (!(value instanceof Uint8Array)) return wrong(path, "bytes");
      return value.length >= min && value.length <= max ? ok(asBytes(value)) : range(path, `length not in ${min}..${max}`);
    },
  };
}

/** Bytes that carry a brand: ids and keys that only a parser makes. */
export function branded<B extends Bytes>(length: number): Schema<B> {
  return bytes(length) as unknown as Schema<B>;
}

/** Well-formed Unicode text of at most `max` UTF-16 units. */
export function text(max: number): Schema<string> {
  return {
    toCbor: (value) => {
      if (value.length > max) throw new Error(`${value.length} characters is more than ${max}`);
      return value;
    },
    fromCbor: (value, path) => {
      if (typeof value !== "string") return wrong(path, "text");
      return value.length <= max ? ok(value) : range(path, `longer than ${max}`);
    },
  };
}

/** A closed set of names, each with its number on the wire. */
export function oneOf<const M extends Readonly<Record<string, number>>>(names: M): Schema<keyof M & string> {
  const byNumber = new Map<number, keyof M & string>(Object.entries(names).map(([name, number]) => [number, name]));
  return {
    toCbor: (value) => {
      const number = names[value];
      if (number === undefined) throw new Error(`unknown name ${value}`);
      return number;
    },
    fromCbor: (value, path) => {
      const name = typeof value === "number" ? byNumber.get(value) : undefined;
      return name === undefined ? wrong(path, `one of ${Object.keys(names).join(", ")}`) : ok(name);
    },
  };
}

export function list<T>(item: Schema<T>, bounds: { min?: number; max: number }): Schema<readonly T[]> {
  const { min = 0, max } = bounds;
  return {
    toCbor: (values) => {
      if (values.length < min || values.length > max) throw new Error(`${values.length} items is not in ${min}..${max}`);
      return values.map((value) => item.toCbor(value));
    },
    fromCbor: (value, path) => {
      if (!Array.isArray(value)) return wrong(path, "a list");
      if (value.length < min || value.length > max) return range(path, `${value.length} items is not in ${min}..${max}`);
      const out: T[] = [];
      for (const [index, element] of (value as readonly Cbor[]).entries()) {
        const parsed = item.fromCbor(element, `${path}[${index}]`);
        if (!parsed.ok) return parsed;
        out.push(parsed.value);
      }
      return ok(out);
    },
  };
}

interface OptionalSchema<T> {
  readonly optional: Schema<T>;
}
/** A field that may be absent; absent and present-but-empty are different values. */
export const optional = <T>(schema: Schema<T>): OptionalSchema<T> => ({ optional: schema });

type Field = Schema<unknown> | OptionalSchema<unknown>;
type FieldType<F> = F extends OptionalSchema<infer T> ? T : F extends Schema<infer T> ? T : never;
type Fields = Readonly<Record<string, readonly [key: number, field: Field]>>;
type StructType<F extends Fields> = {
  readonly [K in keyof F as F[K][1] extends OptionalSchema<unknown> ? never : K]: FieldType<F[K][1]>;
} & {
  readonly [K in keyof F as F[K][1] extends OptionalSchema<unknown> ? K : never]?: FieldType<F[K][1]> | undefined;
};

/**
 * A map with small unsigned keys; `fields` gives each name its number. Unknown keys are refused: a new field is a
 * new version of the type that holds it.
 */
export function struct<const F extends Fields>(fields: F): Schema<StructType<F>> {
  const known = Object.entries(fields).map(([name, [key, field]]) => {
    const isOptional = "optional" in field;
    return { name, key, isOptional, schema: isOptional ? field.optional : field };
  });
  const keys = new Set(known.map((field) => field.key));
  return {
    toCbor: (value) => {
      const map = new Map<number, Cbor>();
      const source = value as Readonly<Record<string, unknown>>;
      for (const { name, key, isOptional, schema } of known) {
        const part = source[name];
        if (part === undefined) {
          if (!isOptional) throw new Error(`missing field ${name}`);
          continue;
        }
        map.set(key, schema.toCbor(part));
      }
      return map;
    },
    fromCbor: (value, path) => {
      if (!(value instanceof Map)) return wrong(path, "a map");
      const map = value as ReadonlyMap<number, Cbor>;
      const out: Record<string, unknown> = {};
      for (const key of map.keys()) if (!keys.has(key)) return wrong(path, `no field ${String(key)}`);
      for (const { name, key, isOptional, schema } of known) {
        const part = map.get(key);
        if (part === undefined) {
          if (!isOptional) return wrong(`${path}.${name}`, "a value");
          continue;
        }
        const parsed = schema.fromCbor(part, `${path}.${name}`);
        if (!parsed.ok) return parsed;
        out[name] = parsed.value;
      }
      return ok(out as StructType<F>);
    },
  };
}

type Variants = Readonly<Record<string, readonly [tag: number, schema: Schema<unknown>]>>;
export type UnionType<V extends Variants> = {
  [K in keyof V & string]: { readonly kind: K; readonly value: V[K][1] extends Schema<infer T> ? T : never };
}[keyof V & string];

/** `[tag, value]`, told apart by `kind` in TypeScript. */
export function union<const V extends Variants>(variants: V): Schema<UnionType<V>> {
  const byTag = new Map(Object.entries(variants).map(([kind, [tag, schema]]) => [tag, { kind, schema }]));
  return {
    toCbor: (item) => {
      const variant = variants[item.kind];
      if (variant === undefined) throw new Error(`unknown kind ${item.kind}`);
      return [variant[0], variant[1].toCbor(item.value)];
    },
    fromCbor: (value, path) => {
      if (!Array.isArray(value) || value.length !== 2) return wrong(path, "[tag, value]");
      const [tag, inner] = value as readonly Cbor[];
      const variant = typeof tag === "number" ? byTag.get(tag) : undefined;
      if (variant === undefined || inner === undefined) return wrong(path, `a tag among ${[...byTag.keys()].join(", ")}`);
      const parsed = variant.schema.fromCbor(inner, `${path}.${variant.kind}`);
      return parsed.ok ? ok({ kind: variant.kind, value: parsed.value } as UnionType<V>) : parsed;
    },
  };
}
