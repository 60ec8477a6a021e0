/**
 * While a side may change hands, both hands hear what is said of it: the old devices of the succession, so that they can object,
 * and the new device of the objection, so that it can ask its trustees for the second key. Whoever suppresses one way has not
 * suppressed the others (spec/12-recovery.md).
 */
import { equalBytes } from "@photon/protocol/codec";
import { ancestors, statementsSince, type Succession, topologicalOrder } from "@photon/protocol/lineage";
import { idKey, type KnownStatement, type Statement } from "@photon/protocol/statement";
import { deposit, type DepositOptions } from "../delivery/outbox.ts";
import { loadRecovery } from "../recovery/records.ts";
import { type Lineage, openSuccessions, presumed, type Relationship } from "../relationship/model.ts";
import { inEnvelopes } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";

export const objectionKey = (relationship: string): string => `objection/${relationship}`;

/** @param added statements that were new, of either side. */
export async function tellBothHands(work: Work, relationship: Relationship, added: readonly Statement[]): Promise<void> {
  const { id, mine, peer } = relationship;
  const about = added.filter(({ type }) => type === "succeed" || type === "contest");
  if (about.length === 0) return;
  const isNew = ({ id: one }: Pick<Statement, "id">): boolean => about.some((other) => equalBytes(other.id, one));
  // A peer who tells us that somebody objects to our own succession: `heedPeers` looks at it.
  if (about.some(({ side, type }) => type === "contest" && idKey(side) === idKey(mine.side)) && (await loadRecovery(work)))
    work.put("duty", objectionKey(id), new Uint8Array(0));
  if (peer === undefined) return;
  for (const succession of openSuccessions(peer.state)) {
    const made = peer.statements.get(idKey(succession.statement));
    if (made !== undefined && isNew(made)) await tell(work, id, [made]);
    const heir = presumed(peer, work.now()).find((one) => one.succession === succession)?.state.inbox;
    const objection = objectionTo(peer, succession);
    if (made === undefined || heir === undefined || objection === undefined || !(isNew(made) || isNew(objection))) continue;
    // To the new device's own inbox, as whoever has an old device can close the old one; with what it builds on, as that device
    // heeds nobody of whom it cannot tell that they had a part in its side.
    const all = [...peer.statements.values()];
    const past = ancestors(topologicalOrder(all), [objection.id]);
    const missing = statementsSince(
      all.filter((one) => past.has(idKey(one.id))),
      made.heads,
    );
    await tell(work, id, missing, { under: { sendId: heir.sendId, rotation: heir.rotation } });
  }
}

async function tell(work: Work, id: string, statements: readonly Statement[], options?: DepositOptions): Promise<void> {
  for (const some of inEnvelopes(statements)) await deposit(work, id, "peer", some, options);
}

/** The contest by which a succession is contested, where it is by one. */
export function objectionTo({ statements }: Lineage, { contest }: Succession): KnownStatement<"contest"> | undefined {
  const statement = contest === undefined ? undefined : statements.get(idKey(contest));
  return statement?.type === "contest" ? statement : undefined;
}
