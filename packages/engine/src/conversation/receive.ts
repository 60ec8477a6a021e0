/**
 * What an envelope does to a relationship. Total: whatever a peer, a thief with old keys or a server puts in a queue is
 * taken, kept for later, or left aside; it never throws and never stops what comes behind it.
 */
import { type Bytes, type DecodeError, equalBytes, type Result, struct, uint } from "@photon/protocol/codec";
import { statementsSince } from "@photon/protocol/lineage";
import {
  type Content,
  decodeBody,
  decodeContent,
  decodeEnvelope,
  encodeEnvelope,
  type Envelope,
  type EnvelopeOf,
  isKnownKind,
} from "@photon/protocol/queue";
import { isTalk } from "@photon/protocol/recovery";
import { idKey, type KnownStatement, type LeafId, parseStatement, type Statement } from "@photon/protocol/statement";
import { verifySuccession } from "@photon/protocol/trustees";
import { mergeState } from "../circle/merge.ts";
import { deposit, hasten } from "../delivery/outbox.ts";
import { type BundleContent, openBundle } from "../delivery/bundle.ts";
import { keepInbox } from "../delivery/inboxes.ts";
import { takeClaim } from "../meeting/claims.ts";
import {
  advance,
  eraseOld,
  type GenerationEntry,
  heardMore,
  keepGeneration,
  mayLearn,
  ratchets,
  recentGenerations,
  setStatus,
} from "../relationship/generations.ts";
import { dropPackages } from "../relationship/leaves.ts";
import { circleId, flagSchema, keys, setRecord } from "../relationship/records.ts";
import { lineageOf, type Relationship, standingOfLeaf } from "../relationship/model.ts";
import { addStatements, loadRelationship, ownLeaf } from "../relationship/relationship.ts";
import { inEnvelopes, statementAckId } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { tellBothHands } from "../succession/telling.ts";
import { hearTalk } from "../trustee/talk.ts";
import { elapsed } from "../storage/elapsed.ts";
import { owe, settle, settledBySibling, watchOver } from "./acks.ts";
import { arrive, keepPackage } from "./founding.ts";
import { keepMessage } from "./messages.ts";
import { assemble, park, parked, parkGap, type Place, takeGap, unpark } from "./parking.ts";

/** `changed`: something that parked envelopes may have waited for. `message`: a person's message became readable. */
export type Effect = "nothing" | "changed" | "opened" | "message" | "wait";

interface Outcome {
  readonly effect: Effect;
  /** How many messages of people became readable. */
  readonly messages: number;
}
const outcomeOf = (effect: Effect): Outcome => ({ effect, messages: effect === "message" ? 1 : 0 });

export interface Received {
  readonly messages: number;
  /** Whether `retryParked` may find that something which waited need wait no longer. */
  readonly changed: boolean;
}

/** Takes an opened deposit. After some of them, or all, `retryParked` takes up what they set free. */
export async function receive(work: Work, id: string, inner: Bytes): Promise<Received> {
  const envelope = decodeEnvelope(inner);
  if (!envelope.ok) return { messages: 0, changed: false };
  const { effect, messages } = await handle(work, await loadRelationship(work, id), envelope.value);
  if (effect === "wait") await park(work, id, encodeEnvelope(envelope.value));
  return { messages, changed: effect === "changed" };
}

/** Looks again at what was parked, as long as that helps. @returns how many messages of people became readable. */
export async function retryParked(work: Work, id: string): Promise<number> {
  let messages = 0;
  for (let again = true; again;) {
    again = false;
    for (const item of await parked(work, id)) {
      const envelope = decodeEnvelope(item.envelope);
      const outcome = envelope.ok ? await handle(work, await loadRelationship(work, id), envelope.value) : outcomeOf("nothing");
      if (outcome.effect === "wait") continue;
      await unpark(work, id, item);
      messages += outcome.messages;
      again ||= outcome.effect === "changed";
    }
  }
  return messages;
}

async function handle(work: Work, relationship: Relationship, envelope: Envelope): Promise<Outcome> {
  switch (envelope.kind) {
    case "fragment": {
      const whole = await assemble(work, relationship.id, envelope.value);
      const inner: Result<Envelope, DecodeError> | undefined = whole === undefined ? undefined : decodeEnvelope(whole);
      return inner?.ok === true && inner.value.kind !== "fragment" ? handle(work, relationship, inner.value) : outcomeOf("nothing");
    }
    case "lineage":
      return outcomeOf(await takeStatements(work, relationship, envelope.value.statements));
    case "generation": {
      const arrival = await arrive(work, relationship, envelope.value);
      if (arrival === "wait") await askForMissing(work, relationship);
      return outcomeOf(arrival === "wait" ? "wait" : arrival === "accepted" ? "changed" : "nothing");
    }
    case "message":
      return openMessages(work, relationship, envelope.value);
    case "claim":
      return outcomeOf((await takeClaim(work, relationship, envelope.value)) ? "changed" : "nothing");
    case "need":
      await answerNeed(work, relationship, envelope.value);
      return outcomeOf("nothing");
  }
}

/** Statements of either side, from whomever: they prove themselves. */
export async function takeStatements(work: Work, relationship: Relationship, received: readonly Bytes[]): Promise<Effect> {
  const statements: Statement[] = [];
  const founded: KnownStatement<"generation">[] = [];
  let generations = 0;
  let early = false;
  let heirs = 0;
  for (const bytes of received) {
    const parsed = parseStatement(bytes);
    if (!parsed.ok) continue;
    // Which claim is the peer is the person's choice, made later, or on another device and told by the circle.
    if (relationship.peer === undefined && relationship.id !== circleId && lineageOf(relationship, parsed.value.side) === undefined)
      early = true;
    if (parsed.value.type === "generation") founded.push(parsed.value);
    else if (parsed.value.type !== "succeed") statements.push(parsed.value);
    else if (isKnown(relationship, parsed.value)) statements.push(parsed.value);
    else if (heirs++ < maxHeirs && verifySuccession(parsed.value).ok) statements.push(parsed.value);
  }
  // The oldest first: each is numbered by its parents.
  for (const statement of founded.toSorted((a, b) => a.body.number - b.body.number))
    if (await learnGeneration(work, relationship, statement)) generations += 1;
  const waitedBefore = waitingOf(relationship);
  const added = await addStatements(work, relationship, statements);
  const waiting = waitingOf(relationship);
  // Acknowledged is what is complete: new, no longer waiting for another, or come again because our word was lost.
  const here = new Set([...waitedBefore, ...statements.map(({ id }) => idKey(id))]);
  for (const id of here) {
    const statement = relationship.peer?.statements.get(id);
    if (statement === undefined || statement.type === "found" || waiting.has(id)) continue;
    // A succession is acknowledged once it counts (`settleSuccessions`): its device goes by what we acknowledge.
    if (statement.type === "succeed" && !isCounted(relationship, statement)) continue;
    owe(work, relationship.id, statementAckId(statement));
    if (statement.type === "move") await hasten(work, relationship.id);
  }
  if (waiting.size > 0) await askForMissing(work, relationship);
  if (added.some(({ type }) => type === "succeed")) work.put("duty", `heir/${relationship.id}`, new Uint8Array(0));
  await tellBothHands(work, relationship, added);
  if (early) return "wait";
  return added.length + generations > 0 ? "changed" : "nothing";
}

const isCounted = ({ peer }: Relationship, { id }: Statement): boolean =>
  peer?.state.successions.some(({ statement, status }) => status === "counts" && equalBytes(statement, id)) === true;

/** A pairing takes some twenty milliseconds: so many successions that are new to us are looked at in one envelope. */
const maxHeirs = 4;

const isKnown = (relationship: Relationship, { id, side }: Statement): boolean =>
  lineageOf(relationship, side)?.statements.has(idKey(id)) === true;

/** Statements of the peer's that build on others which are not here. */
function waitingOf({ peer }: Relationship): ReadonlySet<string> {
  const waiting = [...(peer?.state.standing ?? [])].filter(([, standing]) => standing.kind === "waiting");
  return new Set(waiting.map(([id]) => id));
}

/** A generation of which only the statement came, so that those that follow it can be numbered. */
async function learnGeneration(work: Work, relationship: Relationship, statement: KnownStatement<"generation">): Promise<boolean> {
  if (!mayLearn(work, relationship, statement)) return false;
  await keepGeneration(work, relationship, statement, undefined);
  return true;
}

/** Opens a message, and those of its sender's that waited for it. */
async function openMessages(work: Work, relationship: Relationship, envelope: EnvelopeOf<"message">): Promise<Outcome> {
  const { generation } = envelope;
  let messages = 0;
  let next: EnvelopeOf<"message"> | undefined = envelope;
  let effect: Effect = "nothing";
  while (next !== undefined) {
    const opened: Opening = await openMessage(work, relationship, next);
    if (next === envelope) ({ effect } = opened);
    if (opened.effect === "message") messages += 1;
    next = undefined;
    if (opened.place === undefined) continue;
    const { sender, counter } = opened.place;
    const waiting = await takeGap(work, relationship.id, { generation, sender, counter: counter + 1 });
    const decoded = waiting === undefined ? undefined : decodeEnvelope(waiting);
    if (decoded?.ok === true && decoded.value.kind === "message") next = decoded.value.value;
  }
  return { effect, messages };
}

interface Opening {
  readonly effect: Effect;
  /** Where it was opened; undefined where it was not. */
  readonly place?: Omit<Place, "generation">;
}

async function openMessage(work: Work, relationship: Relationship, envelope: EnvelopeOf<"message">): Promise<Opening> {
  const { generation, message } = envelope;
  const entry = relationship.generations.get(idKey(generation));
  if (entry === undefined) return { effect: "wait" };
  const live = await ratchets(work, relationship, entry);
  // Not a member, or erased: what matters in it is sealed again to us by its sender.
  if (live === undefined) return { effect: "nothing" };
  const opened = await work.session.open(live, message);
  if (!opened.ok) {
    const { error } = opened;
    if (error.code === "out-of-order")
      await parkGap(
        work,
        relationship.id,
        { generation, sender: error.sender, counter: error.counter },
        encodeEnvelope({ kind: "message", value: envelope }),
      );
    // Our own message, and we have not sealed so many: this disk is older than the queue. Never send here again.
    if (error.code === "own-message" && error.counter >= live.sent) setStatus(work, relationship, entry, "tainted");
    return { effect: "nothing" };
  }
  const { sender, counter, plaintext } = opened.value;
  advance(work, relationship, entry, opened.value.generation, sender);
  const content = decodeContent(plaintext);
  const effect = content.ok ? await takeContent(work, relationship, sender, content.value) : "nothing";
  await eraseOver(work, relationship, entry);
  return { effect: effect === "nothing" ? "opened" : effect, place: { sender, counter } };
}

/** Erases what is over, where somebody was heard in a generation for the first time: a peer, a sibling, or this device. */
export async function eraseOver(work: Work, relationship: Relationship, entry: GenerationEntry): Promise<void> {
  const erased = heardMore(entry) ? eraseOld(work, relationship) : undefined;
  if (erased !== undefined) await dropPackages(work, relationship.id, erased - 1);
}

async function takeContent(work: Work, relationship: Relationship, sender: LeafId, content: Content): Promise<Effect> {
  const mine = relationship.mine.state.leaves.get(idKey(sender));
  const who = mine === undefined ? "peer" : "me";
  const standing = standingOfLeaf(relationship, sender, work.now());
  // What an heir says before its succession counts is shown as such, and moves nothing.
  const quarantined = standing !== "live" && standing !== "heir";
  const moves = standing === "live";
  switch (content.kind) {
    case "ack": {
      const ids = decodeBody("ack", content.body);
      if (!ids.ok || !moves) return "nothing";
      if (who === "peer") await settle(work, relationship, ids.value);
      else settledBySibling(work, relationship.id, ids.value);
      return "opened";
    }
    case "key-package": {
      const body = decodeBody("key-package", content.body);
      if (!body.ok || idKey(body.value.leaf) !== idKey(sender)) return "nothing";
      const info = await work.session.inspectKeyPackage(body.value.package);
      if (!info.ok || idKey(info.value.leaf) !== idKey(sender)) return "nothing";
      keepPackage(work, relationship, sender, body.value.generation, body.value.package);
      return "opened";
    }
    case "change": {
      const changes = decodeBody("change", content.body);
      if (!changes.ok || relationship.id !== circleId || !moves) return "nothing";
      noteChanged(work, await mergeState(work, changes.value, "circle", sender));
      return "opened";
    }
    case "confirm": {
      if (who === "peer" && moves) {
        await setRecord(work, keys.confirmed(relationship.id), flagSchema, true);
        owe(work, relationship.id, content.id);
      }
      return "opened";
    }
    case "receipt":
    case "lineage":
    case "custody":
      return "opened";
    default: {
      if (isTalk(content.kind)) {
        if (who !== "peer" || !moves) return "opened";
        await hearTalk(work, relationship, content.kind, content);
        owe(work, relationship.id, content.id);
        return "opened";
      }
      const fresh = await keepMessage(work, relationship, content, { who, leaf: sender, quarantined });
      if (who === "peer" && moves) owe(work, relationship.id, content.id);
      if (who === "me" && fresh) await watchOver(work, relationship.id, content.id, keys.message(relationship.id, content, who));
      return fresh && (content.kind === "text" || !isKnownKind(content.kind)) ? "message" : "opened";
    }
  }
}

/**
 * Relationships whose records another device has changed are loaded anew when next used. Where it has settled who the
 * peer is, what was parked for that is looked at by the next drain.
 */
export function noteChanged(work: Work, changedKeys: readonly string[]): void {
  for (const key of changedKeys) {
    const [kind, id = "", what] = key.split("/");
    work.relationships.delete(id);
    if (kind === "rel" && what === "peer") work.put("duty", `retry/${id}`, new Uint8Array(0));
  }
}

/** Takes up what became possible by another device's word. @returns the relationships, and messages that became readable. */
export async function retryNoted(work: Work): Promise<{ readonly relationships: readonly string[]; readonly messages: number }> {
  const relationships: string[] = [];
  let messages = 0;
  for (const { key } of await work.list("duty", "retry/")) {
    const id = key.slice("retry/".length);
    messages += await retryParked(work, id);
    work.delete("duty", key);
    relationships.push(id);
  }
  return { relationships, messages };
}

const needEvery = 60 * 60 * 1000;
/** How many questions of a side are answered in that time: each of its devices may ask once. */
const maxAnswers = 10;
const answeredSchema = struct({ since: [1, uint()], count: [2, uint()] });

/** Asks the peer for what its generations build on and we do not have; at most once an hour. */
async function askForMissing(work: Work, relationship: Relationship): Promise<void> {
  if (relationship.peer === undefined) return;
  const key = `need/${relationship.id}`;
  const last = await work.get("duty", key);
  if (last !== undefined && elapsed(new DataView(last.buffer, last.byteOffset).getFloat64(0), work.now()) < needEvery) return;
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setFloat64(0, work.now());
  work.put("duty", key, stamp);
  const { side, state } = relationship.peer;
  await deposit(work, relationship.id, "peer", { kind: "need", value: { side, heads: state.heads } });
}

/** Sends what of our lineage the peer says it lacks, and the generations that it may have to number from. */
async function answerNeed(work: Work, relationship: Relationship, need: EnvelopeOf<"need">): Promise<void> {
  if (relationship.peer === undefined || !equalBytes(need.side, relationship.mine.side)) return;
  const key = `answered/${relationship.id}`;
  const before = await work.read("duty", key, answeredSchema);
  const answered =
    before === undefined || elapsed(before.since, work.now()) >= needEvery ? { since: work.now(), count: 0 } : before;
  if (answered.count >= maxAnswers) return;
  work.write("duty", key, answeredSchema, { ...answered, count: answered.count + 1 });
  const lineage = statementsSince([...relationship.mine.statements.values()], need.heads);
  // The oldest first, and all of it: what comes later builds on it.
  const missing = [...lineage, ...recentGenerations(relationship)];
  for (const some of inEnvelopes(missing)) await deposit(work, relationship.id, "peer", some);
}

/** A queue has moved: its bundle says where to. @returns whether we now know another address. */
export async function followBundle(work: Work, relationship: Relationship, whose: "peer" | "own", bundle: Bytes): Promise<boolean> {
  const own = await ownLeaf(work, relationship);
  if (own === undefined) return false;
  const opened: Result<BundleContent, DecodeError> = await openBundle(work, relationship, bundle, whose, own.id);
  if (!opened.ok) return false;
  if (opened.value.inbox !== undefined && whose === "own") await keepInbox(work, relationship, opened.value.inbox);
  const before = addressKey(relationship, whose);
  await takeStatements(work, relationship, opened.value.statements);
  await retryParked(work, relationship.id);
  return addressKey(await loadRelationship(work, relationship.id), whose) !== before;
}

function addressKey(relationship: Relationship, whose: "peer" | "own"): string {
  const inbox = (whose === "peer" ? relationship.peer : relationship.mine)?.state.inbox;
  return inbox === undefined ? "" : `${inbox.relay}/${idKey(inbox.sendId)}/${inbox.rotation}`;
}
