/**
 * Acknowledgements. What came from the peer is acknowledged once it is durable at our side as the plan demands: in the
 * archive. One device's acknowledgement speaks for the side; the others see its copy and stay silent.
 */
import { bytes, type Bytes, encode, struct, toHex, uint } from "@photon/protocol/codec";
import { encodeBody, maxIds } from "@photon/protocol/queue";
import { getState, setState } from "../circle/state.ts";
import { followPeer } from "../recovery/heed.ts";
import { keys, lastPart } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { loadRelationship, ownLeaf } from "../relationship/relationship.ts";
import { settleStatements, statementAckId } from "../relationship/speaking.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { newContent } from "./content.ts";
import { post } from "./post.ts";
import { settleUnacked, unacked } from "./unacked.ts";

const dueSchema = struct({ id: [1, bytes(16)], since: [2, uint()] });
const dueKey = (relationship: string, id: Uint8Array): string => `due/${relationship}/${toHex(id)}`;
const siblingKey = (relationship: string, id: string): string => `sib/${relationship}/${id}`;

/** The peer waits for our acknowledgement of this id: a message's, or the first half of a statement's. */
export function owe(work: Work, relationship: string, id: Bytes): void {
  work.write("delivered", dueKey(relationship, id), dueSchema, { id, since: work.now() });
}

/** Acknowledgements of what we have not seen yet, such as a sibling's message whose copy is on its way: so many at most. */
const maxEarly = 1024;
const earlyKey = (relationship: string, id: string): string => `early/${relationship}/${id}`;

/** A message of a sibling's: ours to send again, should that sibling be retired before the peer has acknowledged it. */
export async function watchOver(work: Work, relationship: string, id: Bytes, stateKey: string): Promise<void> {
  const early = earlyKey(relationship, toHex(id));
  if ((await work.get("delivered", early)) === undefined) {
    work.put("delivered", siblingKey(relationship, toHex(id)), new TextEncoder().encode(stateKey));
    return;
  }
  work.delete("delivered", early);
  await markAcked(work, relationship, id);
}

/** State keys of the siblings' messages that the peer has not acknowledged. */
export async function watchedOver(work: Work, relationship: string): Promise<readonly string[]> {
  return (await work.list("delivered", `sib/${relationship}/`)).map(({ value }) => new TextDecoder().decode(value));
}

async function markAcked(work: Work, relationship: string, id: Bytes): Promise<void> {
  const key = keys.ack(relationship, id);
  if ((await getState(work, key)) === undefined) await setState(work, key, encode(uint(), work.now()));
  work.delete("delivered", siblingKey(relationship, toHex(id)));
}

/** The peer says that it has these. Only what we said is taken note of: a peer can name as many ids as it likes. */
export async function settle(work: Work, relationship: Relationship, ids: readonly Bytes[]): Promise<void> {
  const { id } = relationship;
  const ours = new Set((await unacked(work, id)).map((row) => toHex(row.id)));
  for (const { key } of await work.list("delivered", siblingKey(id, ""))) ours.add(lastPart(key));
  const statements = new Set([...relationship.mine.statements.values()].map((one) => toHex(statementAckId(one))));
  const set = new Set(ids.map((one) => toHex(one)));
  if (relationship.mine.state.successions.length > 0) await followPeer(work, relationship, set);
  await settleUnacked(work, id, set);
  await settleStatements(work, id, set);
  let room = maxEarly - (await work.list("delivered", earlyKey(id, ""))).length;
  for (const one of ids) {
    const hex = toHex(one);
    if (ours.has(hex)) await markAcked(work, id, one);
    else if (room > 0 && !statements.has(hex) && (await getState(work, keys.ack(id, one))) === undefined) {
      work.put("delivered", earlyKey(id, hex), new Uint8Array(0));
      room -= 1;
    }
  }
}

/** A sibling has acknowledged these to the peer already. */
export function settledBySibling(work: Work, relationship: string, ids: readonly Bytes[]): void {
  for (const id of ids) work.delete("delivered", dueKey(relationship, id));
}

/**
 * Acknowledges what is owed and archived. @param archived whether nothing of a relationship waits to be archived.
 * @returns how many ids stay owed.
 */
export async function payAcks(work: Work, archived: boolean): Promise<number> {
  const owed = new Map<string, Bytes[]>();
  const rows = await work.list("delivered", "due/");
  for (const { key, value } of rows) {
    const relationship = key.split("/")[1] ?? "";
    owed.set(relationship, [...(owed.get(relationship) ?? []), parseRow(dueSchema, value).id]);
  }
  if (!archived) return rows.length;
  let left = 0;
  for (const [id, ids] of owed) {
    const relationship = await loadRelationship(work, id);
    // A device that has just joined has no leaf here yet, and so nothing to speak with.
    if ((await ownLeaf(work, relationship)) === undefined) {
      left += ids.length;
      continue;
    }
    for (let at = 0; at < ids.length; at += maxIds) {
      const some = ids.slice(at, at + maxIds);
      if (await post(work, relationship, await newContent(work, relationship, "ack", encodeBody("ack", some))))
        settledBySibling(work, id, some);
      else left += some.length;
    }
    await work.commit();
  }
  return left;
}
