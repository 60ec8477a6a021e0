/** A relationship as this device holds it in memory: both lineages, the inboxes of our side, the generations. */
import { type LineageState, liveLeaves } from "@photon/protocol/lineage";
import { idKey, type LeafId, type SideId, type Statement } from "@photon/protocol/statement";
import type { GenerationEntry } from "./generations.ts";
import type { InboxSecret, RelationshipRecord } from "./records.ts";

export interface Lineage {
  readonly side: SideId;
  readonly statements: Map<string, Statement>;
  readonly firstSeen: Map<string, number>;
  state: LineageState;
}

export interface Relationship {
  readonly id: string;
  readonly record: RelationshipRecord;
  readonly mine: Lineage;
  peer: Lineage | undefined;
  /** By hex of the send id. */
  readonly inboxes: Map<string, InboxSecret>;
  readonly generations: Map<string, GenerationEntry>;
}

export const lineageOf = (relationship: Relationship, side: SideId): Lineage | undefined =>
  [relationship.mine, relationship.peer].find((lineage) => lineage !== undefined && idKey(lineage.side) === idKey(side));

/** The ids of all live leaves of both sides, sorted by their bytes. */
export function liveMembers(relationship: Relationship): readonly LeafId[] {
  const states = [relationship.mine.state, ...(relationship.peer === undefined ? [] : [relationship.peer.state])];
  const ids = states.flatMap((state) => liveLeaves(state).map(({ leaf }) => leaf.id));
  return ids.toSorted((a, b) => (idKey(a) < idKey(b) ? -1 : 1));
}
