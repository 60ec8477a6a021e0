/** What this person decided about a succession, of a peer's side or of their own: told in the circle, and archived. */
import { oneOf, type SchemaType } from "@photon/protocol/codec";
import { idKey, type StatementId } from "@photon/protocol/statement";
import { listState } from "../circle/state.ts";
import { keys, lastPart, setRecord } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { parseRow, type Work } from "../storage/core.ts";

export const decisionSchema = oneOf({ accept: 0, refuse: 1 });
export type Decision = SchemaType<typeof decisionSchema>;

export async function loadDecisions(work: Work, relationship: string): Promise<Map<string, Decision>> {
  const found = new Map<string, Decision>();
  for (const { key, value } of await listState(work, keys.decided(relationship, "")))
    found.set(lastPart(key).slice("decided-".length), parseRow(decisionSchema, value));
  return found;
}

/** The lineages are reduced again when they are next loaded, or by the caller's `addStatements`. */
export async function decide(work: Work, relationship: Relationship, succession: StatementId, decision: Decision): Promise<void> {
  await setRecord(work, keys.decided(relationship.id, idKey(succession)), decisionSchema, decision);
  relationship.decisions.set(idKey(succession), decision);
}
