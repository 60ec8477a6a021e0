/**
 * A relationship as this device holds it: both lineages, the inboxes of our side, the generations. Loaded whole from the
 * store, cached, and changed only inside a unit of work. The circle is loaded by the same code: it has no peer.
 */
import { type Bytes, expectOk, toHex } from "@photon/protocol/codec";
import { reduce } from "@photon/protocol/lineage";
import { idKey, type LeafId, parseStatement, type SideId, type Statement } from "@photon/protocol/statement";
import { decodeFirstSeen, encodeFirstSeen, getState, listState, setState } from "../circle/state.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { loadGenerations } from "./generations.ts";
import { type Lineage, lineageOf, type Relationship } from "./model.ts";
import { circleId, getRecord, inboxSecretSchema, keys, lastPart, peerSchema, recordSchema, setRecord } from "./records.ts";

export async function relationshipIds(work: Work): Promise<readonly string[]> {
  return (await listState(work, "rel/")).filter(({ key }) => key.endsWith("/record")).map(({ key }) => key.split("/")[1] ?? "");
}

/** Throws if there is none by that id: ids come from our own records. */
export async function loadRelationship(work: Work, id: string): Promise<Relationship> {
  const cached = work.relationships.get(id);
  if (cached !== undefined) {
    refresh(work, cached);
    return cached;
  }
  const record = await getRecord(work, keys.record(id), recordSchema);
  if (record === undefined) throw new Error(`no relationship ${id}`);
  const peer = await getRecord(work, keys.peer(id), peerSchema);
  const statements = (await listState(work, `st/${id}/`)).map(({ value }) => expectOk(parseStatement(value, "verified-before")));
  const firstSeen = new Map((await listState(work, `fs/${id}/`)).map(({ key, value }) => [lastPart(key), decodeFirstSeen(value)]));
  const relationship: Relationship = {
    id,
    record,
    mine: makeLineage(work, record.mine, statements, firstSeen),
    peer: peer === undefined ? undefined : makeLineage(work, peer, statements, firstSeen),
    inboxes: new Map(
      (await listState(work, `inbox/${id}/`)).map(({ key, value }) => [lastPart(key), parseRow(inboxSecretSchema, value)]),
    ),
    generations: await loadGenerations(work, id, statements),
  };
  work.relationships.set(id, relationship);
  return relationship;
}

export const loadCircle = (work: Work): Promise<Relationship> => loadRelationship(work, circleId);

function makeLineage(work: Work, side: SideId, all: readonly Statement[], seen: ReadonlyMap<string, number>): Lineage {
  const own = all.filter((statement) => statement.type !== "generation" && idKey(statement.side) === idKey(side));
  const statements = new Map(own.map((statement) => [idKey(statement.id), statement]));
  const firstSeen = new Map([...statements.keys()].map((id) => [id, seen.get(id) ?? work.now()]));
  return { side, statements, firstSeen, state: reduce([...statements.values()], firstSeen, work.now()) };
}

/** Reduces again where time alone may have changed the outcome. */
function refresh(work: Work, relationship: Relationship): void {
  for (const lineage of [relationship.mine, relationship.peer]) {
    if (lineage?.state.nextChange !== undefined && lineage.state.nextChange <= work.now()) reduceAgain(work, lineage);
  }
}

function reduceAgain(work: Work, lineage: Lineage): void {
  lineage.state = reduce([...lineage.statements.values()], lineage.firstSeen, work.now());
}

export async function setPeer(work: Work, relationship: Relationship, side: SideId): Promise<void> {
  await setRecord(work, keys.peer(relationship.id), peerSchema, side);
  relationship.peer ??= makeLineage(work, side, [], new Map());
}

/** Far above what a person's devices come to in a lifetime; a peer that floods us stops here. */
const maxStatementsPerSide = 2000;

/**
 * Adds statements of either side that are not there yet, with the earliest time at which the circle saw them.
 * @returns those that were new.
 */
export async function addStatements(
  work: Work,
  relationship: Relationship,
  statements: readonly Statement[],
): Promise<readonly Statement[]> {
  const added: Statement[] = [];
  // What came together was learned together (spec/03-lineage.md, "Times").
  const now = work.now();
  for (const statement of statements) {
    const lineage = lineageOf(relationship, statement.side);
    const id = idKey(statement.id);
    if (lineage === undefined || statement.type === "generation" || lineage.statements.has(id)) continue;
    if (lineage.statements.size >= maxStatementsPerSide) continue;
    const known = await getState(work, keys.firstSeen(relationship.id, statement.id));
    const seen = known === undefined ? now : decodeFirstSeen(known);
    if (known === undefined) await setState(work, keys.firstSeen(relationship.id, statement.id), encodeFirstSeen(seen));
    await setState(work, keys.statement(relationship.id, statement.id), statement.bytes);
    lineage.statements.set(id, statement);
    lineage.firstSeen.set(id, seen);
    added.push(statement);
  }
  if (added.length > 0) {
    reduceAgain(work, relationship.mine);
    if (relationship.peer !== undefined) reduceAgain(work, relationship.peer);
  }
  return added;
}

export interface OwnLeaf {
  readonly id: LeafId;
  readonly live: boolean;
}

/** This device's leaf in the relationship: the one of our side whose key it holds. */
export async function ownLeaf(work: Work, relationship: Relationship): Promise<OwnLeaf | undefined> {
  let found: OwnLeaf | undefined;
  for (const leaf of relationship.mine.state.leaves.values()) {
    if ((await work.get("secret", `leaf/${toHex(leaf.leaf.id)}`)) === undefined) continue;
    // A device that was retired and added again has two; the live one is it.
    if (leaf.status === "live") return { id: leaf.leaf.id, live: true };
    found = { id: leaf.leaf.id, live: false };
  }
  return found;
}

export const statementBytes = (statements: Iterable<Statement>): readonly Bytes[] => [...statements].map(({ bytes }) => bytes);
