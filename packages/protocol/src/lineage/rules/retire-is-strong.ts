import { idKey, type KnownStatement } from "../../statement/index.ts";
import { addBit, addBits, type Bits, emptyBits, hasBit } from "../bits.ts";
import type { Entry, Ledger } from "../ledger.ts";

/**
 * A `retire` voids, transitively, everything that the leaves it names signed and that is not at or before the heads it
 * trusts: what came before, beside and after it alike.
 *
 * It never voids the `found`, itself, or what its own signer's authority rests on: whoever speaks by that authority
 * vouches for it.
 */
export function retireIsStrong(retire: Entry, statement: Entry): boolean {
  const { node, trusted } = retire;
  if (node.statement.type !== "retire" || trusted === undefined || statement.leaf === undefined) return false;
  const { index, statement: what } = statement.node;
  if (what.type === "found" || index === node.index || hasBit(trusted, index)) return false;
  return node.statement.body.leaves.some((leaf) => idKey(leaf) === statement.leaf);
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
