import { equalBytes } from "../../codec/index.ts";
import type { Commitment, PlanParts } from "../../statement/index.ts";
import type { PlanInForce } from "./plan-matures.ts";

/** Milliseconds for which a plan in force that replaced other recovery commitments does not decide successions yet. */
export const replacementWait = 14 * 24 * 60 * 60 * 1000;

/** Whether a plan makes the commitment that is asked about. */
type Lists = (parts: PlanParts) => boolean;

/**
 * A plan that replaced other recovery commitments decides successions only when it has been in force for 14 days; until
 * then what it replaced decides.
 *
 * A recovery by the old trustees may begin on the last day before the new plan is in force. It then takes the delay; after a
 * contest the calls for more approvals, and a week; and the way to this peer. A thief who re-dealt the plan to himself would
 * win in that time, by contesting. All plans before are looked at, not the last alone: or else one without commitments in
 * between would spare the wait.
 *
 * @param chain the line of plans, as `planHistory` makes it.
 * @param at the place in it of a plan that makes the commitment.
 * @returns milliseconds: from when that plan decides about the commitment.
 */
export function replacingPlansWait(chain: readonly PlanInForce[], at: number, lists: Lists): number {
  const [first, plan] = [chain[firstToList(chain, at, lists)], chain[at]];
  if (first === undefined || plan === undefined) throw new Error(`there is no plan ${at}`);
  const isReplacing = chain.slice(0, chain.indexOf(first)).some(({ parts }) => parts.commitments.length > 0);
  return Math.max(plan.from, isReplacing ? first.from + replacementWait : first.from);
}

/** Plans that make the same commitment, one after the other, are one: the place of the first. */
export function firstToList(chain: readonly PlanInForce[], at: number, lists: Lists): number {
  let first = at;
  for (let before = chain[first - 1]; before !== undefined && lists(before.parts); before = chain[first - 1]) first -= 1;
  return first;
}

/** From when a plan decides about all commitments that it makes. */
export const decidesFrom = (chain: readonly PlanInForce[], plan: PlanInForce): number =>
  Math.max(
    plan.from,
    ...plan.parts.commitments.map((one) => replacingPlansWait(chain, chain.indexOf(plan), (parts) => makes(parts, one))),
  );

const makes = (parts: PlanParts, { threshold, hash }: Commitment): boolean =>
  parts.commitments.some((one) => one.threshold === threshold && equalBytes(one.hash, hash));
