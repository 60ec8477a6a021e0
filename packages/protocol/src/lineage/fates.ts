/**
 * What comes of the successions of one era, told from the first that was learned to now: at each time at which one is
 * learned, contested, due or expired, the rules are asked anew, until one counts.
 */
import type { Opening } from "./openings.ts";
import { type OpenedPlan, successionRank } from "./rules/authority-order.ts";
import { contestEnds, contestEscalates, escalationWait } from "./rules/contest-escalates.ts";
import { peersWait } from "./rules/peers-wait.ts";
import { personDecides } from "./rules/person-decides.ts";
import { rivalsAreContested } from "./rules/rivals-are-contested.ts";
import { successionIsOnce } from "./rules/succession-is-once.ts";
import type { Decisions, RuleName } from "./types.ts";

export type Fate =
  | { readonly kind: "pending"; readonly until: number }
  | {
      readonly kind: "contested";
      /** Undefined where time does not end it. */
      readonly until: number | undefined;
      readonly rule: "contestEscalates" | "rivalsAreContested";
      readonly because: number;
    }
  | { readonly kind: "counts"; readonly since: number }
  | { readonly kind: "void"; readonly rule: RuleName; readonly because: number | undefined };

export interface Fates {
  /** By index. */
  readonly of: ReadonlyMap<number, Fate>;
  /** Milliseconds: when they may change without a new statement. */
  readonly next: number | undefined;
}

/** An opening of a plan that can be opened, and what has come of it so far. */
interface Running {
  readonly opening: Opening;
  readonly index: number;
  readonly threshold: number;
  readonly request: string;
  readonly known: number;
  plan: OpenedPlan;
  /** When it would count if nobody contested this one. */
  readonly uncontested: number;
  contested:
    { readonly since: number; readonly rule: "contestEscalates" | "rivalsAreContested"; readonly because: number } | undefined;
  isLearned: boolean;
  /** The rule and the statement by which it is void for good. */
  ended: { readonly rule: RuleName; readonly because: number } | undefined;
}

/**
 * @param openings of one era, in chronological order.
 * @param eraFrom when the succession counts with which the era begins.
 */
export function fatesOf(openings: readonly Opening[], now: number, decisions: Decisions, eraFrom: number): Fates {
  const { accepted, refused } = personDecides(openings, decisions);
  const of = new Map<number, Fate>();
  for (const opening of openings) {
    const { index, shut } = opening;
    if (refused.has(opening) || accepted !== undefined)
      of.set(index, { kind: "void", rule: "personDecides", because: accepted?.index });
    else if (shut !== undefined) of.set(index, { kind: "void", ...shut });
  }
  if (accepted !== undefined) {
    const since = Math.max(accepted.known, eraFrom);
    of.set(accepted.index, since <= now ? { kind: "counts", since } : { kind: "pending", until: since });
    return { of, next: since <= now ? undefined : since };
  }
  const open = openings.filter(({ index }) => !of.has(index));
  const running = open.flatMap((opening) => runningOf(opening, open, eraFrom));
  const { winner, at, next } = run(running, now);
  for (const one of running) of.set(one.index, fateOf(one, running, winner, at, now));
  return { of, next };
}

function runningOf(opening: Opening, all: readonly Opening[], eraFrom: number): Running[] {
  const { index, threshold, request, known, delay, plan, statement } = opening;
  if (plan === undefined) return [];
  const due = peersWait({ known, delay, notBefore: statement.body.notBefore, planFrom: plan.from, eraFrom });
  // The second key answers the contests of what the first key signed for the same epoch.
  const answered = all.flatMap((other) => {
    const [first] = other.contests;
    const isAnswered = threshold === 1 && other.threshold === 0 && other.known <= known;
    return isAnswered && first !== undefined && first.time <= known ? [first.time + escalationWait] : [];
  });
  const uncontested = Math.max(due, ...answered);
  return [
    { opening, index, threshold, request, known, plan, uncontested, contested: undefined, isLearned: false, ended: undefined },
  ];
}

interface Outcome {
  readonly winner: Running | undefined;
  /** The time of the last event. */
  readonly at: number;
  readonly next: number | undefined;
}

function run(all: readonly Running[], now: number): Outcome {
  let at = Number.NEGATIVE_INFINITY;
  for (;;) {
    const next = nextEvent(all, at);
    if (next === undefined || next > now) return { winner: undefined, at, next };
    at = next;
    // What is learned at the moment at which another is due comes too late for it.
    for (const isLearned of [(time: number): boolean => time < next, (time: number): boolean => time <= next]) {
      const known = all.filter((one) => isLearned(one.known));
      learn(known);
      settle(known, isLearned, at);
      const winner = successionIsOnce(ripe(known, isLearned, at));
      if (winner !== undefined) return { winner, at, next: undefined };
    }
  }
}

/**
 * While one succession under a plan may count, the plan stays as it was when that was learned for others under it: so an
 * escalation has the rank and the grace of what it escalates.
 */
function learn(known: readonly Running[]): void {
  for (const one of known) {
    if (one.isLearned) continue;
    one.isLearned = true;
    const before = known.find((other) => other.isLearned && other !== one && isOpen(other) && other.plan.by === one.plan.by);
    if (before !== undefined) one.plan = before.plan;
    else if (one.opening.lapsed !== undefined) one.ended = { rule: "graceOfPlans", because: one.opening.lapsed };
  }
}

const isOpen = ({ ended }: Running): boolean => ended === undefined;

/** Those that count unless another does: neither contested nor outranked, and due. */
function ripe(known: readonly Running[], isLearned: IsLearned, at: number): readonly (Running & { readonly due: number })[] {
  return topOf(known, at).flatMap((one) => {
    const due = one.contested === undefined ? dueOf(one, isLearned) : undefined;
    return due !== undefined && due <= at ? [{ ...one, due }] : [];
  });
}

type IsLearned = (time: number) => boolean;

/** When it is due, as contests stand that were learned by then; undefined where it is contested. */
function dueOf({ opening, threshold, uncontested }: Running, isLearned: IsLearned): number | undefined {
  const [first] = opening.contests;
  return contestEscalates(threshold, uncontested, first !== undefined && isLearned(first.time) ? first.time : undefined);
}

/** Contests, rivals and expiries, until nothing more follows. */
function settle(known: readonly Running[], isLearned: IsLearned, at: number): void {
  for (const one of known) {
    const [first] = one.opening.contests;
    if (one.threshold !== 0 || one.contested !== undefined || first === undefined || !isLearned(first.time)) continue;
    one.contested = { since: Math.max(first.time, one.known), rule: "contestEscalates", because: first.index };
  }
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    const top = topOf(known, at);
    const inForce = top.filter(({ plan }) => plan.was !== "to-come" || plan.from <= at);
    for (const one of inForce) {
      const rival = one.contested === undefined ? rivalsAreContested(one, inForce) : undefined;
      if (rival === undefined) continue;
      one.contested = { since: at, rule: "rivalsAreContested", because: rival.index };
      hasChanged = true;
    }
    const isEscalated = top.some(({ threshold, contested }) => threshold === 1 && contested === undefined);
    for (const one of known) {
      const end = endOf(one);
      if (end === undefined || end > at || (one.threshold === 0 && isEscalated)) continue;
      one.ended = one.contested;
      hasChanged = true;
    }
  }
}

function endOf({ contested, ended, known, opening }: Running): number | undefined {
  if (contested === undefined || ended !== undefined) return undefined;
  return contestEnds(known, opening.statement.body.expiry, contested.since);
}

/** Those that no other outranks. */
function topOf(known: readonly Running[], at: number): readonly Running[] {
  const open = known.filter(isOpen);
  const [first, ...others] = open;
  if (first === undefined) return [];
  const best = others.reduce((top, one) => (successionRank(one.plan, top.plan, at) > 0 ? one : top), first);
  return open.filter(({ plan }) => successionRank(plan, best.plan, at) === 0);
}

function nextEvent(all: readonly Running[], after: number): number | undefined {
  const times = all.filter(isOpen).flatMap((one) => {
    const { opening, plan, known } = one;
    const contest = opening.contests[0]?.time ?? known;
    const due = dueOf(one, (time) => time <= after) ?? known;
    return [known, plan.from, contest, due, endOf(one) ?? known];
  });
  const next = Math.min(...times.filter((time) => time > after));
  return next < Number.POSITIVE_INFINITY ? next : undefined;
}

function fateOf(one: Running, all: readonly Running[], winner: Running | undefined, at: number, now: number): Fate {
  if (winner?.index === one.index) return { kind: "counts", since: at };
  if (one.ended !== undefined) return { kind: "void", rule: one.ended.rule, because: one.ended.because };
  if (winner !== undefined) return { kind: "void", rule: "successionIsOnce", because: winner.index };
  const known = all.filter((each) => each.known <= now);
  const [best] = topOf(known, now);
  if (best !== undefined && one.known <= now && successionRank(best.plan, one.plan, now) > 0)
    return { kind: "void", rule: "authorityOrder", because: best.index };
  if (one.contested !== undefined) {
    const { rule, because } = one.contested;
    const end = endOf(one);
    return { kind: "contested", until: end !== undefined && end > now ? end : undefined, rule, because };
  }
  const until = dueOf(one, (time) => time <= now) ?? one.uncontested;
  return { kind: "pending", until };
}
