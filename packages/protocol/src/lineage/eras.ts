/**
 * A side's eras: the first begins with the `found`, each other with a succession. Each is a lineage of its own, with its own
 * leaves, plan and inbox, and holds what has its root in its past. An era is in force when the succession counts that it
 * begins with, and so are the eras before it; others wait with their succession, or are void with it.
 */
import { idKey, type StatementId } from "../statement/index.ts";
import type { Chronology, Node } from "./chronology.ts";
import { type Fate, fatesOf } from "./fates.ts";
import { type Judgement, judge } from "./judge.ts";
import { type Opening, openingsIn, oldLeavesFor } from "./openings.ts";
import type { Decisions, RuleName } from "./types.ts";

export interface Era {
  readonly root: Node;
  /** How many successions came before it. */
  readonly epoch: number;
  readonly judgement: Judgement;
  /** The successions that open a plan of this era, in chronological order. */
  readonly openings: readonly Opening[];
  /** The eras before that the root opens a plan of, in chronological order: one, but for what rivals have in common. */
  readonly parents: readonly Era[];
}

/** By epoch, then in chronological order. */
export function erasOf(chronology: Chronology, foundation: Node, now: number): readonly Era[] {
  const begin = (root: Node, epoch: number, old: ReadonlySet<string>, parents: readonly Era[]): Era => {
    const judgement = judge(chronology, root, old, now);
    return { root, epoch, judgement, openings: openingsIn(judgement, epoch + 1), parents };
  };
  const eras: Era[] = [];
  for (let level = [begin(foundation, 0, new Set(), [])]; level.length > 0;) {
    eras.push(...level);
    const roots = new Map<number, { readonly node: Node; readonly parents: Era[]; readonly old: Set<string> }>();
    for (const parent of level) {
      for (const { node } of parent.openings) {
        const root = roots.get(node.index) ?? { node, parents: [], old: new Set() };
        roots.set(node.index, root);
        root.parents.push(parent);
        for (const leaf of oldLeavesFor(parent.judgement.ledger, node)) root.old.add(leaf);
      }
    }
    const next = [...roots.values()].toSorted((a, b) => a.node.index - b.node.index);
    level = next.map(({ node, parents, old }) => begin(node, (level[0]?.epoch ?? 0) + 1, old, parents));
  }
  return eras;
}

export interface Course {
  /** By the root's index, of all eras but the first. */
  readonly fates: ReadonlyMap<number, Fate>;
  /** Milliseconds: when a fate may change without a new statement. */
  readonly next: number | undefined;
}

const weight = { counts: 0, pending: 1, contested: 2, void: 3 } as const;

/** What comes of the successions of all eras. */
export function courseOf(eras: readonly Era[], now: number, decisions: Decisions): Course {
  const fates = new Map<number, Fate>();
  let next = Number.POSITIVE_INFINITY;
  for (const era of eras) {
    const own: Fate = era.epoch === 0 ? { kind: "counts", since: era.root.learned } : fateAt(fates, era.root.index);
    const children =
      own.kind === "void" || own.kind === "contested" ? undefined : fatesOf(era.openings, now, decisions, startOf(own));
    if (children?.next !== undefined) next = Math.min(next, children.next);
    for (const { index } of era.openings) {
      const fate: Fate = children?.of.get(index) ?? { kind: "void", rule: ruleOf(own), because: era.root.index };
      const known = fates.get(index);
      if (known === undefined || weight[fate.kind] < weight[known.kind]) fates.set(index, fate);
    }
  }
  return { fates, next: next < Number.POSITIVE_INFINITY ? next : undefined };
}

function fateAt(fates: ReadonlyMap<number, Fate>, index: number): Fate {
  const fate = fates.get(index);
  if (fate === undefined) throw new Error(`succession ${index} has no fate`);
  return fate;
}

const startOf = (fate: Fate): number => {
  switch (fate.kind) {
    case "counts":
      return fate.since;
    case "pending":
      return fate.until;
    case "contested":
    case "void":
      return Number.POSITIVE_INFINITY;
  }
};

/** The rule by which an era is void. */
export const ruleOf = (fate: Fate): RuleName =>
  fate.kind === "contested" || fate.kind === "void" ? fate.rule : "successionIsOnce";

/** The successions that the root of an era builds on, and the root itself: by epoch, their keys. */
function pathTo(era: Era | undefined, decisions: Decisions): ReadonlyMap<number, string> {
  const path = new Map<number, string>();
  for (let at = era; at !== undefined && at.epoch > 0;) {
    path.set(at.epoch, at.root.key);
    at = at.parents.find(({ root }) => decisions.get(root.key) === "accept") ?? at.parents[0];
  }
  return path;
}

/** Whoever accepts a succession accepts those that it builds on, unless they refused them. */
export function impliedBy(eras: readonly Era[], decisions: Decisions): Decisions {
  const out = new Map(decisions);
  for (const era of eras) {
    if (decisions.get(era.root.key) !== "accept") continue;
    for (const key of pathTo(era, decisions).values()) if (!decisions.has(key)) out.set(key, "accept");
  }
  return out;
}

/** The decisions by which a succession, and each that it builds on, is accepted, and no other of their epochs. */
export function acceptanceOf(eras: readonly Era[], succession: StatementId, decisions: Decisions): Decisions {
  const key = idKey(succession);
  const path = pathTo(
    eras.find(({ root }) => root.key === key),
    decisions,
  );
  const out = new Map(decisions);
  for (const { epoch, root } of eras) if (path.has(epoch) && decisions.get(root.key) === "accept") out.delete(root.key);
  for (const accepted of path.values()) out.set(accepted, "accept");
  return out;
}
