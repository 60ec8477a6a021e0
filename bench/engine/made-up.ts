/** Relationships with people who are made up, as far as a device can tell real: so that there can be thousands of them. */
import { systemRandom } from "@photon/engine/adapters/node";
import { type Bytes, toHex } from "@photon/protocol/codec";
import { makeQueueKeys, type QueueKeys, rotationKeys } from "@photon/protocol/queue";
import { ed25519Signer, type Leaf, makeLeafId, makeSideId, signStatement } from "@photon/protocol/statement";
import { found } from "../../packages/engine/src/conversation/founding.ts";
import { computeCustody } from "../../packages/engine/src/relationship/custody.ts";
import type { Relationship } from "../../packages/engine/src/relationship/model.ts";
import { flagSchema, keys, petnameSchema, setRecord } from "../../packages/engine/src/relationship/records.ts";
import { addStatements, setPeer } from "../../packages/engine/src/relationship/relationship.ts";
import { beginSide } from "../../packages/engine/src/relationship/side.ts";
import type { Work } from "../../packages/engine/src/storage/core.ts";

export async function madeUpLeaf({ session }: Work): Promise<{ readonly leaf: Leaf; readonly seed: Bytes }> {
  const seed = systemRandom.bytes(32);
  const id = makeLeafId(ed25519Signer(seed).publicKey);
  return { leaf: { id, lastResort: (await session.makeKeyPackage({ id, seed })).public }, seed };
}

/**
 * One that is confirmed, with a generation. In the caller's unit.
 * @param before what is to be done before its first generation.
 * @returns the keys of the other's inbox, which nobody has made at a relay.
 */
export async function madeUpRelationship(
  work: Work,
  relay: string,
  petname: string,
  before: (relationship: Relationship) => Promise<void> = async () => {},
): Promise<QueueKeys> {
  const id = toHex(systemRandom.bytes(16));
  const relationship = await beginSide(work, id, relay, { role: "inviter", invitation: systemRandom.bytes(16) });
  await before(relationship);
  const { leaf, seed } = await madeUpLeaf(work);
  const side = makeSideId(systemRandom.bytes(32));
  const queue = makeQueueKeys(systemRandom.bytes(96));
  const begun = await signStatement(
    {
      type: "found",
      side,
      heads: [],
      claimedAt: work.now(),
      body: {
        suite: "ed25519-xwing-aes256gcm-sha512",
        leaf,
        inbox: { relay, sendId: queue.sendId, rotation: 0, ...rotationKeys(queue.root, 0) },
        custody: computeCustody("software", { trustees: false }),
        plan: { version: 0, commitments: [], admissionKeys: [] },
      },
    },
    ed25519Signer(seed),
  );
  await setPeer(work, relationship, side);
  await addStatements(work, relationship, [begun]);
  await setRecord(work, keys.confirmed(id), flagSchema, true);
  await setRecord(work, keys.petname(id), petnameSchema, petname);
  await found(work, relationship);
  return queue;
}
