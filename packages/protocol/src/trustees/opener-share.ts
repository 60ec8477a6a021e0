/** Releasing the opener: what each trustee gives to the new device once the delay has ended, and what t of them add up to. */
import { err, ok, type Result } from "../codec/index.ts";
import { type TrusteeError, trusteeError } from "./error.ts";
import { openerIdentity, type OpenerIdentity } from "./opener.ts";
import { field, makeScalar, numberOf, type Random, type Scalar } from "./scalars.ts";
import type { OpenerShare, Shares } from "./shares.ts";
import { weightsAtZero } from "./sharing.ts";
import { opensCommitment, type Verification } from "./verification.ts";

/** The part of a trustee's shares that it releases; the shares of the keys stay. */
export const openerShareOf = ({ index, opener, openerBlinding }: Shares): OpenerShare => ({ index, opener, openerBlinding });

/** @param index where the trustee's share is known to be; a share at another one is refused. */
export function verifyOpenerShare(
  verification: Verification,
  index: Scalar,
  share: OpenerShare,
  random: Random,
): Result<true, TrusteeError> {
  if (numberOf(index) !== numberOf(share.index)) return err(trusteeError("bad-share", "$.index: another trustee's"));
  return opensCommitment(verification, share, random) ? ok(true) : err(trusteeError("bad-share", "$.opener"));
}

export interface CombinedOpener extends OpenerIdentity {
  /** Places of shares that did not fit and were left out. */
  readonly bad: readonly number[];
}

/**
 * Checks every share, and adds up the first t good ones of different trustees.
 * @returns `wrong-count` where too few are good, with the places of the others in `bad`.
 */
export function combineOpener(
  verification: Verification,
  shares: readonly OpenerShare[],
  random: Random,
): Result<CombinedOpener, TrusteeError> {
  const needed = verification.data.threshold;
  const good = new Map<bigint, bigint>();
  const bad: number[] = [];
  for (const [at, share] of shares.entries()) {
    if (opensCommitment(verification, share, random)) good.set(numberOf(share.index), numberOf(share.opener));
    else bad.push(at);
  }
  if (good.size < needed) return err(trusteeError("wrong-count", `${good.size} good shares, ${needed} needed`, bad));
  const used = [...good].slice(0, needed);
  const weights = weightsAtZero(used.map(([index]) => index));
  const sum = used.reduce((total, [, value], at) => field.add(total, field.mul(value, weights[at] ?? 0n)), 0n);
  const secret = makeScalar(sum);
  const identity = openerIdentity(secret);
  secret.fill(0);
  return ok({ ...identity, bad });
}
