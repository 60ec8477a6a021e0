/** Reading: every inbox of ours from its cursor on, entry by entry, until nothing is new. */
import { struct, toHex, uint } from "@photon/protocol/codec";
import { parseOrigin } from "@photon/protocol/meeting";
import { type Batch, maxReadQueues, openDeposit } from "@photon/protocol/queue";
import { listState } from "../circle/state.ts";
import { cursorOf, hasCursor, isDone, markDone, moveCursor, readRequest, sealKeys } from "../delivery/inboxes.ts";
import { inboxesBeingMade, lastEnqueued } from "../delivery/outbox.ts";
import { relayProblem } from "../delivery/relay-errors.ts";
import { photonError, type PhotonError } from "../errors.ts";
import { circleId, getRecord, inboxSecretSchema, type InboxSecret, keys, leafOfSchema } from "../relationship/records.ts";
import { loadRelationship, ownLeaf, relationshipIds } from "../relationship/relationship.ts";
import { parseRow, type Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { isBundleOf } from "../delivery/bundle.ts";
import { followBundle, receive, retryNoted, retryParked } from "./receive.ts";

export interface DrainReport {
  /** Messages of people that became readable. */
  messages: number;
  /** Relationships in whose inboxes something was. */
  readonly touched: Set<string>;
  readonly problems: PhotonError[];
  /** Relationships in which an inbox of ours could not be read. */
  readonly unread: Set<string>;
  /** A queue of ours was moved by another device, and not for us to follow: this device was retired. */
  lockedOut: boolean;
}

interface Source {
  readonly relationship: string;
  readonly secret: InboxSecret;
}

/** At most this many entries of one queue in one answer; a relay stops at 4 MiB. */
const entriesPerRead = 256;
/** A queue holds fewer than this many answers; a relay that always has more is left for the next pass. */
const maxRounds = 512;
const queuesPerRead = Math.min(64, maxReadQueues);

/** The circle first: it brings the keys by which the rest is read. */
export async function drain(work: Work, signal?: AbortSignal): Promise<DrainReport> {
  const report: DrainReport = { messages: 0, touched: new Set(), problems: [], unread: new Set(), lockedOut: false };
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
  const isBeingMade = makings(work);
  let open = await sources(work, wanted);
  const known = new Set(open.map(({ secret }) => toHex(secret.sendId)));
  for (let round = 0; open.length > 0 && round < maxRounds && signal?.aborted !== true; round++) {
    const next: Source[] = [];
    for (const [relay, some] of byRelay(open)) {
      if (!down.has(relay)) next.push(...(await readSome(work, relay, some, report, down, isBeingMade)));
      if (down.has(relay)) for (const { relationship } of some) report.unread.add(relationship);
    }
    // Reading may have brought a new inbox, or a new relationship.
    const begun = (await sources(work, wanted)).filter(({ secret }) => !known.has(toHex(secret.sendId)));
    for (const { secret } of begun) known.add(toHex(secret.sendId));
    open = [...next, ...begun];
  }
  // There was no time for these, or no end to them.
  for (const { relationship } of open) report.unread.add(relationship);
}

async function sources(work: Work, wanted: (relationship: string) => boolean): Promise<readonly Source[]> {
  const found: Source[] = [];
  const begun = new Set(await relationshipIds(work));
  for (const { key, value } of await listState(work, "inbox/")) {
    const relationship = key.split("/")[1] ?? "";
    const secret = parseRow(inboxSecretSchema, value);
    // An inbox can be told of before the relationship that it belongs to.
    if (!wanted(relationship) || !begun.has(relationship)) continue;
    if (!(await isDone(work, relationship, secret.sendId))) found.push({ relationship, secret });
  }
  return found;
}

function* byRelay(all: readonly Source[]): Generator<readonly [string, readonly Source[]]> {
  for (const relay of new Set(all.map(({ secret }) => secret.relay))) {
    // The address came from another device of ours, or from a bundle: only an origin is asked, never what else is near.
    if (parseOrigin(relay) !== relay) continue;
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
  isBeingMade: (source: Source) => Promise<boolean>,
): Promise<readonly Source[]> {
  const reads = [];
  for (const { relationship, secret } of some)
    reads.push(readRequest(work, secret, await startOf(work, relationship, secret), entriesPerRead));
  const answer = await work.ports.transport.call(relay, "read", reads);
  if (!answer.ok) {
    down.add(relay);
    report.problems.push(relayProblem(relay, answer.error));
    return [];
  }
  if (answer.value.value.length !== some.length) {
    down.add(relay);
    report.problems.push(photonError("relay-refused", `${relay}: it answered other questions than were asked`));
    return [];
  }
  const more: Source[] = [];
  for (const [index, result] of answer.value.value.entries()) {
    const source = some[index];
    if (source === undefined) break;
    if (result.kind === "refused") {
      if (!(await isBeingMade(source)))
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

/** Whether an inbox is still to be made at its relay. The whole outbox is looked through only when something was added to it. */
function makings(work: Work): (source: Source) => Promise<boolean> {
  let known: { readonly upTo: number; readonly inboxes: ReadonlySet<string> } | undefined;
  return async ({ secret }) => {
    const upTo = await lastEnqueued(work);
    if (known?.upTo !== upTo) known = { upTo, inboxes: await inboxesBeingMade(work) };
    return known.inboxes.has(toHex(secret.sendId));
  };
}

/** @returns whether there is more to read. */
async function takeBatch(work: Work, { relationship: id, secret }: Source, batch: Batch, report: DrainReport): Promise<boolean> {
  const start = await startOf(work, id, secret);
  if (batch.last < start) {
    // What is stored from now on would come under numbers that we have passed: everything is read again, and known again.
    report.problems.push(photonError("relay-refused", `${secret.relay}: an inbox went back in time`));
    moveCursor(work, id, secret.sendId, 0);
    return false;
  }
  let at = Math.max(start, batch.gone);
  let whole = true;
  let changed = false;
  for (const { seq, body } of batch.entries.toSorted((a, b) => a.seq - b.seq)) {
    if (seq <= start) continue;
    report.touched.add(id);
    const inner = openDeposit(sealKeys(await loadRelationship(work, id), secret), body, work.ports.queueCrypto);
    // What no key of ours opens was put there by somebody without the keys.
    if (inner.ok) {
      const received = await receive(work, id, inner.value);
      report.messages += received.messages;
      changed ||= received.changed;
    }
    if (seq > at + 1 && whole) {
      whole = await isGivenUp(work, id, secret.sendId, at);
      if (!whole) report.problems.push(photonError("relay-refused", `${secret.relay}: an inbox is shown with a gap`));
    }
    if (whole) at = Math.max(at, seq);
  }
  // Once for all of them: what waits is looked at as a whole.
  if (changed) report.messages += await retryParked(work, id);
  const hasMoved = batch.entries.length > 0 && at > start;
  if (hasMoved) moveCursor(work, id, secret.sendId, at);
  if (at < batch.last && hasMoved) return true;
  if (batch.bundle !== undefined && isBundleOf(await loadRelationship(work, id), batch.bundle)) {
    await followBundle(work, await loadRelationship(work, id), "own", batch.bundle);
    const { inbox } = (await loadRelationship(work, id)).mine.state;
    if (inbox !== undefined && toHex(inbox.sendId) !== toHex(secret.sendId)) markDone(work, id, secret.sendId);
    // Only the circle's own word, sealed with the circle's key, tells a device that it no longer belongs to it.
    else if (id === circleId) report.lockedOut = true;
    report.touched.add(id);
  }
  return false;
}

/** How long what a relay leaves out is waited for, in ms; behind it, all is read again until then. */
const gapPatience = 10 * 60 * 1000;
const gapSchema = struct({ after: [1, uint()], since: [2, uint()] });

/** Whether the entry after this one has been missing for so long that it is done without: its sender has it, unacknowledged. */
async function isGivenUp(work: Work, relationship: string, sendId: Uint8Array, after: number): Promise<boolean> {
  const key = `gap/${relationship}/${toHex(sendId)}`;
  const gap = await work.read("cursor", key, gapSchema);
  if (gap?.after === after) return elapsed(gap.since, work.now()) > gapPatience;
  work.write("cursor", key, gapSchema, { after, since: work.now() });
  return false;
}
