/**
 * Objecting to a recovery in one's own name. The objection goes everywhere at once: onto the plan queue, to every trustee, and
 * into every lineage, so that nobody who could suppress one of these can keep it from all (R5).
 */
import { type Bytes, equalBytes, err, fromHex, ok, type Result, toHex } from "@photon/protocol/codec";
import type { Succession } from "@photon/protocol/lineage";
import { encodeTalk } from "@photon/protocol/recovery";
import type { StatementId } from "@photon/protocol/statement";
import type { RecoveryNotice } from "../api.ts";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { deviceAuthor, ownBoards, postEntry } from "../plan/board.ts";
import { type DealtPlan, isDealt, loadPlans } from "../plan/records.ts";
import { openSuccessions, type Relationship } from "../relationship/model.ts";
import { setRecord } from "../relationship/records.ts";
import { loadRelationship, ownLeaf, relationshipIds } from "../relationship/relationship.ts";
import { announceToOwn, announceToPeer, say } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { contestedSchema, noticeKey, recoveryNotices } from "./notices.ts";
import { requestFor, requestOf } from "./requests.ts";

/** @param request hex, or the beginning of it; without it every recovery that is open is objected to. */
export async function contestRecoveries(
  work: Work,
  request: string | undefined,
  reason: "not-me" | "still-here",
): Promise<Result<readonly RecoveryNotice[], PhotonError>> {
  const open = (await recoveryNotices(work)).filter((one) => request === undefined || one.request.startsWith(request));
  if (open.length === 0) return err(photonError("no-notice", request ?? ""));
  for (const notice of open) {
    const digest = fromHex(notice.request);
    if (digest !== undefined && !notice.contested) await contest(work, digest, reason);
  }
  return ok((await recoveryNotices(work)).filter((one) => open.some((before) => before.request === one.request)));
}

async function contest(work: Work, request: Bytes, reason: "not-me" | "still-here"): Promise<void> {
  await setRecord(work, noticeKey(toHex(request), "contested"), contestedSchema, { at: work.now(), request });
  const plans = (await loadPlans(work)).filter(isDealt);
  for (const known of plans) await tellPlan(work, known, request, reason);
  await work.commit();
  for (const id of await relationshipIds(work)) {
    const relationship = await loadRelationship(work, id);
    if ((await ownLeaf(work, relationship))?.live !== true) continue;
    for (const named of asShown(plans, relationship, request, work.now())) {
      const statement = await say(work, relationship, "contest", { ...named, reason });
      await announceToPeer(work, relationship, [statement]);
      await announceToOwn(work, relationship, [statement]);
    }
    await work.commit();
  }
}

/**
 * The request as this relationship's peer is shown it, with the succession where it has come; also before it has, so that whoever
 * keeps it from us does not keep our word from them. A plan that replaced another decides some time after it is in force: until then
 * the peer may be shown it by either.
 */
function asShown(
  plans: readonly DealtPlan[],
  { mine }: Relationship,
  digest: Bytes,
  now: number,
): readonly { readonly request: Bytes; readonly succession?: StatementId }[] {
  const isIt = (one: Succession): boolean =>
    equalBytes(one.request, digest) || requestOf(plans, mine.side, one, [digest]) !== undefined;
  const succession = openSuccessions(mine.state).find(isIt);
  if (succession !== undefined) return [{ request: succession.request, succession: succession.statement }];
  const { version, decidesFrom } = mine.state.plan;
  const inForce = plans.filter(({ plan }) => plan.version <= version).slice(decidesFrom <= now ? -1 : -2);
  const shown = inForce.length > 0 ? inForce : plans.slice(-1);
  return shown.map((plan) => ({ request: requestFor(plan, mine.side, mine.state.epoch + 1, digest) }));
}

async function tellPlan(work: Work, known: DealtPlan, request: Bytes, reason: "not-me" | "still-here"): Promise<void> {
  const { plan, members } = known;
  const entry = await postEntry(work, ownBoards(known), deviceAuthor(known), { kind: "contest", value: { request, reason } });
  for (const id of members.keys()) {
    const relationship = await loadRelationship(work, id);
    const body = encodeTalk("trustee-contest", { plan: plan.plan, version: plan.version, entry });
    await postUntilAcked(work, relationship, await newContent(work, relationship, "trustee-contest", body));
  }
}
