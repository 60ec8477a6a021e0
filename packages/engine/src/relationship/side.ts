/** Beginning a side: the first leaf, the inbox, the `found`, and the siblings' leaves from the start. */
import { toHex } from "@photon/protocol/codec";
import { makeSideId, signStatement, type Statement } from "@photon/protocol/statement";
import { type CircleDevice, takeSpare } from "../circle/devices.ts";
import { getState } from "../circle/state.ts";
import { cursorOf, keepInbox, makeInbox, writeSide } from "../delivery/inboxes.ts";
import { enqueue } from "../delivery/outbox.ts";
import type { Work } from "../storage/core.ts";
import { currentParts } from "../plan/announce.ts";
import { leafKeys, makeLeaf, signerOf } from "./leaves.ts";
import { getRecord, keys, leafOfSchema, recordSchema, type RelationshipRecord, setRecord } from "./records.ts";
import type { Relationship } from "./model.ts";
import { addStatements, loadRelationship } from "./relationship.ts";
import { say } from "./speaking.ts";

export async function beginSide(
  work: Work,
  id: string,
  relay: string,
  record: Omit<RelationshipRecord, "mine" | "created">,
): Promise<Relationship> {
  const side = makeSideId(work.random(32));
  await setRecord(work, keys.record(id), recordSchema, { ...record, mine: side, created: work.now() });
  const relationship = await loadRelationship(work, id);
  const leaf = await makeLeaf(work);
  const own = await leafKeys(work, leaf.id);
  if (own === undefined) throw new Error("a leaf was made and not kept");
  const secret = makeInbox(work, relay);
  await keepInbox(work, relationship, secret);
  await enqueue(work, id, { kind: "create", value: { sendId: secret.sendId } });
  const found = await signStatement(
    {
      type: "found",
      side,
      heads: [],
      claimedAt: work.now(),
      body: {
        suite: "ed25519-xwing-aes256gcm-sha512",
        leaf,
        inbox: writeSide(secret, 0),
        ...(await currentParts(work, side, 1)),
      },
    },
    signerOf(own),
  );
  await addStatements(work, relationship, [found]);
  await setRecord(work, keys.leafOf(id, leaf.id), leafOfSchema, { device: work.self.device, from: [] });
  return relationship;
}

/**
 * Admits siblings, by their spare leaves, to a relationship of which they are not yet.
 * @returns the statement, if anybody was admitted, and the siblings whose pool is empty.
 */
export async function admitSiblings(
  work: Work,
  relationship: Relationship,
  siblings: readonly CircleDevice[],
): Promise<{ readonly admit: Statement | undefined; readonly without: readonly CircleDevice[] }> {
  const leaves = [];
  const without: CircleDevice[] = [];
  const from = [];
  for (const secret of relationship.inboxes.values()) {
    from.push({ sendId: secret.sendId, after: await cursorOf(work, relationship.id, secret.sendId) });
  }
  for (const sibling of siblings) {
    const leaf = await takeSpare(work, sibling.device);
    if (leaf === undefined) {
      without.push(sibling);
      continue;
    }
    leaves.push(leaf);
    await setRecord(work, keys.leafOf(relationship.id, leaf.id), leafOfSchema, { device: sibling.device, from: from.slice(-16) });
  }
  const admit = leaves.length === 0 ? undefined : await say(work, relationship, "admit", { leaves, proof: "device" });
  return { admit, without };
}

/** Which device each leaf of ours, live or not, belongs to, where that is known: hex leaf id to device id. */
export async function leafDevices(work: Work, relationship: Relationship): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { leaf } of relationship.mine.state.leaves.values()) {
    const record = await getRecord(work, keys.leafOf(relationship.id, leaf.id), leafOfSchema);
    // A device of which the circle has no record is nobody's.
    if (record !== undefined && (await getState(work, `dev/${record.device}`)) !== undefined)
      found.set(toHex(leaf.id), record.device);
  }
  return found;
}
