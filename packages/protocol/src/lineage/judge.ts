/**
 * Judges each statement of an era in its own past, in chronological order: what is decided here depends on its ancestors
 * only, so it never changes as more statements arrive. What is left are the entries, which retires may still strike.
 */
import { idKey, type KnownStatement, maxLeaves } from "../statement/index.ts";
import { addBit, addBits, type Bits, emptyBits, hasBit, indicesOf, intersection } from "./bits.ts";
import type { Chronology, LineageStatement, Node } from "./chronology.ts";
import { type Entry, entryAt, type LeafRecord, type Ledger, nodeAt, planOf, rootParts } from "./ledger.ts";
import { leafWithin, presentIn } from "./present.ts";
import type { Resolution } from "./resolution.ts";
import { resolve } from "./resolve.ts";
import { authorityOrder } from "./rules/authority-order.ts";
import { custodyFollowsKeys } from "./rules/custody-follows-keys.ts";
import { oldLeavesRetire } from "./rules/old-leaves-retire.ts";
import { isRotation, planAt, planHistory, planMatures, versionFollows } from "./rules/plan-matures.ts";
import { retireIsStrong, trustedBy } from "./rules/retire-is-strong.ts";
import { type Authority, signerWasAlive } from "./rules/signer-was-alive.ts";
import type { RuleName, Standing } from "./types.ts";

type Void = { readonly kind: "void"; readonly rule: RuleName; readonly because: number | undefined };
type Authorised = { readonly kind: "authorised"; readonly authority: Authority; readonly force: number | undefined };
/** What comes of a succession is not decided in its own past (`successions.ts`). */
type Verdict = Void | Authorised | { readonly kind: "held" } | { readonly kind: "succession" };

export interface Judgement {
  readonly ledger: Ledger;
  /** By index: of members of the era that are neither entries nor successions. */
  readonly standing: ReadonlyMap<number, Standing>;
}

/**
 * @param root the `found`, or the `succeed` with which the era begins.
 * @param old leaves of the eras before, by `idKey`.
 */
export function judge(chronology: Chronology, root: Node, old: ReadonlySet<string>, now: number): Judgement {
  const { nodes, indexOf } = chronology;
  const isMember = ({ index, past }: Node): boolean =>
    root.statement.type === "found" || index === root.index || hasBit(past, root.index);
  const members = nodes.filter(isMember);
  const ledger: Ledger = {
    nodes,
    indexOf,
    root: root.index,
    members: bitsOf(nodes.length, members),
    old,
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
  for (const node of members) {
    const view = viewOf(ledger, node, views);
    views[node.index] = view;
    const verdict = verdictOn(ledger, node, view, (index) => standing.get(index)?.kind === "held");
    switch (verdict.kind) {
      case "authorised":
        enter(ledger, node, verdict);
        break;
      case "held":
        standing.set(node.index, { kind: "held" });
        break;
      case "succession":
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

function bitsOf(size: number, nodes: readonly Node[]): Bits {
  const out = emptyBits(size);
  for (const { index } of nodes) addBit(out, index);
  return out;
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
  statement.type === "found" ||
  statement.type === "succeed" ||
  statement.type === "admit" ||
  statement.type === "retire" ||
  statement.type === "plan";

function verdictOn(ledger: Ledger, node: Node, view: Resolution, isHeld: (index: number) => boolean): Verdict {
  const { statement } = node;
  if (node.index === ledger.root) {
    const as = statement.type === "succeed" ? "recovery-key" : "leaf";
    return { kind: "authorised", authority: { as, origins: [], from: Number.NEGATIVE_INFINITY }, force: undefined };
  }
  if (statement.type === "unknown" || node.heads.some(isHeld)) return { kind: "held" };
  if (statement.type === "found") return { kind: "void", rule: "oneFoundation", because: ledger.root };
  if (statement.type === "succeed") return { kind: "succession" };
  const alive = signerWasAlive(node, view);
  if (alive.kind === "void") return alive;
  const { authority } = alive;
  if (!authorityOrder(statement, authority.as)) return { kind: "void", rule: "authorityOrder", because: undefined };
  if (statement.type === "admit") return admitVerdict(statement, view, authority);
  if (statement.type === "plan") return planVerdict(node, statement, view, authority);
  return { kind: "authorised", authority, force: undefined };
}

function admitVerdict(admit: KnownStatement<"admit">, view: Resolution, authority: Authority): Verdict {
  const brought = leavesIn(view.ledger, admit);
  if (brought.length === 0) return { kind: "void", rule: "oldLeavesRetire", because: view.ledger.root };
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
  const versions = [ledger.root, ...earlier].map((index) => planOf(nodeAt(ledger, index).statement)?.plan.version ?? 0);
  if (!versionFollows(plan, Math.max(...versions))) return refused("planMatures");
  if (authority.as === "admission-key") {
    const current = planAt(chain, Math.max(node.learned, authority.from));
    if (current === undefined || !isRotation(plan, current)) return refused("authorityOrder");
  }
  if (!custodyFollowsKeys(plan, view)) return refused("custodyFollowsKeys");
  const root = nodeAt(ledger, ledger.root);
  const begun = planOf(root.statement)?.plan;
  const isFirst = earlier.length === 0 && begun?.commitments.length === 0 && begun.admissionKeys.length === 0;
  const firstPlanOf = isFirst ? root.learned : undefined;
  const force = planMatures({ signedAs: authority.as, learned: node.learned, from: authority.from, firstPlanOf });
  return { kind: "authorised", authority, force };
}

/** By `idKey`, each once. */
function leavesIn({ old }: Ledger, statement: LineageStatement): readonly string[] {
  if (statement.type === "admit") return oldLeavesRetire(statement.body.leaves, old);
  return statement.type === "found" || statement.type === "succeed" ? oldLeavesRetire(rootParts(statement).leaves, old) : [];
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
    brings: leavesIn(ledger, statement),
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
