/**
 * Heirs: for each relationship, a `succeed` that waits for the trustees' signature, with the leaf and the inbox that it brings.
 * All are prepared before anything is asked for, so that the trustees sign one batch and learn nothing from its order.
 */
import { asBytes, type Bytes, concat } from "@photon/protocol/codec";
import { dayOf, paddedCount, requestLife } from "@photon/protocol/recovery";
import { reduce } from "@photon/protocol/lineage";
import { idKey, prepareSucceed, type StatementId } from "@photon/protocol/statement";
import {
  dayLength,
  openRecovery,
  successionCommitment,
  type SuccessionHeader,
  type Threshold,
  itemLength,
  requestBlind,
  successionItem,
} from "@photon/protocol/trustees";
import { custodyUnder, partsFor, verificationOf } from "../plan/announce.ts";
import { type DealtPlan, heldPlan } from "../plan/records.ts";
import { makeInbox, writeSide } from "../delivery/inboxes.ts";
import { makeLeaf } from "../relationship/leaves.ts";
import type { Relationship } from "../relationship/model.ts";
import { circleId, flagSchema, getRecord, keys } from "../relationship/records.ts";
import { loadRelationship, relationshipIds } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { shuffled } from "../storage/shuffled.ts";
import { requestFor, requestOf } from "../succession/requests.ts";
import { isTaken, ownSuccessions } from "./heed.ts";
import { type BatchRow, batchSchema, type Heir, heirKey, heirSchema, type RecoveryRow } from "./records.ts";

/** Relationships that are to go on: all that are not over, and whose lineage names the plan. */
export async function heritable(work: Work): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const id of await relationshipIds(work)) {
    if ((await getRecord(work, keys.closed(id), flagSchema)) === true) continue;
    const { mine, peer } = await loadRelationship(work, id);
    if (mine.state.kind === "empty" || (peer === undefined && id !== circleId)) continue;
    ids.push(id);
  }
  return ids;
}

/**
 * Prepares what is not prepared for this level yet, and is neither made at this level nor taken by the peer. Commits for each
 * relationship. @returns all that are.
 */
export async function prepareHeirs(
  work: Work,
  row: RecoveryRow,
  plan: DealtPlan,
  level: Threshold,
  notBefore: number,
): Promise<ReadonlyMap<string, Heir>> {
  const heirs = new Map<string, Heir>();
  for (const id of await heritable(work)) {
    const held = await work.read("meta", heirKey(id), heirSchema);
    const relationship = await loadRelationship(work, id);
    const isMade = ownSuccessions(relationship, row, plan).some(({ threshold }) => threshold === level);
    if (isMade || (await isTaken(work, relationship, row, plan))) continue;
    const heir = held?.level === level ? held : await prepare(work, row, plan, level, notBefore, relationship);
    heirs.set(id, heir);
    if (heir === held) continue;
    work.write("meta", heirKey(id), heirSchema, heir);
    await work.commit();
  }
  return heirs;
}

async function prepare(
  work: Work,
  row: RecoveryRow,
  plan: DealtPlan,
  level: Threshold,
  notBefore: number,
  { mine }: Relationship,
): Promise<Heir> {
  const leaf = await makeLeaf(work);
  const inbox = makeInbox(work, row.relay);
  // A succession of this request may have counted already, and a contest have undone it.
  const others = mine.state.successions
    .filter((one) => requestOf([plan], mine.side, one, [row.digest]) !== undefined)
    .map(({ epoch }) => epoch);
  const epoch = Math.min(mine.state.epoch + 1, ...others);
  const context = { side: mine.side, planVersion: plan.plan.version, epoch, delayHours: plan.plan.delayHours };
  const { publicKey, salt } = openRecovery(verificationOf(plan.dealt), plan.dealt.blindSeed, context, level);
  const prepared = prepareSucceed({
    type: "succeed",
    side: mine.side,
    heads: headsBefore(mine, row.created),
    claimedAt: work.now(),
    body: {
      suite: "ed25519-xwing-aes256gcm-sha512",
      epoch,
      planVersion: plan.plan.version,
      threshold: level,
      leaves: [leaf],
      inbox: writeSide(inbox, 0),
      custody: await custodyUnder(work, await heldPlan(work)),
      plan: partsFor(plan, mine.side, epoch + 1),
      request: requestFor(plan, mine.side, epoch, row.digest),
      notBefore,
      expiry: notBefore + requestLife,
      nonce: work.random(32),
      publicKey,
      salt,
    },
  });
  return { prepared, leaf: leaf.id, inbox, level, epoch };
}

/**
 * R6. What was known when the recovery was begun is vouched for by it. What the old side has said since, which the new device
 * reads in the old inboxes like everybody else, is not: a thief who signs quickly is not to have signed in time.
 */
function headsBefore({ statements, firstSeen, decisions }: Relationship["mine"], time: number): readonly StatementId[] {
  const known = [...statements.values()].filter(({ id }) => (firstSeen.get(idKey(id)) ?? Number.POSITIVE_INFINITY) <= time);
  return reduce(known, firstSeen, time, decisions).heads;
}

/** One order for all, by chance, and a number of places that says little of how many there are. */
export async function makeBatch(
  work: Work,
  plan: DealtPlan,
  heirs: ReadonlyMap<string, Heir>,
  level: Threshold,
  notBefore: number,
): Promise<BatchRow> {
  const drawn: { readonly id: string; readonly item: Bytes }[] = [];
  for (const [id, { prepared, epoch }] of heirs) {
    const { side } = (await loadRelationship(work, id)).mine;
    drawn.push({ id, item: successionItem(successionCommitment(prepared), requestBlind(plan.dealt.blindSeed, { side, epoch })) });
  }
  const padding = Array.from({ length: paddedCount(drawn.length) - drawn.length }, () => ({
    id: "",
    item: work.random(itemLength),
  }));
  const places = shuffled(work, [...drawn, ...padding]);
  return {
    level,
    notBefore,
    places: places.map(({ id }) => id),
    items: concat(...places.map(({ item }) => item)),
  };
}

export const itemsOf = ({ items, places }: BatchRow): readonly Bytes[] =>
  places.map((_, at) => asBytes(items.slice(itemLength * at, itemLength * (at + 1))));

export const headerFor = (row: RecoveryRow, { level, notBefore }: Pick<BatchRow, "level" | "notBefore">): SuccessionHeader => ({
  suite: "ed25519-xwing-aes256gcm-sha512",
  threshold: level === 0 ? 0 : 1,
  request: row.digest,
  notBefore: notBefore / dayLength,
  expiry: (notBefore + requestLife) / dayLength,
});

export const loadBatch = (work: Work): Promise<BatchRow | undefined> => work.read("meta", "batch", batchSchema);
export const keepBatch = (work: Work, batch: BatchRow): void => work.write("meta", "batch", batchSchema, batch);
export const today = (work: Work): number => dayOf(work.now());
