/** Schemas of one thing out of several. */
import type { Cbor } from "./cbor.ts";
import { certainlyDistinct, wrong } from "./refusal.ts";
import { ok } from "./result.ts";
import type { Schema } from "./schema.ts";

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
    form: {
      kind: "choice",
      variants: Object.entries(variants).map(([name, [tag, schema]]) => ({ tag, name, form: schema.form })),
    },
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
