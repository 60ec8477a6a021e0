/**
 * The plan in every lineage: its commitments, blinded for each relationship, so that peers know which succession to believe.
 * Found again by each pass, so that what was interrupted goes on.
 */
import { encode, expectOk, sha256, toHex } from "@photon/protocol/codec";
import type { Lineage, Relationship } from "../relationship/model.ts";
import { type Custody, idKey, type PlanParts, type SideId } from "@photon/protocol/statement";
import { parseVerification, recoveryCommitments, type Verification, verificationSchema } from "@photon/protocol/trustees";
import { computeCustody } from "../relationship/custody.ts";
import { hasVoice, loadRelationship, relationshipIds } from "../relationship/relationship.ts";
import { announceToOwn, announceToPeer, say } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { type Dealt, type DealtPlan, heldPlan } from "./records.ts";

export const noPlan: PlanParts = { version: 0, commitments: [], admissionKeys: [] };

/** Decoding takes some milliseconds for each point: those of the last few plans are kept, by what they were decoded from. */
const decoded = new Map<string, Verification>();
const maxDecoded = 8;
export function verificationOf({ verification }: Dealt): Verification {
  const key = toHex(sha256(encode(verificationSchema, verification)));
  const known = decoded.get(key) ?? expectOk(parseVerification(verification));
  decoded.delete(key);
  decoded.set(key, known);
  for (const oldest of decoded.keys()) if (decoded.size > maxDecoded) decoded.delete(oldest);
  return known;
}

/** The plan parts of a side, for the succession after so many. */
export function partsFor({ plan, dealt }: DealtPlan, side: SideId, epoch: number): PlanParts {
  const context = { side, planVersion: plan.version, epoch, delayHours: plan.delayHours };
  return {
    version: plan.version,
    commitments: recoveryCommitments(verificationOf(dealt), dealt.blindSeed, context),
    admissionKeys: [],
  };
}

/** What a side is founded with, or takes over with: the plan that is held, and the custody that follows from it. */
export async function currentParts(
  work: Work,
  side: SideId,
  epoch: number,
): Promise<{ readonly plan: PlanParts; readonly custody: Custody }> {
  const held = await heldPlan(work);
  return { plan: held === undefined ? noPlan : partsFor(held, side, epoch), custody: await custodyUnder(work, held) };
}

/** Of every side of ours, under the plan that is held. */
export async function custodyUnder(work: Work, held: DealtPlan | undefined): Promise<Custody> {
  const { strength } = await work.ports.keys.open();
  return computeCustody(strength, { trustees: held !== undefined });
}

/**
 * The largest plan version that our side has named in a lineage. What came to nothing does not count, as of a device that was
 * retired since: else it could keep every later plan from being announced. Of one that is live it does, so that nothing is said twice.
 */
export function announcedVersion({ statements, state }: Lineage): number {
  let version = 0;
  for (const one of statements.values()) {
    if (one.type !== "found" && one.type !== "plan" && one.type !== "succeed") continue;
    const isVoid = state.standing.get(idKey(one.id))?.kind === "void";
    if (isVoid && state.leaves.get(idKey(one.signer))?.status !== "live") continue;
    version = Math.max(version, one.body.plan.version);
  }
  return version;
}

/** Announces the held plan wherever it is not announced yet. @param signal stops between two relationships. */
export async function announcePlan(work: Work, signal?: AbortSignal): Promise<void> {
  const held = await heldPlan(work);
  if (held === undefined) return;
  for (const id of await relationshipIds(work)) {
    if (signal?.aborted === true) return;
    const relationship: Relationship = await loadRelationship(work, id);
    const { mine } = relationship;
    if (announcedVersion(mine) >= held.plan.version || !(await hasVoice(work, relationship))) continue;
    const { plan, custody } = await currentParts(work, mine.side, mine.state.epoch + 1);
    const statement = await say(work, relationship, "plan", { custody, plan });
    await announceToPeer(work, relationship, [statement]);
    await announceToOwn(work, relationship, [statement]);
    await work.commit();
  }
}
