import { equalBytes } from "../../codec/index.ts";
import { delayOf, type KnownStatement, type PlanParts, recoveryCommitment } from "../../statement/index.ts";

/** When the observer's clock lets it count. */
interface Due {
  readonly index: number;
  readonly due: number;
}

/**
 * Each succession epoch has one: the first that is due counts, of several due at once the one learned first, and every
 * other of the epoch is void from then on.
 */
export const successionIsOnce = <D extends Due>(ripe: readonly D[]): D | undefined =>
  ripe.toSorted((a, b) => a.due - b.due || a.index - b.index)[0];

/** A succession opens a commitment if its plan version, threshold, salt and key are those that the plan committed to. */
export function opensCommitment({ body }: KnownStatement<"succeed">, plan: PlanParts): boolean {
  const { planVersion, threshold, salt, publicKey } = body;
  if (plan.version !== planVersion || delayOf(salt) === undefined) return false;
  return plan.commitments.some(
    (commitment) => commitment.threshold === threshold && equalBytes(commitment.hash, recoveryCommitment(publicKey, salt)),
  );
}
