/**
 * The relay: checks what proves a request, then reads or submits a write. What it answers about a queue that does not exist and
 * about one whose proof fails is the same, so that nothing can be probed. See spec/08-relay-and-vault.md.
 */
import { asBytes, concat, equalBytes } from "@photon/protocol/codec";
import {
  buckets,
  deleteInput,
  moveInput,
  type RelayRequest,
  type RelayRequestOf,
  type RelayResponse,
  rotateInput,
  sameWriterTwice,
  tooManyWriters,
  trimInput,
} from "@photon/protocol/queue";
import { appendMacWriter } from "../crypto/append-mac.ts";
import type { VerifyEd25519 } from "../crypto/ed25519.ts";
import type { Committed } from "../db/committer.ts";
import type { TokenBuckets } from "../limits/token-buckets.ts";
import { done, forbidden, outcomeAnswer, refused } from "./answers.ts";
import { type KnownQueue, knownQueue, queueCache } from "./cache.ts";
import type { Payment } from "./payment.ts";
import { readDrop, readQueues } from "./reading.ts";
import type { RelayStore } from "./store.ts";
import type { RelayWrite, RelayWriteOutcome } from "./writes.ts";

export interface RelayService {
  /** Never rejects but for a bug. */
  handle(request: RelayRequest): Promise<RelayResponse>;
}

export interface RelayServiceOptions {
  readonly store: RelayStore;
  readonly verify: VerifyEd25519;
  readonly diskFull: () => boolean;
  /** Bytes per second into one queue. */
  readonly rates: TokenBuckets;
  readonly payment: Payment;
  readonly tombstoneDays: number;
}

/** What a proof leads to: a write to submit, or an answer at once. `undefined`: the proof does not fit. */
type Proved = { readonly write: RelayWrite } | { readonly answer: RelayResponse } | undefined;

/** A proof that goes stale this often is being raced by rotations. */
const maxAttempts = 4;
const bucketSizes: ReadonlySet<number> = new Set(buckets);

const diskFull = refused("disk-full", "the relay has no space left; nothing was stored", 3600);
/** Refused at once when the disk is nearly full; what reads or frees space goes on. */
const growing: ReadonlySet<RelayWrite["kind"]> = new Set(["create", "append", "move", "put"]);

export function relayService(options: RelayServiceOptions): RelayService {
  const { store, verify, rates, payment } = options;
  const cache = queueCache(store);

  const submit = async (write: RelayWrite): Promise<RelayResponse | "stale"> => {
    if (growing.has(write.kind) && options.diskFull()) return diskFull;
    return submitted(await store.committer.submit(write));
  };
  const submitted = (result: Committed<RelayWriteOutcome>): RelayResponse | "stale" => {
    if (result.kind === "committed") return result.value.kind === "stale" ? "stale" : outcomeAnswer(result.value);
    switch (result.failure) {
      case "overloaded":
        return refused("overloaded", "more is waiting to be stored than this relay can take", 1);
      case "disk-full":
        return diskFull;
      case "internal":
        return refused("internal", "the relay could not store it", 5);
    }
  };

  /** Checks the proof again whenever the queue's keys were rotated between the check and the commit. */
  const proved = async (
    load: () => Promise<KnownQueue | undefined>,
    check: (queue: KnownQueue, attempt: number) => Proved,
    from = 0,
  ): Promise<RelayResponse> => {
    for (let attempt = from; attempt < maxAttempts; attempt++) {
      const queue = await load();
      const step = queue === undefined ? undefined : check(queue, attempt);
      if (queue === undefined || step === undefined) return forbidden;
      if ("answer" in step) return step.answer;
      const answer = await submit(step.write);
      if (answer !== "stale" && answer.kind === "appended") return answer;
      cache.forget(queue);
      if (answer !== "stale") return answer;
    }
    return refused("conflict", "the queue's keys are changing too fast", 1);
  };

  const byReceiveId = (receiveId: Uint8Array) => async (): Promise<KnownQueue | undefined> => {
    const row = await store.queueByReceiveId(receiveId);
    return row === undefined ? undefined : knownQueue(row);
  };

  /** Each writer of a board has an equal portion of the queue's rate: its bytes weigh as many times as there are writers. */
  const rateWait = ({ key, board, writeKeys }: KnownQueue, place: number, length: number): number =>
    board ? rates.take(`${key}${place}`, length * writeKeys.length) : rates.take(key, length);

  const append = (request: RelayRequestOf<"append">): Promise<RelayResponse> => {
    if (!bucketSizes.has(request.body.length))
      return Promise.resolve(refused("malformed", "the body has no size that deposits have"));
    const load = (): Promise<KnownQueue | undefined> => cache.bySendId(request.sendId);
    const check = (queue: KnownQueue, attempt: number): Proved => {
      const place = appendMacWriter(queue.writeKeys, request);
      if (place === undefined) return undefined;
      const wait = attempt === 0 ? rateWait(queue, place, request.body.length) : 0;
      if (wait > 0) return { answer: refused("rate-limited", "this queue is written to too fast", wait) };
      const { receiveId, version } = queue;
      return { write: { kind: "append", receiveId, version, place, appendId: request.appendId, body: request.body } };
    };
    const queue = cache.known(request.sendId);
    if (queue === undefined) return proved(load, check);
    // Nearly every append: a known queue whose keys nobody rotates. What is done for it is a good part of what a relay does at all, so
    // that it goes without what `proved` may have to wait for.
    const step = check(queue, 0);
    if (step === undefined) return Promise.resolve(forbidden);
    if ("answer" in step) return Promise.resolve(step.answer);
    if (options.diskFull()) return Promise.resolve(diskFull);
    return store.committer.submit(step.write).then((result) => {
      const answer = submitted(result);
      if (answer !== "stale" && answer.kind === "appended") return answer;
      cache.forget(queue);
      return answer === "stale" ? proved(load, check, 1) : answer;
    });
  };

  const rotate = (request: RelayRequestOf<"rotate">): Promise<RelayResponse> => {
    const { receiveId, version, readKey, signature } = request;
    return proved(byReceiveId(receiveId), (queue) => {
      // The key that signed the rotation is gone after it, so a repeat is known by its signature.
      if (queue.version === version && queue.rotation !== null && equalBytes(queue.rotation, signature)) return { answer: done };
      if (!verify(queue.ownerKey, rotateInput(request), signature)) return undefined;
      const fault = tooManyWriters(request.writeKeys, queue.board) ?? sameWriterTwice(request.writeKeys, queue.board);
      if (fault !== undefined) return { answer: refused("malformed", fault) };
      const writeKeys = concat(...request.writeKeys);
      return { write: { kind: "rotate", receiveId, provedBy: queue.ownerKey, version, readKey, writeKeys, signature } };
    });
  };

  const move = (request: RelayRequestOf<"move">): Promise<RelayResponse> => {
    const { receiveId } = request;
    const bundle = asBytes(request.bundle);
    return proved(byReceiveId(receiveId), ({ ownerKey }) =>
      verify(ownerKey, moveInput(request), request.signature)
        ? { write: { kind: "move", receiveId, provedBy: ownerKey, bundle } }
        : undefined,
    );
  };

  const trim = (request: RelayRequestOf<"trim">): Promise<RelayResponse> => {
    const { receiveId, upTo } = request;
    return proved(byReceiveId(receiveId), ({ ownerKey }) =>
      verify(ownerKey, trimInput(request), request.signature)
        ? { write: { kind: "trim", receiveId, provedBy: ownerKey, upTo } }
        : undefined,
    );
  };

  const remove = (request: RelayRequestOf<"delete">): Promise<RelayResponse> => {
    const { receiveId } = request;
    return proved(byReceiveId(receiveId), ({ ownerKey }) =>
      verify(ownerKey, deleteInput(request), request.signature)
        ? { write: { kind: "delete", receiveId, provedBy: ownerKey } }
        : undefined,
    );
  };

  const certain = async (write: RelayWrite): Promise<RelayResponse> => {
    const answer = await submit(write);
    if (answer === "stale") throw new Error(`a ${write.kind} cannot be stale`);
    return answer;
  };

  return {
    handle: (request) => {
      switch (request.kind) {
        case "create": {
          const asked = payment(request.value);
          if (asked !== undefined) return Promise.resolve(refused("payment-required", asked));
          const { receiveId, sendId, readKey, writeKeys, adminKey } = request.value;
          return certain({ kind: "create", receiveId, sendId, readKey, writeKeys: concat(...writeKeys), adminKey });
        }
        case "append":
          return append(request.value);
        case "read":
          return readQueues(store, verify, request.value);
        case "rotate":
          return rotate(request.value);
        case "move":
          return move(request.value);
        case "trim":
          return trim(request.value);
        case "delete":
          return remove(request.value);
        case "put": {
          const { dropId, body, days } = request.value;
          return certain({ kind: "put", dropId, body: asBytes(body), untilDay: store.clock.today() + days });
        }
        case "get":
          return readDrop(store, options.tombstoneDays, request.value.dropId);
      }
    },
  };
}
