/**
 * Schemas: a type, its encoder and its decoder in one value. Decoders are total: they return the typed value or a
 * typed error that names the place, never a partial value. Every variable-length part states its maximum.
 */
import { asBytes, type Bytes, compareBytes, equalBytes } from "./bytes.ts";
import { type Cbor, decodeCbor, encodeCbor } from "./cbor.ts";
import { decodeError, type DecodeError, type DecodeErrorCode } from "./error.ts";
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

/** A schema that gives two things one number is a bug of ours, found when the program starts. */
function certainlyDistinct(what: string, numbers: readonly number[]): void {
  if (new Set(numbers).size !== numbers.length) throw new Error(`two ${what} are equal: ${numbers.join(", ")}`);
}

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

/** Well-formed Unicode text of at most `max` UTF-16 code units. */
export function text(max: number): Schema<string> {
  return {
    toCbor: (value) => {
      if (value.length > max) throw new Error(`${value.length} characters is more than ${max}`);
      if (/\p{Surrogate}/u.test(value)) throw new Error("half of a surrogate pair: it would not come back as it was");
      return value;
    },
    fromCbor: (value, path) => {
      if (typeof value !== "string") return wrong(path, "text");
      return value.length <= max ? ok(value) : range(path, `longer than ${max}`);
    },
  };
}

/**
 * A closed set of names, each with its number on the wire.
 * @param unknown the code for a number that stands for no name here.
 */
export function oneOf<const M extends Readonly<Record<string, number>>>(
  names: M,
  unknown: DecodeErrorCode = "wrong-shape",
): Schema<keyof M & string> {
  const byNumber = new Map<number, keyof M & string>(Object.entries(names).map(([name, number]) => [number, name]));
  certainlyDistinct("numbers", Object.values(names));
  return {
    toCbor: (value) => {
      const number = Object.hasOwn(names, value) ? names[value] : undefined;
      if (number === undefined) throw new Error(`unknown name ${value}`);
      return number;
    },
    fromCbor: (value, path) => {
      if (typeof value !== "number") return wrong(path, `the number of one of ${Object.keys(names).join(", ")}`);
      const name = byNumber.get(value);
      return name === undefined
        ? err(decodeError(unknown, `${path}: ${value} is none of ${Object.keys(names).join(", ")}`))
        : ok(name);
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

/**
 * A list that means a set: its items have one order on the wire, by the bytes of their keys, and no key stands twice.
 * The encoder puts them in that order and keeps one of equal items; the decoder refuses any other order.
 * @param key what tells two items apart; the whole encoded item where it is not given.
 */
export function set<T>(
  item: Schema<T>,
  bounds: { min?: number; max: number },
  key: (value: T) => Uint8Array = (value) => encode(item, value),
): Schema<readonly T[]> {
  const inner = list(item, bounds);
  return {
    toCbor: (values) => {
      const sorted = values.toSorted((a, b) => compareBytes(key(a), key(b)));
      const distinct = sorted.filter((value, index) => {
        const next = sorted[index + 1];
        if (next === undefined || !equalBytes(key(value), key(next))) return true;
        if (equalBytes(encode(item, value), encode(item, next))) return false;
        throw new Error("two different items with one key");
      });
      return inner.toCbor(distinct);
    },
    fromCbor: (value, path) => {
      const parsed = inner.fromCbor(value, path);
      if (!parsed.ok) return parsed;
      let previous: Uint8Array | undefined;
      for (const one of parsed.value) {
        const current = key(one);
        if (previous !== undefined && compareBytes(previous, current) >= 0) {
          return err(decodeError("not-canonical", `${path}: out of order, or twice`));
        }
        previous = current;
      }
      return parsed;
    },
  };
}

/** The schema, and a rule between its parts. @param rule what is wrong with a value, in words, or undefined. */
export function ruled<T>(schema: Schema<T>, rule: (value: T) => string | undefined): Schema<T> {
  return {
    toCbor: (value) => {
      const broken = rule(value);
      if (broken !== undefined) throw new Error(broken);
      return schema.toCbor(value);
    },
    fromCbor: (value, path) => {
      const parsed = schema.fromCbor(value, path);
      const broken = parsed.ok ? rule(parsed.value) : undefined;
      return broken === undefined ? parsed : err(decodeError("wrong-shape", `${path}: ${broken}`));
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
  certainlyDistinct(
    "field numbers",
    known.map((field) => field.key),
  );
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
  certainlyDistinct(
    "tags",
    Object.values(variants).map(([tag]) => tag),
  );
  return {
    toCbor: (item) => {
      const variant = Object.hasOwn(variants, item.kind) ? variants[item.kind] : undefined;
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
