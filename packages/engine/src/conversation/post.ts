/**
 * Posting: a content is sealed in the sending generation and deposited for the peer and for our other devices. What has to
 * arrive is kept in plain (at rest encrypted) until the peer has acknowledged it, and sealed again, under its id, into
 * each later generation: so nothing is lost with the leaves that it was sealed to.
 */
import { expectOk } from "@photon/protocol/codec";
import { type Content, decodeContent, encodeBody, encodeContent, encodeEnvelope } from "@photon/protocol/queue";
import { depositEncoded } from "../delivery/outbox.ts";
import { advance, type GenerationEntry, heirGeneration, ratchets, sendingGeneration } from "../relationship/generations.ts";
import { hasFreshPackage, leafKeys, makeFreshPackage } from "../relationship/leaves.ts";
import { openSuccessions, type Relationship } from "../relationship/model.ts";
import { ownLeaf } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { newContent } from "./content.ts";
import { generationToSend } from "./founding.ts";
import { keepSealed, keepUntilAcked, markSealed, unacked } from "./unacked.ts";

/** Seals a content now. @returns false if there is nobody to seal it to. */
export async function post(work: Work, relationship: Relationship, content: Content): Promise<boolean> {
  const entry = await generationToSend(work, relationship);
  if (entry === undefined) return false;
  await introduceSelf(work, relationship, entry);
  await seal(work, relationship, entry, content);
  return true;
}

/** Posts what has to arrive. Without a generation to send in it waits, and `resealUnacked` takes it up. */
export async function postUntilAcked(work: Work, relationship: Relationship, content: Content): Promise<void> {
  const entry = await generationToSend(work, relationship);
  if (entry === undefined || relationship.allSealedIn !== entry.id) {
    keepUntilAcked(work, relationship, content);
    await resealUnacked(work, relationship);
    return;
  }
  // Nothing that was said before has to go first.
  await introduceSelf(work, relationship, entry);
  await seal(work, relationship, entry, content);
  keepSealed(work, relationship, content, entry.id);
}

/**
 * Posts to one hand of a peer's side that is changing hands: `old`, those who are live, or `new`, those who have recovered it.
 * @returns false if there is no generation with them.
 */
export async function postToward(work: Work, relationship: Relationship, content: Content, to: "old" | "new"): Promise<boolean> {
  const entry = to === "old" ? await generationToSend(work, relationship) : heirGeneration(work, relationship);
  if (entry === undefined) return false;
  await introduceSelf(work, relationship, entry);
  await seal(work, relationship, entry, content);
  keepSealed(work, relationship, content, entry.id);
  return true;
}

async function seal(work: Work, relationship: Relationship, entry: GenerationEntry, content: Content): Promise<void> {
  const live = await ratchets(work, relationship, entry);
  if (live === undefined) throw new Error("sealing in a generation that was not joined");
  const { generation, message } = await work.session.seal(live, encodeContent(content));
  advance(work, relationship, entry, generation, generation.self);
  const envelope = encodeEnvelope({ kind: "message", value: { generation: entry.statement.id, message } });
  const options = { message: content.id };
  if (relationship.peer !== undefined) await depositEncoded(work, relationship.id, "peer", envelope, options);
  await depositEncoded(work, relationship.id, "own", envelope, options);
}

/** Seals everything unacknowledged that is not in the generation we send in. */
export async function resealUnacked(work: Work, relationship: Relationship): Promise<void> {
  const waiting = await unacked(work, relationship.id);
  if (waiting.length === 0) return;
  const entry = await generationToSend(work, relationship);
  if (entry === undefined) return;
  // While the peer's side changes hands, what a person wrote waits: it is for whoever that side will be.
  const isHeldBack = relationship.peer !== undefined && openSuccessions(relationship.peer.state).length > 0;
  const contents = waiting.map((row) => ({ row, content: expectOk(decodeContent(row.content)) }));
  const stale = contents.filter(({ row, content }) => row.sealedIn !== entry.id && !(isHeldBack && content.kind === "text"));
  if (stale.length > 0) await introduceSelf(work, relationship, entry);
  for (const { row, content } of stale) {
    await seal(work, relationship, entry, content);
    markSealed(work, row, entry.id);
  }
  relationship.allSealedIn = isHeldBack ? undefined : entry.id;
}

/**
 * The first thing a leaf says in a generation is its package for the next: so that the next founding need not use the
 * last-resort package, and so that everybody has heard of it.
 */
export async function introduceSelf(work: Work, relationship: Relationship, entry: GenerationEntry): Promise<void> {
  entry.introduced ??= await hasFreshPackage(work, relationship.id, entry.statement.id);
  if (entry.introduced) return;
  const own = await ownLeaf(work, relationship);
  const keys = own === undefined ? undefined : await leafKeys(work, own.id);
  if (keys === undefined || entry.statement.body.members.length < 2) return;
  const fresh = await makeFreshPackage(work, relationship.id, keys, entry.statement.id, entry.statement.body.number);
  const body = encodeBody("key-package", { leaf: keys.id, package: fresh, generation: entry.statement.id });
  await seal(work, relationship, entry, await newContent(work, relationship, "key-package", body));
  entry.introduced = true;
}

/** Says hello in a generation that was joined and not spoken in yet. */
export async function introduceIfJoined(work: Work, relationship: Relationship): Promise<void> {
  const entry = sendingGeneration(relationship);
  if (entry !== undefined) await introduceSelf(work, relationship, entry);
}
