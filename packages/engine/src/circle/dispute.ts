/**
 * Two devices of one person that each say the other is gone, because one of them is in other hands. In a relationship both
 * are frozen, until a higher authority or the peer's person decides (spec/03-lineage.md). In the circle nobody decides:
 * each goes on without the other, and tells every relationship (spec/10-circle.md, "Disputes").
 */
import { reduce } from "@photon/protocol/lineage";
import { idKey, type KnownStatement, type LeafId, signStatement } from "@photon/protocol/statement";
import { leafKeys, signerOf } from "../relationship/leaves.ts";
import type { Relationship } from "../relationship/model.ts";
import { addStatements, ownLeaf, retiredBy, retiresOf } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import type { RetireReason } from "./retirement.ts";

/**
 * Retires leaves by which ours was retired: signed beside their word, by what was known before it. The caller announces it.
 * @returns undefined if our leaf was not retired by one of them, or if this was said before.
 */
export async function objectTo(
  work: Work,
  relationship: Relationship,
  leaves: readonly LeafId[],
  reason: RetireReason,
): Promise<KnownStatement<"retire"> | undefined> {
  const own = await ownLeaf(work, relationship);
  const keys = own === undefined ? undefined : await leafKeys(work, own.id);
  if (own === undefined || own.live || keys === undefined) return undefined;
  const { side, statements, firstSeen } = relationship.mine;
  const all = [...statements.values()];
  const self = new Set([idKey(own.id)]);
  const against = retiresOf(all, self);
  const rivals = new Set(against.map(({ signer }) => idKey(signer)));
  const said = new Set(retiredBy(all, self));
  const wanted = leaves.filter((leaf) => rivals.has(idKey(leaf)) && !said.has(idKey(leaf)));
  if (wanted.length === 0) return undefined;
  const before = reduce(
    all.filter((statement) => !against.some(({ id }) => idKey(id) === idKey(statement.id))),
    firstSeen,
    work.now(),
  );
  if (before.leaves.get(idKey(own.id))?.status !== "live") return undefined;
  const body = { leaves: wanted, reason, trusted: before.heads };
  const statement = await signStatement({ type: "retire", side, heads: before.heads, claimedAt: work.now(), body }, signerOf(keys));
  await addStatements(work, relationship, [statement]);
  return statement;
}
