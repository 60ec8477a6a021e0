/** What the replicated state holds of a relationship, and where. See spec/10-circle.md. */
import {
  boolean,
  bytes,
  encode,
  type Hlc,
  hlcKey,
  list,
  oneOf,
  optional,
  type Schema,
  type SchemaType,
  struct,
  text,
  toHex,
  uint,
} from "@photon/protocol/codec";
import { sideIdSchema } from "@photon/protocol/statement";
import { getState, setState } from "../circle/state.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { verifiedHow } from "./verified.ts";

/** The circle is the relationship a person has with themself; its id is the same in every profile. */
export const circleId = "circle";

/** `rel/<id>/record`: written once, when the relationship begins. */
export const recordSchema = struct({
  mine: [1, sideIdSchema],
  role: [2, oneOf({ circle: 0, inviter: 1, invitee: 2 })],
  created: [3, uint()],
  /** The invitation's id, where there was one. */
  invitation: [4, optional(bytes(16))],
  /** When the invitation expires, in ms. */
  expires: [5, optional(uint())],
});
export type RelationshipRecord = SchemaType<typeof recordSchema>;

/** `inbox/<id>/<sendId>`: the owner's half of a queue. */
export const inboxSecretSchema = struct({
  relay: [1, text(256)],
  receiveId: [2, bytes(16)],
  sendId: [3, bytes(16)],
  readSeed: [4, bytes(32)],
  /** Rotation n of the write and seal keys is derived from it, so that every device of the side makes the same. */
  root: [5, bytes(32)],
  created: [6, uint()],
});
export type InboxSecret = SchemaType<typeof inboxSecretSchema>;

/** `leafof/<id>/<leaf>`: which device a leaf of ours is, and from where in the inboxes its device reads. */
export const leafOfSchema = struct({
  device: [1, text(16)],
  from: [2, list(struct({ sendId: [1, bytes(16)], after: [2, uint()] }), { max: 16 })],
});

/** `claim/<id>/<side>`: somebody holds the invitation and says so. */
export const claimSchema = struct({
  side: [1, sideIdSchema],
  statements: [2, list(bytes({ min: 1, max: 96 * 1024 }), { min: 1, max: 64 })],
  at: [3, uint()],
});
export type Claim = SchemaType<typeof claimSchema>;

export const verifiedSchema = struct({ how: [1, oneOf(verifiedHow)], at: [2, uint()], peer: [3, sideIdSchema] });

export const petnameSchema = text(64);
export const flagSchema = boolean;
export const timeSchema = uint();
export const peerSchema = sideIdSchema;

export const keys = {
  record: (id: string) => `rel/${id}/record`,
  petname: (id: string) => `rel/${id}/petname`,
  peer: (id: string) => `rel/${id}/peer`,
  /** The invitee's: the inviter has confirmed. The inviter's: a claim was confirmed. */
  confirmed: (id: string) => `rel/${id}/confirmed`,
  closed: (id: string) => `rel/${id}/closed`,
  verified: (id: string) => `rel/${id}/verified`,
  /** Until when the person has looked at the peer's changes, in ms of firstSeen. */
  looked: (id: string) => `rel/${id}/looked`,
  inbox: (id: string, sendId: Uint8Array) => `inbox/${id}/${toHex(sendId)}`,
  leafOf: (id: string, leaf: Uint8Array) => `leafof/${id}/${toHex(leaf)}`,
  claim: (id: string, side: Uint8Array) => `claim/${id}/${toHex(side)}`,
  statement: (id: string, statement: Uint8Array) => `st/${id}/${toHex(statement)}`,
  firstSeen: (id: string, statement: Uint8Array) => `fs/${id}/${toHex(statement)}`,
  /** Ordered as said. A peer can give its message our id and time, and must not thereby take our message's place. */
  message: (id: string, { sent, id: message }: { readonly sent: Hlc; readonly id: Uint8Array }, from: "me" | "peer") =>
    `msg/${id}/${hlcKey(sent)}-${toHex(message)}${from === "peer" ? "-peer" : ""}`,
  /** A retirement on the peer's side for which this side has changed its keys. */
  rotated: (id: string, retire: Uint8Array) => `rel/${id}/rotated-${toHex(retire).slice(0, 32)}`,
  /** What this person decided about a succession of either side (hex). */
  decided: (id: string, succession: string) => `rel/${id}/decided-${succession}`,
  /** A peer's succession that has come to count, and of which all that follows was done. */
  settled: (id: string, succession: Uint8Array) => `rel/${id}/settled-${toHex(succession)}`,
  /** A message out of a file, that had not left when the file was written. */
  unsent: (id: string, message: Uint8Array) => `rel/${id}/unsent-${toHex(message)}`,
  ack: (id: string, message: Uint8Array) => `ack/${id}/${toHex(message)}`,
} as const;

export async function getRecord<T>(work: Work, key: string, schema: Schema<T>): Promise<T | undefined> {
  const value = await getState(work, key);
  return value === undefined ? undefined : parseRow(schema, value);
}

export async function setRecord<T>(work: Work, key: string, schema: Schema<T>, value: T): Promise<void> {
  await setState(work, key, encode(schema, value));
}

/** The last part of a state key, as bytes' hex. */
export const lastPart = (key: string): string => key.slice(key.lastIndexOf("/") + 1);
