/**
 * The outbox: what is still to be asked of relays, in order, each request durable before it is first made and repeated
 * until it is answered. Every operation is idempotent, so that a crash between an answer and its record costs a repeat
 * and nothing else (spec/09-engine.md, "Outbox").
 *
 * | operation | does                                              | done when the relay says           |
 * | --------- | ------------------------------------------------- | ---------------------------------- |
 * | `create`  | makes an inbox of ours                            | `done`, or that it exists          |
 * | `append`  | deposits an envelope at the peer, or with us      | `appended`                         |
 * | `rotate`  | puts the next keys of an inbox of ours in force   | `done`, or that it is past that    |
 * | `freeze`  | moves an inbox of ours: no more appends           | `frozen`                           |
 * | `put`     | leaves an invitation's offer                      | `done`, or that it exists          |
 */
import {
  boolean,
  bytes,
  type Bytes,
  concat,
  list,
  oneOf,
  optional,
  type SchemaType,
  struct,
  text,
  toHex,
  uint,
  union,
  sha256,
} from "@photon/protocol/codec";
import { encodeEnvelope, type Envelope, fragmentEnvelope, maxBundle } from "@photon/protocol/queue";
import { parseRow, type Work } from "../storage/core.ts";

export const targets = { peer: 0, own: 1 } as const;

const operationSchema = union({
  create: [1, struct({ sendId: [1, bytes(16)] })],
  append: [
    2,
    struct({
      target: [1, oneOf(targets)],
      envelope: [2, bytes({ min: 1, max: 70 * 1024 })],
      /** The message that it carries, so that "deposited" can be told. */
      message: [3, optional(bytes(16))],
      /** Our own inbox: under which keys, where not those in force. The peer's: that of a succession which may come to count. */
      under: [4, optional(struct({ sendId: [1, bytes(16)], rotation: [2, uint()] }))],
    }),
  ],
  /** `both`: the keys before stay good beside the new ones, until the peer has been told. */
  rotate: [3, struct({ sendId: [1, bytes(16)], rotation: [2, uint({ min: 1 })], both: [3, boolean] })],
  freeze: [4, struct({ sendId: [1, bytes(16)], bundle: [2, bytes({ min: 1, max: maxBundle })] })],
  put: [
    5,
    struct({
      relay: [1, text(256)],
      dropId: [2, bytes(32)],
      body: [3, bytes({ min: 1, max: 65536 })],
      days: [4, uint({ max: 30 })],
    }),
  ],
});
export type Operation = SchemaType<typeof operationSchema>;

const itemSchema = struct({
  relationship: [1, text(32)],
  operation: [2, operationSchema],
  /** Append ids are derived from it and the queue, so that no two queues ever see the same id. */
  secret: [3, bytes(32)],
  created: [4, uint()],
  attempts: [5, uint()],
  nextAt: [6, uint()],
  /** Items that have to be done before this one. */
  after: [7, list(text(32), { max: 8 })],
});
type StoredItem = SchemaType<typeof itemSchema>;
export type Item = StoredItem & { readonly key: string };

const counterSchema = uint();

/**
 * Adds an operation behind all others of the relationship and target.
 * @returns its key, for `after` of another.
 */
export async function enqueue(
  work: Work,
  relationship: string,
  operation: Operation,
  after: readonly string[] = [],
): Promise<string> {
  const number = (await lastEnqueued(work)) + 1;
  work.write("meta", "outbox", counterSchema, number);
  const key = `d/${number.toString(16).padStart(13, "0")}`;
  work.write("outbox", key, itemSchema, {
    relationship,
    operation,
    secret: work.random(32),
    created: work.now(),
    attempts: 0,
    nextAt: 0,
    after,
  });
  return key;
}

export interface DepositOptions {
  readonly message?: Bytes;
  readonly under?: { readonly sendId: Bytes; readonly rotation: number };
  readonly after?: readonly string[];
}

/** Enqueues an envelope for one target, in parts where it is large. @returns the key of the last part. */
export async function deposit(
  work: Work,
  relationship: string,
  target: keyof typeof targets,
  envelope: Envelope,
  options: DepositOptions = {},
): Promise<string> {
  return depositEncoded(work, relationship, target, encodeEnvelope(envelope), options);
}

/** The same for an envelope that is encoded already, since it goes to more than one target. */
export async function depositEncoded(
  work: Work,
  relationship: string,
  target: keyof typeof targets,
  envelope: Bytes,
  options: DepositOptions = {},
): Promise<string> {
  const parts = fragmentEnvelope(envelope, work.random(16));
  let key = "";
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    const operation: Operation = {
      kind: "append",
      value: {
        target,
        envelope: part,
        ...(last && options.message !== undefined ? { message: options.message } : {}),
        ...(options.under === undefined ? {} : { under: options.under }),
      },
    };
    key = await enqueue(work, relationship, operation, options.after);
  }
  return key;
}

/** The number of the newest item there ever was. */
export const lastEnqueued = async (work: Work): Promise<number> => (await work.read("meta", "outbox", counterSchema)) ?? 0;

/** Inboxes of ours (send ids, hex) that are still to be made at their relay. */
export async function inboxesBeingMade(work: Work): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const { operation } of eachOutboxItem(work)) if (operation.kind === "create") found.add(toHex(operation.value.sendId));
  return found;
}

export async function outboxItems(work: Work): Promise<readonly Item[]> {
  return (await work.list("outbox", "d/")).map(({ key, value }) => ({ key, ...parseRow(itemSchema, value) }));
}

const pageSize = 64;

/** The items one after the other, as few of them in memory as may be. What is enqueued meanwhile comes at the end. */
export async function* eachOutboxItem(work: Work): AsyncGenerator<Item> {
  for (let after = ""; ;) {
    const rows = await work.page("outbox", "d/", after, pageSize);
    for (const { key, value } of rows) {
      yield { key, ...parseRow(itemSchema, value) };
      after = key;
    }
    if (rows.length < pageSize) return;
  }
}

export async function isWaiting(work: Work, key: string): Promise<boolean> {
  return (await work.get("outbox", key)) !== undefined;
}

export const removeItem = (work: Work, item: Item): void => work.delete("outbox", item.key);

/** The item is tried again at `nextAt`, in ms. */
export function postpone(work: Work, item: Item, nextAt: number): void {
  const { key, ...stored } = item;
  work.write("outbox", key, itemSchema, { ...stored, attempts: item.attempts + 1, nextAt });
}

/** Tries the peer's items of a relationship again at once: its inbox has changed. */
export async function hasten(work: Work, relationship: string): Promise<void> {
  for (const { key, ...item } of await outboxItems(work)) {
    if (item.relationship === relationship && item.nextAt > 0) work.write("outbox", key, itemSchema, { ...item, nextAt: 0 });
  }
}

/** 16 bytes: the same at every repeat into one queue, unlike in any other. */
export const appendIdFor = (item: Item, sendId: Bytes): Bytes => sha256(concat(item.secret, sendId)).slice(0, 16);

/** 2 s, doubled at each attempt, at most an hour. */
export const backoff = (attempts: number): number => Math.min(2000 * 2 ** Math.min(attempts, 11), 3_600_000);

/** Messages (hex ids) of a relationship whose deposit at the peer has not happened yet. */
export async function undeposited(work: Work, relationship: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const item of await outboxItems(work)) {
    if (item.relationship !== relationship || item.operation.kind !== "append") continue;
    const { target, message } = item.operation.value;
    if (target === "peer" && message !== undefined) found.add(toHex(message));
  }
  return found;
}
