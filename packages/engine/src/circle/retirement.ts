/**
 * Retiring a device: in the circle first, then in every relationship. In each, its leaves are retired, the inbox moves to
 * a new queue with new keys, and a generation without it is founded. Each relationship is one commit, and what is left
 * to do is found again by `reconcile`, so that an interruption resumes (spec/10-circle.md, "Retiring").
 */
import { type Bytes, equalBytes, toHex } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { idKey, type LeafId, type retireReasons } from "@photon/protocol/statement";
import { watchedOver } from "../conversation/acks.ts";
import { found } from "../conversation/founding.ts";
import { messageContent } from "../conversation/messages.ts";
import { keepUntilAcked } from "../conversation/unacked.ts";
import { sealBundle } from "../delivery/bundle.ts";
import { keepInbox, makeInbox, writeSide } from "../delivery/inboxes.ts";
import { deposit, enqueue } from "../delivery/outbox.ts";
import { flagSchema, getRecord, keys, setRecord } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { ownLeaf, statementBytes } from "../relationship/relationship.ts";
import { announceToOwn, announceToPeer, say } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";

export type RetireReason = keyof typeof retireReasons;

/** Retires leaves of ours in one relationship. The caller commits. */
export async function retireLeaves(
  work: Work,
  relationship: Relationship,
  leaves: readonly LeafId[],
  reason: RetireReason,
): Promise<void> {
  const own = await ownLeaf(work, relationship);
  const old = relationship.mine.state.inbox;
  if (own === undefined || old === undefined) throw new Error("retiring in a relationship that we have no part in");
  // All that has reached us so far is trusted; what the device signed and we have not seen is void.
  const retire = await say(work, relationship, "retire", { leaves, reason, trusted: relationship.mine.state.heads });
  const secret = makeInbox(work, old.relay);
  await keepInbox(work, relationship, secret);
  const move = await say(work, relationship, "move", { inbox: writeSide(secret, 0) });
  const create = await enqueue(work, relationship.id, { kind: "create", value: { sendId: secret.sendId } });
  const statements = statementBytes([retire, move]);
  const bundle = await sealBundle(
    work,
    old,
    { peer: relationship.peer?.state, mine: relationship.mine.state, self: own.id },
    { peer: { statements }, own: { statements, inbox: secret } },
  );
  if (relationship.inboxes.has(toHex(old.sendId)))
    await enqueue(work, relationship.id, { kind: "freeze", value: { sendId: old.sendId, bundle } });
  await announceToPeer(work, relationship, [retire, move], { peerAfter: [create] });
  await announceToOwn(work, relationship, [retire, move]);
  await found(work, relationship);
  await adoptMessages(work, relationship, leaves);
}

/** What the retired device sent and the peer has not acknowledged is ours to send again, under its ids. */
async function adoptMessages(work: Work, relationship: Relationship, leaves: readonly LeafId[]): Promise<void> {
  for (const key of await watchedOver(work, relationship.id)) {
    const message = await messageContent(work, key);
    if (message === undefined || !leaves.some((leaf) => equalBytes(leaf, message.leaf))) continue;
    keepUntilAcked(work, relationship.id, message.content);
  }
}

/**
 * A device of the peer's was retired: it knew the keys by which our inbox is written and sealed. Every device of ours
 * derives the same next ones, so that it does no harm if two of us do this at once.
 */
export async function changeLocks(work: Work, relationship: Relationship): Promise<void> {
  if (relationship.peer === undefined) return;
  const retirements = relationship.peer.state.changes.filter(({ kind }) => kind === "retire").map(({ statement }) => statement);
  const fresh: Bytes[] = [];
  for (const id of retirements) {
    if ((await getRecord(work, keys.rotated(relationship.id, id), flagSchema)) !== true) fresh.push(id);
  }
  const own = await ownLeaf(work, relationship);
  const { inbox } = relationship.mine.state;
  if (fresh.length === 0 || own?.live !== true || inbox === undefined) return;
  const secret = relationship.inboxes.get(toHex(inbox.sendId));
  if (secret === undefined) return;
  const rotation = inbox.rotation + 1;
  const move = await say(work, relationship, "move", { inbox: writeSide(secret, rotation) });
  // Our other devices read it under the keys they know; then the relay changes; then the peer is told.
  const under = { sendId: secret.sendId, rotation: inbox.rotation };
  const told = await deposit(work, relationship.id, "own", { kind: "lineage", value: { statements: [move.bytes] } }, { under });
  const changed = await enqueue(work, relationship.id, { kind: "rotate", value: { sendId: secret.sendId, rotation } }, [told]);
  await announceToPeer(work, relationship, [move], { peerAfter: [changed] });
  for (const id of fresh) await setRecord(work, keys.rotated(relationship.id, id), flagSchema, true);
}

/** Live leaves of ours that belong to the given devices. */
export function leavesOfDevices(
  relationship: Relationship,
  devices: ReadonlyMap<string, string>,
  retired: ReadonlySet<string>,
): readonly LeafId[] {
  return liveLeaves(relationship.mine.state)
    .map(({ leaf }) => leaf.id)
    .filter((leaf) => retired.has(devices.get(idKey(leaf)) ?? ""));
}
