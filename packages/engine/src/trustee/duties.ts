/**
 * What a trustee does while nobody types: reads the plan queue where something is open, releases its share when the delay is
 * over, signs the batch, and proves each month that it still holds what it was given. A trustee that is late makes a recovery
 * later, never wrong (spec/12-recovery.md).
 */
import { encode, equalBytes, toHex, uint } from "@photon/protocol/codec";
import {
  batchId,
  type Batch,
  type BatchPart,
  type Case,
  encodeTalk,
  type FreshReading,
  joinBatches,
  maySign,
  monthOf,
  readsBeforeRelease,
  splitPartials,
} from "@photon/protocol/recovery";
import {
  dayLength,
  hashSuccessions,
  holdingProofSchema,
  openerShareOf,
  proveHolding,
  signPartials,
  type SuccessionHeader,
} from "@photon/protocol/trustees";
import { newContent } from "../conversation/content.ts";
import { postUntilAcked } from "../conversation/post.ts";
import type { PhotonError } from "../errors.ts";
import { flushBoards, postEntry, readBoards } from "../plan/board.ts";
import { challengeOf } from "../plan/hear.ts";
import { setRecord } from "../relationship/records.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { trusteeAuthor, placesOf, tellDevice } from "./approve.ts";
import { boardsOf, type Holding, type SeenCase, seenPlan } from "./cases.ts";
import { activeTrusts, type CaseRecord, caseSchema, trustKeys, trustSchema } from "./records.ts";
import { flushReplies, queueReply } from "./replies.ts";

/**
 * @param unread relationships whose inbox could not be read in this pass: an objection may lie there.
 */
export async function trusteeDuties(work: Work, unread: (relationship: string) => boolean): Promise<readonly PhotonError[]> {
  const problems: PhotonError[] = [];
  for (const trust of await activeTrusts(work)) {
    await proveMonthly(work, trust);
    if ((await isOpen(work, trust)) || (await isTimeToLook(work, trust))) {
      const { operators } = await readBoards(work, boardsOf(trust));
      await work.commit();
      await handleCases(work, trust, { operators, relationship: !unread(trust.relationship) });
    }
    problems.push(...(await flushBoards(work, boardsOf(trust))).problems);
    await work.commit();
  }
  problems.push(...(await flushReplies(work)).problems);
  await work.commit();
  return problems;
}

/**
 * Lays down what was just said, and nothing more: a share is released in a pass that has read the relationship, in which an objection
 * may lie (R3).
 */
export async function sayAsTrustee(work: Work): Promise<void> {
  for (const trust of await activeTrusts(work)) await flushBoards(work, boardsOf(trust));
  await flushReplies(work);
  await work.commit();
}

const lookEvery = 3_600_000;
const lookedSchema = uint();
/** At most once an hour where nothing is open: what others approve, or object to, is to be seen when it happens. */
async function isTimeToLook(work: Work, { relationship }: Holding): Promise<boolean> {
  const key = `looked/${relationship}`;
  const last = await work.read("duty", key, lookedSchema);
  if (last !== undefined && elapsed(last, work.now()) < lookEvery) return false;
  work.write("duty", key, lookedSchema, work.now());
  return true;
}

/** Whether this trustee has approved anything that is not over. */
const isOpen = async (work: Work, trust: Holding): Promise<boolean> =>
  (await seenPlan(work, trust)).all.some(
    ({ record, case: found }) => record?.approved !== undefined && found?.state.kind !== "expired",
  );

async function handleCases(work: Work, trust: Holding, reading: FreshReading): Promise<void> {
  const { all, seen } = await seenPlan(work, trust);
  const parts = seen.flatMap(({ entry }) =>
    entry.body.kind === "batch" ? [{ author: entry.author, part: entry.body.value }] : [],
  );
  for (const one of all) {
    const { case: found } = one;
    if (found === undefined || one.record?.approved === undefined) continue;
    const record = await warnDevice(work, trust, found, one.record);
    if (found.state.kind !== "ready") continue;
    // After a contest only those who have approved with it on the screen go on.
    if (found.state.level === 1 && record.approvedContested === undefined) continue;
    if (!readsBeforeRelease(reading, found.state.since, work.now())) continue;
    const released = await release(work, trust, one, record, seen);
    const own = parts.filter(({ author }) => equalBytes(author, found.request.request.signKey)).map(({ part }) => part);
    await signBatches(work, trust, found, released, own);
    await work.commit();
  }
}

/** The person with the new device has to know that they must speak with their trustees once more. */
async function warnDevice(work: Work, trust: Holding, { contestedAt, request }: Case, record: CaseRecord): Promise<CaseRecord> {
  if (contestedAt === undefined || record.warned !== undefined) return record;
  await tellDevice(work, trust, request);
  const warned = { ...record, warned: work.now() };
  await setRecord(work, trustKeys.case(trust.relationship, trust.version, toHex(request.digest)), caseSchema, warned);
  return warned;
}

/** R3. Once; the share goes to the key that the request named, and to nobody else. */
async function release(
  work: Work,
  trust: Holding,
  { digest, request, case: found }: SeenCase,
  record: CaseRecord,
  seen: Awaited<ReturnType<typeof seenPlan>>["seen"],
): Promise<CaseRecord> {
  if (record.released !== undefined || found?.state.kind !== "ready") return record;
  await tellDevice(work, trust, request);
  await queueReply(work, trust, request, {
    kind: "release",
    value: { share: openerShareOf(trust.opened.shares), places: placesOf(trust, seen) },
  });
  await postEntry(work, boardsOf(trust), trusteeAuthor(trust), {
    kind: "release",
    value: { request: request.digest, level: found.state.level },
  });
  const released = { ...record, released: work.now() };
  await setRecord(work, trustKeys.case(trust.relationship, trust.version, digest), caseSchema, released);
  return released;
}

async function signBatches(
  work: Work,
  trust: Holding,
  found: Case,
  record: CaseRecord,
  parts: readonly BatchPart[],
): Promise<void> {
  let { signed } = record;
  const digest = toHex(found.request.digest);
  const ours = parts.filter(({ request }) => equalBytes(request, found.request.digest));
  for (const batch of joinBatches(ours)) {
    const batchName = batchId(batch);
    if (signed.some((one) => equalBytes(one.batch, batchName))) continue;
    const before = signed.filter(({ level, refused }) => level === batch.level && refused !== true).length;
    const refusal = maySign(found, batch, before, work.now());
    if (refusal === "wrong-level" || refusal === "too-many" || refusal === "not-ready") continue;
    if (refusal !== undefined) {
      await queueReply(work, trust, found.request, { kind: "refusal", value: { batch: batchName, reason: refusal } });
    } else {
      const partials = signPartials(trust.opened.shares, hashSuccessions(headerOf(found, batch), batch.items), (length) =>
        work.random(length),
      );
      for (const part of splitPartials(trust.opened.shares.index, batchName, partials))
        await queueReply(work, trust, found.request, part);
    }
    const answered = { level: batch.level, batch: batchName };
    signed = [...signed, refusal === undefined ? answered : { ...answered, refused: true }].slice(-16);
    await setRecord(work, trustKeys.case(trust.relationship, trust.version, digest), caseSchema, { ...record, signed });
  }
}

/** R1. From what was approved, and the days that were found right; never from what is hidden in a commitment. */
export const headerOf = ({ request }: Case, { level, notBefore, expiry }: Batch): SuccessionHeader => ({
  suite: request.request.suite,
  threshold: level,
  request: request.digest,
  notBefore: notBefore / dayLength,
  expiry: expiry / dayLength,
});

/** R10. For each month in which this trustee runs. */
async function proveMonthly(work: Work, trust: Holding): Promise<void> {
  const month = monthOf(work.now());
  if (trust.month === month) return;
  const { plan, version, shares } = trust.opened;
  const proof = proveHolding(shares, challengeOf(plan, version, month), (length) => work.random(length));
  const relationship = await loadRelationship(work, trust.relationship);
  const body = encodeTalk("trustee-proof", { plan, version, month, proof: encode(holdingProofSchema, proof) });
  await postUntilAcked(work, relationship, await newContent(work, relationship, "trustee-proof", body));
  const { relationship: id, opened: _, ...row } = trust;
  await setRecord(work, trustKeys.plan(id, version), trustSchema, { ...row, month });
}
