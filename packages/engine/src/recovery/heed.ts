/**
 * A recovery that was announced is not over before the peers have taken it: until then a device in other hands can object, to one
 * of them alone. What any of them says of that goes onto the plan queue, in the new device's own name, so that the trustees are
 * asked for the second key. And what a peer acknowledges is what counts there, whichever of two successions that is.
 */
import { equalBytes, toHex } from "@photon/protocol/codec";
import type { Succession } from "@photon/protocol/lineage";
import type { KnownStatement, Statement } from "@photon/protocol/statement";
import { deviceAuthor, ownBoards, postEntry, sightings } from "../plan/board.ts";
import type { DealtPlan } from "../plan/records.ts";
import { lastPart } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { loadRelationship, reduceBoth } from "../relationship/relationship.ts";
import { unackedStatements, statementAckId } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { decide } from "../succession/decisions.ts";
import { requestOf } from "../succession/requests.ts";
import { objectionKey } from "../succession/telling.ts";
import type { RecoveryRow } from "./records.ts";

/** Successions of our side that this recovery has made. */
export const ownSuccessions = ({ mine }: Relationship, row: RecoveryRow, plan: DealtPlan): readonly Succession[] =>
  mine.state.successions.filter((one) => requestOf([plan], mine.side, one, [row.digest]) !== undefined);

/** Whether the peer has taken one of them: it acknowledges a succession once that counts. In the circle nobody has to. */
export async function isTaken(work: Work, relationship: Relationship, row: RecoveryRow, plan: DealtPlan): Promise<boolean> {
  const own = ownSuccessions(relationship, row, plan);
  if (own.length === 0 || relationship.peer === undefined) return own.length > 0;
  const waiting = new Set((await unackedStatements(work, relationship.id)).map(({ key }) => lastPart(key)));
  const { statements } = relationship.mine;
  return own.some(({ statement }) => {
    const made = statements.get(toHex(statement));
    return made !== undefined && !waiting.has(toHex(statementAckId(made)));
  });
}

/** In the caller's unit. @returns whether an objection that matters was heard since this was last asked. */
export async function heedPeers(work: Work, row: RecoveryRow, plan: DealtPlan): Promise<boolean> {
  let heard: KnownStatement<"contest"> | undefined;
  for (const { key } of await work.list("duty", objectionKey(""))) {
    const relationship = await loadRelationship(work, lastPart(key));
    const objections = (await isTaken(work, relationship, row, plan)) ? [] : objectionsIn(relationship, row, plan);
    const standingOf = ({ id }: Statement) => relationship.mine.state.standing.get(toHex(id))?.kind;
    const isJudged = (one: Statement): boolean => standingOf(one) !== "waiting" && standingOf(one) !== "held";
    heard ??= objections.find(isJudged);
    // What follows statements that are not here yet may be anybody's: a stranger's, whom the peer's own reckoning leaves out.
    if (objections.every(isJudged)) work.delete("duty", key);
  }
  if (heard === undefined) return false;
  const seen = await sightings(work, ownBoards(plan));
  const isThere = seen.some(({ entry: { body } }) => body.kind === "contest" && equalBytes(body.value.request, row.digest));
  const value = { request: row.digest, reason: heard.body.reason };
  if (!isThere) await postEntry(work, ownBoards(plan), deviceAuthor(plan), { kind: "contest", value });
  return true;
}

function objectionsIn(relationship: Relationship, row: RecoveryRow, plan: DealtPlan): readonly KnownStatement<"contest">[] {
  const own = ownSuccessions(relationship, row, plan);
  const objects = (one: Statement): one is KnownStatement<"contest"> =>
    one.type === "contest" &&
    own.some(
      ({ statement, request }) =>
        equalBytes(one.body.request, request) || equalBytes(one.body.succession ?? new Uint8Array(0), statement),
    );
  return [...relationship.mine.statements.values()].filter(objects);
}

/**
 * The peer has acknowledged these (first halves of ids, hex). Where a succession of ours is among them that we do not go by, since a
 * later one was to answer a contest, we go by it from now on.
 */
export async function followPeer(work: Work, relationship: Relationship, acked: ReadonlySet<string>): Promise<void> {
  const { mine, decisions } = relationship;
  const ofId = (id: Uint8Array): Statement | undefined => mine.statements.get(toHex(id));
  for (const taken of mine.state.successions) {
    const made = ofId(taken.statement);
    if (made === undefined || !acked.has(toHex(statementAckId(made)))) continue;
    const others = mine.state.successions.filter(
      (one) => equalBytes(one.request, taken.request) && !equalBytes(one.statement, taken.statement),
    );
    for (const other of others) {
      const statement = ofId(other.statement);
      if (statement !== undefined) work.delete("outbox", `s/${relationship.id}/${toHex(statementAckId(statement))}`);
    }
    if (decisions.get(toHex(taken.statement)) !== "refuse") continue;
    for (const other of others) await decide(work, relationship, other.statement, "refuse");
    await decide(work, relationship, taken.statement, "accept");
    reduceBoth(work, relationship);
  }
}
