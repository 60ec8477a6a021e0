/** How many of how many. */
import { err, ok, type Result } from "../codec/index.ts";
import { type TrusteeError, trusteeError } from "./error.ts";

/** As the statements number them: which of the two recovery keys, so how many trustees it takes. */
export const thresholds = { uncontested: 0, contested: 1 } as const;
export type Threshold = (typeof thresholds)[keyof typeof thresholds];

export const maxTrustees = 16;

/**
 * t′ = min(n, max(t + 1, ⌈(n + 1)/2⌉)): how many it takes once somebody objected. One of several must always be dispensable,
 * so t = n is refused. t = 1 is allowed here; whoever makes a plan of it is warned.
 */
export function contestedThreshold(trustees: number, threshold: number): Result<number, TrusteeError> {
  const [n, t] = [trustees, threshold];
  if (!Number.isInteger(n) || n > maxTrustees) return err(trusteeError("bad-threshold", `${n} trustees, at most ${maxTrustees}`));
  if (!Number.isInteger(t) || t < 1) return err(trusteeError("bad-threshold", `${t} needed, at least 1`));
  if (t >= n) return err(trusteeError("bad-threshold", `${t} of ${n}: one must be dispensable`));
  return ok(Math.min(n, Math.max(t + 1, Math.ceil((n + 1) / 2))));
}
