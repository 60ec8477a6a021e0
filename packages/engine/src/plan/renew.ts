/**
 * What keeps a plan good for years: trustees are asked once a year whether they are still willing (R10), and the secrets of a plan are
 * replaced under which somebody has tried, and failed, to recover in the owner's name (R5, last sentence), or by which the owner was
 * recovered, since the devices that were lost can write on its queue. All of this asks people, and decides nothing for them.
 */
import { liveLeaves, planGrace } from "@photon/protocol/lineage";
import { casesOf, encodeTalk, willingEvery } from "@photon/protocol/recovery";
import { equalBytes, fromHex } from "@photon/protocol/codec";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import { loadRecovery, recoveredAt } from "../recovery/records.ts";
import { hasVoice, loadCircle, loadRelationship, ownLeaf, ownLeaves } from "../relationship/relationship.ts";
import { setRecord } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { finishedRequests } from "../succession/notices.ts";
import { ownBoards, sightings } from "./board.ts";
import {
  type DealtPlan,
  isDealt,
  isHeld,
  type KnownPlan,
  loadPlans,
  memberSchema,
  type Plan,
  planKeys,
  planSchema,
} from "./records.ts";

const renewEvery = 90 * 24 * 3_600_000;
const askAgainEvery = 30 * 24 * 3_600_000;
/** A plan is not touched while a recovery by it may still be announced, or objected to. */
const objectionsEnd = planGrace;

export async function keepPlanGood(work: Work): Promise<void> {
  const plans = await loadPlans(work);
  const held = plans.filter(isDealt).findLast(isHeld);
  const newest = plans.at(-1);
  // One that is being asked about, or dealt, is looked after when it is held. One that was given up says nothing.
  if (held === undefined || newest === undefined || (newest.plan.version !== held.plan.version && !isGivenUp(newest))) return;
  await askWillingness(work, held);
  if (!(await isKnownToLostDevices(work, held)) && !(await hasDeadContest(work, plans, held))) return;
  if (await canAskAll(work, held)) await askForPlan(work, { ...held.plan, version: newest.plan.version + 1, created: work.now() });
}

/** What a recovery found later than its own plan, and made nobody's: see `forgetLaterPlans`. */
const isGivenUp = ({ dealt, members }: KnownPlan): boolean =>
  dealt === undefined && [...members.values()].every(({ state }) => state === "lost");

/** Whoever has lost their share, or whom we can say nothing to, keeps the plan as it is: the owner, who is alarmed, chooses anew. */
async function canAskAll(work: Work, { members }: KnownPlan): Promise<boolean> {
  for (const [id, { state }] of members) if (state === "lost" || !(await canTell(work, id))) return false;
  return true;
}

/** Whether we can say something to a trustee. */
export const canTell = async (work: Work, id: string): Promise<boolean> => hasVoice(work, await loadRelationship(work, id));

/**
 * Only the device that made the recovery asks, when it is done with it: of two that ask at once, each could deal the same version.
 */
async function isKnownToLostDevices(work: Work, { dealt }: DealtPlan): Promise<boolean> {
  const [recovered, own] = [await recoveredAt(work), await loadRecovery(work)];
  if (recovered === undefined || own?.phase !== "done") return false;
  return dealt.at < recovered && elapsed(recovered, work.now()) >= objectionsEnd;
}

async function askWillingness(work: Work, { plan, members }: KnownPlan): Promise<void> {
  for (const [id, member] of members) {
    const { state, willing, reasked } = member;
    if (state !== "holding" || willing === undefined || elapsed(willing, work.now()) < willingEvery) continue;
    if (reasked !== undefined && elapsed(reasked, work.now()) < askAgainEvery) continue;
    if (!(await canTell(work, id))) continue;
    await setRecord(work, planKeys.member(plan.version, id), memberSchema, { ...member, reasked: work.now() });
    await ask(work, plan, id, true);
  }
}

/** Whether a recovery under this plan was contested, and came to nothing: not one by which we are who we are. */
async function hasDeadContest(work: Work, plans: readonly KnownPlan[], known: DealtPlan): Promise<boolean> {
  const { plan } = known;
  const seen = await sightings(work, ownBoards(known));
  if (!seen.some(({ entry }) => entry.body.kind === "contest")) return false;
  const rules = { threshold: plan.threshold, contested: plan.contested, delay: plan.delayHours * 3_600_000 };
  // One trustee alone could have all be asked without end: what fewer approved than it takes waits until the plan is older.
  const isOld = elapsed(plan.created, work.now()) >= renewEvery;
  const dead = [...casesOf(rules, seen, [], work.now())].filter(
    ([, { contestedAt, state, approvals }]) =>
      contestedAt !== undefined && state.kind === "expired" && (isOld || approvals[0].length >= plan.threshold),
  );
  if (dead.length === 0 || !(await isFirstDevice(work))) return false;
  const digests = dead.flatMap(([digest]) => fromHex(digest) ?? []);
  const finished = await finishedRequests(work, plans.filter(isDealt), digests);
  return dead.some(([digest]) => !finished.has(digest));
}

/** The live device of the circle with the smallest leaf: of what all of them see, one of them acts. */
async function isFirstDevice(work: Work): Promise<boolean> {
  const circle = await loadCircle(work);
  const [first] = liveLeaves(circle.mine.state);
  return (await ownLeaves(work, circle)).some(({ id }) => first !== undefined && equalBytes(id, first.leaf.id));
}

/** Writes a plan down, in this device's name, and asks everybody whom it names. In the caller's unit. */
export async function askForPlan(work: Work, asked: Omit<Plan, "by">): Promise<void> {
  const own = await ownLeaf(work, await loadCircle(work));
  const plan: Plan = own === undefined ? asked : { ...asked, by: own.id };
  await setRecord(work, planKeys.record(plan.version), planSchema, plan);
  for (const id of plan.members) await ask(work, plan, id, false);
}

async function ask(work: Work, { plan, version, delayHours }: Plan, id: string, again: boolean): Promise<void> {
  const relationship = await loadRelationship(work, id);
  const body = encodeTalk("trustee-ask", { plan, version, delayHours, again });
  await postUntilAcked(work, relationship, await newContent(work, relationship, "trustee-ask", body));
}
