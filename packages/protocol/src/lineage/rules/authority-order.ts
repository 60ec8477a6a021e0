import type { LineageType } from "../../statement/index.ts";
import { type Bits, hasBit } from "../bits.ts";
import type { LineageStatement } from "../chronology.ts";
import { entryAt, type Ledger, nodeAt } from "../ledger.ts";

export type SignedAs = "leaf" | "admission-key" | "recovery-key";

const mayAdmissionKey: ReadonlySet<LineageType> = new Set<LineageType>(["admit", "retire", "plan"]);

/**
 * A recovery key in force ranks over an admission key in force, that over a device: each may say only what its rank
 * allows, and says which rank it has.
 *
 * A device and an admission key both admit and retire; only a device moves, contests and closes; an `admit` names the
 * proof that really vouches: `device` by a device, `escrow` or `shares` by an admission key.
 */
export function authorityOrder(statement: LineageStatement, as: SignedAs): boolean {
  if (statement.type === "unknown" || statement.type === "found" || statement.type === "succeed") return false;
  if (as === "admission-key" && !mayAdmissionKey.has(statement.type)) return false;
  return statement.type !== "admit" || (statement.body.proof === "device") === (as === "leaf");
}

/**
 * A plan in force ranks over a retire that was learned after it came into force: the retire strikes neither the plan nor
 * what the plan's authority rests on. Only another plan ends it.
 */
export function outranksRetire(ledger: Ledger, statement: number, retire: number, within: Bits): boolean {
  const { learned } = nodeAt(ledger, retire);
  return (ledger.supports.get(statement) ?? []).some((plan) => {
    const { force } = entryAt(ledger, plan);
    return force !== undefined && force <= learned && hasBit(within, plan);
  });
}

/** The plan that a succession opens, as it stood when the succession was learned. */
export interface OpenedPlan {
  /** The place in the chronology of the statement that first made the commitment. */
  readonly by: number;
  /** Milliseconds: from when it decides. */
  readonly from: number;
  /** Whether it decided then, another decided in its place (or will when it would), or it was yet to decide. */
  readonly was: "in-force" | "replaced" | "to-come";
}

/**
 * Of two successions of one epoch, that under a plan that decided when it was learned ranks over that under a plan that had
 * been replaced, and both over that under a plan that is yet to decide; of two under plans that decide the older plan ranks
 * higher, as the newer did not when the older was opened, and of two under replaced plans the newer.
 *
 * @param at the time at which it is asked: a plan to come decides from some time on.
 * @returns above 0 if `a` ranks over `b`, below 0 if `b` does, 0 if they are under one plan.
 */
export function successionRank(a: OpenedPlan, b: OpenedPlan, at: number): number {
  const [one, other] = [ranked(a, at), ranked(b, at)];
  if (one !== other) return one - other;
  return a.was === "replaced" ? a.by - b.by : b.by - a.by;
}

function ranked({ was, from }: OpenedPlan, at: number): number {
  switch (was) {
    case "in-force":
      return 2;
    case "replaced":
      return 1;
    case "to-come":
      return from <= at ? 2 : 0;
  }
}
