/**
 * A relay in memory, with the rules of a real one, for tests and measurements in which the network should cost nothing.
 * What it does not do: expiry, payment, sockets, and limits but those it is given.
 */
import { asBytes, type Bytes, equalBytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  appendWriter,
  type Batch,
  maxReadEntries,
  ownerKey,
  type RelayAnswer,
  type RelayRefusal,
  type RelayRequest,
  type RelayRequestOf,
  type RelayResponse,
  sameWriterTwice,
  tooManyWriters,
  verifyDelete,
  verifyMove,
  verifyRead,
  verifyRotate,
  verifyTrim,
} from "@photon/protocol/queue";
import type { RelayError, Transport } from "@photon/engine/ports";

interface Entry {
  readonly seq: number;
  readonly body: Bytes;
  /** The write key of who appended it, hex; known where MACs are checked. */
  readonly writer: string | undefined;
}
interface Queue {
  readonly receiveId: Bytes;
  readonly sendId: Bytes;
  readKey: Bytes;
  writeKeys: readonly Bytes[];
  /** A board has one. */
  readonly adminKey: Bytes | undefined;
  version: number;
  bundle: Bytes | undefined;
  entries: Entry[];
  last: number;
  /** Everything up to this sequence number was discarded. */
  gone: number;
  /** By append id, hex. */
  readonly appended: Map<string, number>;
}

export interface MemoryRelay extends Transport {
  /** Requests answered so far, by kind, and the bytes of the bodies that came in. */
  readonly asked: Readonly<Record<RelayRequest["kind"], number>>;
  readonly bytesIn: number;
  /** Entries that nobody has discarded, over all queues. */
  entries(): number;
  /** Forgets entries of all queues, as retention does. */
  discard(): void;
  /** All that lies there now, for another relay to begin with. */
  snapshot(): RelaySnapshot;
}

export interface RelaySnapshot {
  readonly byReceive: ReadonlyMap<string, Queue>;
  readonly bySend: ReadonlyMap<string, Queue>;
  readonly drops: ReadonlyMap<string, Bytes>;
}

export interface MemoryRelayOptions {
  /** Whether signatures and MACs are checked; a measurement of clients leaves the relay's work out. True unless told. */
  readonly checks?: boolean;
  /** What a queue may hold; a writer of a board has an equal portion of it. No limit unless given. */
  readonly limits?: { readonly entries: number; readonly bytes: number };
  readonly from?: RelaySnapshot;
}

const refused = (refusal: RelayRefusal, detail = ""): Result<never, RelayError> =>
  err({ code: "refused", refusal, detail, retryAfter: undefined });

function discardUpTo(queue: Queue, seq: number): void {
  if (seq <= queue.gone) return;
  queue.gone = seq;
  queue.entries = queue.entries.filter((entry) => entry.seq > seq);
  for (const [id, at] of queue.appended) if (at <= seq) queue.appended.delete(id);
}

export function memoryRelay({ checks = true, limits, from }: MemoryRelayOptions = {}): MemoryRelay {
  // A queue is one thing under both of its names, in the copy too.
  const content = structuredClone(from);
  const byReceive = new Map(content?.byReceive);
  const bySend = new Map(content?.bySend);
  const drops = new Map(content?.drops);
  const watchers = new Set<{ readonly receiveIds: ReadonlySet<string>; readonly onHint: () => void }>();
  const asked = { create: 0, append: 0, read: 0, rotate: 0, move: 0, delete: 0, put: 0, get: 0, trim: 0 };
  let bytesIn = 0;

  function answer(request: RelayRequest): Result<RelayResponse, RelayError> {
    switch (request.kind) {
      case "create":
        return create(request.value);
      case "append":
        return append(request.value);
      case "read":
        return ok({ kind: "entries", value: request.value.map(read) });
      case "rotate": {
        const { receiveId, version, readKey, writeKeys } = request.value;
        const queue = byReceive.get(toHex(receiveId));
        if (queue === undefined || (checks && !verifyRotate(ownerKey(queue), request.value))) return refused("forbidden");
        const board = queue.adminKey !== undefined;
        const fault = tooManyWriters(writeKeys, board) ?? sameWriterTwice(writeKeys, board);
        if (fault !== undefined) return refused("malformed", fault);
        if (version !== queue.version + 1) return refused("conflict");
        Object.assign(queue, { readKey, writeKeys, version });
        return ok({ kind: "done", value: {} });
      }
      case "move": {
        const { receiveId, bundle } = request.value;
        const queue = byReceive.get(toHex(receiveId));
        if (queue === undefined || (checks && !verifyMove(ownerKey(queue), request.value))) return refused("forbidden");
        if (queue.bundle !== undefined && !equalBytes(queue.bundle, bundle)) return refused("conflict");
        queue.bundle = bundle;
        return ok({ kind: "frozen", value: { last: queue.last } });
      }
      case "delete": {
        const queue = byReceive.get(toHex(request.value.receiveId));
        if (queue === undefined || (checks && !verifyDelete(ownerKey(queue), request.value))) return refused("forbidden");
        byReceive.delete(toHex(queue.receiveId));
        bySend.delete(toHex(queue.sendId));
        return ok({ kind: "done", value: {} });
      }
      case "trim": {
        const { receiveId, upTo } = request.value;
        const queue = byReceive.get(toHex(receiveId));
        if (queue === undefined || (checks && !verifyTrim(ownerKey(queue), request.value))) return refused("forbidden");
        if (upTo > queue.last) return refused("conflict");
        discardUpTo(queue, upTo);
        return ok({ kind: "done", value: {} });
      }
      case "put": {
        const { dropId, body } = request.value;
        const there = drops.get(toHex(dropId));
        if (there !== undefined && !equalBytes(there, body)) return refused("exists");
        bytesIn += body.length;
        drops.set(toHex(dropId), body);
        return ok({ kind: "done", value: {} });
      }
      case "get": {
        const body = drops.get(toHex(request.value.dropId));
        return body === undefined ? refused("not-found") : ok({ kind: "drop", value: { body } });
      }
    }
  }

  function create(request: RelayRequestOf<"create">): Result<RelayResponse, RelayError> {
    const { receiveId, sendId, readKey, writeKeys, adminKey } = request;
    const there = byReceive.get(toHex(receiveId)) ?? bySend.get(toHex(sendId));
    if (there !== undefined) {
      const repeat =
        there.version === 0 &&
        equalBytes(there.readKey, readKey) &&
        equalBytes(there.sendId, sendId) &&
        (there.adminKey === undefined) === (adminKey === undefined) &&
        equalBytes(ownerKey(there), ownerKey(request));
      return repeat ? ok({ kind: "done", value: {} }) : refused("exists");
    }
    const queue: Queue = {
      receiveId,
      sendId,
      readKey,
      writeKeys,
      adminKey,
      version: 0,
      bundle: undefined,
      entries: [],
      last: 0,
      gone: 0,
      appended: new Map(),
    };
    byReceive.set(toHex(receiveId), queue);
    bySend.set(toHex(sendId), queue);
    return ok({ kind: "done", value: {} });
  }

  function append(request: RelayRequestOf<"append">): Result<RelayResponse, RelayError> {
    const queue = bySend.get(toHex(request.sendId));
    const place = queue === undefined || !checks ? undefined : appendWriter(queue.writeKeys, request);
    if (queue === undefined || (checks && place === undefined)) return refused("forbidden");
    const id = toHex(request.appendId);
    const before = queue.appended.get(id);
    if (before !== undefined) return ok({ kind: "appended", value: { seq: before } });
    if (queue.bundle !== undefined) return ok({ kind: "moved", value: { bundle: queue.bundle } });
    const key = place === undefined ? undefined : queue.writeKeys[place];
    const writer = key === undefined ? undefined : toHex(key);
    if (!hasRoom(queue, writer, request.body.length)) return refused("queue-full");
    queue.last += 1;
    queue.entries.push({ seq: queue.last, body: request.body, writer });
    queue.appended.set(id, queue.last);
    bytesIn += request.body.length;
    for (const { receiveIds, onHint } of watchers) if (receiveIds.has(toHex(queue.receiveId))) onHint();
    return ok({ kind: "appended", value: { seq: queue.last } });
  }

  function read(
    request: RelayRequestOf<"read">[number],
  ): { kind: "batch"; value: Batch } | { kind: "refused"; value: RelayRefusal } {
    const queue = byReceive.get(toHex(request.receiveId));
    if (queue === undefined || (checks && !verifyRead(queue.readKey, request))) return { kind: "refused", value: "forbidden" };
    const first = Math.max(0, request.after - queue.gone);
    const entries = queue.entries
      .slice(first, first + Math.min(request.limit, maxReadEntries))
      .map(({ seq, body }) => ({ seq, body }));
    const { last, gone, version, bundle } = queue;
    return { kind: "batch", value: { entries, last, gone, overflowed: false, version, bundle } };
  }

  function hasRoom(queue: Queue, writer: string | undefined, length: number): boolean {
    if (limits === undefined) return true;
    const board = queue.adminKey !== undefined;
    const writers = board ? queue.writeKeys.length : 1;
    const counted = board ? queue.entries.filter((entry) => entry.writer === writer) : queue.entries;
    const bytes = counted.reduce((sum, { body }) => sum + body.length, length);
    return counted.length < Math.floor(limits.entries / writers) && bytes <= Math.floor(limits.bytes / writers);
  }

  return {
    asked,
    get bytesIn() {
      return bytesIn;
    },
    entries: () => [...byReceive.values()].reduce((sum, { entries }) => sum + entries.length, 0),
    discard: () => {
      for (const queue of byReceive.values()) discardUpTo(queue, queue.last);
    },
    snapshot: () => structuredClone({ byReceive, bySend, drops }),
    call: async (_relay, kind, value) => {
      asked[kind] += 1;
      // `answer` gives each kind of request its own kind of answer.
      return answer({ kind, value } as RelayRequest) as Result<RelayAnswer<typeof kind>, RelayError>;
    },
    watch: (_relay, reads, onHint) => {
      const watcher = { receiveIds: new Set(reads.map(({ receiveId }) => toHex(asBytes(receiveId)))), onHint };
      watchers.add(watcher);
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      return {
        ended,
        close: () => {
          watchers.delete(watcher);
          end();
        },
      };
    },
  };
}
