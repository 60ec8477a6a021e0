/** The inboxes of our side: making them, their keys by rotation, and what to read from where. See spec/05-queue.md. */
import { type Bytes, encode, equalBytes, toHex, uint } from "@photon/protocol/codec";
import { makeQueueKeys, readKeyOf, type RelayRequestOf, type RotationKeys, rotationKeys, signRead } from "@photon/protocol/queue";
import type { Inbox } from "@photon/protocol/statement";
import { setRecord, inboxSecretSchema, type InboxSecret, keys } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { parseRow, type Work } from "../storage/core.ts";

/** Makes the keys of a new inbox at a relay. The queue itself is made by a `create` deposit. */
export function makeInbox(work: Work, relay: string): InboxSecret {
  return { relay, ...makeQueueKeys(work.random(128)), created: work.now() };
}

export async function keepInbox(work: Work, relationship: Relationship, secret: InboxSecret): Promise<void> {
  await setRecord(work, keys.inbox(relationship.id, secret.sendId), inboxSecretSchema, secret);
  relationship.inboxes.set(toHex(secret.sendId), secret);
}

/** The write side, as statements carry it. */
export function writeSide(secret: InboxSecret, rotation: number): Inbox {
  return { relay: secret.relay, sendId: secret.sendId, rotation, ...keysOf(secret, rotation) };
}

/** What `create` and `rotate` tell the relay. */
export function queueKeys(
  secret: InboxSecret,
  rotation: number,
): { readonly readKey: Bytes; readonly writeKeys: readonly Bytes[] } {
  return { readKey: readKeyOf(secret.readSeed), writeKeys: [keysOf(secret, rotation).writeKey] };
}

/** Seal keys that entries of this inbox may be under, the likeliest first: rotation n is announced before it is in force. */
export function sealKeys(relationship: Relationship, secret: InboxSecret): readonly Bytes[] {
  const named = relationship.mine.state.inboxes.filter((inbox) => equalBytes(inbox.sendId, secret.sendId));
  const last = named.reduce((largest, inbox) => Math.max(largest, inbox.rotation), 0) + 1;
  const found: Bytes[] = [];
  for (let rotation = last - 1; rotation >= 0 && found.length < 8; rotation--) found.push(keysOf(secret, rotation).sealKey);
  found.push(keysOf(secret, last).sealKey);
  return found;
}

/** As long as the secret is held, so are the keys that were derived from it: they are needed for every entry. */
const derived = new WeakMap<InboxSecret, Map<number, RotationKeys>>();

/** The write and seal keys of an inbox of ours at a rotation. */
export function keysOf(secret: InboxSecret, rotation: number): RotationKeys {
  const known = derived.get(secret) ?? new Map<number, RotationKeys>();
  derived.set(secret, known);
  const made = known.get(rotation) ?? rotationKeys(secret.root, rotation);
  known.set(rotation, made);
  return made;
}

const afterSchema = uint();
const cursorKey = (relationship: string, sendId: Uint8Array): string => `${relationship}/${toHex(sendId)}`;

/** The last sequence number that this device has processed in an inbox. */
export async function cursorOf(work: Work, relationship: string, sendId: Uint8Array): Promise<number> {
  const value = await work.get("cursor", cursorKey(relationship, sendId));
  return value === undefined ? 0 : parseRow(afterSchema, value);
}

export function moveCursor(work: Work, relationship: string, sendId: Uint8Array, after: number): void {
  work.put("cursor", cursorKey(relationship, sendId), encode(afterSchema, after));
}

/** An inbox that is frozen and read to its end is read no more. */
export const markDone = (work: Work, relationship: string, sendId: Uint8Array): void =>
  work.put("cursor", `done/${cursorKey(relationship, sendId)}`, new Uint8Array(0));
export const isDone = async (work: Work, relationship: string, sendId: Uint8Array): Promise<boolean> =>
  (await work.get("cursor", `done/${cursorKey(relationship, sendId)}`)) !== undefined;

export function readRequest(work: Work, secret: InboxSecret, after: number, limit: number): RelayRequestOf<"read">[number] {
  return signRead(secret.readSeed, { receiveId: secret.receiveId, after, limit }, work.ports.queueCrypto);
}

export const hasCursor = async (work: Work, relationship: string, sendId: Uint8Array): Promise<boolean> =>
  (await work.get("cursor", cursorKey(relationship, sendId))) !== undefined;
