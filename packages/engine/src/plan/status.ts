/** How the plan stands, and what its owner should know. */
import { equalBytes } from "@photon/protocol/codec";
import { type LineageState, liveLeaves } from "@photon/protocol/lineage";
import { proofLost, proofStale, willingEvery } from "@photon/protocol/recovery";
import type { PlanStatus, TrusteeMember } from "../api.ts";
import { circleDevices } from "../circle/devices.ts";
import { circleId, getRecord, keys, petnameSchema } from "../relationship/records.ts";
import { loadCircle, loadRelationship, ownLeaves, relationshipIds } from "../relationship/relationship.ts";
import { elapsed } from "../storage/elapsed.ts";
import type { Work } from "../storage/core.ts";
import { announcedVersion } from "./announce.ts";
import { hostsOf, hostsReach } from "./hosts.ts";
import { isHeld, isOfDealing, type KnownPlan, loadPlans, type Member } from "./records.ts";

/** Of the newest plan; undefined without one. */
export async function planStatus(work: Work): Promise<PlanStatus | undefined> {
  const plans = await loadPlans(work);
  const known = plans.at(-1);
  if (known === undefined) return undefined;
  const { plan, dealt } = known;
  const members: TrusteeMember[] = [];
  for (const [id, member] of known.members) {
    const petname = (await getRecord(work, keys.petname(id), petnameSchema)) ?? "";
    members.push({ petname, ...shownState(member, work.now()) });
  }
  let [announced, inForce, relationships] = [0, 0, 0];
  for (const id of await relationshipIds(work)) {
    if (id === circleId) continue;
    const { mine, peer } = await loadRelationship(work, id);
    if (peer === undefined || mine.state.kind === "closed") continue;
    relationships += 1;
    if (announcedVersion(mine) >= plan.version) announced += 1;
    if (decidesHere(mine.state, plan.version, work.now())) inForce += 1;
  }
  const isProtected = dealt !== undefined && isHeld(known);
  return {
    version: plan.version,
    threshold: plan.threshold,
    contested: plan.contested,
    delayHours: plan.delayHours,
    hint: plan.hint,
    operators: plan.operators,
    members,
    protected: isProtected,
    announced,
    inForce,
    relationships,
    alarms: [
      ...(await hostAlarms(work, known)),
      ...(await dealingAlarms(work, known)),
      ...alarmsOf(members, [...known.members.values()], plan, isProtected, work.now()),
    ],
  };
}

/** What keeps a plan to which all have agreed from being held. */
async function dealingAlarms(work: Work, { plan, dealt, members }: KnownPlan): Promise<readonly string[]> {
  const answers = [...members.values()];
  if (dealt !== undefined)
    return answers.every((member) => isOfDealing(member, dealt))
      ? []
      : ["Two of your devices made this plan at once, and no recovery would succeed by it: make it anew."];
  if (answers.some(({ state }) => state !== "accepted")) return [];
  const circle = await loadCircle(work);
  const asker = liveLeaves(circle.mine.state).find(({ leaf }) => plan.by !== undefined && equalBytes(leaf.id, plan.by));
  if (asker === undefined)
    return ["The device that made this plan is yours no more, and it had not handed out the shares: make the plan anew."];
  if ((await ownLeaves(work, circle)).some(({ id }) => equalBytes(id, asker.leaf.id))) return [];
  const device = (await circleDevices(work)).find(({ leaf }) => equalBytes(leaf, asker.leaf.id));
  return [
    `All have agreed. ${device === undefined ? "The device that made this plan" : device.name} hands out the shares when it is next in use.`,
  ];
}

/** R11, at any change of custody. */
async function hostAlarms(work: Work, { plan, members }: KnownPlan): Promise<readonly string[]> {
  const hosts = await hostsOf(work, members.keys());
  if (!hostsReach(hosts, plan.threshold)) return [];
  return [
    `Hosts (${[...hosts.keys()].join(", ")}) now keep the keys of enough of your trustees to recover as you: replace the plan.`,
  ];
}

/**
 * Whether a recovery by this plan, or by a later one, counts with the people of a relationship: one that replaced another
 * gains force some time before it does.
 */
export const decidesHere = ({ plan }: LineageState, version: number, now: number): boolean =>
  plan.version >= version && plan.decidesFrom <= now;

function shownState(member: Member, now: number): Pick<TrusteeMember, "state" | "since"> {
  if (member.state !== "holding") return member;
  const age = elapsed(member.proved ?? member.since, now);
  const state = age >= proofLost ? "lost" : age >= proofStale ? "stale" : "holding";
  return { state, since: member.proved ?? member.since };
}

function alarmsOf(
  members: readonly TrusteeMember[],
  records: readonly Member[],
  plan: { readonly threshold: number; readonly delayHours: number; readonly operators: readonly string[] },
  isProtected: boolean,
  now: number,
): readonly string[] {
  const alarms: string[] = [];
  const agreed = members.filter(({ state }) => state !== "asked" && state !== "refused").length;
  const refused = members.filter(({ state }) => state === "refused");
  if (!isProtected) alarms.push(`${agreed} of ${members.length} have accepted: not protected.`);
  for (const { petname } of refused) alarms.push(`${petname} does not want to be a trustee; choose somebody else.`);
  const live = members.filter(({ state }) => state === "holding").length;
  if (isProtected && live < plan.threshold + 1)
    alarms.push(
      live < plan.threshold
        ? `Only ${live} of your trustees have shown that they still hold their share, and it takes ${plan.threshold}: replace the plan now.`
        : `Only ${live} of your trustees have shown that they still hold their share; one more loss and this way back is gone.`,
    );
  for (const { petname, state } of members) {
    if (state === "lost" && isProtected) alarms.push(`${petname} no longer holds a share; replace the plan.`);
    if (state === "stale") alarms.push(`${petname} has not been heard for a while.`);
  }
  const unasked = records.filter(
    ({ state, willing }) => state === "holding" && willing !== undefined && elapsed(willing, now) >= willingEvery,
  ).length;
  if (unasked > 0) alarms.push(`${unasked === 1 ? "One has" : `${unasked} have`} not said for a year that they are still willing.`);
  if (plan.threshold === 1) alarms.push("Any one of your trustees could be you, after the delay.");
  if (plan.delayHours === 0) alarms.push("With no delay you have no time to object to a recovery in your name.");
  if (plan.operators.length < 2)
    alarms.push("The plan queue is at one operator only; a mirror at another keeps one from holding back an objection.");
  return alarms;
}
