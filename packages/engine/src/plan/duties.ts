/**
 * What an owner's devices do for a plan while nobody types: deal it once all have agreed, announce it, pin the archive's newest
 * head on the plan queue, let go of a plan that another has replaced everywhere, and keep it good (`renew.ts`).
 */
import { equalBytes, uint } from "@photon/protocol/codec";
import { planGrace } from "@photon/protocol/lineage";
import { encodeTalk } from "@photon/protocol/recovery";
import { loadLocation } from "../archive/location.ts";
import { setTrusteeOpener, trusteesIn } from "../archive/openers.ts";
import { archivePins } from "../archive/status.ts";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import type { PhotonError } from "../errors.ts";
import { circleId } from "../relationship/records.ts";
import { loadCircle, loadRelationship, ownLeaves, relationshipIds } from "../relationship/relationship.ts";
import { elapsed } from "../storage/elapsed.ts";
import type { Work } from "../storage/core.ts";
import { announcePlan } from "./announce.ts";
import { deviceAuthor, flushBoards, forgetBoards, ownBoards, postEntry, readBoards, sightings } from "./board.ts";
import { deal } from "./deal.ts";
import { type DealtPlan, isDealt, isHeld, type KnownPlan, loadPlans } from "./records.ts";
import { canTell, keepPlanGood } from "./renew.ts";
import { decidesHere } from "./status.ts";

const day = 24 * 3_600_000;
const pinEvery = day;

export async function planDuties(work: Work, signal?: AbortSignal): Promise<readonly PhotonError[]> {
  const problems: PhotonError[] = [];
  const plans = await loadPlans(work);
  const last = plans.at(-1);
  if (last !== undefined && (await isOursToDeal(work, last))) {
    const problem = await deal(work, last);
    if (problem !== undefined) problems.push(problem);
    await work.commit();
  }
  await announcePlan(work, signal);
  for (const known of await loadPlans(work)) {
    if (!isDealt(known)) continue;
    if (await isTimeToLook(work, known)) problems.push(...(await readBoards(work, ownBoards(known))).problems);
    await pinArchive(work, known);
    await work.commit();
    problems.push(...(await flushBoards(work, ownBoards(known))).problems);
    await work.commit();
  }
  await letGo(work);
  await keepPlanGood(work);
  await work.commit();
  return problems;
}

/**
 * All have agreed, and this device has asked. Of one version there must be one set of shares, and no two devices can be sure of each
 * other: a plan whose device is gone is made anew, under another number.
 */
async function isOursToDeal(work: Work, { plan, dealt, members }: KnownPlan): Promise<boolean> {
  if (dealt !== undefined || [...members.values()].some(({ state }) => state !== "accepted")) return false;
  const own = await ownLeaves(work, await loadCircle(work));
  return own.some(({ id, live }) => live && plan.by !== undefined && equalBytes(id, plan.by));
}

const lookEvery = 3_600_000;
const lookedSchema = uint();
/** Once an hour: a recovery in our name shows there, whoever keeps the trustees' own words from us. */
async function isTimeToLook(work: Work, { plan }: DealtPlan): Promise<boolean> {
  const key = `board/${plan.version}`;
  const last = await work.read("duty", key, lookedSchema);
  if (last !== undefined && elapsed(last, work.now()) < lookEvery) return false;
  work.write("duty", key, lookedSchema, work.now());
  return true;
}

/** Once a day, and whenever the archive has moved: what a vault shows can then be held against what a device last saw. */
async function pinArchive(work: Work, known: DealtPlan): Promise<void> {
  const name = { plan: known.plan.plan, version: known.plan.version, dealerKey: known.dealt.dealerKey };
  const pins = (await sightings(work, name)).flatMap(({ entry, firstSeen }) =>
    entry.body.kind === "pin" ? [{ ...entry.body.value, firstSeen }] : [],
  );
  for (const { vault, register, sequence, headHash } of await archivePins(work)) {
    // One that is ahead of what is there is a thief's: it must not keep the true one from being pinned.
    const here = pins.filter((pin) => equalBytes(pin.register, register) && pin.sequence <= sequence);
    const newest = Math.max(0, ...here.map((pin) => pin.sequence));
    const latest = Math.max(0, ...here.map(({ firstSeen }) => firstSeen));
    if (here.length > 0 && (sequence <= newest || elapsed(latest, work.now()) < pinEvery)) continue;
    await postEntry(work, ownBoards(known), deviceAuthor(known), {
      kind: "pin",
      value: { vault, register, sequence, head: headHash },
    });
  }
}

/** R7. A plan in whose place a newer one decides in every relationship, dealt long enough ago, opens nothing any more. */
async function letGo(work: Work): Promise<void> {
  const plans = await loadPlans(work);
  const current = plans.findLast((known): known is DealtPlan => isDealt(known) && isHeld(known));
  const location = await loadLocation(work);
  if (current === undefined || location === undefined) return;
  const openers = new Set(trusteesIn(location).map(({ planVersion }) => planVersion));
  const replaced = plans.filter(
    (known): known is DealtPlan => isDealt(known) && known.plan.version < current.plan.version && openers.has(known.plan.version),
  );
  if (replaced.length === 0 || elapsed(current.dealt.at, work.now()) < planGrace) return;
  for (const id of await relationshipIds(work)) {
    const { mine, peer } = await loadRelationship(work, id);
    if (mine.state.kind === "closed" || (peer === undefined && id !== circleId)) continue;
    if (!decidesHere(mine.state, current.plan.version, work.now())) return;
  }
  for (const known of replaced) {
    await setTrusteeOpener(work, undefined, known.plan.version);
    await forgetBoards(work, known.plan);
    for (const id of known.members.keys()) {
      if (!(await canTell(work, id))) continue;
      const relationship = await loadRelationship(work, id);
      const body = encodeTalk("trustee-dismiss", { plan: known.plan.plan, version: known.plan.version });
      await postUntilAcked(work, relationship, await newContent(work, relationship, "trustee-dismiss", body));
    }
  }
}
