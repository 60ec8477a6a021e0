/**
 * Retiring a device: in the circle first, then in every relationship. In each, its leaves are retired, the inbox moves to
 * a new queue with new keys, and a generation without it is founded. Each relationship is one commit, and what is left
 * to do is found again by `reconcile`, so that an interruption resumes (spec/10-circle.md, "Retiring").
 */
import { type Bytes, equalBytes, toHex } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import { idKey, type LeafId, type retireReasons, type Statement } from "@photon/protocol/statement";
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
import { announceToOwn, announceToPeer, say, unheardStatements } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";

export type RetireReason = keyof typeof retireReasons;

/** Retires leaves of ours in one relationship. The caller commits. */
export async function retireLeaves(
  work: Work,
  relationship: Relationship,
  leaves: readonly LeafId[],
  reason: RetireReason,
): Promise<void> {
  // All that has reached us so far is trusted; what the device signed and we have not seen is void.
  const retire = await say(work, relationship, "retire", { leaves, reason, trusted: relationship.mine.state.heads });
  await moveAway(work, relationship, retire, leaves);
}

/** What follows a retirement: a new inbox, the word to everybody, and a generation without those leaves. */
export async function moveAway(
  work: Work,
  relationship: Relationship,
  retire: Statement,
  leaves: readonly LeafId[],
): Promise<void> {
  const own = await ownLeaf(work, relationship);
  const old = relationship.mine.state.inbox;
  if (own === undefined || old === undefined) throw new Error("retiring in a relationship that we have no part in");
  const secret = makeInbox(work, old.relay);
  await keepInbox(work, relationship, secret);
  const move = await say(work, relationship, "move", { inbox: writeSide(secret, 0) });
  const create = await enqueue(work, relationship.id, { kind: "create", value: { sendId: secret.sendId } });
  const unheard = await unheardStatements(work, relationship);
  const statements = fitting(statementBytes(unheard));
  const bundle = await sealBundle(
    work,
    old,
    { peer: relationship.peer?.state, mine: relationship.mine.state, self: own.id },
    { peer: { statements }, own: { statements, inbox: secret } },
  );
  if (relationship.inboxes.has(toHex(old.sendId)))
    await enqueue(work, relationship.id, { kind: "freeze", value: { sendId: old.sendId, bundle } });
  await announceToPeer(work, relationship, unheard, { peerAfter: [create] });
  await announceToOwn(work, relationship, [retire, move]);
  await found(work, relationship);
  await adoptMessages(work, relationship, leaves);
}

/** Bytes of statements in a bundle: it goes into one entry, twice, beside the keys for up to 19 leaves. */
const maxBundled = 16 * 1024;

/** The latest statements, as many as a bundle holds; who lacks more asks for it at the new inbox. */
function fitting(statements: readonly Bytes[]): readonly Bytes[] {
  let size = 0;
  const latest = statements.toReversed().filter(({ length }) => (size += length) <= maxBundled);
  return latest.toReversed();
}

/** What the retired device sent and the peer has not acknowledged is ours to send again, under its ids. */
async function adoptMessages(work: Work, relationship: Relationship, leaves: readonly LeafId[]): Promise<void> {
  for (const key of await watchedOver(work, relationship.id)) {
    const message = await messageContent(work, key);
    if (message === undefined || !leaves.some((leaf) => equalBytes(leaf, message.leaf))) continue;
    keepUntilAcked(work, relationship, message.content);
  }
}

/**
 * A device of the peer's was retired: it knew the keys by which our inbox is written and sealed. Every device of ours
 * derives the same next ones, so that it does no harm if two of us do this at once.
 */
export async function changeLocks(work: Work, relationship: Relationship): Promise<void> {
  if (relationship.peer === undefined) return;
  // A succession retires all of them.
  const { changes, successions } = relationship.peer.state;
  const retirements = [
    ...changes.filter(({ kind }) => kind === "retire").map(({ statement }) => statement),
    ...successions.filter(({ status }) => status === "counts").map(({ statement }) => statement),
  ];
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
  // Our other devices read it under the keys they know; then the relay takes the old keys and the new; then the peer is
  // told; then the old ones go. So two people who do this to each other at once never shut each other out.
  const under = { sendId: secret.sendId, rotation: inbox.rotation };
  const told = await deposit(work, relationship.id, "own", { kind: "lineage", value: { statements: [move.bytes] } }, { under });
  const rotate = { sendId: secret.sendId, rotation };
  const added = await enqueue(work, relationship.id, { kind: "rotate", value: { ...rotate, both: true } }, [told]);
  const announced = await announceToPeer(work, relationship, [move], { peerAfter: [added] });
  await enqueue(work, relationship.id, { kind: "rotate", value: { ...rotate, both: false } }, announced.slice(-8));
  for (const id of fresh) await setRecord(work, keys.rotated(relationship.id, id), flagSchema, true);
}

/**
 * Live leaves of our side that go with the given devices: those that are theirs, and those that they admitted, one through
 * another, of which nobody knows whose they are. Whoever holds an unlocked device can admit keys of their own by it.
 * @param devices which device each leaf that ever was of our side belongs to, where that is known; hex leaf id to device id.
 */
export function leavesOfDevices(
  relationship: Relationship,
  devices: ReadonlyMap<string, string>,
  retired: ReadonlySet<string>,
): readonly LeafId[] {
  const theirs = [...relationship.mine.state.leaves.keys()].filter((leaf) => retired.has(devices.get(leaf) ?? ""));
  return withAdmitted(relationship, theirs, (leaf) => devices.has(leaf));
}

/**
 * The live ones among the given leaves (hex), and the live leaves that they admitted, one through another.
 * @param isKnown leaves (hex) that are a known device's, whoever admitted them.
 */
export function withAdmitted(
  { mine }: Relationship,
  given: readonly string[],
  isKnown: (leaf: string) => boolean,
): readonly LeafId[] {
  const gone = new Set(given);
  for (let before = -1; before !== gone.size;) {
    before = gone.size;
    for (const [leaf, { by }] of mine.state.leaves) {
      const admitter = mine.statements.get(idKey(by))?.signer;
      if (!isKnown(leaf) && admitter !== undefined && gone.has(idKey(admitter))) gone.add(leaf);
    }
  }
  return liveLeaves(mine.state)
    .map(({ leaf }) => leaf.id)
    .filter((leaf) => gone.has(idKey(leaf)));
}
