/** Messages as they are kept: in the replicated state, archived, in the order of their senders' hybrid clocks. */
import {
  boolean,
  bytes,
  compareHlc,
  encode,
  hlcSchema,
  maxLead,
  oneOf,
  optional,
  type SchemaType,
  struct,
  text,
  toHex,
  uint,
} from "@photon/protocol/codec";
import { type Content, decodeText } from "@photon/protocol/queue";
import { idKey, leafIdSchema, type LeafId } from "@photon/protocol/statement";
import type { MessageState, ShownMessage } from "../api.ts";
import { getState, listState, setState } from "../circle/state.ts";
import { undeposited } from "../delivery/outbox.ts";
import { keys } from "../relationship/records.ts";
import { type Relationship, standingOfLeaf } from "../relationship/model.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { clockOf } from "./content.ts";
import { isUnsealed, unacked } from "./unacked.ts";

export const messageSchema = struct({
  id: [1, bytes(16)],
  sent: [2, hlcSchema],
  from: [3, oneOf({ me: 0, peer: 1 })],
  leaf: [4, leafIdSchema],
  kind: [5, text(32)],
  body: [6, bytes({ max: 60 * 1024 })],
  replyTo: [7, optional(bytes(16))],
  /** From a leaf that no longer counted when it came: kept, and shown apart. */
  quarantined: [8, boolean],
  /** When it came here, in ms, where its sender's clock cannot be believed: far ahead, or before we had met; else 0. */
  received: [9, uint()],
});
export type StoredMessage = SchemaType<typeof messageSchema>;

/**
 * Keeps a message. Its entry's time is its sender's, so that all devices of a side make one and the same entry.
 * A retired device may have sent a copy before its sibling sent the message itself: the genuine one takes its place.
 * @returns false if it was there before: shown exactly once.
 */
export async function keepMessage(
  work: Work,
  relationship: Relationship,
  content: Content,
  from: { readonly who: "me" | "peer"; readonly leaf: LeafId; readonly quarantined: boolean },
): Promise<boolean> {
  const key = keys.message(relationship.id, content, from.who);
  const held = await getState(work, key);
  if (held !== undefined && (from.quarantined || !parseRow(messageSchema, held).quarantined)) return false;
  const { id, sent, kind, body, replyTo } = content;
  const { created } = relationship.record;
  const isCredible =
    sent.wall <= work.now() + maxLead && (from.who === "me" || relationship.peer === undefined || sent.wall >= created - maxLead);
  const received = isCredible ? 0 : work.now();
  const message = { id, sent, from: from.who, leaf: from.leaf, kind, body, quarantined: from.quarantined, received };
  await setState(work, key, encode(messageSchema, { ...message, ...(replyTo === undefined ? {} : { replyTo }) }), sent);
  await work.observe(sent, clockOf(relationship.id));
  return true;
}

export async function loadMessages(work: Work, relationship: string): Promise<readonly StoredMessage[]> {
  return (await listState(work, `msg/${relationship}/`)).map(({ value }) => parseRow(messageSchema, value));
}

/** Whether a message of this id (hex) is in the conversation. */
export const isMessage = async (work: Work, relationship: string, id: string): Promise<boolean> =>
  (await loadMessages(work, relationship)).some((message) => toHex(message.id) === id);

/** @param page.after only what was said after this message (hex id); @param page.limit the last so many. */
export async function shownMessages(
  work: Work,
  relationship: Relationship,
  page: { readonly after?: string; readonly limit?: number },
): Promise<readonly ShownMessage[]> {
  const all = eachOnce(asSaid(await loadMessages(work, relationship.id)));
  const start = page.after === undefined ? 0 : all.findIndex(({ id }) => toHex(id) === page.after) + 1;
  const chosen = all.slice(Math.max(start, page.limit === undefined ? 0 : all.length - page.limit));
  const queued = await undeposited(work, relationship.id);
  const unsealed = new Set(
    (await unacked(work, relationship.id)).filter(({ sealedIn }) => sealedIn === "").map(({ id }) => toHex(id)),
  );
  const unsent = new Set((await listState(work, `rel/${relationship.id}/unsent-`)).map(({ key }) => key.slice(-32)));
  const shown: ShownMessage[] = [];
  for (const message of chosen) {
    const id = toHex(message.id);
    const waiting = queued.has(id) || unsealed.has(id) || unsent.has(id);
    const acked = message.from === "me" && (await getState(work, keys.ack(relationship.id, message.id))) !== undefined;
    const state = message.from === "peer" ? "received" : acked ? "delivered" : waiting ? "queued" : "deposited";
    shown.push({
      id,
      from: message.from,
      body: bodyOf(message),
      kind: message.kind,
      sent: message.sent.wall,
      state,
      quarantined: message.quarantined,
      unconfirmed: message.from === "peer" && standingOfLeaf(relationship, message.leaf, work.now()) === "heir",
    });
  }
  return shown;
}

/**
 * Honest senders give a message one time; of a message that came with several, the one that stands first counts, and a
 * quarantined one only where there is no other.
 */
function eachOnce(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  const nameOf = ({ id, from }: StoredMessage): string => `${from} ${toHex(id)}`;
  const genuine = new Set(messages.filter(({ quarantined }) => !quarantined).map(nameOf));
  const seen = new Set<string>();
  return messages.filter((message) => {
    const name = nameOf(message);
    return !seen.has(name) && !(message.quarantined && genuine.has(name)) && seen.add(name);
  });
}

/**
 * In the order of their senders' clocks. A message whose time cannot be believed stands where it came in; those of one
 * device that do stand in the order of its clock. So a clock that was years ahead for a day disorders that day, and not the
 * years; nor can a peer, with one message from the future, send all that follows back in time.
 */
function asSaid(messages: readonly StoredMessage[]): readonly StoredMessage[] {
  const byClock = messages.toSorted((a, b) => compareHlc(a.sent, b.sent));
  if (byClock.every(({ received }) => received === 0)) return byClock;
  const nextOf = new Map<string, number>();
  const places = new Map<StoredMessage, number>();
  for (const message of byClock.toReversed()) {
    const { leaf, received, sent } = message;
    const next = nextOf.get(idKey(leaf)) ?? Number.POSITIVE_INFINITY;
    // Believed when it came, by a clock that was wrong itself: what its device said later shows where it stands.
    const isBeyond = received === 0 && sent.wall > next + maxLead;
    const place = received === 0 && !isBeyond ? sent.wall : Math.min(received === 0 ? next : received, next);
    if (received !== 0) nextOf.set(idKey(leaf), place);
    places.set(message, place);
  }
  return byClock.toSorted((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0) || compareHlc(a.sent, b.sent));
}

/** How far a message of ours is, without a look at the rest of the conversation. */
export async function sentState(work: Work, relationship: string, content: Content): Promise<MessageState> {
  if ((await getState(work, keys.ack(relationship, content.id))) !== undefined) return "delivered";
  if (await isUnsealed(work, relationship, content)) return "queued";
  return (await undeposited(work, relationship)).has(toHex(content.id)) ? "queued" : "deposited";
}

function bodyOf(message: StoredMessage): string {
  if (message.kind !== "text") return "";
  const decoded = decodeText(message.body);
  return decoded.ok ? decoded.value : "";
}

/** The content of a stored message, as it would be sealed again. */
export async function messageContent(
  work: Work,
  stateKey: string,
): Promise<{ readonly content: Content; readonly leaf: LeafId } | undefined> {
  const value = await getState(work, stateKey);
  if (value === undefined) return undefined;
  const { id, sent, kind, body, replyTo, leaf } = parseRow(messageSchema, value);
  return { content: { id, sent, kind, body, ...(replyTo === undefined ? {} : { replyTo }) }, leaf };
}
