/**
 * The invitee's claim: deposited with the inviter, and again every 20 days until they confirm, since a relay keeps entries
 * for 30. A rule of its own because nothing else may be said before that.
 */
import { encode, uint } from "@photon/protocol/codec";
import { found } from "../conversation/founding.ts";
import { deposit } from "../delivery/outbox.ts";
import { recentGenerations } from "../relationship/generations.ts";
import type { Relationship } from "../relationship/model.ts";
import { loadRelationship, statementBytes } from "../relationship/relationship.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { stateOf } from "./contacts.ts";
import { ownStatements } from "./invite.ts";

const claimAgainAfter = 20 * 24 * 3600 * 1000;
const rowKey = (relationship: string): string => `claim/${relationship}`;

export async function depositClaim(work: Work, relationship: Relationship): Promise<void> {
  const { invitation } = relationship.record;
  if (invitation === undefined) throw new Error("a claim without an invitation");
  await deposit(work, relationship.id, "peer", {
    kind: "claim",
    value: { invitation, statements: statementBytes(ownStatements(relationship)) },
  });
}

export const noteClaim = (work: Work, relationship: string): void =>
  work.put("duty", rowKey(relationship), encode(uint(), work.now()));

/** Claims again where the inviter has not answered for long. */
export async function claimAgain(work: Work): Promise<void> {
  for (const { key, value } of await work.list("duty", "claim/")) {
    const id = key.slice("claim/".length);
    const relationship = await loadRelationship(work, id);
    if ((await stateOf(work, relationship)) !== "waiting") {
      work.delete("duty", key);
      continue;
    }
    if (work.now() - parseRow(uint(), value) < claimAgainAfter) continue;
    await depositClaim(work, relationship);
    await deposit(work, id, "peer", { kind: "lineage", value: { statements: statementBytes(recentGenerations(relationship)) } });
    await found(work, relationship);
    noteClaim(work, id);
  }
  await work.commit();
}
