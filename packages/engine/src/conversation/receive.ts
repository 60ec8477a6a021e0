/**
 * What an envelope does to a relationship. Total: whatever a peer, a thief with old keys or a server puts in a queue is
 * taken, kept for later, or left aside; it never throws and never stops what comes behind it.
 */
import { type Bytes, type DecodeError, equalBytes, type Result } from "@photon/protocol/codec";
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
import { idKey, type KnownStatement, type LeafId, parseStatement, type Statement } from "@photon/protocol/statement";
import { mergeState } from "../circle/state.ts";
import { deposit, hasten } from "../delivery/outbox.ts";
import { type BundleContent, openBundle } from "../delivery/bundle.ts";
import { keepInbox } from "../delivery/inboxes.ts";
import { takeClaim } from "../meeting/claims.ts";
import {
  advance,
  eraseOld,
  keepGeneration,
  mayLearn,
  ratchets,
  recentGenerations,
  setStatus,
} from "../relationship/generations.ts";
import { dropPackages } from "../relationship/leaves.ts";
import { circleId, flagSchema, keys, setRecord } from "../relationship/records.ts";
import { lineageOf, type Relationship } from "../relationship/model.ts";
import { addStatements, loadRelationship, ownLeaf, statementBytes } from "../relationship/relationship.ts";
import { statementAckId } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { owe, settle, settledBySibling, watchOver } from "./acks.ts";
import { arrive, keepPackage } from "./founding.ts";
import { keepMessage } from "./messages.ts";
import { assemble, park, parked, unpark } from "./parking.ts";

/** `changed`: something that parked envelopes may have waited for. `message`: a person's message became readable. */
export type Effect = "nothing" | "changed" | "message" | "wait" | "gap";

/** Takes an opened deposit, and whatever it sets free. @returns how many messages of people became readable. */
export async function receive(work: Work, id: string, inner: Bytes): Promise<number> {
  const envelope = decodeEnvelope(inner);
  if (!envelope.ok) return 0;
  const effect = await handle(work, await loadRelationship(work, id), envelope.value);
  if (effect === "wait" || effect === "gap") await park(work, id, encodeEnvelope(envelope.value), effect === "gap");
  return (effect === "message" ? 1 : 0) + (effect === "changed" || effect === "message" ? await retryParked(work, id) : 0);
}

/** Looks again at what was parked, as long as that helps. */
export async function retryParked(work: Work, id: string): Promise<number> {
  let messages = 0;
  for (let again = true; again;) {
    again = false;
    for (const item of await parked(work, id)) {
      const envelope = decodeEnvelope(item.envelope);
      const effect = envelope.ok ? await handle(work, await loadRelationship(work, id), envelope.value) : "nothing";
      if (effect === "wait" || effect === "gap") continue;
      unpark(work, item);
      if (effect === "message") messages += 1;
      again ||= effect !== "nothing";
    }
  }
  return messages;
}

async function handle(work: Work, relationship: Relationship, envelope: Envelope): Promise<Effect> {
  switch (envelope.kind) {
    case "fragment": {
      const whole = await assemble(work, relationship.id, envelope.value);
      const inner: Result<Envelope, DecodeError> | undefined = whole === undefined ? undefined : decodeEnvelope(whole);
      return inner?.ok === true && inner.value.kind !== "fragment" ? handle(work, relationship, inner.value) : "nothing";
    }
    case "lineage":
      return takeStatements(work, relationship, envelope.value.statements);
    case "generation": {
      const arrival = await arrive(work, relationship, envelope.value);
      if (arrival === "wait") await askForMissing(work, relationship);
      return arrival === "wait" ? "wait" : arrival === "accepted" ? "changed" : "nothing";
    }
    case "message":
      return openMessage(work, relationship, envelope.value);
    case "claim":
      return (await takeClaim(work, relationship, envelope.value)) ? "changed" : "nothing";
    case "need":
      await answerNeed(work, relationship, envelope.value);
      return "nothing";
  }
}

/** Statements of either side, from whomever: they prove themselves. */
export async function takeStatements(work: Work, relationship: Relationship, received: readonly Bytes[]): Promise<Effect> {
  const statements: Statement[] = [];
  const founded: KnownStatement<"generation">[] = [];
  let generations = 0;
  let early = false;
  for (const bytes of received) {
    const parsed = parseStatement(bytes);
    if (!parsed.ok) continue;
    // Which claim is the peer is the person's choice, made later, or on another device and told by the circle.
    if (relationship.peer === undefined && relationship.id !== circleId && lineageOf(relationship, parsed.value.side) === undefined)
      early = true;
    if (parsed.value.type !== "generation") statements.push(parsed.value);
    else founded.push(parsed.value);
  }
  // The oldest first: each is numbered by its parents.
  for (const statement of founded.toSorted((a, b) => a.body.number - b.body.number))
    if (await learnGeneration(work, relationship, statement)) generations += 1;
  const added = await addStatements(work, relationship, statements);
  for (const statement of added) {
    if (lineageOf(relationship, statement.side) !== relationship.peer || statement.type === "found") continue;
    owe(work, relationship.id, statementAckId(statement));
    if (statement.type === "move") await hasten(work, relationship.id);
  }
  // Known statements of the peer's that come again: our acknowledgement was lost.
  for (const statement of statements) {
    const isPeers = relationship.peer !== undefined && equalBytes(statement.side, relationship.peer.side);
    if (isPeers && !added.includes(statement)) owe(work, relationship.id, statementAckId(statement));
  }
  if (early) return "wait";
  return added.length + generations > 0 ? "changed" : "nothing";
}

/** A generation of which only the statement came, so that those that follow it can be numbered. */
async function learnGeneration(work: Work, relationship: Relationship, statement: KnownStatement<"generation">): Promise<boolean> {
  if (!mayLearn(work, relationship, statement)) return false;
  await keepGeneration(work, relationship, statement, undefined);
  return true;
}

async function openMessage(
  work: Work,
  relationship: Relationship,
  { generation, message }: EnvelopeOf<"message">,
): Promise<Effect> {
  const entry = relationship.generations.get(idKey(generation));
  if (entry === undefined) return "wait";
  const live = await ratchets(work, relationship, entry);
  // Not a member, or erased: what matters in it is sealed again to us by its sender.
  if (live === undefined) return "nothing";
  const opened = await work.session.open(live, message);
  if (!opened.ok) {
    if (opened.error.code === "out-of-order") return "gap";
    // Our own message, and we have not sealed so many: this disk is older than the queue. Never send here again.
    if (opened.error.code === "own-message" && opened.error.counter >= live.sent) setStatus(work, relationship, entry, "tainted");
    return "nothing";
  }
  advance(work, relationship, entry, opened.value.generation, opened.value.sender);
  const content = decodeContent(opened.value.plaintext);
  const effect = content.ok ? await takeContent(work, relationship, opened.value.sender, content.value) : "nothing";
  const erased = eraseOld(work, relationship);
  if (erased !== undefined) await dropPackages(work, relationship.id, erased - 1);
  // A sender's next message may have waited for this one.
  return effect === "nothing" ? "changed" : effect;
}

async function takeContent(work: Work, relationship: Relationship, sender: LeafId, content: Content): Promise<Effect> {
  const mine = relationship.mine.state.leaves.get(idKey(sender));
  const theirs = relationship.peer?.state.leaves.get(idKey(sender));
  const who = mine === undefined ? "peer" : "me";
  const quarantined = (mine ?? theirs)?.status !== "live";
  switch (content.kind) {
    case "ack": {
      const ids = decodeBody("ack", content.body);
      if (!ids.ok || quarantined) return "nothing";
      if (who === "peer") await settle(work, relationship, ids.value);
      else settledBySibling(work, relationship.id, ids.value);
      return "changed";
    }
    case "key-package": {
      const body = decodeBody("key-package", content.body);
      if (!body.ok || idKey(body.value.leaf) !== idKey(sender)) return "nothing";
      const info = await work.session.inspectKeyPackage(body.value.package);
      if (!info.ok || idKey(info.value.leaf) !== idKey(sender)) return "nothing";
      keepPackage(work, relationship, sender, body.value.generation, body.value.package);
      return "changed";
    }
    case "change": {
      const changes = decodeBody("change", content.body);
      if (!changes.ok || relationship.id !== circleId || quarantined) return "nothing";
      noteChanged(work, await mergeState(work, changes.value, "circle"));
      return "changed";
    }
    case "confirm": {
      if (who === "peer" && !quarantined) {
        await setRecord(work, keys.confirmed(relationship.id), flagSchema, true);
        owe(work, relationship.id, content.id);
      }
      return "changed";
    }
    case "receipt":
    case "lineage":
    case "custody":
      return "changed";
    default: {
      const fresh = await keepMessage(work, relationship, content, { who, leaf: sender, quarantined });
      if (who === "peer" && !quarantined) owe(work, relationship.id, content.id);
      if (who === "me" && fresh)
        watchOver(work, relationship.id, content.id, keys.message(relationship.id, content.sent, content.id));
      return fresh && (content.kind === "text" || !isKnownKind(content.kind)) ? "message" : "changed";
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
  const lineage = statementsSince([...relationship.mine.statements.values()], need.heads);
  const missing = [...recentGenerations(relationship), ...lineage].slice(-64);
  if (missing.length > 0)
    await deposit(work, relationship.id, "peer", { kind: "lineage", value: { statements: statementBytes(missing) } });
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
