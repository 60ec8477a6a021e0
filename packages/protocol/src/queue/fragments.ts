/**
 * Reassembly of fragments as a pure step: the set so far and one fragment give the next set, the whole, or a refusal that
 * leaves the set as it was. See spec/05-queue.md.
 */
import { type Bytes, concat, decodeError, type DecodeError, equalBytes, err, ok, type Result } from "../codec/index.ts";
import { type Fragment, maxEnvelope } from "./envelope.ts";

export interface FragmentSet {
  readonly id: Bytes;
  readonly count: number;
  /** By index; absent where nothing has come yet. */
  readonly parts: ReadonlyMap<number, Bytes>;
}

/**
 * Fragments come in any order and may repeat. A set never holds more than `maxEnvelope` bytes; the caller bounds how many
 * sets it keeps, per sender.
 * @returns the set with the fragment in it, or `complete`: the encoded envelope, to be decoded.
 */
export function addFragment(
  parts: FragmentSet | undefined,
  fragment: Fragment,
): Result<FragmentSet | { readonly complete: Bytes }, DecodeError> {
  const { id, index, count, part } = fragment;
  if (index >= count) return err(decodeError("out-of-range", `part ${index} of ${count}`));
  const before = parts ?? { id, count, parts: new Map<number, Bytes>() };
  if (!equalBytes(before.id, id)) return err(decodeError("wrong-shape", "a part of another envelope"));
  if (before.count !== count) return err(decodeError("wrong-shape", `of ${count} parts, and before of ${before.count}`));
  const held = before.parts.get(index);
  if (held !== undefined && !equalBytes(held, part)) return err(decodeError("wrong-shape", `part ${index} came twice, differing`));
  const all = new Map(before.parts).set(index, part);
  const total = [...all.values()].reduce((sum, { length }) => sum + length, 0);
  if (total > maxEnvelope) return err(decodeError("too-long", `${total} bytes, at most ${maxEnvelope}`));
  if (all.size < count) return ok({ id, count, parts: all });
  const inOrder = [...all.entries()].toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes);
  return ok({ complete: concat(...inOrder) });
}
