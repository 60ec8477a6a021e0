/**
 * What must happen although nobody types: each duty is found in the store, not remembered, so that any command and any
 * device can take it up (spec/09-engine.md, "Duties").
 *
 * | duty          | due                                              | does                                                |
 * | ------------- | ------------------------------------------------ | --------------------------------------------------- |
 * | `reconcile`   | after a device came or went; daily               | admits and retires in every relationship            |
 * | `locks`       | a peer's device was retired                      | new keys for our inbox there                        |
 * | `introduce`   | a generation was joined                          | publishes a key package in it                       |
 * | `erase`       | everybody was heard in a newer generation        | erases the ratchets of those before it              |
 * | `refresh`     | a founding used a last-resort package            | founds again at the first reply                     |
 * | `gap`         | a message waits for an earlier one for 10 min    | founds again, so that the peer seals anew           |
 * | `claim`       | an accepted invitation is unanswered for 20 days | claims again                                        |
 * | `redeposit`   | unacknowledged for 20 days                       | deposits statements and messages again (R13)        |
 * | `spares`      | a pool of spare leaves runs low                  | makes more                                          |
 * | `heir`        | a peer's succession waits                        | once it counts: acknowledges, new keys, seals anew  |
 * | plan          | see `plan/duties.ts`                             |                                                     |
 * | trustee       | see `trustee/duties.ts`                          |                                                     |
 * | recovery      | see `recovery/succeed.ts`                        |                                                     |
 */
import { liveLeaves } from "@photon/protocol/lineage";
import { parseStatement, type Statement } from "@photon/protocol/statement";
import type { DutyReport } from "../api.ts";
import { reconcile, stockSpares } from "../circle/reconcile.ts";
import { changeLocks } from "../circle/retirement.ts";
import { canRefresh, found } from "../conversation/founding.ts";
import { dropGaps, gapsOlderThan } from "../conversation/parking.ts";
import { introduceIfJoined, resealUnacked } from "../conversation/post.ts";
import { eraseOver } from "../conversation/receive.ts";
import { unacked, waitingRelationships } from "../conversation/unacked.ts";
import { claimAgain } from "../meeting/claiming.ts";
import { stateOf } from "../meeting/contacts.ts";
import { recentGenerations, sendingGeneration } from "../relationship/generations.ts";
import { circleId } from "../relationship/records.ts";
import { openSuccessions, type Relationship } from "../relationship/model.ts";
import { loadRelationship, relationshipIds } from "../relationship/relationship.ts";
import { announceToPeer, unackedStatements } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { settleSuccessions } from "../succession/decide.ts";
import { elapsed, isDue } from "../storage/elapsed.ts";
import { dueAt, scheduleDuty } from "./schedule.ts";

const day = 24 * 3600 * 1000;
export const redepositAfter = 20 * day;
const gapPatience = 10 * 60 * 1000;

/** Does what is due. @param touched relationships in which something has come since. */
export async function runDuties(work: Work, touched: ReadonlySet<string>, signal?: AbortSignal): Promise<void> {
  if (isDue(await dueAt(work, "reconcile"), work.now(), day)) {
    const { unadmitted } = await reconcile(work, signal);
    // A sibling's spares may be on their way: look again at the next pass.
    scheduleDuty(work, "reconcile", unadmitted > 0 ? work.now() + 60_000 : work.now() + day);
    await work.commit();
  }
  await stockSpares(work);
  for (const id of touched) {
    if (signal?.aborted === true) return;
    const relationship = await loadRelationship(work, id);
    if (!(await speaks(work, relationship))) continue;
    await changeLocks(work, relationship);
    if (await canRefresh(work, relationship)) await found(work, relationship);
    await introduceIfJoined(work, relationship);
    const current = sendingGeneration(relationship);
    if (current !== undefined) await eraseOver(work, relationship, current);
    await work.commit();
  }
  await followHeirs(work);
  await claimAgain(work);
  await closeGaps(work);
  await depositAgain(work, signal);
}

/** Whether this side may say anything: the circle always, a relationship once it is confirmed. */
export async function speaks(work: Work, relationship: Relationship): Promise<boolean> {
  return relationship.id === circleId || (await stateOf(work, relationship)) === "active";
}

/** Time alone may settle a succession: it is looked at until it is. */
async function followHeirs(work: Work): Promise<void> {
  for (const { key } of await work.list("duty", "heir/")) {
    const id = key.slice("heir/".length);
    const relationship = await loadRelationship(work, id);
    await settleSuccessions(work, relationship);
    const isOpen = [relationship.mine, relationship.peer].some(
      (side) => side !== undefined && openSuccessions(side.state).length > 0,
    );
    if (!isOpen) {
      work.delete("duty", key);
      if (await speaks(work, relationship)) {
        await changeLocks(work, relationship);
        await introduceIfJoined(work, relationship);
        await resealUnacked(work, relationship);
      }
    }
    await work.commit();
  }
}

async function closeGaps(work: Work): Promise<void> {
  for (const id of await gapsOlderThan(work, gapPatience)) {
    const relationship = await loadRelationship(work, id);
    await dropGaps(work, id);
    if (await speaks(work, relationship)) await found(work, relationship);
    await work.commit();
  }
}

/** Seals and deposits again what the peer has not acknowledged: lost queues, long absences, new generations. */
async function depositAgain(work: Work, signal?: AbortSignal): Promise<void> {
  const isOld = (time: number): boolean => elapsed(time, work.now()) >= redepositAfter;
  for (const id of await waitingRelationships(work)) {
    if (signal?.aborted === true) return;
    const relationship = await loadRelationship(work, id);
    const speaking = await speaks(work, relationship);
    // A goodbye has to arrive too.
    if (!speaking && (await stateOf(work, relationship)) !== "closed") continue;
    const statements = await unackedStatements(work, id);
    const oldStatements = statements.some(({ depositedAt }) => isOld(depositedAt));
    const oldMessages = (await unacked(work, id)).some(({ sealedIn, sealedAt }) => sealedIn !== "" && isOld(sealedAt));
    if (oldStatements || oldMessages) {
      await announceToPeer(work, relationship, [
        ...parseAll(statements.map(({ statement }) => statement)),
        ...recentGenerations(relationship),
      ]);
      if (speaking && relationship.peer !== undefined && liveLeaves(relationship.peer.state).length > 0)
        await found(work, relationship);
    }
    if (speaking) await resealUnacked(work, relationship);
    await work.commit();
  }
}

const parseAll = (bytes: readonly Statement["bytes"][]): readonly Statement[] =>
  bytes.flatMap((one) => {
    const parsed = parseStatement(one, "verified-before");
    return parsed.ok ? [parsed.value] : [];
  });

/** What is still to be done, in words. */
export async function dutyReports(work: Work): Promise<readonly DutyReport[]> {
  const reports: DutyReport[] = [];
  for (const id of await waitingRelationships(work)) {
    const statements = await unackedStatements(work, id);
    const [first] = statements.toSorted((a, b) => a.depositedAt - b.depositedAt);
    if (first !== undefined) {
      const words = "A change of your devices or inbox waits for a contact's acknowledgement.";
      reports.push({ kind: "acknowledgement", dueAt: first.depositedAt + redepositAfter, words });
    }
  }
  const next = await dueAt(work, "reconcile");
  if (next - work.now() < day / 2 && (await relationshipIds(work)).length > 1) {
    reports.push({
      kind: "reconcile",
      dueAt: next,
      words: "Some relationships still have to be brought up to date with your devices.",
    });
  }
  return reports;
}
