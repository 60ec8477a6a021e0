/**
 * Empties the outbox as far as relays can be reached. Items of one relationship and target are done in their order; one
 * that cannot be done yet holds back those behind it, and nothing else.
 */
import { type Bytes, equalBytes, toHex } from "@photon/protocol/codec";
import { appendMac, type RelayRefusal, type RelayRequestOf, sealDeposit, signMove, signRotate } from "@photon/protocol/queue";
import { parseOrigin } from "@photon/protocol/meeting";
import type { Inbox } from "@photon/protocol/statement";
import type { PhotonError } from "../errors.ts";
import type { RelayError } from "../ports/index.ts";
import { presumed, type Relationship } from "../relationship/model.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import type { InboxSecret } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import { isDue } from "../storage/elapsed.ts";
import { keysOf, queueKeys } from "./inboxes.ts";
import { appendIdFor, backoff, eachOutboxItem, isWaiting, type Item, type Operation, postpone, removeItem } from "./outbox.ts";
import { relayProblem } from "./relay-errors.ts";

export interface FlushReport {
  /** Deposits that carried a message of a person to the peer's relay. */
  deposited: number;
  pending: number;
  readonly problems: PhotonError[];
}

export interface FlushOptions {
  /** Only this relationship's items. */
  readonly relationship?: string;
  /** Called when a relay says that an inbox has moved. True if we now know where to. */
  readonly onMoved: (work: Work, relationship: Relationship, whose: "peer" | "own", bundle: Bytes) => Promise<boolean>;
  readonly signal?: AbortSignal | undefined;
}

type Attempt =
  | { readonly kind: "done" }
  | { readonly kind: "moved"; readonly bundle: Bytes; readonly whose: "peer" | "own" }
  | { readonly kind: "not-yet" }
  | { readonly kind: "failed"; readonly error: RelayError; readonly relay: string };

const itemsPerCommit = 32;
/** A relay may ask for patience, up to a day. */
const longestWait = 24 * 3600 * 1000;

export async function flush(work: Work, options: FlushOptions): Promise<FlushReport> {
  const report: FlushReport = { deposited: 0, pending: 0, problems: [] };
  const heldLanes = new Set<string>();
  const downRelays = new Map<string, RelayError>();
  let sinceCommit = 0;
  for await (const item of eachOutboxItem(work)) {
    if (options.relationship !== undefined && item.relationship !== options.relationship) continue;
    const lane = `${item.relationship}/${laneOf(item.operation)}`;
    const ready = isDue(item.nextAt, work.now(), longestWait) && !heldLanes.has(lane) && !(await waitsForOthers(work, item));
    if (!ready || options.signal?.aborted === true) {
      heldLanes.add(lane);
      report.pending += 1;
      continue;
    }
    const outcome = await attempt(work, item, downRelays, options);
    if (outcome.kind === "done") {
      removeItem(work, item);
      if (item.operation.kind === "append" && item.operation.value.target === "peer" && item.operation.value.message !== undefined)
        report.deposited += 1;
      sinceCommit += 1;
      if (sinceCommit >= itemsPerCommit) {
        await work.commit();
        sinceCommit = 0;
      }
      continue;
    }
    heldLanes.add(lane);
    report.pending += 1;
    if (outcome.kind === "failed") {
      if (outcome.error.code === "unreachable") {
        if (!downRelays.has(outcome.relay)) report.problems.push(relayProblem(outcome.relay, outcome.error));
        downRelays.set(outcome.relay, outcome.error);
      } else {
        const wait = outcome.error.code === "refused" ? outcome.error.retryAfter : undefined;
        postpone(work, item, work.now() + Math.min(wait === undefined ? backoff(item.attempts) : wait * 1000, longestWait));
        // The peer has changed the locks of its inbox: its word on where to write now is on its way to us.
        if (outcome.error.code !== "refused" || outcome.error.refusal !== "forbidden")
          report.problems.push(relayProblem(outcome.relay, outcome.error));
      }
    }
  }
  await work.commit();
  return report;
}

async function waitsForOthers(work: Work, item: Item): Promise<boolean> {
  for (const key of item.after) if (await isWaiting(work, key)) return true;
  return false;
}

/** What we ask of our own relay is in one order: a queue is made, announced, rotated and written in turn. */
function laneOf(operation: Operation): "peer" | "heir" | "own" | "locks" {
  // Whoever would succeed the peer is not to hold up what is for the peer.
  if (operation.kind === "append" && operation.value.target === "peer" && operation.value.under !== undefined) return "heir";
  if (operation.kind === "append") return operation.value.target;
  // It waits for the peer's relay, and nothing of ours has to wait with it.
  return operation.kind === "rotate" && !operation.value.both ? "locks" : "own";
}

/** Two tries, the second after a moved inbox was found again. */
async function attempt(work: Work, item: Item, down: ReadonlyMap<string, RelayError>, options: FlushOptions): Promise<Attempt> {
  const relationship = await loadRelationship(work, item.relationship);
  const asking = { work, down, signal: options.signal };
  const first = await perform(asking, relationship, item);
  if (first.kind !== "moved") return first;
  if (!(await options.onMoved(work, relationship, first.whose, first.bundle))) return { kind: "not-yet" };
  const second = await perform(asking, relationship, item);
  return second.kind === "moved" ? { kind: "not-yet" } : second;
}

interface Asking {
  readonly work: Work;
  readonly down: ReadonlyMap<string, RelayError>;
  readonly signal: AbortSignal | undefined;
}

async function perform(asking: Asking, relationship: Relationship, item: Item): Promise<Attempt> {
  const { operation } = item;
  switch (operation.kind) {
    case "create": {
      const secret = ownInbox(relationship, operation.value.sendId);
      const { receiveId, sendId, relay } = secret;
      return call(asking, relay, "create", { receiveId, sendId, ...queueKeys(secret, 0) }, ["exists"]);
    }
    case "put": {
      const { relay, dropId, body, days } = operation.value;
      return call(asking, relay, "put", { dropId, body, days }, ["exists"]);
    }
    case "rotate": {
      const secret = ownInbox(relationship, operation.value.sendId);
      const { rotation, both } = operation.value;
      const { readKey, writeKeys } = queueKeys(secret, rotation);
      // Two steps a rotation: the relay's version counts them.
      const fields = {
        receiveId: secret.receiveId,
        version: both ? 2 * rotation - 1 : 2 * rotation,
        readKey,
        writeKeys: both ? [...writeKeys, ...queueKeys(secret, rotation - 1).writeKeys] : writeKeys,
      };
      return call(asking, secret.relay, "rotate", signRotate(secret.readSeed, fields), ["conflict"]);
    }
    case "freeze": {
      const secret = ownInbox(relationship, operation.value.sendId);
      const fields = { receiveId: secret.receiveId, bundle: operation.value.bundle };
      return call(asking, secret.relay, "move", signMove(secret.readSeed, fields), ["conflict", "forbidden"]);
    }
    case "append":
      return append(asking, relationship, item, operation.value);
  }
}

type Append = Extract<Operation, { kind: "append" }>["value"];

async function append(asking: Asking, relationship: Relationship, item: Item, value: Append): Promise<Attempt> {
  const { work } = asking;
  const address = addressOf(work, relationship, value);
  if (address === undefined) return { kind: "not-yet" };
  const { writeKey, sealKey, sendId } = address;
  const body = sealDeposit(sealKey, value.envelope, work.random(24), work.ports.queueCrypto);
  if (!body.ok) throw new Error(`an envelope does not fit a deposit: ${body.error.detail}`);
  const fields = { sendId, appendId: appendIdFor(item, sendId), body: body.value };
  // Named keys that are gone: a sibling has announced and made the same rotation already.
  const doneAnyway: readonly RelayRefusal[] = value.under === undefined ? [] : ["forbidden"];
  return call(
    asking,
    address.relay,
    "append",
    { ...fields, mac: appendMac(writeKey, fields, work.ports.queueCrypto) },
    doneAnyway,
    value.target,
  );
}

/** Where the deposit goes: what the lineages say at this moment. */
function addressOf(work: Work, relationship: Relationship, value: Append): Omit<Inbox, "rotation"> | undefined {
  const { peer } = relationship;
  if (value.target === "peer") {
    const { under } = value;
    if (peer === undefined || under === undefined) return peer?.state.inbox;
    const heirs = presumed(peer, work.now()).flatMap(({ state }) => state.inbox ?? []);
    return heirs.find(({ sendId }) => equalBytes(sendId, under.sendId)) ?? peer.state.inbox;
  }
  const inForce = relationship.mine.state.inbox;
  if (inForce === undefined) return undefined;
  const { sendId, rotation } = value.under ?? inForce;
  const secret = relationship.inboxes.get(toHex(sendId));
  if (secret === undefined) return inForce;
  return { relay: secret.relay, sendId, ...keysOf(secret, rotation) };
}

function ownInbox(relationship: Relationship, sendId: Bytes): InboxSecret {
  const secret = relationship.inboxes.get(toHex(sendId));
  if (secret === undefined) throw new Error("an inbox of ours without its keys");
  return secret;
}

async function call<K extends "create" | "append" | "rotate" | "move" | "put">(
  { work, down, signal }: Asking,
  relay: string,
  kind: K,
  value: RelayRequestOf<K>,
  doneAnyway: readonly RelayRefusal[],
  whose: "peer" | "own" = "own",
): Promise<Attempt> {
  // A peer names its relay: only an origin that an invitation could name is asked, never whatever else is on this network.
  if (parseOrigin(relay) !== relay)
    return { kind: "failed", error: { code: "wrong-server", detail: "not the address of a relay" }, relay };
  const isDown = down.get(relay);
  if (isDown !== undefined) return { kind: "failed", error: isDown, relay };
  const answer = await work.ports.transport.call(relay, kind, value, { signal });
  if (answer.ok) {
    // A union of generic answers; only `append` has a second one.
    const response: { readonly kind: string; readonly value: unknown } = answer.value;
    return response.kind === "moved"
      ? { kind: "moved", bundle: (response.value as { bundle: Bytes }).bundle, whose }
      : { kind: "done" };
  }
  const { error } = answer;
  if (error.code === "refused" && doneAnyway.includes(error.refusal)) return { kind: "done" };
  return { kind: "failed", error, relay };
}
