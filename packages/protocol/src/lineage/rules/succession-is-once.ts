import type { KnownStatement } from "../../statement/index.ts";
import type { PlanInForce } from "./plan-matures.ts";

type Outcome = { readonly kind: "held" } | { readonly kind: "void"; readonly rule: "authorityOrder"; readonly because: undefined };

/**
 * A `succeed` opens a recovery commitment that is in force in its own past, and each succession epoch has one.
 *
 * This version makes no commitments and opens none. Where no plan in force has one for the threshold that the statement
 * names, it is void by the order of authority. Where a newer Photon made one, the statement is held with all that builds
 * on it. What decides between rival successions, and whether the signature opens the commitment, has its place here.
 *
 * @param plans those in force at some moment since the statement was learned.
 */
export function successionIsOnce(succession: KnownStatement<"succeed">, plans: readonly PlanInForce[]): Outcome {
  const { planVersion, threshold } = succession.body;
  const committed = plans.some(
    ({ parts }) => parts.version === planVersion && parts.commitments.some((commitment) => commitment.threshold === threshold),
  );
  return committed ? { kind: "held" } : { kind: "void", rule: "authorityOrder", because: undefined };
}
