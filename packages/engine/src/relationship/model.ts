/** A relationship as this device holds it in memory: both lineages, the inboxes of our side, the generations. */
import { compareBytes } from "@photon/protocol/codec";
import { type Decisions, type LineageState, liveLeaves, presume, type Succession } from "@photon/protocol/lineage";
import { idKey, type LeafId, type SideId, type Statement } from "@photon/protocol/statement";
import type { GenerationEntry } from "./generations.ts";
import type { InboxSecret, RelationshipRecord } from "./records.ts";

export interface Lineage {
  readonly side: SideId;
  readonly statements: Map<string, Statement>;
  readonly firstSeen: Map<string, number>;
  /** The relationship's. */
  readonly decisions: Decisions;
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
  /** By hex of a succession, of either side. */
  readonly decisions: Map<string, "accept" | "refuse">;
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

/** A side as those see it who have taken it over, while nobody here has confirmed that. */
export interface Presumed {
  readonly succession: Succession;
  readonly state: LineageState;
}
const presumedOf = new WeakMap<LineageState, readonly Presumed[]>();

/** For each succession that does not count yet, and may. */
export function presumed(lineage: Lineage, now: number): readonly Presumed[] {
  const known = presumedOf.get(lineage.state);
  if (known !== undefined) return known;
  const { statements, firstSeen, decisions, state } = lineage;
  const made = openSuccessions(state).map((succession) => ({
    succession,
    state: presume(statements.values(), firstSeen, now, decisions, succession.statement),
  }));
  presumedOf.set(state, made);
  return made;
}

/** Successions that wait, or are contested. */
export const openSuccessions = (state: LineageState): readonly Succession[] =>
  state.successions.filter(({ status }) => status === "pending" || status === "contested");

/** What a leaf is to us: live; of an heir, that is, live if a succession that is open should count; or neither. */
export function standingOfLeaf(relationship: Relationship, leaf: LeafId, now: number): "live" | "heir" | "past" | "stranger" {
  const id = idKey(leaf);
  const lineages = [relationship.mine, ...(relationship.peer === undefined ? [] : [relationship.peer])];
  const known = lineages.map(({ state }) => state.leaves.get(id)?.status).find((status) => status !== undefined);
  if (known === "live") return "live";
  const isHeir = lineages.some((lineage) => presumed(lineage, now).some(({ state }) => state.leaves.get(id)?.status === "live"));
  return isHeir ? "heir" : known === undefined ? "stranger" : "past";
}
