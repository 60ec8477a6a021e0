import { encode, equalBytes } from "../../codec/index.ts";
import { type Custody, custodySchema, type KnownStatement, type PlanParts, planPartsSchema } from "../../statement/index.ts";
import { hasBit } from "../bits.ts";
import { entryAt, nodeAt, planOf } from "../ledger.ts";
import type { Resolution } from "../resolution.ts";
import type { SignedAs } from "./authority-order.ts";

/** Milliseconds for which a device's change of plan is only pending. */
export const planMaturing = 14 * 24 * 60 * 60 * 1000;
/** A plan's version is larger than any before it by at most this, so that no one statement can use the numbers up. */
export const maxVersionStep = 1000;

interface Prepared {
  readonly signedAs: SignedAs;
  readonly learned: number;
  /** From when its signer had authority. */
  readonly from: number;
  /** When the root was learned, if this is the first plan of an era that began without one. */
  readonly firstPlanOf: number | undefined;
}

/**
 * A device's change of plan gains force 14 days after it was learned, but at once if it is the side's first plan and came
 * together with the `found` (or the `succeed`); an admission key's own rotation gains force at once; until then the old plan holds.
 *
 * @returns the time in milliseconds at which it may gain force.
 */
export function planMatures({ signedAs, learned, from, firstPlanOf }: Prepared): number {
  const atOnce = signedAs === "admission-key" || firstPlanOf === learned;
  return Math.max(atOnce ? learned : learned + planMaturing, from);
}

export interface PlanInForce {
  /** The root or `plan`. */
  readonly by: number;
  /** Milliseconds; the next one's `from` is its end. */
  readonly from: number;
  readonly parts: PlanParts;
  readonly custody: Custody;
}

export interface PlanHistory {
  /** One after the other, those that are still to gain force too. Begins with the root's. */
  readonly chain: readonly PlanInForce[];
  /** Plans that do not build on the one that was in force when their time came, each with that one. */
  readonly rivals: ReadonlyMap<number, number>;
}

/**
 * Plans gain force in the order of their times (at one time an admission key's before a device's), and one that does not
 * build on the plan then in force never does.
 */
export function planHistory(resolution: Resolution): PlanHistory {
  const { ledger, within, labelOf } = resolution;
  const chain: PlanInForce[] = [];
  const rivals = new Map<number, number>();
  if (!hasBit(within, ledger.root)) return { chain, rivals };
  const root = nodeAt(ledger, ledger.root);
  const begun = planOf(root.statement);
  if (begun === undefined) throw new Error("an era that begins with no plan");
  let current: PlanInForce = { by: root.index, from: root.learned, parts: begun.plan, custody: begun.custody };
  chain.push(current);
  const coming = ledger.plans
    .filter((index) => hasBit(within, index) && labelOf(index) === "in")
    .map((index) => ({ entry: entryAt(ledger, index), force: entryAt(ledger, index).force ?? Number.POSITIVE_INFINITY }))
    .toSorted((a, b) => a.force - b.force || Number(a.entry.leaf !== undefined) - Number(b.entry.leaf !== undefined));
  for (const { entry, force } of coming) {
    const { statement, past, index } = nodeAt(ledger, entry.node.index);
    if (statement.type !== "plan") continue;
    if (!hasBit(past, current.by)) {
      rivals.set(index, current.by);
      continue;
    }
    current = { by: index, from: force, parts: statement.body.plan, custody: statement.body.custody };
    chain.push(current);
  }
  return { chain, rivals };
}

/** The plan in force at a time; before all of them the first, and undefined only where there is none. */
export function planAt(chain: readonly PlanInForce[], time: number): PlanInForce | undefined {
  return chain.findLast((plan) => plan.from <= time) ?? chain[0];
}

export const listsKey = (parts: PlanParts, key: Uint8Array): boolean => parts.admissionKeys.some((one) => equalBytes(one, key));

/** Whether the number follows those before it. */
export const versionFollows = (plan: KnownStatement<"plan">, largest: number): boolean =>
  plan.body.plan.version > largest && plan.body.plan.version <= largest + maxVersionStep;

/** Whether an admission key's plan changes nothing but the admission keys. */
export function isRotation(plan: KnownStatement<"plan">, current: PlanInForce): boolean {
  const rest = (parts: PlanParts): Uint8Array => encode(planPartsSchema, { ...parts, version: 0, admissionKeys: [] });
  return (
    equalBytes(rest(plan.body.plan), rest(current.parts)) &&
    equalBytes(encode(custodySchema, plan.body.custody), encode(custodySchema, current.custody))
  );
}
