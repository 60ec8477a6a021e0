/** Reading: every inbox of ours from its cursor on, entry by entry, until nothing is new. */
import { toHex } from "@photon/protocol/codec";
import { type Batch, maxReadQueues, openDeposit } from "@photon/protocol/queue";
import { listState } from "../circle/state.ts";
import { cursorOf, hasCursor, isDone, markDone, moveCursor, readRequest, sealKeys } from "../delivery/inboxes.ts";
import { outboxItems } from "../delivery/outbox.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { photonError, type PhotonError } from "../errors.ts";
import { circleId, getRecord, inboxSecretSchema, type InboxSecret, keys, leafOfSchema } from "../relationship/records.ts";
import { loadRelationship, ownLeaf } from "../relationship/relationship.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { followBundle, receive, retryNoted } from "./receive.ts";

export interface DrainReport {
  /** Messages of people that became readable. */
  messages: number;
  /** Relationships in whose inboxes something was. */
  readonly touched: Set<string>;
  readonly problems: PhotonError[];
  /** A queue of ours was moved by another device, and not for us to follow: this device was retired. */
  lockedOut: boolean;
}

interface Source {
  readonly relationship: string;
  readonly secret: InboxSecret;
}

/** At most this many entries of one queue in one answer: 4 MiB of the largest. */
const entriesPerRead = 64;
const queuesPerRead = Math.min(64, maxReadQueues);

/** The circle first: it brings the keys by which the rest is read. */
export async function drain(work: Work, signal?: AbortSignal): Promise<DrainReport> {
  const report: DrainReport = { messages: 0, touched: new Set(), problems: [], lockedOut: false };
  await drainSome(work, (id) => id === circleId, report, signal);
  const noted = await retryNoted(work);
  report.messages += noted.messages;
  for (const id of noted.relationships) report.touched.add(id);
  await drainSome(work, (id) => id !== circleId, report, signal);
  return report;
}

async function drainSome(
  work: Work,
  wanted: (relationship: string) => boolean,
  report: DrainReport,
  signal?: AbortSignal,
): Promise<void> {
  const down = new Set<string>();
  let open = await sources(work, wanted);
  while (open.length > 0 && signal?.aborted !== true) {
    const next: Source[] = [];
    for (const [relay, some] of byRelay(open)) {
      if (!down.has(relay)) next.push(...(await readSome(work, relay, some, report, down)));
    }
    // Reading may have brought a new inbox, or a new relationship.
    const known = new Set(open.map(({ secret }) => toHex(secret.sendId)));
    open = [...next, ...(await sources(work, wanted)).filter(({ secret }) => !known.has(toHex(secret.sendId)))];
  }
}

async function sources(work: Work, wanted: (relationship: string) => boolean): Promise<readonly Source[]> {
  const found: Source[] = [];
  for (const { key, value } of await listState(work, "inbox/")) {
    const relationship = key.split("/")[1] ?? "";
    const secret = parseRow(inboxSecretSchema, value);
    if (wanted(relationship) && !(await isDone(work, relationship, secret.sendId))) found.push({ relationship, secret });
  }
  return found;
}

function* byRelay(all: readonly Source[]): Generator<readonly [string, readonly Source[]]> {
  for (const relay of new Set(all.map(({ secret }) => secret.relay))) {
    const here = all.filter(({ secret }) => secret.relay === relay);
    for (let at = 0; at < here.length; at += queuesPerRead) yield [relay, here.slice(at, at + queuesPerRead)];
  }
}

/** @returns the queues in which there is more. */
async function readSome(
  work: Work,
  relay: string,
  some: readonly Source[],
  report: DrainReport,
  down: Set<string>,
): Promise<readonly Source[]> {
  const reads = [];
  for (const { relationship, secret } of some)
    reads.push(readRequest(secret, await startOf(work, relationship, secret), entriesPerRead));
  const answer = await work.ports.transport.call(relay, "read", reads);
  if (!answer.ok) {
    down.add(relay);
    report.problems.push(relayProblem(relay, answer.error));
    return [];
  }
  const more: Source[] = [];
  for (const [index, result] of answer.value.value.entries()) {
    const source = some[index];
    if (source === undefined) break;
    if (result.kind === "refused") {
      if (!(await isBeingMade(work, source)))
        report.problems.push(photonError("relay-refused", `${relay}: an inbox cannot be read (${result.value})`));
      continue;
    }
    if (await takeBatch(work, source, result.value, report)) more.push(source);
    await work.commit();
  }
  return more;
}

/** A device that was admitted later begins where its admission was announced. */
async function startOf(work: Work, relationship: string, secret: InboxSecret): Promise<number> {
  if (await hasCursor(work, relationship, secret.sendId)) return cursorOf(work, relationship, secret.sendId);
  const own = await ownLeaf(work, await loadRelationship(work, relationship));
  const record = own === undefined ? undefined : await getRecord(work, keys.leafOf(relationship, own.id), leafOfSchema);
  return record?.from.find(({ sendId }) => toHex(sendId) === toHex(secret.sendId))?.after ?? 0;
}

async function isBeingMade(work: Work, source: Source): Promise<boolean> {
  return (await outboxItems(work)).some(
    ({ operation }) => operation.kind === "create" && toHex(operation.value.sendId) === toHex(source.secret.sendId),
  );
}

/** @returns whether there is more to read. */
async function takeBatch(work: Work, { relationship: id, secret }: Source, batch: Batch, report: DrainReport): Promise<boolean> {
  let at = await startOf(work, id, secret);
  for (const { seq, body } of batch.entries) {
    if (seq <= at) continue;
    report.touched.add(id);
    const inner = openDeposit(sealKeys(await loadRelationship(work, id), secret), body);
    // What no key of ours opens was put there by somebody without the keys.
    if (inner.ok) report.messages += await receive(work, id, inner.value);
    at = seq;
  }
  if (batch.entries.length > 0) moveCursor(work, id, secret.sendId, at);
  if (at < batch.last && batch.entries.length > 0) return true;
  if (batch.bundle !== undefined) {
    await followBundle(work, await loadRelationship(work, id), "own", batch.bundle);
    const { inbox } = (await loadRelationship(work, id)).mine.state;
    if (inbox !== undefined && toHex(inbox.sendId) !== toHex(secret.sendId)) markDone(work, id, secret.sendId);
    else report.lockedOut = true;
    report.touched.add(id);
  }
  return false;
}
