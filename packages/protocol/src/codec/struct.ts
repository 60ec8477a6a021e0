/** Schemas of maps with numbered fields, and rules between their parts. */
import type { Cbor } from "./cbor.ts";
import { decodeError, type DecodeErrorCode } from "./error.ts";
import { certainlyDistinct, wrong } from "./refusal.ts";
import { err, ok } from "./result.ts";
import type { Schema } from "./schema.ts";

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
  const form = known.map(({ name, key, isOptional, schema }) => ({ key, name, optional: isOptional, form: schema.form }));
  return {
    form: { kind: "map", fields: form },
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

/**
 * The schema, and a rule between its parts.
 * @param rule what is wrong with a value, in words, or undefined. @param code with which the decoder refuses it.
 */
export function ruled<T>(
  schema: Schema<T>,
  rule: (value: T) => string | undefined,
  code: DecodeErrorCode = "wrong-shape",
): Schema<T> {
  return {
    form: schema.form,
    toCbor: (value) => {
      const broken = rule(value);
      if (broken !== undefined) throw new Error(broken);
      return schema.toCbor(value);
    },
    fromCbor: (value, path) => {
      const parsed = schema.fromCbor(value, path);
      const broken = parsed.ok ? rule(parsed.value) : undefined;
      return broken === undefined ? parsed : err(decodeError(code, `${path}: ${broken}`));
    },
  };
}
