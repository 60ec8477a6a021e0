/** What each complete statement counts for, once retires, cycles and plans are settled over the whole side. */
import type { StatementId } from "../statement/index.ts";
import { addBits, emptyBits, hasBit } from "./bits.ts";
import type { Judgement } from "./judge.ts";
import { entryAt, type Ledger, nodeAt } from "./ledger.ts";
import { disputeOver } from "./present.ts";
import type { Resolution } from "./resolution.ts";
import type { PlanHistory } from "./rules/plan-matures.ts";
import type { RuleName, Standing } from "./types.ts";

export function standingOf(judgement: Judgement, resolution: Resolution, plans: PlanHistory, index: number): Standing {
  const { ledger } = judgement;
  const judged = judgement.standing.get(index);
  if (judged !== undefined) return judged;
  const entry = entryAt(ledger, index);
  switch (resolution.labelOf(index)) {
    case "undecided":
      return voided(ledger, "retireCyclesFreeze", disputeOver(resolution, index));
    case "out":
      return struckDown(resolution, index);
    case "in": {
      const rival = plans.rivals.get(index);
      if (rival !== undefined) return voided(ledger, "planMatures", rival);
      const until = Math.max(entry.from, entry.force ?? entry.from);
      return until > ledger.now ? { kind: "pending", until } : { kind: "counts" };
    }
  }
}

/** Why an entry is out: by its own fault, or else by that of what it rests on. */
function struckDown(resolution: Resolution, index: number): Standing {
  const { ledger, labelOf, strikersOf, late, beyond } = resolution;
  const seen = new Set<number>();
  const todo = [index];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
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
export function headsOf(judgement: Judgement, standings: readonly Standing[]): readonly StatementId[] {
  const { ledger } = judgement;
  const all = ledger.nodes.filter(({ index }) => isNamed(ledger, index, standings[index])).map(({ index }) => index);
  const heads = maximal(ledger, all);
  if (heads.length <= maxHeadsNamed) return idsOf(ledger, heads);
  const counting = maximal(
    ledger,
    all.filter((index) => standings[index]?.kind !== "void"),
  );
  const first = idsOf(ledger, counting);
  const rest = idsOf(
    ledger,
    heads.filter((index) => !counting.includes(index)),
  );
  return [...first, ...rest].slice(0, maxHeadsNamed);
}

function isNamed(ledger: Ledger, index: number, standing: Standing | undefined): boolean {
  if (standing === undefined || standing.kind === "held") return false;
  if (standing.kind !== "void" || ledger.entries[index] !== undefined) return true;
  return standing.because !== undefined && standing.rule !== "oneFoundation";
}

/** Those of `indices` that are in the past of no other. */
export function maximal(ledger: Ledger, indices: readonly number[]): readonly number[] {
  const followed = emptyBits(ledger.nodes.length);
  for (const index of indices) if (!hasBit(followed, index)) addBits(followed, nodeAt(ledger, index).past);
  return indices.filter((index) => !hasBit(followed, index));
}

const idsOf = (ledger: Ledger, indices: readonly number[]): StatementId[] =>
  indices
    .map((index) => nodeAt(ledger, index))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map((node) => node.statement.id);
