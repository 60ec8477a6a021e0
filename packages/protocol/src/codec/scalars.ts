/** Schemas of single items: numbers, truth values, bytes, text, and names that stand for numbers. */
import type { Bytes } from "./bytes.ts";
import { decodeError, type DecodeErrorCode } from "./error.ts";
import { certainlyDistinct, range, wrong } from "./refusal.ts";
import { err, ok } from "./result.ts";
import type { Schema } from "./schema.ts";

/** Unsigned integer, min ≤ n ≤ max (default the largest safe integer). */
export function uint(bounds: { min?: number; max?: number } = {}): Schema<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = bounds;
  return {
    form: { kind: "uint", min, max },
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
  form: { kind: "boolean" },
  toCbor: (value) => value,
  fromCbor: (value, path) => (typeof value === "boolean" ? ok(value) : wrong(path, "true or false")),
};

/** A byte string of exactly `length`, or between `min` (default 0) and `max`. */
export function bytes(size: number | { min?: number; max: number }): Schema<Bytes> {
  const min = typeof size === "number" ? size : (size.min ?? 0);
  const max = typeof size === "number" ? size : size.max;
  return {
    form: { kind: "bytes", min, max },
    toCbor: (value) => {
      if (value.length < min || value.length > max) throw new Error(`${value.length} bytes is not in ${min}..${max}`);
      return value;
    },
    fromCbor: (value, path) => {
      if (!(value instanceof Uint8Array)) return wrong(path, "bytes");
      // What was decoded is its own, or lent on purpose: no copy here, nor a look at its buffer, which would have to be made first.
      return value.length >= min && value.length <= max ? ok(value as Bytes) : range(path, `length not in ${min}..${max}`);
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
    form: { kind: "text", max },
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
    form: { kind: "name", names },
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
