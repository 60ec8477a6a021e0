/** The inviter's half of a meeting: who claims to have accepted, and the person's choice (spec/06-meeting.md). */
import { encode, equalBytes, toHex } from "@photon/protocol/codec";
import { encodeBody, type EnvelopeOf } from "@photon/protocol/queue";
import { reduce } from "@photon/protocol/lineage";
import { idKey, parseStatement, type Statement, type StatementId } from "@photon/protocol/statement";
import { getState, listState, setState } from "../circle/state.ts";
import { newContent } from "../conversation/content.ts";
import { type Claim, claimSchema, flagSchema, keys, setRecord } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { addStatements, setPeer } from "../relationship/relationship.ts";
import { parseRow, type Work } from "../storage/core.ts";

const maxClaims = 16;
/** Of all its statements, in bytes: a side with ten devices has about 40 KiB, and the circle must be able to carry it. */
const maxClaim = 48 * 1024;

/**
 * Somebody who holds the invitation says that they accept it. Every claim is kept and shown, also those that come after
 * one was confirmed: an invitation cannot be used twice unseen.
 * @returns whether it was new.
 */
export async function takeClaim(work: Work, relationship: Relationship, claim: EnvelopeOf<"claim">): Promise<boolean> {
  const { record } = relationship;
  if (record.role !== "inviter" || record.invitation === undefined || !equalBytes(claim.invitation, record.invitation))
    return false;
  if (claim.statements.reduce((sum, { length }) => sum + length, 0) > maxClaim) return false;
  if ((await listClaims(work, relationship.id)).length >= maxClaims) return false;
  const statements: Statement[] = [];
  for (const bytes of claim.statements) {
    const parsed = parseStatement(bytes);
    if (parsed.ok) statements.push(parsed.value);
  }
  const found = statements.find(({ type }) => type === "found");
  if (
    found === undefined ||
    statements.some(({ side }) => !equalBytes(side, found.side)) ||
    equalBytes(found.side, relationship.mine.side)
  )
    return false;
  const seen = new Map(statements.map(({ id }) => [idKey(id), work.now()]));
  if (reduce(statements, seen, work.now()).kind !== "active") return false;
  const key = keys.claim(relationship.id, found.side);
  if ((await getState(work, key)) !== undefined) return false;
  await setState(
    work,
    key,
    encode(claimSchema, { side: found.side, statements: statements.map(({ bytes }) => bytes), at: work.now() }),
  );
  return true;
}

export async function listClaims(work: Work, relationship: string): Promise<readonly Claim[]> {
  const claims = (await listState(work, `claim/${relationship}/`)).map(({ value }) => parseRow(claimSchema, value));
  return claims.toSorted((a, b) => a.at - b.at || (toHex(a.side) < toHex(b.side) ? -1 : 1));
}

/** The person has chosen: this claim is the peer. What its devices founded and said can be taken up now. */
export async function confirmClaim(work: Work, relationship: Relationship, claim: Claim): Promise<void> {
  await setPeer(work, relationship, claim.side);
  const statements: Statement[] = [];
  for (const bytes of claim.statements) {
    const parsed = parseStatement(bytes);
    if (parsed.ok) statements.push(parsed.value);
  }
  await addStatements(work, relationship, statements);
  await setRecord(work, keys.confirmed(relationship.id), flagSchema, true);
}

/** Id of the claimant's `found`; its fingerprint is what safety words compare. */
export function claimFound(claim: Claim): StatementId | undefined {
  for (const bytes of claim.statements) {
    const parsed = parseStatement(bytes, "verified-before");
    if (parsed.ok && parsed.value.type === "found") return parsed.value.id;
  }
  return undefined;
}

export async function confirmation(work: Work, relationship: Relationship) {
  const { invitation } = relationship.record;
  if (invitation === undefined) throw new Error("a claim without an invitation");
  return newContent(work, relationship, "confirm", encodeBody("confirm", { invitation }));
}
