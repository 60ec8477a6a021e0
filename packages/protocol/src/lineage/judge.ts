/**
 * Judges each statement in its own past, in chronological order: what is decided here depends on its ancestors only, so it
 * never changes as more statements arrive. What is left are the entries, which retires may still strike.
 */
import { idKey, type KnownStatement, maxLeaves, type PlanParts } from "../statement/index.ts";
import { addBit, addBits, emptyBits, hasBit, indicesOf, intersection } from "./bits.ts";
import type { Chronology, LineageStatement, Node } from "./chronology.ts";
import { type Entry, entryAt, type LeafRecord, type Ledger, nodeAt } from "./ledger.ts";
import { leafWithin, presentIn } from "./present.ts";
import type { Resolution } from "./resolution.ts";
import { resolve } from "./resolve.ts";
import { authorityOrder } from "./rules/authority-order.ts";
import { custodyFollowsKeys } from "./rules/custody-follows-keys.ts";
import { isRotation, planAt, planHistory, planMatures, plansSince, versionFollows } from "./rules/plan-matures.ts";
import { retireIsStrong, trustedBy } from "./rules/retire-is-strong.ts";
import { type Authority, signerWasAlive } from "./rules/signer-was-alive.ts";
import { successionIsOnce } from "./rules/succession-is-once.ts";
import type { RuleName, Standing } from "./types.ts";

type Void = { readonly kind: "void"; readonly rule: RuleName; readonly because: number | undefined };
type Authorised = { readonly kind: "authorised"; readonly authority: Authority; readonly force: number | undefined };
type Verdict = Void | Authorised | { readonly kind: "held" };

export interface Judgement {
  readonly ledger: Ledger;
  /** By index: of those that are no entries. */
  readonly standing: ReadonlyMap<number, Standing>;
}

export function judge(chronology: Chronology, foundation: Node, now: number): Judgement {
  const { nodes } = chronology;
  const ledger: Ledger = {
    nodes,
    indexOf: new Map(nodes.map((node) => [node.key, node.index])),
    foundation: foundation.index,
    now,
    entries: [],
    authority: emptyBits(nodes.length),
    leaves: new Map(),
    strikes: new Map(),
    crowded: { ever: false },
    plans: [],
    supports: new Map(),
  };
  const standing = new Map<number, Standing>();
  const views: Resolution[] = [];
  for (const node of nodes) {
    const view = viewOf(ledger, node, views);
    views.push(view);
    const verdict = verdictOn(ledger, node, view, (index) => standing.get(index)?.kind === "held");
    switch (verdict.kind) {
      case "authorised":
        enter(ledger, node, verdict);
        break;
      case "held":
        standing.set(node.index, { kind: "held" });
        break;
      case "void": {
        const because = verdict.because === undefined ? undefined : nodeAt(ledger, verdict.because).statement.id;
        standing.set(node.index, { kind: "void", rule: verdict.rule, because });
        break;
      }
    }
  }
  return { ledger, standing };
}

/** The side as it is in a statement's past. A statement that follows one without bearing on authority shares its view. */
function viewOf(ledger: Ledger, node: Node, views: readonly Resolution[]): Resolution {
  const [head, ...others] = node.heads;
  if (head !== undefined && others.length === 0) {
    const view = views[head];
    if (view !== undefined && !isAuthority(ledger, head)) return view;
  }
  return resolve(ledger, intersection(node.past, ledger.authority));
}

const isAuthority = (ledger: Ledger, index: number): boolean =>
  ledger.entries[index] !== undefined && bearsOnAuthority(nodeAt(ledger, index));

const bearsOnAuthority = ({ statement }: Node): boolean =>
  statement.type === "found" || statement.type === "admit" || statement.type === "retire" || statement.type === "plan";

function verdictOn(ledger: Ledger, node: Node, view: Resolution, isHeld: (index: number) => boolean): Verdict {
  const { statement } = node;
  if (statement.type === "unknown" || node.heads.some(isHeld)) return { kind: "held" };
  if (statement.type === "found") {
    if (node.index !== ledger.foundation) return { kind: "void", rule: "oneFoundation", because: ledger.foundation };
    const authority: Authority = { as: "leaf", origins: [], from: Number.NEGATIVE_INFINITY };
    return { kind: "authorised", authority, force: undefined };
  }
  if (statement.type === "succeed") {
    return successionIsOnce(statement, plansSince(planHistory(view).chain, node.learned));
  }
  const alive = signerWasAlive(node, view);
  if (alive.kind === "void") return alive;
  const { authority } = alive;
  if (!authorityOrder(statement, authority.as)) return { kind: "void", rule: "authorityOrder", because: undefined };
  if (statement.type === "admit") return admitVerdict(statement, view, authority);
  if (statement.type === "plan") return planVerdict(node, statement, view, authority);
  return { kind: "authorised", authority, force: undefined };
}

function admitVerdict(admit: KnownStatement<"admit">, view: Resolution, authority: Authority): Verdict {
  const brought = leavesIn(admit);
  const before = brought.map((leaf) => leafWithin(view, leaf));
  const retired = before.find((leaf) => leaf.status === "retired");
  if (retired?.status === "retired" && before.every((leaf) => leaf.status === "retired")) {
    return { kind: "void", rule: "retireIsStrong", because: retired.retiredBy };
  }
  const added = brought.filter((_, at) => before[at]?.status === "unknown");
  if (added.length > 0 && presentIn(view) + added.length > maxLeaves)
    return { kind: "void", rule: "atMostTenLeaves", because: undefined };
  return { kind: "authorised", authority, force: undefined };
}

function planVerdict(node: Node, plan: KnownStatement<"plan">, view: Resolution, authority: Authority): Verdict {
  const { ledger, within, labelOf } = view;
  const { chain } = planHistory(view);
  const refused = (rule: RuleName): Void => ({ kind: "void", rule, because: chain.at(-1)?.by });
  const earlier = ledger.plans.filter((index) => hasBit(within, index) && labelOf(index) !== "out");
  const versions = [ledger.foundation, ...earlier].map((index) => planParts(nodeAt(ledger, index)).version);
  if (!versionFollows(plan, Math.max(...versions))) return refused("planMatures");
  if (authority.as === "admission-key") {
    const current = planAt(chain, Math.max(node.learned, authority.from));
    if (current === undefined || !isRotation(plan, current)) return refused("authorityOrder");
  }
  if (!custodyFollowsKeys(plan, view)) return refused("custodyFollowsKeys");
  const found = nodeAt(ledger, ledger.foundation);
  const begun = planParts(found);
  const isFirst = earlier.length === 0 && begun.commitments.length === 0 && begun.admissionKeys.length === 0;
  const firstPlanOf = isFirst ? found.learned : undefined;
  const force = planMatures({ signedAs: authority.as, learned: node.learned, from: authority.from, firstPlanOf });
  return { kind: "authorised", authority, force };
}

function planParts({ statement }: Node): PlanParts {
  if (statement.type !== "found" && statement.type !== "plan") throw new Error(`a ${statement.type} has no plan`);
  return statement.body.plan;
}

/** By `idKey`, each once. */
function leavesIn(statement: LineageStatement): readonly string[] {
  if (statement.type === "found") return [idKey(statement.body.leaf.id)];
  return statement.type === "admit" ? [...new Set(statement.body.leaves.map((leaf) => idKey(leaf.id)))] : [];
}

/** Records an entry, and every strike between it and those before it. */
function enter(ledger: Ledger, node: Node, { authority, force }: Authorised): void {
  const { index, statement } = node;
  const rests = emptyBits(ledger.nodes.length);
  for (const origin of authority.origins) {
    addBit(rests, origin);
    addBits(rests, entryAt(ledger, origin).rests);
  }
  const leaf = authority.as === "leaf" ? node.signer : undefined;
  const trusted = statement.type === "retire" ? trustedBy(ledger, statement, node.past, rests) : undefined;
  const entry: Entry = {
    node,
    leaf,
    origins: authority.origins,
    rests,
    from: authority.from,
    brings: leavesIn(statement),
    force,
    trusted,
  };
  ledger.entries[index] = entry;
  if (bearsOnAuthority(node)) addBit(ledger.authority, index);
  const strike = (by: Entry, on: Entry): void => {
    if (by.from > ledger.now || !retireIsStrong(by, on)) return;
    const struck = ledger.strikes.get(by.node.index) ?? emptyBits(ledger.nodes.length);
    ledger.strikes.set(by.node.index, struck);
    addBit(struck, on.node.index);
  };
  if (leaf !== undefined) {
    const record = recordOf(ledger, leaf);
    record.signed.push(index);
    for (const retire of record.retires) strike(entryAt(ledger, retire), entry);
  }
  for (const brought of entry.brings) recordOf(ledger, brought).origins.push(index);
  if (statement.type === "retire") {
    for (const target of new Set(statement.body.leaves.map((id) => idKey(id)))) {
      const record = recordOf(ledger, target);
      record.retires.push(index);
      for (const signed of record.signed) strike(entry, entryAt(ledger, signed));
    }
  }
  if (statement.type === "plan") {
    ledger.plans.push(index);
    for (const support of [index, ...indicesOf(rests)]) {
      const plans = ledger.supports.get(support);
      if (plans === undefined) ledger.supports.set(support, [index]);
      else plans.push(index);
    }
  }
}

function recordOf(ledger: Ledger, leaf: string): LeafRecord {
  const known = ledger.leaves.get(leaf);
  if (known !== undefined) return known;
  const fresh: LeafRecord = { origins: [], retires: [], signed: [] };
  ledger.leaves.set(leaf, fresh);
  return fresh;
}
