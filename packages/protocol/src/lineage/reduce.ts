/** From a side's statements to who may act for it. The rules are in `rules/`, their order in spec/03-lineage.md. */
import { idKey, type Inbox, type LeafId, type Leaf, type Statement } from "../statement/index.ts";
import { changesOf } from "./changes.ts";
import { type Chronology, chronologyOf, type Node } from "./chronology.ts";
import { type Judgement, judge } from "./judge.ts";
import { type Ledger, nodeAt } from "./ledger.ts";
import { leafWithin } from "./present.ts";
import type { Resolution } from "./resolution.ts";
import { resolve } from "./resolve.ts";
import { planAt, planHistory } from "./rules/plan-matures.ts";
import { addBit, emptyBits } from "./bits.ts";
import { headsOf, maximal, standingOf } from "./standing.ts";
import type { Decisions, FirstSeen, LeafState, LineageState, Standing } from "./types.ts";

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
  _decisions: Decisions = new Map(),
): LineageState {
  const chronology = chronologyOf(statements, firstSeen, now);
  const foundation = chronology.nodes.find(({ statement }) => statement === chronology.foundation);
  if (foundation === undefined || foundation.statement.type !== "found") return unfounded(chronology);
  const found = foundation.statement;

  const judgement = judge(chronology, foundation, now);
  const { ledger } = judgement;
  const everything = emptyBits(ledger.nodes.length);
  for (const { index } of ledger.nodes) addBit(everything, index);
  const resolution = resolve(ledger, everything);
  const plans = planHistory(resolution);
  const standings = ledger.nodes.map(({ index }) => standingOf(judgement, resolution, plans, index));
  const leaves = leavesIn(ledger, resolution);
  const { inbox, inboxes, inboxBy } = inboxesOf(ledger, standings);
  const inForce = planAt(plans.chain, now);
  const parts = inForce?.parts ?? found.body.plan;

  return {
    side: found.side,
    kind: kindOf(judgement, standings, leaves),
    epoch: 0,
    successions: [],
    leaves,
    inbox,
    inboxBy,
    inboxes,
    custody: inForce?.custody ?? found.body.custody,
    plan: { version: parts.version, commitments: parts.commitments, admissionKeys: parts.admissionKeys },
    heads: headsOf(judgement, standings),
    standing: standingByKey(chronology, (node) => standings[node.index]),
    changes: changesOf(ledger, standings, leaves),
    nextChange: nextChange(standings),
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
    plan: { version: 0, commitments: [], admissionKeys: [] },
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

function leavesIn(ledger: Ledger, resolution: Resolution): ReadonlyMap<string, LeafState> {
  const out = new Map<string, LeafState>();
  for (const key of [...ledger.leaves.keys()].toSorted()) {
    const standing = leafWithin(resolution, key);
    if (standing.status === "unknown" || standing.status === "pending") continue;
    const { statement } = nodeAt(ledger, standing.by);
    const brought = leafAndProof(statement, key);
    if (brought === undefined) continue;
    const retire = standing.retiredBy === undefined ? undefined : nodeAt(ledger, standing.retiredBy).statement;
    out.set(key, {
      ...brought,
      status: standing.status,
      by: statement.id,
      retiredBy: retire?.id,
      reason: retire?.type === "retire" ? retire.body.reason : undefined,
    });
  }
  return out;
}

function leafAndProof(statement: Statement, key: string): { leaf: Leaf; proof: LeafState["proof"] } | undefined {
  if (statement.type === "found") return { leaf: statement.body.leaf, proof: "founded" };
  if (statement.type !== "admit") return undefined;
  const leaf = statement.body.leaves.find((one: { readonly id: LeafId }) => idKey(one.id) === key);
  return leaf === undefined ? undefined : { leaf, proof: statement.body.proof };
}

/** The inbox in force is the maximal counting move's; of concurrent ones, that with the smallest id. */
function inboxesOf(ledger: Ledger, standings: readonly Standing[]): Pick<LineageState, "inbox" | "inboxBy" | "inboxes"> {
  const inboxes: Inbox[] = [];
  const moves: number[] = [];
  for (const { index, statement } of ledger.nodes) {
    if (standings[index]?.kind !== "counts" || (statement.type !== "found" && statement.type !== "move")) continue;
    inboxes.push(statement.body.inbox);
    moves.push(index);
  }
  const [best] = maximal(ledger, moves)
    .map((index) => nodeAt(ledger, index))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  if (best === undefined || (best.statement.type !== "found" && best.statement.type !== "move"))
    throw new Error("a side without inbox");
  return { inbox: best.statement.body.inbox, inboxBy: best.statement.id, inboxes };
}

function kindOf(
  judgement: Judgement,
  standings: readonly Standing[],
  leaves: ReadonlyMap<string, LeafState>,
): LineageState["kind"] {
  const { nodes } = judgement.ledger;
  const some = (type: Statement["type"], kind: Standing["kind"]): boolean =>
    nodes.some(({ index, statement }) => statement.type === type && standings[index]?.kind === kind);
  if (some("contest", "counts") && some("succeed", "held")) return "contested";
  if (some("close", "counts")) return "closed";
  const statuses = new Set([...leaves.values()].map((leaf) => leaf.status));
  return statuses.has("frozen") && !statuses.has("live") ? "frozen" : "active";
}

function nextChange(standings: readonly Standing[]): number | undefined {
  let next = Number.POSITIVE_INFINITY;
  for (const standing of standings) if (standing.kind === "pending") next = Math.min(next, standing.until);
  return next < Number.POSITIVE_INFINITY ? next : undefined;
}
