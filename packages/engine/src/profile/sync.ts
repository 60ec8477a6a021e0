/** One pass: read, do what is due, tell the circle, archive, acknowledge, write. */
import { ok, type Result } from "@photon/protocol/codec";
import type { SyncReport } from "../api.ts";
import { lookForLosses } from "../archive/undo.ts";
import { flushArchive } from "../archive/upload.ts";
import { pullArchive } from "../archive/pull.ts";
import { liveSiblings, noteSeen } from "../circle/devices.ts";
import { tellCircle } from "../circle/telling.ts";
import { payAcks } from "../conversation/acks.ts";
import { drain } from "../conversation/drain.ts";
import { followBundle, noteChanged } from "../conversation/receive.ts";
import { flush } from "../delivery/flush.ts";
import { dutyReports, runDuties } from "../duties/duties.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { planDuties } from "../plan/duties.ts";
import { loadRecovery } from "../recovery/records.ts";
import { succeedDuty } from "../recovery/succeed.ts";
import type { Work } from "../storage/core.ts";
import { trusteeDuties } from "../trustee/duties.ts";
import { clearLockedOut, isRetired, markLockedOut } from "./standing.ts";

export async function syncOnce(work: Work, signal?: AbortSignal): Promise<Result<SyncReport, PhotonError>> {
  const drained = await drain(work, signal);
  const problems: PhotonError[] = [...drained.problems];
  const recovering = (await loadRecovery(work))?.phase === "signing";
  if (drained.lockedOut && !recovering) {
    await markLockedOut(work);
    problems.push(photonError("device-retired"));
    return ok({ received: drained.messages, sent: 0, pending: 0, duties: [], problems });
  }
  await clearLockedOut(work);
  if (await isRetired(work)) {
    problems.push(photonError("device-retired"));
    return ok({ received: drained.messages, sent: 0, pending: 0, duties: [], problems });
  }
  const siblings = (await liveSiblings(work)).length > 0;
  if (siblings) {
    const pulled = await pullArchive(work);
    noteChanged(work, pulled.changed);
    problems.push(...pulled.problems);
    await noteSeen(work);
  }
  await runDuties(work, drained.touched, signal);
  problems.push(...(await succeedDuty(work)));
  problems.push(...(await planDuties(work, signal)));
  problems.push(...(await trusteeDuties(work, (relationship) => drained.unread.has(relationship))));
  await tellCircle(work);
  const archived = await flushArchive(work);
  problems.push(...archived.problems);
  const looked = await lookForLosses(work);
  if (looked !== undefined) problems.push(looked);
  await payAcks(work, archived.archived);
  const flushed = await flush(work, { onMoved: followBundle, signal });
  problems.push(...flushed.problems);
  // Acknowledging, or following a moved inbox, may have changed the state once more.
  await tellCircle(work);
  await work.commit();
  return ok({
    received: drained.messages,
    sent: flushed.deposited,
    pending: flushed.pending,
    duties: await dutyReports(work),
    problems: distinct(problems),
  });
}

/** The same trouble with the same server is told once. */
function distinct(problems: readonly PhotonError[]): readonly PhotonError[] {
  return [...new Map(problems.map((problem) => [`${problem.code} ${problem.detail}`, problem])).values()];
}
