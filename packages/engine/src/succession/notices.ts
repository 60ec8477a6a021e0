/** On the old side: what this circle has heard of recoveries in its own name, from trustees and from peers. */
import { type Bytes, bytes, equalBytes, fromHex, struct, text, toHex, uint } from "@photon/protocol/codec";
import type { Content } from "@photon/protocol/queue";
import { decodeTalk } from "@photon/protocol/recovery";
import type { RecoveryNotice } from "../api.ts";
import { listState } from "../circle/state.ts";
import { type DealtPlan, isDealt, loadPlans } from "../plan/records.ts";
import { openSuccessions } from "../relationship/model.ts";
import { circleId, getRecord, keys, lastPart, petnameSchema, setRecord } from "../relationship/records.ts";
import { loadRecovery } from "../recovery/records.ts";
import { loadCircle, loadRelationship, relationshipIds } from "../relationship/relationship.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { boardRequests, requestOf } from "./requests.ts";

/** `notice/<digest>/<relationship>`: that trustee says that they have approved the request. */
export const noticeSchema = struct({ device: [1, text(64)], at: [2, uint()], version: [3, uint()] });
/** `notice/<digest>/contested`: we have objected. */
export const contestedSchema = struct({ at: [1, uint()], request: [2, bytes(32)] });

export const noticeKey = (digest: string, what: string): string => `notice/${digest}/${what}`;
/** Requests that are remembered: a trustee who names one after the other fills nothing up. */
const maxNotices = 256;

/** A trustee of ours says that they have approved a recovery in our name. */
export async function noteApproval(work: Work, relationship: string, content: Content): Promise<void> {
  const talk = decodeTalk("trustee-approved", content.body);
  if (!talk.ok) return;
  const { plan, version, request, device } = talk.value;
  const known = (await loadPlans(work)).find((one) => one.plan.version === version && equalBytes(one.plan.plan, plan));
  if (known === undefined || !known.members.has(relationship)) return;
  const key = noticeKey(toHex(request), relationship);
  if ((await getRecord(work, key, noticeSchema)) !== undefined) return;
  if ((await listState(work, "notice/")).length >= maxNotices) return;
  await setRecord(work, key, noticeSchema, { device, at: work.now(), version });
}

interface Heard {
  readonly request: Bytes;
  device: string;
  firstSeen: number;
  contested: boolean;
  readonly approvedBy: string[];
  readonly arrivedFrom: string[];
}

/** Recoveries in this person's name that this device did not make and that are not over; the newest first. */
export async function recoveryNotices(work: Work): Promise<readonly RecoveryNotice[]> {
  const found = new Map<string, Heard>();
  const at = (digest: string): Heard => {
    const fresh: Heard = {
      request: fromHex(digest) ?? new Uint8Array(0),
      device: "",
      firstSeen: Number.POSITIVE_INFINITY,
      contested: false,
      approvedBy: [],
      arrivedFrom: [],
    };
    const known = found.get(digest) ?? fresh;
    found.set(digest, known);
    return known;
  };
  for (const { key, value } of await listState(work, "notice/")) {
    const [, digest = ""] = key.split("/");
    const what = lastPart(key);
    if (what === "contested") {
      at(digest).contested = true;
      continue;
    }
    const notice = parseRow(noticeSchema, value);
    const heard = at(digest);
    heard.device = notice.device;
    heard.firstSeen = Math.min(heard.firstSeen, notice.at);
    heard.approvedBy.push((await getRecord(work, keys.petname(what), petnameSchema)) ?? "");
  }
  for (const [digest, { device, firstSeen }] of await boardRequests(work)) {
    const heard = at(digest);
    heard.device ||= device;
    heard.firstSeen = Math.min(heard.firstSeen, firstSeen);
  }
  const plans = (await loadPlans(work)).filter(isDealt);
  const digests = [...found.values()].map(({ request }) => request);
  for (const id of await relationshipIds(work)) {
    const { mine, decisions } = await loadRelationship(work, id);
    for (const succession of openSuccessions(mine.state)) {
      if (decisions.get(toHex(succession.statement)) === "accept") continue;
      // Where neither a trustee nor a plan queue has told of it, it stands for itself.
      const heard = at(toHex(requestOf(plans, mine.side, succession, digests) ?? succession.request));
      heard.firstSeen = Math.min(heard.firstSeen, mine.firstSeen.get(toHex(succession.statement)) ?? work.now());
      heard.arrivedFrom.push(id === circleId ? "" : ((await getRecord(work, keys.petname(id), petnameSchema)) ?? ""));
    }
  }
  const over = await finishedRequests(work, plans, digests);
  return [...found]
    .filter(([digest]) => !over.has(digest))
    .map(([digest, { device, firstSeen, contested, approvedBy, arrivedFrom }]) => ({
      request: digest,
      device,
      firstSeen: Number.isFinite(firstSeen) ? firstSeen : 0,
      contested,
      approvedBy: approvedBy.toSorted((a, b) => a.localeCompare(b)),
      arrivedFrom: arrivedFrom.filter((name) => name !== "").toSorted((a, b) => a.localeCompare(b)),
    }))
    .toSorted((a, b) => b.firstSeen - a.firstSeen);
}

/** Requests (hex) that are nothing to warn of: our own, and those by which we are who we are. */
export async function finishedRequests(
  work: Work,
  plans: readonly DealtPlan[],
  digests: readonly Bytes[],
): Promise<ReadonlySet<string>> {
  const over = new Set<string>();
  const row = await loadRecovery(work);
  if (row !== undefined) over.add(toHex(row.digest));
  const { mine } = await loadCircle(work);
  for (const succession of mine.state.successions) {
    const digest = succession.status === "counts" ? requestOf(plans, mine.side, succession, digests) : undefined;
    if (digest !== undefined) over.add(toHex(digest));
  }
  return over;
}
