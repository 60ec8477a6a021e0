/**
 * Making a plan with trustees, or replacing it: they are asked first, and nothing is dealt before all have agreed.
 *
 *     asked ──yes──▶ accepted ──all have──▶ sent (dealt) ──the shares are good──▶ holding     refused: replace the plan
 */
import { err, ok, type Result } from "@photon/protocol/codec";
import { parseOrigin } from "@photon/protocol/meeting";
import { defaultDelayHours, maxDelayHours } from "@photon/protocol/recovery";
import { contestedThreshold, maxTrustees } from "@photon/protocol/trustees";
import type { PlanOptions } from "../api.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { findContact } from "../meeting/contacts.ts";
import type { Work } from "../storage/core.ts";
import { hostsOf, hostsReach } from "./hosts.ts";
import { loadPlans, type Plan } from "./records.ts";
import { askForPlan } from "./renew.ts";

/** @param relay the profile's own, which holds the plan queue; `options.mirror` holds it too. */
export async function makePlan(work: Work, relay: string, options: PlanOptions): Promise<Result<Plan, PhotonError>> {
  const members: string[] = [];
  for (const who of options.trustees) {
    const found = await findContact(work, who);
    if (!found.ok) return found;
    const { contact, relationship } = found.value;
    if (contact.state !== "active") return err(photonError("not-active", contact.petname));
    if (members.includes(relationship)) return err(photonError("plan-too-few", `${contact.petname} was named twice`));
    members.push(relationship);
  }
  if (members.length < 2 || members.length > maxTrustees) return err(photonError("plan-too-few", `${members.length} were named`));
  const threshold = options.threshold ?? Math.floor(members.length / 2) + (members.length > 2 ? 1 : 0);
  const contested = contestedThreshold(members.length, threshold);
  if (!contested.ok) return err(photonError("plan-threshold", contested.error.detail));
  const hosts = await hostsOf(work, members);
  if (hostsReach(hosts, threshold)) return err(photonError("plan-hosts", [...hosts.keys()].join(", ")));
  const delayHours = options.delayHours ?? defaultDelayHours;
  if (!Number.isInteger(delayHours) || delayHours < 0 || delayHours > maxDelayHours)
    return err(photonError("plan-delay", `${delayHours} hours`));
  const hint = (options.hint ?? "").normalize("NFC");
  if (!isHint(hint)) return err(photonError("plan-hint"));
  const mirror = options.mirror === undefined ? undefined : parseOrigin(options.mirror);
  if (options.mirror !== undefined && mirror === undefined) return err(photonError("wrong-server", options.mirror));
  const plans = await loadPlans(work);
  const last = plans.at(-1)?.plan;
  const plan = {
    plan: last?.plan ?? work.random(32),
    version: (last?.version ?? 0) + 1,
    threshold,
    contested: contested.value,
    delayHours,
    hint,
    created: work.now(),
    members,
    operators: mirror === undefined || mirror === relay ? [relay] : [relay, mirror],
  };
  await askForPlan(work, plan);
  return ok(plan);
}

const isHint = (hint: string): boolean => new TextEncoder().encode(hint).length <= 200 && !/[\p{C}]/u.test(hint);
