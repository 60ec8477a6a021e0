import { idKey, type KnownStatement } from "../../statement/index.ts";
import { addBit, addBits, type Bits, emptyBits, hasBit } from "../bits.ts";
import type { Entry, Ledger } from "../ledger.ts";

/**
 * A `retire` voids, transitively, everything that the leaves it names signed and that is not at or before the heads it
 * trusts: what came before, beside and after it alike.
 *
 * It never voids the `found`, itself, or what its own signer's authority rests on: whoever speaks by that authority
 * vouches for it. And a leaf has no dispute with itself: of several retires by which a leaf retires itself, only those
 * learned earlier strike at those learned later.
 */
export function retireIsStrong(retire: Entry, statement: Entry): boolean {
  const { node, trusted } = retire;
  if (node.statement.type !== "retire" || trusted === undefined || statement.leaf === undefined) return false;
  const { index, statement: what } = statement.node;
  if (what.type === "found" || index === node.index || hasBit(trusted, index)) return false;
  const names = (one: KnownStatement<"retire">): boolean => one.body.leaves.some((leaf) => idKey(leaf) === statement.leaf);
  if (!names(node.statement)) return false;
  return retire.leaf !== statement.leaf || what.type !== "retire" || !names(what) || node.index < index;
}

/**
 * What a retire leaves standing: all at or before the heads it trusts, as far as they are in its own past, and all that
 * its authority rests on.
 */
export function trustedBy(ledger: Ledger, retire: KnownStatement<"retire">, past: Bits, rests: Bits): Bits {
  const trusted = emptyBits(ledger.nodes.length);
  addBits(trusted, rests);
  for (const head of retire.body.trusted) {
    const index = ledger.indexOf.get(idKey(head));
    const node = index === undefined ? undefined : ledger.nodes[index];
    if (node === undefined || !hasBit(past, node.index)) continue;
    addBits(trusted, node.past);
    addBit(trusted, node.index);
  }
  return trusted;
}
