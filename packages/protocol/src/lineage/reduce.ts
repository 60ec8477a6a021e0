/** From a side's statements to who may act for it. The rules are in `rules/`, their order in spec/03-lineage.md. */
import { idKey, type Inbox, type LeafId, type Leaf, type Statement, type StatementId } from "../statement/index.ts";
import { changesOf } from "./changes.ts";
import { type Chronology, chronologyOf, type Node } from "./chronology.ts";
import { acceptanceOf, courseOf, type Era, erasOf, impliedBy } from "./eras.ts";
import { learnedBefore, nodeAt, rootParts } from "./ledger.ts";
import { leafWithin } from "./present.ts";
import type { Resolution } from "./resolution.ts";
import { resolve } from "./resolve.ts";
import { planAt } from "./rules/plan-matures.ts";
import { decidesFrom } from "./rules/replacing-plans-wait.ts";
import { headsOf, maximal, type Settled, settleEras, standingOf, type Whole } from "./standing.ts";
import { successionsOf } from "./successions.ts";
import type { Decisions, FirstSeen, LeafState, LineageState, Standing } from "./types.ts";

const undecided: Decisions = new Map();

/**
 * The state of a side. Pure and total: the same set of statements, the same first-seen times, the same `now` and the same
 * decisions give the same state in whatever order, and however often, the statements are given. Time and memory grow with
 * the square of their number (in bits); callers bound it.
 *
 * @param statements parsed statements, their Ed25519 signatures thereby verified. **The BLS signature of every `succeed`
 * among them is good for its own `publicKey`**: whoever takes statements in verifies it once, since a pairing is slow, and
 * drops what fails. `reduce` checks what that key opens. `generation`s are passed over; statements of another side than
 * the foundation's are void, and no part of anything.
 * @param now milliseconds by the observer's clock.
 * @param decisions what the observer's person said about successions.
 */
export function reduce(
  statements: Iterable<Statement>,
  firstSeen: FirstSeen,
  now: number,
  decisions: Decisions = undecided,
): LineageState {
  return stateOf(chronologyOf(statements, firstSeen, now), now, (eras) => impliedBy(eras, decisions));
}

/**
 * The side as its successor sees it: what `reduce` gives had the person accepted this succession, and each that it builds
 * on, and no other of their epochs. The same as `reduce` where the succession opens nothing.
 */
export function presume(
  statements: Iterable<Statement>,
  firstSeen: FirstSeen,
  now: number,
  decisions: Decisions,
  succession: StatementId,
): LineageState {
  return stateOf(chronologyOf(statements, firstSeen, now), now, (eras) => acceptanceOf(eras, succession, decisions));
}

function stateOf(chronology: Chronology, now: number, decide: (eras: readonly Era[]) => Decisions): LineageState {
  const { nodes } = chronology;
  const foundation = nodes.find(({ statement }) => statement === chronology.foundation);
  if (foundation === undefined) return unfounded(chronology);

  const eras = erasOf(chronology, foundation, now);
  const whole = settleEras(nodes, eras, courseOf(eras, now, decide(eras)), now);
  const { present } = whole;
  const standings = nodes.map(({ index }) => standingOf(whole, index));
  const leaves = leavesOf(whole);
  const { inbox, inboxes, inboxBy } = inboxesOf(whole, standings);
  const inForce = planAt(present.plans.chain, now);
  if (inForce === undefined) throw new Error("a side without plan");
  const { version, commitments, admissionKeys } = inForce.parts;

  return {
    side: foundation.statement.side,
    kind: kindOf(whole, standings, leaves),
    epoch: present.era.epoch,
    successions: successionsOf(whole),
    leaves,
    inbox,
    inboxBy,
    inboxes,
    custody: inForce.custody,
    plan: { version, commitments, admissionKeys, decidesFrom: decidesFrom(present.plans.chain, inForce) },
    heads: headsOf(whole, standings),
    standing: standingByKey(chronology, (node) => standings[node.index]),
    changes: changesOf(whole, standings, leaves),
    nextChange: nextChange(whole, standings),
  };
}

function unfounded(chronology: Chronology): LineageState {
  const unknown = new Set<number>();
  for (const { index, statement, heads } of chronology.nodes) {
    if (statement.type === "unknown" || heads.some((head) => unknown.has(head))) unknown.add(index);
  }
  return {
    side: undefined,
    kind: "empty",
    epoch: 0,
    successions: [],
    leaves: new Map(),
    inbox: undefined,
    inboxBy: undefined,
    inboxes: [],
    custody: undefined,
    plan: { version: 0, commitments: [], admissionKeys: [], decidesFrom: 0 },
    heads: [],
    standing: standingByKey(chronology, ({ index }) =>
      unknown.has(index) ? { kind: "held" } : { kind: "void", rule: "oneFoundation", because: undefined },
    ),
    changes: [],
    nextChange: undefined,
  };
}

function standingByKey(chronology: Chronology, of: (node: Node) => Standing | undefined): ReadonlyMap<string, Standing> {
  const out = new Map<string, Standing>();
  for (const node of chronology.nodes) {
    const standing = of(node);
    if (standing !== undefined) out.set(node.key, standing);
  }
  for (const [key, missing] of chronology.waiting) out.set(key, { kind: "waiting", missing });
  for (const key of chronology.foreign) {
    out.set(key, { kind: "void", rule: "oneFoundation", because: chronology.foundation?.id });
  }
  return out;
}

/** By key, in the order of keys. A leaf of several eras is what the latest says. */
function leavesOf({ settled }: Whole): ReadonlyMap<string, LeafState> {
  const out = new Map<string, LeafState>();
  for (const one of settled) {
    if (one.fate.kind !== "counts") continue;
    const { endedBy, ledger } = one;
    // What old leaves bring in afterwards never was a leaf.
    const before = endedBy === undefined ? one.resolution : resolve(ledger, learnedBefore(ledger, ledger.now));
    for (const leaf of ledger.leaves.keys()) {
      const state = endedBy === undefined ? leafOf(one, leaf) : oldLeafOf({ ...one, before }, leaf, endedBy);
      if (state !== undefined) out.set(leaf, state);
    }
  }
  return new Map([...out].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function leafOf({ ledger, resolution }: Pick<Settled, "ledger" | "resolution">, key: string): LeafState | undefined {
  const standing = leafWithin(resolution, key);
  if (standing.status === "unknown" || standing.status === "pending") return undefined;
  const { statement } = nodeAt(ledger, standing.by);
  const brought = leafAndProof(statement, key);
  if (brought === undefined) return undefined;
  const retire = standing.retiredBy === undefined ? undefined : nodeAt(ledger, standing.retiredBy).statement;
  return {
    ...brought,
    status: standing.status,
    by: statement.id,
    retiredBy: retire?.id,
    reason: retire?.type === "retire" ? retire.body.reason : undefined,
  };
}

/** Of an era that a succession ended: retired before it, or by it, even where what brought the leaf in is quarantined now. */
function oldLeafOf({ ledger, resolution, before }: Ended, key: string, endedBy: number): LeafState | undefined {
  const known = leafOf({ ledger, resolution }, key);
  if (known?.status === "retired") return known;
  const state = known ?? leafOf({ ledger, resolution: before }, key);
  return state === undefined
    ? undefined
    : { ...state, status: "retired", retiredBy: nodeAt(ledger, endedBy).statement.id, reason: "lost" };
}

/** An era as it was seen when the succession began to count. */
type Ended = Pick<Settled, "ledger" | "resolution"> & { readonly before: Resolution };

function leafAndProof(statement: Statement, key: string): { leaf: Leaf; proof: LeafState["proof"] } | undefined {
  if (statement.type !== "found" && statement.type !== "succeed" && statement.type !== "admit") return undefined;
  const leaves = statement.type === "admit" ? statement.body.leaves : rootParts(statement).leaves;
  const proof = statement.type === "admit" ? statement.body.proof : statement.type === "found" ? "founded" : "trustees";
  const leaf = leaves.find((one: { readonly id: LeafId }) => idKey(one.id) === key);
  return leaf === undefined ? undefined : { leaf, proof };
}

/** The inbox in force is the maximal counting move's; of concurrent ones, that with the smallest id. */
function inboxesOf({ nodes, present }: Whole, standings: readonly Standing[]): Pick<LineageState, "inbox" | "inboxBy" | "inboxes"> {
  const inboxes: Inbox[] = [];
  const moves: number[] = [];
  for (const { index, statement } of nodes) {
    if (standings[index]?.kind !== "counts") continue;
    if (statement.type !== "found" && statement.type !== "succeed" && statement.type !== "move") continue;
    inboxes.push(statement.body.inbox);
    if (present.ledger.entries[index] !== undefined) moves.push(index);
  }
  const [best] = maximal(nodes, moves)
    .map((index) => nodeAt(present.ledger, index))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const statement = best?.statement;
  if (statement?.type !== "found" && statement?.type !== "succeed" && statement?.type !== "move")
    throw new Error("a side without inbox");
  return { inbox: statement.body.inbox, inboxBy: statement.id, inboxes };
}

function kindOf(
  { present, course, nodes }: Whole,
  standings: readonly Standing[],
  leaves: ReadonlyMap<string, LeafState>,
): LineageState["kind"] {
  if (present.era.openings.some(({ index }) => course.fates.get(index)?.kind === "contested")) return "contested";
  const isClose = ({ index, statement }: Node): boolean => statement.type === "close" && standings[index]?.kind === "counts";
  if (nodes.some((node) => isClose(node) && present.ledger.entries[node.index] !== undefined)) return "closed";
  const statuses = new Set([...leaves.values()].map((leaf) => leaf.status));
  return statuses.has("frozen") && !statuses.has("live") ? "frozen" : "active";
}

function nextChange({ course }: Whole, standings: readonly Standing[]): number | undefined {
  let next = course.next ?? Number.POSITIVE_INFINITY;
  for (const standing of standings) if (standing.kind === "pending") next = Math.min(next, standing.until);
  return next < Number.POSITIVE_INFINITY ? next : undefined;
}
