/**
 * Requests in this person's own name, and as which each relationship is shown one: every peer sees another value, so that two who
 * compare cannot tell that they know the same person (spec/11-trustees.md).
 */
import { type Bytes, equalBytes, toHex } from "@photon/protocol/codec";
import type { Succession } from "@photon/protocol/lineage";
import { requestIn } from "@photon/protocol/recovery";
import type { SideId } from "@photon/protocol/statement";
import { blindRequest, requestBlind } from "@photon/protocol/trustees";
import { sightings } from "../plan/board.ts";
import { type DealtPlan, isDealt, loadPlans } from "../plan/records.ts";
import type { Work } from "../storage/core.ts";

export interface KnownRequest {
  readonly digest: Bytes;
  /** What the new device calls itself. */
  readonly device: string;
  /** Milliseconds: when the first approval on a plan queue was seen. */
  readonly firstSeen: number;
}

/** By digest (hex): what trustees have approved on the plan queues, as far as they were read. */
export async function boardRequests(work: Work): Promise<ReadonlyMap<string, KnownRequest>> {
  const found = new Map<string, KnownRequest>();
  for (const { plan, dealt } of (await loadPlans(work)).filter(isDealt)) {
    for (const { entry, firstSeen } of await sightings(work, {
      plan: plan.plan,
      version: plan.version,
      dealerKey: dealt.dealerKey,
    })) {
      const request = entry.body.kind === "approve" ? requestIn(entry.body.value) : undefined;
      if (request?.ok !== true) continue;
      const key = toHex(request.value.digest);
      const held = found.get(key);
      found.set(key, {
        digest: request.value.digest,
        device: request.value.request.device,
        firstSeen: Math.min(firstSeen, held?.firstSeen ?? firstSeen),
      });
    }
  }
  return found;
}

/** A request as a side is shown it, under one plan. */
export const requestFor = ({ dealt }: DealtPlan, side: SideId, epoch: number, digest: Bytes): Bytes =>
  blindRequest(digest, requestBlind(dealt.blindSeed, { side, epoch }));

/** Which of these requests a succession of our side was made by; undefined for none of them. */
export function requestOf(
  plans: readonly DealtPlan[],
  side: SideId,
  { request, epoch }: Pick<Succession, "request" | "epoch">,
  digests: readonly Bytes[],
): Bytes | undefined {
  return digests.find((digest) => plans.some((plan) => equalBytes(request, requestFor(plan, side, epoch, digest))));
}
