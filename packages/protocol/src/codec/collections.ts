/** Schemas of lists, and of lists that mean sets. */
import { compareBytes, equalBytes } from "./bytes.ts";
import type { Cbor } from "./cbor.ts";
import { decodeError } from "./error.ts";
import { range, wrong } from "./refusal.ts";
import { err, ok } from "./result.ts";
import { encode, type Schema } from "./schema.ts";

export function list<T>(item: Schema<T>, bounds: { min?: number; max: number }): Schema<readonly T[]> {
  const { min = 0, max } = bounds;
  return {
    form: { kind: "list", min, max, item: item.form },
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
    form: { kind: "set", min: bounds.min ?? 0, max: bounds.max, item: item.form },
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
