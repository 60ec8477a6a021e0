import { equalBytes } from "../../codec/index.ts";
import type { Custody, KnownStatement, Statement } from "../../statement/index.ts";

/** A custody names a host exactly when its class is `host`; a `found` that does not is no foundation. */
export const namesItsHost = (custody: Custody): boolean => (custody.class === "host") === (custody.host !== undefined);

/**
 * A side begins with one `found`, signed by its own leaf and following nothing: the one first seen, and of several seen at
 * once the one with the smallest id.
 *
 * @param statements by `idKey` of their ids.
 */
export function oneFoundation(
  statements: ReadonlyMap<string, Statement>,
  seenAt: (key: string) => number,
): KnownStatement<"found"> | undefined {
  let best: { readonly found: KnownStatement<"found">; readonly seen: number; readonly key: string } | undefined;
  for (const [key, found] of statements) {
    if (found.type !== "found" || found.heads.length > 0) continue;
    if (!equalBytes(found.signer, found.body.leaf.id) || !namesItsHost(found.body.custody)) continue;
    const seen = seenAt(key);
    if (best === undefined || seen < best.seen || (seen === best.seen && key < best.key)) best = { found, seen, key };
  }
  return best?.found;
}
