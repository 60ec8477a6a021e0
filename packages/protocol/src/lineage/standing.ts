/** What each complete statement counts for, once retires, cycles, plans and successions are settled over the whole side. */
import type { StatementId } from "../statement/index.ts";
import { addBits, emptyBits, hasBit } from "./bits.ts";
import type { Node } from "./chronology.ts";
import { type Course, type Era, ruleOf } from "./eras.ts";
import { type Fate } from "./fates.ts";
import { entryAt, type Ledger, nodeAt } from "./ledger.ts";
import { objectsTo, type Opening } from "./openings.ts";
import { disputeOver } from "./present.ts";
import type { Quarantine, Resolution } from "./resolution.ts";
import { resolve } from "./resolve.ts";
import { type PlanHistory, planHistory } from "./rules/plan-matures.ts";
import { successionQuarantines } from "./rules/succession-quarantines.ts";
import type { RuleName, Standing } from "./types.ts";

/** An era, and how its retires, cycles and plans are settled in view of its successions. */
export interface Settled {
  readonly era: Era;
  readonly ledger: Ledger;
  readonly fate: Fate;
  /** The succession that counts and ends it, by index. */
  readonly endedBy: number | undefined;
  readonly resolution: Resolution;
  readonly plans: PlanHistory;
}

export function settleEras(nodes: readonly Node[], eras: readonly Era[], course: Course, now: number): Whole {
  const settled = eras.map((era): Settled => {
    const fate = course.fates.get(era.root.index) ?? { kind: "counts", since: era.root.learned };
    const ending = era.openings.find(({ index }) => fate.kind === "counts" && course.fates.get(index)?.kind === "counts");
    const ended = ending === undefined ? undefined : course.fates.get(ending.index);
    const { ledger } = era.judgement;
    // What was still to come when the succession began to count never does.
    const then = ended?.kind === "counts" ? { ...ledger, now: Math.min(now, ended.since) } : ledger;
    const quarantined = ending === undefined ? heldBack(era, course, now) : beside(ledger, ending);
    const resolution = resolve(then, ledger.members, quarantined);
    return { era, ledger: then, fate, endedBy: ending?.index, resolution, plans: planHistory(resolution) };
  });
  const isInForce = ({ fate }: Settled): number => Number(fate.kind === "counts");
  const latestFirst = settled.toSorted((a, b) => isInForce(b) - isInForce(a) || b.era.epoch - a.era.epoch);
  const [present] = latestFirst;
  if (present === undefined) throw new Error("a side without eras");
  return { nodes, settled, latestFirst, present, course, now };
}

/** Everything of the era that is not in the succession's past. */
function beside({ entries, root }: Ledger, { node, index: by }: Opening): Quarantine {
  const out = new Map<number, number>();
  for (const entry of entries) {
    if (entry !== undefined && entry.node.index !== root && !hasBit(node.past, entry.node.index)) out.set(entry.node.index, by);
  }
  return out;
}

/** What is beside any succession that may still count, and whose plan is in force. */
function heldBack({ judgement, openings }: Era, { fates }: Course, now: number): Quarantine {
  const out = new Map<number, number>();
  const open = openings.filter(({ index, plan }) => {
    const kind = fates.get(index)?.kind;
    return (kind === "pending" || kind === "contested") && (plan?.was !== "to-come" || plan.from <= now);
  });
  if (open.length === 0) return out;
  for (const entry of judgement.ledger.entries) {
    if (entry === undefined || entry.node.index === judgement.ledger.root) continue;
    const by = open.find(({ node }) => successionQuarantines(node.past, entry.node));
    if (by !== undefined) out.set(entry.node.index, by.index);
  }
  return out;
}

export interface Whole {
  readonly nodes: readonly Node[];
  readonly settled: readonly Settled[];
  /** The same, those in force first, and the latest of them first. */
  readonly latestFirst: readonly Settled[];
  /** That of the last succession that counts. */
  readonly present: Settled;
  readonly course: Course;
  readonly now: number;
}

/** Of what several eras judge, the outcome that gives it most effect; what is of none is told as the latest era in force sees it. */
export function standingOf(whole: Whole, index: number): Standing {
  const node = nodeAt(whole.present.ledger, index);
  if (node.statement.type === "succeed") return ofSuccession(whole, node);
  let best: { readonly standing: Standing; readonly weight: number } | undefined;
  for (const one of node.statement.type === "found" ? whole.settled.slice(0, 1) : whole.latestFirst) {
    const standing = standingWithin(one, node, whole);
    if (standing === undefined) continue;
    const weight = weightOf(standing, one.ledger.entries[index] !== undefined);
    if (best === undefined || weight < best.weight) best = { standing, weight };
  }
  if (best === undefined) throw new Error("a statement of no era");
  return best.standing;
}

function weightOf(standing: Standing, isEntry: boolean): number {
  switch (standing.kind) {
    case "counts":
      return 0;
    case "pending":
      return 1;
    case "held":
    case "waiting":
      return 2;
    case "void":
      return isEntry ? 3 : standing.because !== undefined ? 4 : 5;
  }
}

function standingWithin(settled: Settled, node: Node, whole: Whole): Standing | undefined {
  const { era, ledger, fate, endedBy, resolution, plans } = settled;
  const { index } = node;
  if (!hasBit(ledger.members, index)) return undefined;
  const judged = era.judgement.standing.get(index);
  if (judged !== undefined) return judged;
  if (fate.kind === "void" || fate.kind === "contested") return voided(ledger, ruleOf(fate), ledger.root);
  if (node.statement.type === "contest" && fate.kind === "counts") {
    const standing = ofContest(settled, node, whole);
    if (standing !== undefined) return standing;
  }
  const entry = entryAt(ledger, index);
  switch (resolution.labelOf(index)) {
    case "undecided":
      return voided(ledger, "retireCyclesFreeze", disputeOver(resolution, index));
    case "out":
      return struckDown(resolution, index);
    case "in": {
      const rival = plans.rivals.get(index);
      if (rival !== undefined) return voided(ledger, "planMatures", rival);
      const own = Math.max(entry.from, entry.force ?? entry.from);
      const until = fate.kind === "pending" ? Math.max(own, fate.until) : own;
      if (until <= ledger.now) return { kind: "counts" };
      return endedBy === undefined ? { kind: "pending", until } : voided(ledger, "oldLeavesRetire", endedBy);
    }
  }
}

/** A contest counts if it is the first of some succession, and came before one counted; undefined where it names none. */
function ofContest({ era, ledger, endedBy }: Settled, node: Node, { course, now }: Whole): Standing | undefined {
  const named = era.openings.filter(({ statement, plan }) => plan !== undefined && objectsTo(node, statement));
  if (named.length === 0) return undefined;
  for (const opening of named) {
    const [first] = opening.contests;
    if (first?.index !== node.index || !cameInTime(era, opening, course)) continue;
    return first.time <= now ? { kind: "counts" } : { kind: "pending", until: first.time };
  }
  const counted = named.find(({ contests }) => contests.some(({ index }) => index === node.index));
  if (counted !== undefined) {
    const [first] = counted.contests;
    return voided(ledger, "contestEscalates", first?.index === node.index ? endedBy : first?.index);
  }
  const heard = named[0]?.heard;
  if (heard === undefined) return undefined;
  return heard.labelOf(node.index) === "out"
    ? struckDown(heard, node.index)
    : voided(ledger, "retireCyclesFreeze", disputeOver(heard, node.index));
}

/** Whether the first contest of a succession was learned before a succession of its epoch counted. */
export function cameInTime(era: Era, { contests, known }: Opening, { fates }: Course): boolean {
  const [first] = contests;
  if (first === undefined) return false;
  return era.openings.every(({ index }) => {
    const fate = fates.get(index);
    return fate?.kind !== "counts" || first.time < fate.since || first.time <= known;
  });
}

function ofSuccession({ settled, course, present }: Whole, node: Node): Standing {
  const fate = course.fates.get(node.index);
  switch (fate?.kind) {
    case "counts":
      return { kind: "counts" };
    case "pending":
      return { kind: "pending", until: fate.until };
    case "contested":
    case "void":
      return voided(present.ledger, fate.rule, fate.because);
    case undefined: {
      const homes = settled.filter(({ ledger }) => hasBit(ledger.members, node.index));
      if (homes.some(({ era }) => era.judgement.standing.has(node.index))) return { kind: "held" };
      const epoch = node.statement.type === "succeed" ? node.statement.body.epoch : 0;
      const isNext = homes.some(({ era }) => era.epoch + 1 === epoch);
      return voided(present.ledger, isNext ? "authorityOrder" : "successionIsOnce", undefined);
    }
  }
}

/** Why an entry is out: by its own fault, or else by that of what it rests on. */
function struckDown(resolution: Resolution, index: number): Standing {
  const { ledger, labelOf, strikersOf, late, beyond, quarantined } = resolution;
  const seen = new Set<number>();
  const todo = [index];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const succession = quarantined.get(at);
    if (succession !== undefined) return voided(ledger, "successionQuarantines", succession);
    const first = late.get(at);
    if (first !== undefined) return voided(ledger, "retireCyclesFreeze", first);
    if (beyond.has(at)) return voided(ledger, "atMostTenLeaves", at === index ? undefined : at);
    const striker = strikersOf(at).find((by) => labelOf(by) === "in");
    if (striker !== undefined) return voided(ledger, "retireIsStrong", striker);
    todo.push(...entryAt(ledger, at).origins.toReversed());
  }
  throw new Error("a statement is out for no reason");
}

function voided(ledger: Ledger, rule: RuleName, because: number | undefined): Standing {
  return { kind: "void", rule, because: because === undefined ? undefined : nodeAt(ledger, because).statement.id };
}

const maxHeadsNamed = 16;

/**
 * What the next statement should name: the maximal ones among all complete statements that are not held and whose signer
 * had, at least once, a part in this side. If there are more than 16, those that count go first, so that nothing that
 * counts is left out of the next statement's past for the sake of what does not.
 */
export function headsOf(whole: Whole, standings: readonly Standing[]): readonly StatementId[] {
  const { nodes } = whole;
  const all = nodes.filter(({ index }) => isNamed(whole, index, standings[index])).map(({ index }) => index);
  const heads = maximal(nodes, all);
  if (heads.length <= maxHeadsNamed) return idsOf(nodes, heads);
  const counting = maximal(
    nodes,
    all.filter((index) => standings[index]?.kind !== "void"),
  );
  const first = idsOf(nodes, counting);
  const rest = idsOf(
    nodes,
    heads.filter((index) => !counting.includes(index)),
  );
  return [...first, ...rest].slice(0, maxHeadsNamed);
}

function isNamed({ settled, course }: Whole, index: number, standing: Standing | undefined): boolean {
  if (standing === undefined || standing.kind === "held") return false;
  if (standing.kind !== "void" || course.fates.has(index)) return true;
  if (settled.some(({ ledger }) => ledger.entries[index] !== undefined)) return true;
  return standing.because !== undefined && standing.rule !== "oneFoundation";
}

/** Those of `indices` that are in the past of no other. */
export function maximal(nodes: readonly Node[], indices: readonly number[]): readonly number[] {
  const followed = emptyBits(nodes.length);
  for (const index of indices) if (!hasBit(followed, index)) addBits(followed, nodes[index]?.past ?? emptyBits(nodes.length));
  return indices.filter((index) => !hasBit(followed, index));
}

const idsOf = (nodes: readonly Node[], indices: readonly number[]): StatementId[] =>
  indices
    .flatMap((index) => nodes[index] ?? [])
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map((node) => node.statement.id);
