/**
 * The successions of an era: each `succeed` that opens a commitment of one of its plans, with all that decides what comes of
 * it. What the old side said once a succession was known is quarantined; so whether it opens a plan, and which contests were
 * made by a live leaf, is asked of the side as it was when the succession was learned, and never changes later.
 */
import { delayOf, idKey, type PlanParts } from "../statement/index.ts";
import { addBit, addBits, type Bits, hasBit, intersection } from "./bits.ts";
import type { Node, Succeed } from "./chronology.ts";
import type { Judgement } from "./judge.ts";
import { entryAt, learnedBefore, type Ledger, nodeAt, planOf, rootParts } from "./ledger.ts";
import type { Resolution } from "./resolution.ts";
import { resolve } from "./resolve.ts";
import type { OpenedPlan } from "./rules/authority-order.ts";
import { graceOfPlans } from "./rules/grace-of-plans.ts";
import { oldLeavesRetire } from "./rules/old-leaves-retire.ts";
import { planHistory, type PlanHistory } from "./rules/plan-matures.ts";
import { firstToList, replacementWait, replacingPlansWait } from "./rules/replacing-plans-wait.ts";
import { opensCommitment } from "./rules/succession-is-once.ts";
import type { RuleName } from "./types.ts";

export interface Contest {
  readonly index: number;
  /** Milliseconds: when it was learned, and its signer could act. */
  readonly time: number;
}

export interface Opening {
  readonly node: Node;
  readonly index: number;
  readonly key: string;
  readonly statement: Succeed;
  readonly threshold: number;
  /** By `idKey`. */
  readonly request: string;
  /** Milliseconds: when the succession and the plan that it opens had been learned. */
  readonly known: number;
  readonly delay: number;
  /** Undefined where the plan cannot be opened: `shut` says why. */
  readonly plan: OpenedPlan | undefined;
  /** The plan that replaced it more than 45 days before. */
  readonly lapsed: number | undefined;
  readonly shut: { readonly rule: RuleName; readonly because: number } | undefined;
  /** Whether the person may accept it: the plan stands in the succession's own past. */
  readonly acceptable: boolean;
  /** Contests by leaves that were live, the first first. */
  readonly contests: readonly Contest[];
  /** The side in which the contests were judged; undefined where nothing contests it. */
  readonly heard: Resolution | undefined;
}

/** @param epoch that of the successions. */
export function openingsIn({ ledger, standing }: Judgement, epoch: number): readonly Opening[] {
  const out: Opening[] = [];
  for (const node of ledger.nodes) {
    const { statement, index } = node;
    if (statement.type !== "succeed" || index === ledger.root || !hasBit(ledger.members, index)) continue;
    if (statement.body.epoch !== epoch || standing.has(index)) continue;
    const opening = openingOf(ledger, node, statement);
    if (opening !== undefined) out.push(opening);
  }
  return out;
}

interface Try {
  readonly known: number;
  /** When it takes effect: once the plan may decide. */
  readonly effect: number;
  readonly plan: OpenedPlan | undefined;
  readonly lapsed: number | undefined;
  readonly shut: { readonly rule: RuleName; readonly because: number } | undefined;
}

/** Undefined where it opens no commitment of any plan that this observer knows. */
function openingOf(ledger: Ledger, node: Node, statement: Succeed): Opening | undefined {
  const plans = [ledger.root, ...ledger.plans].filter((index) => {
    const parts = planOf(nodeAt(ledger, index).statement)?.plan;
    return parts !== undefined && opensCommitment(statement, parts);
  });
  const tries = plans.map((plan) => tryPlan(ledger, node, statement, plan));
  const found = tries.find(({ plan, lapsed }) => plan !== undefined && lapsed === undefined) ?? tries[0];
  const delay = delayOf(statement.body.salt);
  if (found === undefined || delay === undefined) return undefined;
  const { known, effect } = found;
  const isOld = oldLeavesRetire(rootParts(statement).leaves, oldLeavesFor(ledger, node)).length === 0;
  const { contests, heard } = isOld ? nobody : contestsOf(ledger, node, statement, effect);
  return {
    node,
    index: node.index,
    key: node.key,
    statement,
    threshold: statement.body.threshold,
    request: idKey(statement.body.request),
    known,
    delay,
    plan: isOld ? undefined : found.plan,
    lapsed: found.lapsed,
    shut: isOld ? { rule: "oldLeavesRetire", because: ledger.root } : found.shut,
    acceptable: !isOld && plans.some((plan) => standsInPast(ledger, node, plan)),
    contests,
    heard,
  };
}

const nobody = { contests: [], heard: undefined };

function tryPlan(ledger: Ledger, node: Node, statement: Succeed, plan: number): Try {
  const opened = nodeAt(ledger, plan);
  const known = Math.max(node.learned, opened.learned);
  const listed = (parts: PlanParts): boolean => lists(statement, parts);
  const lineAsOf = (time: number): PlanHistory & { readonly at: number } => {
    const history = planHistory(resolve({ ...ledger, now: time }, asOf(ledger, node, opened, time)));
    return { ...history, at: history.chain.findIndex(({ by }) => by === plan) };
  };
  const inForce = Math.max(known, entryAt(ledger, plan).force ?? opened.learned);
  const early = lineAsOf(inForce);
  // What replaced other commitments takes effect later than it is in force, and may be replaced itself by then.
  const effect = early.at < 0 ? inForce : Math.max(known, replacingPlansWait(early.chain, early.at, listed));
  const { chain, rivals, at } = effect === inForce ? early : lineAsOf(effect);
  if (at < 0) {
    const shut = { rule: "planMatures", because: rivals.get(plan) ?? plan } as const;
    return { known, effect, plan: undefined, lapsed: undefined, shut };
  }
  const from = replacingPlansWait(chain, at, listed);
  const by = chain[firstToList(chain, at, listed)]?.by ?? plan;
  const replacing = chain.slice(at + 1).find(({ parts }) => !listed(parts));
  const isReplaced = replacing !== undefined && replacing.from + replacementWait <= effect;
  const lapsed = isReplaced && !graceOfPlans(known, nodeAt(ledger, replacing.by).learned) ? replacing.by : undefined;
  const was = isReplaced ? "replaced" : from > known ? "to-come" : "in-force";
  return { known, effect, plan: { by, from, was }, lapsed, shut: undefined };
}

/** Whether a plan still makes the commitment, whatever its version. */
const lists = (statement: Succeed, parts: PlanParts): boolean =>
  opensCommitment({ ...statement, body: { ...statement.body, planVersion: parts.version } }, parts);

/** What had been learned before a time, and all that the succession builds on: what counts when it takes effect. */
function asOf(ledger: Ledger, node: Node, plan: Node, time: number): Bits {
  const out = learnedBefore(ledger, time);
  addBits(out, node.past);
  addBits(out, plan.past);
  addBit(out, plan.index);
  return intersection(out, ledger.members);
}

/** Whether the plan stands in the succession's own past. */
function standsInPast(ledger: Ledger, { past }: Node, plan: number): boolean {
  if (!hasBit(past, plan)) return false;
  return planHistory(resolve(ledger, intersection(past, ledger.members))).chain.some(({ by }) => by === plan);
}

/** By `idKey`: what this era and those before it brought in, as far as the succession builds on it. */
export function oldLeavesFor(ledger: Ledger, { past }: Node): ReadonlySet<string> {
  const out = new Set(ledger.old);
  for (const [leaf, { origins }] of ledger.leaves) if (origins.some((origin) => hasBit(past, origin))) out.add(leaf);
  return out;
}

/** Whether a contest names the succession, or the request that it is of. */
export function objectsTo({ statement }: Node, succession: Succeed): boolean {
  if (statement.type !== "contest") return false;
  const { request, succession: named } = statement.body;
  return idKey(request) === idKey(succession.body.request) || (named !== undefined && idKey(named) === idKey(succession.id));
}

/**
 * The contests that count against it: their signers had not been retired when it took effect. Retires that were learned
 * later are the old side's word against a device that objects, and void nothing here.
 */
function contestsOf(
  ledger: Ledger,
  node: Node,
  statement: Succeed,
  effect: number,
): { readonly contests: readonly Contest[]; readonly heard: Resolution | undefined } {
  const named = ledger.nodes.filter((one) => ledger.entries[one.index] !== undefined && objectsTo(one, statement));
  if (named.length === 0) return nobody;
  const tooLate = new Map<number, number>();
  for (const { index, learned, statement: what } of ledger.nodes) {
    if (what.type !== "retire" || ledger.entries[index] === undefined) continue;
    const isKnown = learned < effect || hasBit(node.past, index);
    if (!isKnown || entryAt(ledger, index).from > effect) tooLate.set(index, node.index);
  }
  const heard = resolve(ledger, ledger.members, tooLate);
  const counting = named
    .filter(({ index }) => heard.labelOf(index) === "in")
    .map(({ index, learned }) => ({ index, time: Math.max(learned, entryAt(ledger, index).from) }))
    .toSorted((a, b) => a.time - b.time || a.index - b.index);
  return { contests: counting, heard };
}
