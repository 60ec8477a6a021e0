/** A relationship as this device holds it in memory: both lineages, the inboxes of our side, the generations. */
import { compareBytes } from "@photon/protocol/codec";
import { type LineageState, liveLeaves } from "@photon/protocol/lineage";
import { idKey, type LeafId, type SideId, type Statement } from "@photon/protocol/statement";
import type { GenerationEntry } from "./generations.ts";
import type { InboxSecret, RelationshipRecord } from "./records.ts";

export interface Lineage {
  readonly side: SideId;
  readonly statements: Map<string, Statement>;
  readonly firstSeen: Map<string, number>;
  /** The circle's only: this device's leaves (hex). Its state is the circle as they see it (spec/10-circle.md, "Disputes"). */
  readonly self?: ReadonlySet<string>;
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
  /** The generation in which everything unacknowledged was last seen to be sealed, so that there is no need to look; not kept. */
  allSealedIn?: string | undefined;
}

export const lineageOf = (relationship: Relationship, side: SideId): Lineage | undefined =>
  [relationship.mine, relationship.peer].find((lineage) => lineage !== undefined && idKey(lineage.side) === idKey(side));

interface Members {
  readonly states: readonly LineageState[];
  readonly ids: readonly LeafId[];
}
/** States are values: the members of the same states are the same, and are asked for with every message. */
const membersOf = new WeakMap<Relationship, Members>();

/** The ids of all live leaves of both sides, sorted by their bytes. */
export function liveMembers(relationship: Relationship): readonly LeafId[] {
  const states = [relationship.mine.state, ...(relationship.peer === undefined ? [] : [relationship.peer.state])];
  const known = membersOf.get(relationship);
  if (known !== undefined && known.states.length === states.length && known.states.every((state, i) => state === states[i]))
    return known.ids;
  const ids = states.flatMap((state) => liveLeaves(state).map(({ leaf }) => leaf.id)).toSorted(compareBytes);
  membersOf.set(relationship, { states, ids });
  return ids;
}
