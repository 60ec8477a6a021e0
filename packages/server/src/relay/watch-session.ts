/**
 * One watch connection. Per watched queue:
 *
 * | state       | leaves it when                                | to          |
 * | ----------- | --------------------------------------------- | ----------- |
 * | proving     | the read's signature was checked              | catching up |
 * | catching up | the store has no entry after the cursor       | caught up   |
 * | caught up   | an entry was appended and there is room       | caught up, after pushing it straight from memory |
 * | caught up   | an entry was appended and there is no room    | waiting     |
 * | catching up | no room is left for what comes next           | waiting     |
 * | waiting     | an `ack` makes room                           | catching up |
 *
 * Room is what the limit on unacknowledged bytes leaves. A queue that is only hinted at is told of once per turn of the event loop.
 */
import { asBytes, decode, encode } from "@photon/protocol/codec";
import {
  type ClientFrame,
  clientFrameSchema,
  maxClientFrame,
  maxFrameResponses,
  maxWatchedQueues,
  type ReadRequest,
  type RelayFrame,
  relayFrameSchema,
  type RelayResponse,
} from "@photon/protocol/queue";
import { closeCodes, type Connection, type FrameHandler } from "../http/sockets.ts";
import { idKey } from "../ids.ts";
import type { QueueListener, Watching } from "./watching.ts";

export interface WatchOptions {
  readonly watching: Watching;
  readonly unacknowledgedBytes: number;
  /** Whether a read is rightly signed. */
  readonly mayRead: (read: ReadRequest) => Promise<boolean>;
  readonly entries: (
    receiveId: Uint8Array,
    after: number,
    limit: number,
  ) => Promise<readonly { readonly seq: number; readonly body: Uint8Array }[]>;
  /** Never rejects. */
  readonly answer: (request: RequestOf, address: string) => Promise<RelayResponse>;
  /** Told of each answer, whether or not there is still somebody to hear it. */
  readonly answered: (request: RequestOf, response: RelayResponse) => void;
  /** Called with whatever the store threw. */
  readonly onFault: (error: unknown) => void;
}
type FrameOf<K extends ClientFrame["kind"]> = Extract<ClientFrame, { kind: K }>["value"];
type RequestOf = FrameOf<"requests">[number]["request"];
type Watched = Extract<RelayFrame, { kind: "watching" }>["value"][number];
type Response = Extract<RelayFrame, { kind: "responses" }>["value"][number];

interface Subscription {
  readonly receiveId: Uint8Array;
  readonly push: boolean;
  /** Everything up to here was pushed. */
  cursor: number;
  /** The largest sequence number heard of. */
  latest: number;
  state: "proving" | "catching-up" | "caught-up" | "waiting";
  hinted: boolean;
}

/** Entries looked up at once while catching up. */
const catchUpEntries = 64;
/** Requests under way on one connection before reading from it pauses. */
const maxInFlight = 2_000;
/** The network has not taken this much: the client is too slow even for hints. */
const maxBuffered = 32 * 1024 * 1024;
/**
 * Bodies stay where the network put them until they are stored, or refused: frames are not written to again. Not those that
 * are a small part of their frame, which would keep all of it alive.
 */
const lentFrom = 1024;
const lentPart = 1 / 8;
/** Weight of an entry beyond its body, so that many small ones count too. */
const entryOverhead = 64;

export function watchSession(connection: Connection, options: WatchOptions): FrameHandler {
  return new WatchSession(connection, options);
}

class WatchSession implements FrameHandler, QueueListener {
  readonly #connection: Connection;
  readonly #options: WatchOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #unacknowledged: { readonly push: number; readonly weight: number }[] = [];
  #unacknowledgedBytes = 0;
  #pushes = 0;
  #responses: Response[] = [];
  #flushing = false;
  #hints: Subscription[] = [];
  #inFlight = 0;
  #paused = false;
  #closed = false;

  constructor(connection: Connection, options: WatchOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  frame(bytes: Uint8Array): void {
    const frame = decode(clientFrameSchema, bytes, maxClientFrame, Math.max(lentFrom, bytes.length * lentPart));
    if (!frame.ok) return this.#refuse("malformed", frame.error.detail.slice(0, 200));
    switch (frame.value.kind) {
      case "watch":
        void this.#guarded(this.#watch(frame.value.value));
        return;
      case "ack":
        return this.#acknowledge(frame.value.value.push);
      case "requests":
        for (const { ref, request } of frame.value.value) this.#request(ref, request);
        return;
      case "ping":
        return this.#send({ kind: "pong", value: frame.value.value });
    }
  }

  closed(): void {
    this.#closed = true;
    for (const subscription of this.#subscriptions.values()) this.#options.watching.remove(subscription.receiveId, this);
    this.#subscriptions.clear();
  }

  appended(receiveId: Uint8Array, seq: number, body: Uint8Array): void {
    const subscription = this.#subscriptions.get(idKey(receiveId));
    if (subscription === undefined || seq <= subscription.cursor) return;
    subscription.latest = Math.max(subscription.latest, seq);
    if (subscription.state !== "caught-up") return;
    if (!subscription.push) return this.#hint(subscription);
    const entry = { seq, body };
    if (seq === subscription.cursor + 1 && this.#fitting([entry]).length === 1) return this.#push(subscription, [entry], true);
    subscription.state = "waiting";
    if (this.#room() > 0) this.#catchUp(subscription);
  }

  ended(receiveId: Uint8Array): void {
    if (this.#subscriptions.delete(idKey(receiveId))) this.#send({ kind: "ended", value: { receiveId: asBytes(receiveId) } });
  }

  async #watch({ push, reads }: FrameOf<"watch">): Promise<void> {
    const results: Watched[] = [];
    const begun: Subscription[] = [];
    for (const read of reads) {
      const key = idKey(read.receiveId);
      if (!this.#subscriptions.has(key) && this.#subscriptions.size >= maxWatchedQueues) {
        results.push({ kind: "refused", value: "rate-limited" });
        continue;
      }
      // Listens before it checks the proof, so that a rotation in between is heard.
      const subscription: Subscription = {
        receiveId: read.receiveId,
        push,
        cursor: read.after,
        latest: 0,
        state: "proving",
        hinted: false,
      };
      this.#subscriptions.set(key, subscription);
      this.#options.watching.add(read.receiveId, this);
      const allowed = await this.#options.mayRead(read);
      if (this.#closed) return this.#options.watching.remove(read.receiveId, this);
      const current = this.#subscriptions.get(key) === subscription;
      if (allowed && current) {
        results.push({ kind: "watched", value: {} });
        begun.push(subscription);
        continue;
      }
      if (current) {
        this.#subscriptions.delete(key);
        this.#options.watching.remove(read.receiveId, this);
      }
      results.push({ kind: "refused", value: "forbidden" });
    }
    this.#send({ kind: "watching", value: results });
    for (const subscription of begun) {
      if (push) this.#catchUp(subscription);
      else await this.#firstHint(subscription);
    }
  }

  /** Something may have been appended before this connection listened. */
  async #firstHint(subscription: Subscription): Promise<void> {
    subscription.state = "caught-up";
    const { receiveId, cursor, latest } = subscription;
    if (latest > cursor || (await this.#options.entries(receiveId, cursor, 1)).length > 0) this.#hint(subscription);
  }

  #hint(subscription: Subscription): void {
    if (subscription.hinted) return;
    subscription.hinted = true;
    this.#hints.push(subscription);
    this.#flushSoon();
  }

  #catchUp(subscription: Subscription): void {
    if (subscription.state === "catching-up") return;
    subscription.state = "catching-up";
    void this.#guarded(this.#catchUpLoop(subscription));
  }

  async #catchUpLoop(subscription: Subscription): Promise<void> {
    for (;;) {
      const found = await this.#options.entries(subscription.receiveId, subscription.cursor, catchUpEntries);
      if (this.#subscriptions.get(idKey(subscription.receiveId)) !== subscription) return;
      if (found.length === 0) {
        // Heard of since the store was asked.
        if (subscription.latest > subscription.cursor) continue;
        subscription.state = "caught-up";
        return this.#push(subscription, [], true);
      }
      const fitting = this.#fitting(found);
      if (fitting.length === 0) {
        subscription.state = "waiting";
        return;
      }
      this.#push(subscription, fitting, false);
      // Others get their turn between two pushes of one who has much to catch up.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  #room(): number {
    return this.#options.unacknowledgedBytes - this.#unacknowledgedBytes;
  }

  /** The first entries that there is room for; one at least when nothing is unacknowledged, so that none is ever stuck. */
  #fitting<E extends { readonly body: Uint8Array }>(entries: readonly E[]): readonly E[] {
    let left = this.#room();
    let count = 0;
    for (const entry of entries) {
      left -= entry.body.length + entryOverhead;
      if (left < 0 && !(count === 0 && this.#unacknowledged.length === 0)) break;
      count += 1;
    }
    return entries.slice(0, count);
  }

  #push(
    subscription: Subscription,
    entries: readonly { readonly seq: number; readonly body: Uint8Array }[],
    caughtUp: boolean,
  ): void {
    subscription.cursor = entries.at(-1)?.seq ?? subscription.cursor;
    this.#pushes += 1;
    const weight = entries.reduce((sum, entry) => sum + entry.body.length + entryOverhead, 0);
    if (weight > 0) {
      this.#unacknowledged.push({ push: this.#pushes, weight });
      this.#unacknowledgedBytes += weight;
    }
    this.#send({
      kind: "entries",
      value: {
        push: this.#pushes,
        receiveId: asBytes(subscription.receiveId),
        entries: entries.map(({ seq, body }) => ({ seq, body: asBytes(body) })),
        caughtUp,
      },
    });
  }

  #acknowledge(push: number): void {
    if (push > this.#pushes) return this.#refuse("malformed", "an acknowledgement of what was never pushed");
    for (;;) {
      const [first] = this.#unacknowledged;
      if (first === undefined || first.push > push) break;
      this.#unacknowledged.shift();
      this.#unacknowledgedBytes -= first.weight;
    }
    for (const subscription of this.#subscriptions.values()) {
      if (this.#room() <= 0 && this.#unacknowledged.length > 0) return;
      if (subscription.push && subscription.state === "waiting") this.#catchUp(subscription);
    }
  }

  #request(ref: number, request: RequestOf): void {
    this.#inFlight += 1;
    if (this.#inFlight >= maxInFlight && !this.#paused) {
      this.#paused = true;
      this.#connection.pause();
    }
    void this.#options.answer(request, this.#connection.address).then((response) => {
      this.#options.answered(request, response);
      this.#respond(ref, response);
    });
  }

  #respond(ref: number, response: RelayResponse): void {
    this.#inFlight -= 1;
    if (this.#closed) return;
    if (this.#paused && this.#inFlight < maxInFlight / 2) {
      this.#paused = false;
      this.#connection.resume();
    }
    // An answer of `read` can be long: it goes alone.
    if (response.kind === "entries") return this.#send({ kind: "responses", value: [{ ref, response }] });
    this.#responses.push({ ref, response });
    this.#flushSoon();
  }

  /** Answers and hints of one turn of the event loop leave together. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      if (this.#closed) return;
      for (let at = 0; at < this.#responses.length; at += maxFrameResponses) {
        this.#send({ kind: "responses", value: this.#responses.slice(at, at + maxFrameResponses) });
      }
      this.#responses = [];
      const hints = this.#hints;
      this.#hints = [];
      for (const subscription of hints) {
        subscription.hinted = false;
        this.#send({ kind: "hint", value: { receiveId: asBytes(subscription.receiveId) } });
      }
    });
  }

  #send(frame: RelayFrame): void {
    if (this.#closed) return;
    this.#connection.send(encode(relayFrameSchema, frame));
    if (this.#connection.buffered() > maxBuffered) {
      this.#connection.close(closeCodes.tooSlow);
      this.closed();
    }
  }

  #refuse(code: "malformed", detail: string): void {
    this.#send({ kind: "refused", value: { code, detail } });
    this.#connection.close(closeCodes.badFrame);
    this.closed();
  }

  async #guarded(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#options.onFault(error);
      this.#connection.close(closeCodes.goingAway);
      this.closed();
    }
  }
}
