/**
 * On a peer's side: what this person says about a succession, what follows once it counts, and what is shown of it. See
 * spec/12-recovery.md.
 */
import { err, ok, type Result } from "@photon/protocol/codec";
import type { LineageState, Succession as OneSuccession } from "@photon/protocol/lineage";
import { idKey } from "@photon/protocol/statement";
import type { Succession, VerifiedHow } from "../api.ts";
import { loadMessages } from "../conversation/messages.ts";
import { owe } from "../conversation/acks.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { openSuccessions, type Relationship } from "../relationship/model.ts";
import { flagSchema, getRecord, keys, setRecord, verifiedSchema } from "../relationship/records.ts";
import { reduceBoth } from "../relationship/relationship.ts";
import { statementAckId } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { decide } from "./decisions.ts";

/** The one to decide on: the latest that is open. */
export const openSuccession = (state: LineageState): OneSuccession | undefined => openSuccessions(state).at(-1);

/**
 * Accepts or refuses the peer's succession that is open. To accept it is to say that they are who they were; with `how` they
 * count as verified from now on.
 */
export async function decideOn(
  work: Work,
  relationship: Relationship,
  decision: "accept" | "refuse",
  how: VerifiedHow | undefined,
): Promise<Result<void, PhotonError>> {
  const { peer } = relationship;
  const succession = peer === undefined ? undefined : openSuccession(peer.state);
  if (peer === undefined || succession === undefined) return err(photonError("nothing-to-decide"));
  // Of rivals one can be accepted; the others are thereby refused.
  if (decision === "accept")
    for (const other of openSuccessions(peer.state)) await decide(work, relationship, other.statement, "refuse");
  await decide(work, relationship, succession.statement, decision);
  reduceBoth(work, relationship);
  if (decision === "accept" && how !== undefined)
    await setRecord(work, keys.verified(relationship.id), verifiedSchema, { how, at: work.now(), peer: peer.side });
  await settleSuccessions(work, relationship);
  return ok(undefined);
}

/**
 * What follows once a succession of the peer's counts, however it came to: what its leaves wrote before is acknowledged, and so
 * is the statement itself. New keys for our inbox, and sealing anew what was held back, are duties of their own.
 */
export async function settleSuccessions(work: Work, { id, peer }: Relationship): Promise<void> {
  if (peer === undefined) return;
  for (const { statement, status, leaves } of peer.state.successions) {
    if (status !== "counts" || (await getRecord(work, keys.settled(id, statement), flagSchema)) === true) continue;
    const heirs = new Set(leaves.map(idKey));
    for (const message of await loadMessages(work, id))
      if (message.from === "peer" && heirs.has(idKey(message.leaf))) owe(work, id, message.id);
    const known = peer.statements.get(idKey(statement));
    if (known !== undefined) owe(work, id, statementAckId(known));
    await setRecord(work, keys.settled(id, statement), flagSchema, true);
  }
}

/** As a person is shown it: the latest, unless nothing came of it. */
export function shownSuccession(state: LineageState, firstSeen: ReadonlyMap<string, number>): Succession | undefined {
  const last = openSuccession(state) ?? state.successions.findLast(({ status }) => status === "counts") ?? state.successions.at(-1);
  if (last === undefined) return undefined;
  const shown = { pending: "pending", contested: "contested", counts: "counted", void: "refused" } as const;
  return { state: shown[last.status], until: last.until, firstSeen: firstSeen.get(idKey(last.statement)) ?? 0 };
}

/** Since when the side that is there now is a recovered one, if it is; what was verified before does not cover it. */
export const succeededSince = (state: LineageState): number | undefined =>
  state.successions.findLast(({ status }) => status === "counts")?.until;
