/**
 * A relationship as this device holds it: both lineages, the inboxes of our side, the generations. Loaded whole from the
 * store, cached, and changed only inside a unit of work. The circle is loaded by the same code: it has no peer.
 */
import { type Bytes, compareBytes, equalBytes, expectOk, toHex } from "@photon/protocol/codec";
import { type Decisions, type LineageState, liveLeaves, reduce } from "@photon/protocol/lineage";
import {
  idKey,
  type KnownStatement,
  type LeafId,
  parseStatement,
  recoveryCommitment,
  type SideId,
  type Statement,
} from "@photon/protocol/statement";
import { decodeFirstSeen, encodeFirstSeen, getState, listState, setState } from "../circle/state.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { loadDecisions } from "../succession/decisions.ts";
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
    hold(work, cached);
    return cached;
  }
  const record = await getRecord(work, keys.record(id), recordSchema);
  if (record === undefined) throw new Error(`no relationship ${id}`);
  const peer = await getRecord(work, keys.peer(id), peerSchema);
  const statements = (await listState(work, `st/${id}/`)).map(({ value }) => expectOk(parseStatement(value, "verified-before")));
  const firstSeen = new Map((await listState(work, `fs/${id}/`)).map(({ key, value }) => [lastPart(key), decodeFirstSeen(value)]));
  const decisions = await loadDecisions(work, id);
  const self = id === circleId ? await ownLeafIds(work) : undefined;
  const relationship: Relationship = {
    id,
    record,
    mine: makeLineage(work, record.mine, statements, firstSeen, decisions, self),
    peer: peer === undefined ? undefined : makeLineage(work, peer, statements, firstSeen, decisions),
    decisions,
    inboxes: new Map(
      (await listState(work, `inbox/${id}/`)).map(({ key, value }) => [lastPart(key), parseRow(inboxSecretSchema, value)]),
    ),
    generations: await loadGenerations(work, id, statements),
  };
  hold(work, relationship);
  return relationship;
}

/** Held in memory at once: whoever knows a thousand people is not to need memory for a thousand conversations. */
const maxHeld = 64;

/**
 * Holds a relationship, as the one last used, and lets go of the one that was not used for longest. Nobody works on one
 * while going through so many others; the circle, by which all others are brought up to date, stays.
 */
function hold(work: Work, relationship: Relationship): void {
  const held = work.relationships;
  held.delete(relationship.id);
  held.set(relationship.id, relationship);
  if (held.size <= maxHeld) return;
  for (const id of held.keys()) {
    if (id === circleId) continue;
    held.delete(id);
    return;
  }
}

export const loadCircle = (work: Work): Promise<Relationship> => loadRelationship(work, circleId);

/** Every leaf that this device has made (hex), wherever it is used. */
const ownLeafIds = async (work: Work): Promise<ReadonlySet<string>> =>
  new Set((await work.list("secret", "leaf/")).map(({ key }) => lastPart(key)));

function makeLineage(
  work: Work,
  side: SideId,
  all: readonly Statement[],
  seen: ReadonlyMap<string, number>,
  decisions: Decisions,
  self?: ReadonlySet<string>,
): Lineage {
  const own = all.filter((statement) => statement.type !== "generation" && idKey(statement.side) === idKey(side));
  const statements = new Map(own.map((statement) => [idKey(statement.id), statement]));
  const firstSeen = new Map([...statements.keys()].map((id) => [id, seen.get(id) ?? work.now()]));
  const lineage = { side, statements, firstSeen, decisions, ...(self === undefined ? {} : { self }) };
  return { ...lineage, state: stateOf(work, lineage) };
}

/** In the circle, a device that is shut out does without the word of those of whom it has itself said that they are gone. */
function stateOf(work: Work, { statements, firstSeen, decisions, self }: Omit<Lineage, "state">): LineageState {
  const all = [...statements.values()];
  const state = reduce(all, firstSeen, work.now(), decisions);
  if (self === undefined || liveLeaves(state).some(({ leaf }) => self.has(idKey(leaf.id)))) return state;
  const gone = new Set(retiredBy(all, self));
  const ignored = new Set(
    retiresOf(all, self)
      .filter(({ signer }) => gone.has(idKey(signer)))
      .map(({ id }) => idKey(id)),
  );
  if (ignored.size === 0) return state;
  const heard = all.filter(({ id }) => !ignored.has(idKey(id)));
  return reduce(heard, firstSeen, work.now(), decisions);
}

/** The leaves (hex) that one of these has retired, as far as it says. */
export const retiredBy = (statements: readonly Statement[], leaves: ReadonlySet<string>): readonly string[] =>
  statements.flatMap((one) =>
    one.type === "retire" && leaves.has(idKey(one.signer)) ? one.body.leaves.map((id) => idKey(id)) : [],
  );

/** What others said to retire one of these leaves (hex). */
export const retiresOf = (statements: readonly Statement[], leaves: ReadonlySet<string>): readonly KnownStatement<"retire">[] =>
  statements.filter(
    (one): one is KnownStatement<"retire"> =>
      one.type === "retire" && !leaves.has(idKey(one.signer)) && one.body.leaves.some((leaf) => leaves.has(idKey(leaf))),
  );

/** Reduces again where time alone may have changed the outcome. */
function refresh(work: Work, relationship: Relationship): void {
  for (const lineage of [relationship.mine, relationship.peer]) {
    if (lineage?.state.nextChange !== undefined && lineage.state.nextChange <= work.now()) reduceAgain(work, lineage);
  }
}

/** After a decision of this person's. */
export function reduceBoth(work: Work, { mine, peer }: Relationship): void {
  for (const lineage of [mine, peer]) if (lineage !== undefined) reduceAgain(work, lineage);
}

function reduceAgain(work: Work, lineage: Lineage): void {
  lineage.state = stateOf(work, lineage);
}

export async function setPeer(work: Work, relationship: Relationship, side: SideId): Promise<void> {
  await setRecord(work, keys.peer(relationship.id), peerSchema, side);
  relationship.peer ??= makeLineage(work, side, [], new Map(), relationship.decisions);
}

/** Far above what a person's devices come to in a lifetime. */
const maxStatementsPerSide = 2000;
/** Of those beyond, each device that is live by then may still say so many: no thief can fill a side up and so keep it. */
const reserve = 50;
/** Statements that follow what is not here, or that only a newer Photon can judge: so many of a side are kept. */
const maxUnjudged = 128;

/** Whether one more by this signer is taken in. */
function hasRoom(lineage: Lineage, statement: Statement): boolean {
  if (lineage.statements.size < maxStatementsPerSide) return true;
  // Whoever filled the side up is not to keep the person from coming back: only the recovery keys open a commitment.
  if (statement.type === "succeed") return opensCommitment(lineage, statement);
  const signer = idKey(statement.signer);
  const said = [...lineage.statements.values()].slice(maxStatementsPerSide).filter((one) => idKey(one.signer) === signer).length;
  if (said >= reserve) return false;
  if (lineage.state.successions.some(({ leaves }) => leaves.some((leaf) => idKey(leaf) === signer))) return true;
  // By the first so many, in their order, and not by those admitted since.
  const admitted = lineage.state.leaves.get(signer);
  const place = admitted === undefined ? -1 : [...lineage.statements.keys()].indexOf(idKey(admitted.by));
  return place >= 0 && place < maxStatementsPerSide;
}

function opensCommitment({ statements }: Lineage, { body }: KnownStatement<"succeed">): boolean {
  const hash = recoveryCommitment(body.publicKey, body.salt);
  return [...statements.values()].some(
    (one) =>
      (one.type === "found" || one.type === "plan" || one.type === "succeed") &&
      one.body.plan.commitments.some((commitment) => equalBytes(commitment.hash, hash)),
  );
}

/** Those that nobody needs: signed by a key that never had a part in the side, or too many that cannot be judged. */
function unwanted(lineage: Lineage, added: readonly Statement[]): readonly Statement[] {
  let unjudged = 0;
  const isUnjudged = (kind: string | undefined): boolean => kind === "waiting" || kind === "held";
  for (const { kind } of lineage.state.standing.values()) if (isUnjudged(kind)) unjudged += 1;
  return added.toReversed().filter((statement) => {
    const standing = lineage.state.standing.get(idKey(statement.id));
    if (standing?.kind === "void") return standing.rule === "signerWasAlive" && standing.because === undefined;
    if (!isUnjudged(standing?.kind) || unjudged <= maxUnjudged) return false;
    unjudged -= 1;
    return true;
  });
}

/**
 * Adds statements of either side that are not there yet, with the earliest time at which the circle saw them. Statements
 * by strangers, and more than anybody needs, are left out.
 * @returns those that were new.
 */
export async function addStatements(
  work: Work,
  relationship: Relationship,
  statements: readonly Statement[],
): Promise<readonly Statement[]> {
  const added = new Map<string, Statement>();
  // What came together was learned together (spec/03-lineage.md, "Times").
  const now = work.now();
  for (const statement of statements) {
    const lineage = lineageOf(relationship, statement.side);
    const id = idKey(statement.id);
    if (lineage === undefined || statement.type === "generation" || lineage.statements.has(id)) continue;
    if (!hasRoom(lineage, statement)) continue;
    const known = await getState(work, keys.firstSeen(relationship.id, statement.id));
    lineage.statements.set(id, statement);
    lineage.firstSeen.set(id, known === undefined ? now : decodeFirstSeen(known));
    added.set(id, statement);
  }
  if (added.size === 0) return [];
  for (const lineage of [relationship.mine, relationship.peer]) {
    if (lineage === undefined) continue;
    const own = [...added.values()].filter((statement) => lineageOf(relationship, statement.side) === lineage);
    if (own.length === 0) continue;
    reduceAgain(work, lineage);
    for (
      let left = unwanted(lineage, own);
      left.length > 0;
      left = unwanted(
        lineage,
        own.filter(({ id }) => added.has(idKey(id))),
      )
    ) {
      for (const { id } of left) {
        lineage.statements.delete(idKey(id));
        lineage.firstSeen.delete(idKey(id));
        added.delete(idKey(id));
      }
      reduceAgain(work, lineage);
    }
  }
  for (const [id, statement] of added) {
    const seen = lineageOf(relationship, statement.side)?.firstSeen.get(id) ?? now;
    const key = keys.firstSeen(relationship.id, statement.id);
    if ((await getState(work, key)) === undefined) await setState(work, key, encodeFirstSeen(seen));
    await setState(work, keys.statement(relationship.id, statement.id), statement.bytes);
  }
  return [...added.values()];
}

export interface OwnLeaf {
  readonly id: LeafId;
  readonly live: boolean;
}

/**
 * Which leaves of our side are this device's. A leaf's key is made before the leaf is named anywhere, so that the answer
 * stays the same as long as the relationship is held.
 */
const ours = new WeakMap<Relationship, Map<LeafId, boolean>>();

async function isOurs(work: Work, relationship: Relationship, leaf: LeafId): Promise<boolean> {
  const known = ours.get(relationship) ?? new Map<LeafId, boolean>();
  ours.set(relationship, known);
  const answer = known.get(leaf) ?? (await work.get("secret", `leaf/${toHex(leaf)}`)) !== undefined;
  known.set(leaf, answer);
  return answer;
}

/**
 * All leaves of our side whose keys this device holds, the one it speaks with first: live before not, then the smallest
 * id. A device that was retired and added again has two, and so has one, for a while, that two siblings admitted at once.
 */
export async function ownLeaves(work: Work, relationship: Relationship): Promise<readonly OwnLeaf[]> {
  const found: OwnLeaf[] = [];
  for (const { leaf, status } of relationship.mine.state.leaves.values())
    if (await isOurs(work, relationship, leaf.id)) found.push({ id: leaf.id, live: status === "live" });
  return found.length < 2 ? found : found.toSorted((a, b) => Number(b.live) - Number(a.live) || compareBytes(a.id, b.id));
}

/** This device's leaf in the relationship: the one of our side that it speaks with. */
export async function ownLeaf(work: Work, relationship: Relationship): Promise<OwnLeaf | undefined> {
  return (await ownLeaves(work, relationship))[0];
}

/** Whether we can say something there: it is not closed, and this device's leaf in it is live. */
export async function hasVoice(work: Work, relationship: Relationship): Promise<boolean> {
  return relationship.mine.state.kind !== "closed" && (await ownLeaf(work, relationship))?.live === true;
}

/** The leaf by which this device is among the given members: a generation may have been founded with another one of its two. */
export async function ownLeafAmong(
  work: Work,
  relationship: Relationship,
  members: readonly LeafId[],
): Promise<OwnLeaf | undefined> {
  const ids = new Set(members.map(idKey));
  return (await ownLeaves(work, relationship)).find(({ id }) => ids.has(idKey(id)));
}

export const statementBytes = (statements: Iterable<Statement>): readonly Bytes[] => [...statements].map(({ bytes }) => bytes);
