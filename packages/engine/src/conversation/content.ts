import { type Bytes, concat, sha256, utf8 } from "@photon/protocol/codec";
import type { Content } from "@photon/protocol/queue";
import type { LeafId } from "@photon/protocol/statement";
import type { Relationship } from "../relationship/model.ts";
import { circleId } from "../relationship/records.ts";
import { ownLeaf } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";

/** The clock by which a relationship's messages are stamped; see `Work.tick`. */
export const clockOf = (relationship: string): string => `hlc/${relationship}`;

/** A content of ours: a fresh id, and the relationship's next hybrid time, by a node that is only this leaf's. */
export async function newContent(work: Work, relationship: Relationship, kind: string, body: Bytes): Promise<Content> {
  const id = work.random(16);
  if (relationship.id === circleId) return { id, sent: await work.tick(), kind, body };
  const own = await ownLeaf(work, relationship);
  if (own === undefined) throw new Error("saying something where we have no leaf");
  return { id, sent: await work.tick(clockOf(relationship.id), nodeOf(own.id)), kind, body };
}

/** Made once for as long as a leaf's id is held. */
const nodes = new WeakMap<LeafId, Bytes>();

function nodeOf(leaf: LeafId): Bytes {
  const node = nodes.get(leaf) ?? sha256(concat(utf8("photon/clock/1"), leaf)).slice(0, 8);
  nodes.set(leaf, node);
  return node;
}
