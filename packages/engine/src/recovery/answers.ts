/**
 * What trustees answered: read from the reply queue, kept where it counts or may still count (`kept.ts`), and then taken off the queue,
 * so that nobody can fill it.
 */
import { err, ok, type Result } from "@photon/protocol/codec";
import { openDeposit, signRead, signTrim } from "@photon/protocol/queue";
import { readReply, type Reply } from "@photon/protocol/recovery";
import { keysOf } from "../delivery/inboxes.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { type DealtPlan, isDealt, loadPlans } from "../plan/records.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { voiceOf } from "./collect.ts";
import { KeptAnswers } from "./kept.ts";
import { heardKey, heardSchema, keepRecovery, loadRecovery, type RecoveryRow, replyKey, replyRow } from "./records.ts";

/** The plan by which an archive was opened. */
export async function planOf(work: Work, { version }: Pick<RecoveryRow, "version">): Promise<DealtPlan | undefined> {
  return (await loadPlans(work)).filter(isDealt).find(({ plan }) => plan.version === version);
}

/** Answer words that the person has typed, by the call in which they were spoken. */
export const wordsHeard = async (work: Pick<Work, "read">): Promise<readonly (readonly string[])[]> =>
  (await work.read("meta", heardKey, heardSchema)) ?? [];

/** In the order in which they came; once the archive is open, those of the plan's own trustees. */
export async function loadReplies(work: Work, row: RecoveryRow): Promise<readonly Reply[]> {
  const replies = (await keptReplies(work, row)).map(([, reply]) => reply);
  const members = await membersOf(work, row);
  return members === undefined ? replies : replies.filter((reply) => members.has(voiceOf(reply)));
}

async function keptReplies(work: Work, { digest }: RecoveryRow): Promise<readonly (readonly [string, Reply])[]> {
  const found: [string, Reply][] = [];
  for (const { key, value } of await work.list("meta", replyKey())) {
    const reply = readReply(digest, parseRow(replyRow, value).opened);
    if (reply.ok) found.push([key, reply.value]);
  }
  return found;
}

/** Forgets what is kept of whom nobody counts any more, and signatures for a batch in whose place another comes. */
export async function forgetReplies(work: Work, row: RecoveryRow, isGone: (reply: Reply) => boolean): Promise<void> {
  for (const [key, reply] of await keptReplies(work, row)) if (isGone(reply)) work.delete("meta", key);
}

async function keptAnswers(work: Work, row: RecoveryRow): Promise<KeptAnswers> {
  const vouching = { request: row.digest, typed: (await wordsHeard(work)).flat(), members: await membersOf(work, row) };
  return new KeptAnswers(vouching, await keptReplies(work, row));
}

/** The voices of the plan's trustees; undefined while nobody knows the plan. */
export async function membersOf(work: Work, row: RecoveryRow): Promise<ReadonlySet<string> | undefined> {
  if (row.phase === "asking") return undefined;
  const known = await planOf(work, row);
  if (known === undefined) return new Set();
  const { plan, version } = known.plan;
  const { dealerKey } = known.dealt;
  return new Set(
    [...known.members.values()].flatMap(({ pseudonym }) =>
      pseudonym === undefined ? [] : [voiceOf({ plan, version, dealerKey, author: pseudonym })],
    ),
  );
}

const entriesPerRead = 64;
const maxRounds = 128;

/** Reads what trustees have answered since, keeps it, and takes it off the queue. @returns the row as it is then. */
export async function readReplies(work: Work): Promise<Result<RecoveryRow, PhotonError>> {
  const begun = await loadRecovery(work);
  if (begun === undefined) return err(photonError("no-recovery"));
  let row = begun;
  const { sealKey } = keysOf(row.reply, 0);
  const { receiveId, readSeed } = row.reply;
  let answers: KeptAnswers | undefined;
  for (let round = 0; round < maxRounds; round++) {
    const read = signRead(readSeed, { receiveId, after: row.after, limit: entriesPerRead });
    const answer = await work.ports.transport.call(row.relay, "read", [read]);
    if (!answer.ok) return err(relayProblem(row.relay, answer.error));
    const [result] = answer.value.value;
    if (result === undefined || result.kind === "refused")
      return err(photonError("relay-refused", `${row.relay}: the answers to the recovery cannot be read`));
    const { entries, last, gone } = result.value;
    // A relay that shows less than it had, or what it had taken off, has gone back in time, and counts anew: all of it is read.
    if (last < row.after || gone < (row.trimmed ?? 0)) {
      row = { ...row, after: Math.min(gone, last), trimmed: 0 };
      continue;
    }
    let { after, replies } = row;
    for (const { seq, body } of entries) {
      // Only now: most passes find nothing new, and each reply that is kept has a signature to check.
      answers ??= await keptAnswers(work, begun);
      const inner = openDeposit([sealKey], body);
      const opened = inner.ok ? await work.ports.keys.decryptAge(inner.value) : inner;
      const reply = opened.ok ? readReply(row.digest, opened.value) : undefined;
      after = Math.max(after, seq);
      if (!opened.ok || reply?.ok !== true) continue;
      const { isKept, gone: givenUp } = answers.take(replyKey(replies), reply.value);
      for (const key of givenUp) work.delete("meta", key);
      if (!isKept) continue;
      work.write("meta", replyKey(replies), replyRow, { opened: opened.value });
      replies += 1;
    }
    row = { ...row, after: Math.max(after, entries.length === 0 ? gone : 0), replies };
    keepRecovery(work, row);
    await work.commit();
    if (entries.length > 0) {
      // It is on this disk. Where the relay does not take it off now, the next pass that finds something does.
      const trimmed = await work.ports.transport.call(row.relay, "trim", signTrim(readSeed, { receiveId, upTo: row.after }));
      if (trimmed.ok) {
        row = { ...row, trimmed: row.after };
        keepRecovery(work, row);
        await work.commit();
      }
    }
    if (row.after >= last || entries.length === 0) break;
  }
  return ok(row);
}
