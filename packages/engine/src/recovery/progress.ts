/** How far a recovery is that this device has made. */
import { toHex } from "@photon/protocol/codec";
import { codeOf } from "@photon/protocol/recovery";
import { parseVerification, neededFor } from "@photon/protocol/trustees";
import type { RecoveryProgress } from "../api.ts";
import { circleId, getRecord, keys, petnameSchema } from "../relationship/records.ts";
import { loadRelationship, relationshipIds } from "../relationship/relationship.ts";
import { statementAckId, unackedStatements } from "../relationship/speaking.ts";
import type { Work } from "../storage/core.ts";
import { requestOf } from "../succession/requests.ts";
import { heritable, loadBatch } from "./heirs.ts";
import { loadReplies, planOf } from "./answers.ts";
import { loadBlamed, loadRecovery, type RecoveryRow } from "./records.ts";
import { signersOf } from "./succeed.ts";

export async function recoveryProgress(work: Work): Promise<RecoveryProgress | undefined> {
  const row = await loadRecovery(work);
  if (row === undefined || row.phase === "asking") return undefined;
  const plan = await planOf(work, row);
  const batch = await loadBatch(work);
  let [relationships, succeeded, acknowledged] = [0, 0, 0];
  for (const id of await relationshipIds(work)) {
    if (id === circleId) continue;
    const { mine } = await loadRelationship(work, id);
    const own = [...mine.statements.values()].filter(
      (one) => one.type === "succeed" && plan !== undefined && requestOf([plan], mine.side, one.body, [row.digest]) !== undefined,
    );
    if (own.length === 0) continue;
    succeeded += 1;
    const waiting = new Set((await unackedStatements(work, id)).map(({ key }) => key.slice(key.lastIndexOf("/") + 1)));
    if (!own.some((one) => waiting.has(toHex(statementAckId(one))))) acknowledged += 1;
  }
  relationships = Math.max(succeeded, (await heritable(work)).filter((id) => id !== circleId).length);
  const verification = plan === undefined ? undefined : parseVerification(plan.dealt.verification);
  const badSigners = await loadBlamed(work, "signatures");
  const blamed = [...badSigners, ...(await loadBlamed(work, "share"))];
  const signed = plan === undefined || batch === undefined ? [] : [...(await signersOf(work, row, plan, batch)).complete.keys()];
  const names: string[] = [];
  for (const [id, { pseudonym }] of plan?.members ?? [])
    if (pseudonym !== undefined && blamed.includes(toHex(pseudonym)))
      names.push((await getRecord(work, keys.petname(id), petnameSchema)) ?? "");
  const signers = signed.filter((who) => !badSigners.includes(who)).length;
  const needed = verification?.ok === true ? neededFor(verification.value, batch?.level === 1 ? 1 : 0) : 0;
  const isSigning = row.phase === "signing" && signers < needed;
  return {
    phase: row.phase === "done" ? "done" : isSigning ? "signing" : "announcing",
    contested: batch?.level === 1,
    relationships,
    succeeded,
    acknowledged,
    signers,
    needed,
    spoken:
      isSigning && batch?.level === 1 && (await approvedAgain(work, row)) < needed
        ? codeOf(row.request, row.relay).spoken
        : undefined,
    blamed: names,
  };
}

/** How many trustees have said that they approved with an objection on their screen. */
async function approvedAgain(work: Work, row: RecoveryRow): Promise<number> {
  const replies = await loadReplies(work, row);
  return new Set(replies.flatMap(({ author, body }) => (body.kind === "approval" && body.value.level === 1 ? [toHex(author)] : [])))
    .size;
}
