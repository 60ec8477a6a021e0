/**
 * Succeeding: the batch is laid on the plan queue, the trustees' signatures are checked and put together, and each peer is told.
 * Every relationship is one commit, so that after any interruption the next pass goes on where this one was.
 *
 *     heirs prepared ──batch on the plan queue──▶ signatures of enough trustees ──each relationship──▶ announced ──▶ done
 *            ▲                                          │ a contest became known: the other key, more trustees      │
 *            └──────────────────────────────────────────┴──────────────────────────────────────────────────────────┘
 *
 * Done is what every relationship was announced in; what a peer has not taken by then is made anew where it is objected to there.
 */
import { type Bytes, equalBytes, toHex } from "@photon/protocol/codec";
import { batchId, type Entry, joinPartials, type PartialsPart, splitBatch } from "@photon/protocol/recovery";
import { completeSucceed, ed25519Signer, type Statement } from "@photon/protocol/statement";
import {
  blindFor,
  blindSignature,
  combinePartials,
  dayLength,
  hashSuccessions,
  neededFor,
  type Scalar,
  type VerifiedPartials,
  verifyPartials,
} from "@photon/protocol/trustees";
import { keepDevice } from "../circle/devices.ts";
import { found } from "../conversation/founding.ts";
import { keepInbox } from "../delivery/inboxes.ts";
import { deposit, enqueue } from "../delivery/outbox.ts";
import type { PhotonError } from "../errors.ts";
import { flushBoards, ownBoards, postEntry, readBoards, sightings } from "../plan/board.ts";
import { verificationOf } from "../plan/announce.ts";
import type { DealtPlan } from "../plan/records.ts";
import { circleId, keys, leafOfSchema, setRecord } from "../relationship/records.ts";
import type { Relationship } from "../relationship/model.ts";
import { addStatements, loadRelationship } from "../relationship/relationship.ts";
import { announceToPeer, unheardStatements } from "../relationship/speaking.ts";
import { decide } from "../succession/decisions.ts";
import type { Work } from "../storage/core.ts";
import { objectionKey } from "../succession/telling.ts";
import { forgetReplies, loadReplies, planOf, readReplies } from "./answers.ts";
import { heedPeers, isTaken } from "./heed.ts";
import { itemsOf, headerFor, keepBatch, loadBatch, makeBatch, prepareHeirs, today } from "./heirs.ts";
import { type BatchRow, blame, type Heir, heirKey, heirSchema, keepRecovery, loadRecovery, type RecoveryRow } from "./records.ts";

/** Places that are hashed, checked and signed for at once: memory does not grow with the number of relationships. */
const chunk = 256;

/** One pass of a recovery whose archive is open. Does nothing where there is none, or where it is done and nobody objects. */
export async function succeedDuty(work: Work): Promise<readonly PhotonError[]> {
  const known = await loadRecovery(work);
  if (known === undefined || known.phase === "asking") return [];
  const before = known.phase === "done" ? await takeUpAgain(work, known) : known;
  if (before === undefined) return [];
  const read = await readReplies(work);
  const problems: PhotonError[] = read.ok ? [] : [read.error];
  const row = read.ok ? read.value : before;
  const plan = await planOf(work, row);
  if (plan === undefined) throw new Error("a recovery whose plan is not here");
  await heedPeers(work, row, plan);
  const reading = await readBoards(work, ownBoards(plan));
  problems.push(...reading.problems);
  await work.commit();
  const level = await levelOf(work, row, plan);
  const batch = await currentBatch(work, row, plan, level);
  problems.push(...(await flushBoards(work, ownBoards(plan))).problems);
  await work.commit();
  if (await finish(work, row, plan, batch)) {
    keepRecovery(work, { ...row, phase: "done" });
    await work.commit();
  }
  return problems;
}

/** Where somebody objects at a peer who has not taken it yet, and as long as trustees can still answer that. */
async function takeUpAgain(work: Work, row: RecoveryRow): Promise<RecoveryRow | undefined> {
  if ((await work.list("duty", objectionKey(""))).length === 0) return undefined;
  const plan = await planOf(work, row);
  const batch = await loadBatch(work);
  const isOver = plan === undefined || batch === undefined || headerFor(row, batch).expiry * dayLength <= work.now();
  if (isOver) {
    for (const { key } of await work.list("duty", objectionKey(""))) work.delete("duty", key);
    await work.commit();
    return undefined;
  }
  const isHeeded = await heedPeers(work, row, plan);
  await work.commit();
  if (!isHeeded) return undefined;
  const again: RecoveryRow = { ...row, phase: "signing" };
  keepRecovery(work, again);
  await work.commit();
  return again;
}

/**
 * 1 once a contest of our request lies on the plan queue, or enough trustees say that it is contested. What rivals there are is
 * theirs to say: this device sees the whole queue for the first time, old requests among it.
 */
async function levelOf(work: Work, row: RecoveryRow, { plan, dealt }: DealtPlan): Promise<0 | 1> {
  const seen = await sightings(work, { plan: plan.plan, version: plan.version, dealerKey: dealt.dealerKey });
  const isContest = ({ body }: Entry): boolean => body.kind === "contest" && equalBytes(body.value.request, row.digest);
  if (seen.some(({ entry }) => isContest(entry))) return 1;
  const replies = await loadReplies(work, row);
  const heard = new Set(
    replies.flatMap(({ body, author }) => (body.kind === "approval" && body.value.contestedNow === 1 ? [toHex(author)] : [])),
  );
  // One trustee alone cannot make all the others begin again.
  return heard.size >= plan.threshold ? 1 : 0;
}

/** The batch in hand, or a new one: at first, when a contest asks for the other key, or when its days are over. */
async function currentBatch(work: Work, row: RecoveryRow, plan: DealtPlan, level: 0 | 1): Promise<BatchRow> {
  const held = await loadBatch(work);
  if (held !== undefined && held.level === level && headerFor(row, held).expiry * dayLength > work.now()) return held;
  const notBefore = today(work);
  if (held !== undefined) {
    for (const { key } of await work.list("meta", heirKey(""))) work.delete("meta", key);
    await forgetReplies(work, row, ({ body }) => body.kind === "partials");
    await work.commit();
  }
  const heirs = await prepareHeirs(work, row, plan, level, notBefore);
  const batch = await makeBatch(work, plan, heirs, level, notBefore);
  keepBatch(work, batch);
  const whole = {
    request: row.digest,
    level,
    notBefore,
    expiry: headerFor(row, batch).expiry * dayLength,
    items: itemsOf(batch),
  };
  const author = { signer: ed25519Signer(row.signSeed), role: "device", certificate: undefined } as const;
  for (const part of splitBatch(whole)) await postEntry(work, ownBoards(plan), author, { kind: "batch", value: part });
  await work.commit();
  return batch;
}

export interface Signers {
  /** By pseudonym (hex): partial signatures for every place, unchecked, with the index at which the dealer knows them. */
  readonly complete: ReadonlyMap<string, { readonly index: Scalar; readonly partials: readonly Bytes[] }>;
}

/** Who has signed the whole batch. */
export async function signersOf(work: Work, row: RecoveryRow, plan: DealtPlan, batch: BatchRow): Promise<Signers> {
  const name = batchNameOf(row, batch);
  const parts = new Map<string, PartialsPart[]>();
  for (const { author, body } of await loadReplies(work, row)) {
    if (body.kind !== "partials" || !equalBytes(body.value.batch, name)) continue;
    const who = toHex(author);
    parts.set(who, [...(parts.get(who) ?? []), body.value]);
  }
  const complete = new Map<string, { readonly index: Scalar; readonly partials: readonly Bytes[] }>();
  for (const { pseudonym, index } of plan.members.values()) {
    if (pseudonym === undefined || index === undefined) continue;
    const who = toHex(pseudonym);
    const partials = joinPartials(parts.get(who) ?? [], batch.places.length);
    if (partials !== undefined) complete.set(who, { index, partials });
  }
  return { complete };
}

const batchNameOf = (row: RecoveryRow, batch: BatchRow): Bytes =>
  batchId({
    request: row.digest,
    level: batch.level === 0 ? 0 : 1,
    notBefore: batch.notBefore,
    expiry: headerFor(row, batch).expiry * dayLength,
    items: itemsOf(batch),
  });

/** Signs and announces what can be. @returns whether every relationship is done. */
async function finish(work: Work, row: RecoveryRow, plan: DealtPlan, batch: BatchRow): Promise<boolean> {
  if ((await work.list("meta", heirKey(""))).length === 0) return true;
  const verification = verificationOf(plan.dealt);
  const header = headerFor(row, batch);
  const needed = neededFor(verification, header.threshold);
  const { complete } = await signersOf(work, row, plan, batch);
  if (complete.size < needed) return false;
  const random = (length: number): Bytes => work.random(length);
  const items = itemsOf(batch);
  const bad = new Set<string>();
  for (let from = 0; from < batch.places.length; from += chunk) {
    const ids = batch.places.slice(from, from + chunk);
    const waiting: (Heir | undefined)[] = [];
    for (const id of ids) waiting.push(id === "" ? undefined : await heirOf(work, row, plan, id));
    if (waiting.every((heir) => heir === undefined)) continue;
    const hashed = hashSuccessions(header, items.slice(from, from + chunk));
    const sets: VerifiedPartials[] = [];
    for (const [who, { index, partials }] of complete) {
      if (sets.length === needed || bad.has(who)) continue;
      const checked = verifyPartials(verification, index, hashed, partials.slice(from, from + chunk), random);
      if (checked.ok) sets.push(checked.value);
      else bad.add(who);
    }
    const combined = sets.length < needed ? undefined : combinePartials(verification, hashed, sets);
    if (combined === undefined) break;
    if (!combined.ok) throw new Error(`signatures that were checked do not combine: ${combined.error.detail}`);
    for (const [at, heir] of waiting.entries()) {
      const id = ids[at];
      const signature = combined.value[at];
      if (id === undefined || id === "" || heir === undefined || signature === undefined) continue;
      const { side } = (await loadRelationship(work, id)).mine;
      const context = { side, planVersion: plan.plan.version, epoch: heir.epoch, delayHours: plan.plan.delayHours };
      const { rho } = blindFor(plan.dealt.blindSeed, context, header.threshold);
      await inherit(work, id, heir, blindSignature(signature, rho));
    }
  }
  await blame(work, "signatures", bad);
  await work.commit();
  return (await work.list("meta", heirKey(""))).length === 0;
}

/** What became of the devices before is laid into the circle's old inbox: whoever still has one of them is told there. */
async function tellOldDevices(work: Work, { id, mine, inboxes }: Relationship, statement: Statement): Promise<void> {
  const heads = mine.state.inboxes.filter(({ sendId }) => inboxes.has(toHex(sendId)));
  const old = heads.findLast(({ sendId }) => !equalBytes(sendId, mine.state.inbox?.sendId ?? sendId));
  if (old === undefined) return;
  const under = { sendId: old.sendId, rotation: old.rotation };
  await deposit(work, id, "own", { kind: "lineage", value: { statements: [statement.bytes] } }, { under });
}

/** Undefined where there is none any more: it was made, or the peer has taken an earlier one meanwhile. */
async function heirOf(work: Work, row: RecoveryRow, plan: DealtPlan, id: string): Promise<Heir | undefined> {
  const heir = await work.read("meta", heirKey(id), heirSchema);
  if (heir === undefined || !(await isTaken(work, await loadRelationship(work, id), row, plan))) return heir;
  work.delete("meta", heirKey(id));
  return undefined;
}

/**
 * This device takes a side over: one commit. The signature was put together from parts that were checked, and is not checked as a
 * whole: a pairing for each relationship would be half of what a recovery costs.
 */
async function inherit(work: Work, id: string, heir: Heir, signature: Bytes): Promise<void> {
  const statement = completeSucceed(heir.prepared, signature);
  const relationship = await loadRelationship(work, id);
  for (const { statement: other, request } of relationship.mine.state.successions)
    if (equalBytes(request, statement.body.request)) await decide(work, relationship, other, "refuse");
  await decide(work, relationship, statement.id, "accept");
  await addStatements(work, relationship, [statement]);
  // An objection may be here already; the peer tells us nothing that is new, then.
  if ([...relationship.mine.statements.values()].some(({ type }) => type === "contest"))
    work.put("duty", objectionKey(id), new Uint8Array(0));
  await keepInbox(work, relationship, heir.inbox);
  const create = await enqueue(work, id, { kind: "create", value: { sendId: heir.inbox.sendId } });
  await setRecord(work, keys.leafOf(id, heir.leaf), leafOfSchema, { device: work.self.device, from: [] });
  if (id === circleId) {
    await tellOldDevices(work, relationship, statement);
    const { recipient } = await work.ports.keys.open();
    await keepDevice(work, work.self.device, { name: work.self.name, leaf: heir.leaf, recipient, added: work.now() });
  }
  await announceToPeer(work, relationship, await unheardStatements(work, relationship), { peerAfter: [create] });
  await found(work, relationship);
  work.delete("meta", heirKey(id));
  await work.commit();
}
