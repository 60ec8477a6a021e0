/**
 * Applies a group of writes in one transaction. The rows of a queue that is appended to are read once and written once per
 * group, and what it was appended is written together; an append id that is already there is answered with its first sequence
 * number, so that repeats leave no gap.
 */
import { equalBytes } from "@photon/protocol/codec";
import type { Kysely, Transaction } from "kysely";
import { idKey } from "../ids.ts";
import { fitsPortion, layPortions, type Portion, readPortions, savePortion } from "./portions.ts";
import { type AppendIds, appendIds, type KnownIds } from "./append-ids.ts";
import { type Added, parcelsOf, tallyUpTo } from "./parcels.ts";
import { removeQueue, removeUpTo } from "./removing.ts";
import { type RelayStatements, relayStatements } from "./statements.ts";
import { sweepDrops, sweepQueue } from "./sweep.ts";
import { ownerKeyOf, type QueueTable, type RelayTables } from "./tables.ts";
import type { RelayLimits, RelayWrite, RelayWriteOutcome } from "./writes.ts";

type WriteOf<K extends RelayWrite["kind"]> = Extract<RelayWrite, { kind: K }>;

/** A queue's row while its group is applied; `undefined` where there is no such queue. */
interface OpenQueue {
  readonly row: QueueTable;
  lastSeq: number;
  entries: number;
  bytes: number;
  overflowed: number;
  dirty: boolean;
  /** Of a board that was appended to. */
  portions: readonly Portion[] | undefined;
  /** Of a queue that was appended to. */
  ids: KnownIds | undefined;
  /** Appended, and not written yet. */
  readonly added: Added[];
}

const mostHeld = 16 * 1024 * 1024;
const forbidden: RelayWriteOutcome = { kind: "refused", code: "forbidden", detail: "" };
const done: RelayWriteOutcome = { kind: "done" };
const noKey = new Uint8Array(0);

/** What others must hear once the group is durable. @property index which of its writes was appended, for the first time. */
export type Told =
  | { readonly kind: "appended"; readonly index: number; readonly seq: number }
  /** Whoever could read the queue must prove it anew: its keys were rotated, or it is gone. */
  | { readonly kind: "ended"; readonly receiveId: Uint8Array };

export interface CommittedGroup {
  readonly outcomes: readonly RelayWriteOutcome[];
  /** In the order of each queue. */
  readonly told: readonly Told[];
}

/** @param today the day given to new rows. Rejects when the database does, having changed nothing. */
export type RelayCommit = (writes: readonly RelayWrite[], today: number) => Promise<CommittedGroup>;

/** @param keptBytes memory for append ids; as much as is good for most, unless given. */
export function relayCommit(db: Kysely<RelayTables>, limits: RelayLimits, keptBytes?: number): RelayCommit {
  const statements = relayStatements(db);
  const ids = appendIds(statements, keptBytes);
  return async (writes, today) => {
    try {
      return await db.transaction().execute(async (transaction) => {
        const group = new Group(transaction, { statements, ids, limits, today });
        const outcomes: RelayWriteOutcome[] = [];
        for (const write of writes) outcomes.push(await group.apply(write, outcomes.length));
        await group.flush();
        return { outcomes, told: group.told };
      });
    } catch (error) {
      ids.forgetAll();
      throw error;
    }
  };
}

interface Committing {
  readonly statements: RelayStatements;
  readonly ids: AppendIds;
  readonly limits: RelayLimits;
  readonly today: number;
}

class Group {
  readonly #db: Transaction<RelayTables>;
  readonly #statements: RelayStatements;
  readonly #ids: AppendIds;
  readonly #limits: RelayLimits;
  readonly #today: number;
  readonly told: Told[] = [];
  readonly #open = new Map<string, OpenQueue | undefined>();
  /** About what the ids of its open queues take in memory, in bytes. */
  #held = 0;

  constructor(db: Transaction<RelayTables>, { statements, ids, limits, today }: Committing) {
    this.#db = db;
    this.#statements = statements;
    this.#ids = ids;
    this.#limits = limits;
    this.#today = today;
  }

  async apply(write: RelayWrite, index: number): Promise<RelayWriteOutcome> {
    switch (write.kind) {
      case "append":
        // However many full queues one group appends to, their ids are not all held at once.
        if (this.#held > mostHeld) await this.flush();
        return this.#append(write, index);
      case "create":
        return this.#create(write);
      case "rotate":
        return this.#rotate(write);
      case "move":
        return this.#move(write);
      case "trim":
        return this.#trim(write);
      case "delete":
        return this.#delete(write);
      case "noticed":
        return this.#noticed(write);
      case "put":
        return this.#put(write);
      case "sweep-queue":
        await this.flush();
        return sweepQueue(this.#db, this.#limits, this.#today, write.receiveId);
      case "sweep-drops":
        return sweepDrops(this.#db, this.#limits, this.#today);
      case "new-day":
        await this.#db
          .insertInto("clock")
          .values({ name: "day", day: write.day })
          .onConflict((conflict) => conflict.column("name").doUpdateSet({ day: write.day }))
          .execute();
        return done;
    }
  }

  /** Writes what the queues were appended, and their counters; whatever reads rows afterwards sees them. */
  async flush(): Promise<void> {
    for (const queue of this.#open.values()) {
      if (queue?.dirty !== true) continue;
      const { lastSeq, entries, bytes, overflowed, added } = queue;
      for (const parcel of parcelsOf(queue.row.receive_id, lastSeq - added.length + 1, this.#today, added))
        await this.#db.executeQuery(this.#statements.insertParcel(parcel));
      await queue.ids?.save();
      await this.#db.executeQuery(
        this.#statements.saveCounters({ receiveId: queue.row.receive_id, lastSeq, entries, bytes, overflowed }),
      );
      for (const portion of queue.portions ?? []) if (portion.dirty) await savePortion(this.#db, queue.row.receive_id, portion);
    }
    this.#open.clear();
    this.#held = 0;
  }

  async #queue(receiveId: Uint8Array): Promise<OpenQueue | undefined> {
    const key = idKey(receiveId);
    if (this.#open.has(key)) return this.#open.get(key);
    const row = (await this.#db.executeQuery(this.#statements.findQueue(receiveId))).rows[0];
    if (row === undefined) {
      this.#open.set(key, undefined);
      return undefined;
    }
    const { last_seq: lastSeq, entries, bytes, overflowed } = row;
    const queue: OpenQueue = {
      row,
      lastSeq,
      entries,
      bytes,
      overflowed,
      dirty: false,
      portions: undefined,
      ids: undefined,
      added: [],
    };
    this.#open.set(key, queue);
    return queue;
  }

  async #portion(queue: OpenQueue, place: number): Promise<Portion> {
    queue.portions ??= await readPortions(this.#db, queue.row.receive_id);
    const portion = queue.portions[place];
    if (portion === undefined) throw new Error("a write key of a board has no portion");
    return portion;
  }

  async #append({ receiveId, version, place, appendId, body }: WriteOf<"append">, index: number): Promise<RelayWriteOutcome> {
    const queue = await this.#queue(receiveId);
    if (queue === undefined) return forbidden;
    if (queue.row.version !== version) return { kind: "stale" };
    const portion = queue.row.admin_key === null ? undefined : await this.#portion(queue, place);
    if (queue.ids === undefined) {
      queue.ids = await this.#ids.of(this.#db, receiveId, queue.row.last_seq, queue.row.gone_seq);
      this.#held += queue.ids.weight;
    }
    const first = queue.ids.numberOf(appendId, queue.row.gone_seq);
    if (first !== undefined) return { kind: "appended", seq: first };
    if (queue.row.bundle !== null) return { kind: "moved", bundle: queue.row.bundle };
    if (!this.#fits(queue, portion, body.length)) {
      if (queue.overflowed === 0) {
        queue.overflowed = 1;
        queue.dirty = true;
      }
      return { kind: "refused", code: "queue-full", detail: "the queue holds all it may", retryAfter: 86_400 };
    }
    const seq = queue.lastSeq + 1;
    queue.ids.add(appendId, seq);
    queue.added.push({ body, writer: portion?.writer ?? null });
    queue.lastSeq = seq;
    queue.entries += 1;
    queue.bytes += body.length;
    queue.dirty = true;
    if (portion !== undefined) {
      portion.entries += 1;
      portion.bytes += body.length;
      portion.dirty = true;
    }
    this.told.push({ kind: "appended", index, seq });
    return { kind: "appended", seq };
  }

  #fits(queue: OpenQueue, portion: Portion | undefined, length: number): boolean {
    if (portion !== undefined) return fitsPortion(this.#limits, queue.portions?.length ?? 1, portion, length, queue);
    return queue.entries < this.#limits.queueEntries && queue.bytes + length <= this.#limits.queueBytes;
  }

  async #create({ receiveId, sendId, readKey, writeKeys, adminKey }: WriteOf<"create">): Promise<RelayWriteOutcome> {
    await this.flush();
    const existing = await this.#db
      .selectFrom("queue")
      .select(["receive_id", "send_id", "read_key", "write_keys", "version", "admin_key"])
      .where((where) => where.or([where("receive_id", "=", receiveId), where("send_id", "=", sendId)]))
      .executeTakeFirst();
    if (existing !== undefined) {
      const repeat =
        existing.version === 0 &&
        equalBytes(existing.receive_id, receiveId) &&
        equalBytes(existing.send_id, sendId) &&
        equalBytes(existing.read_key, readKey) &&
        equalBytes(existing.write_keys, writeKeys) &&
        (existing.admin_key === null) === (adminKey === undefined) &&
        equalBytes(existing.admin_key ?? noKey, adminKey ?? noKey);
      return repeat ? done : { kind: "refused", code: "exists", detail: "these ids are taken" };
    }
    await this.#db
      .insertInto("queue")
      .values({
        receive_id: receiveId,
        send_id: sendId,
        read_key: readKey,
        write_keys: writeKeys,
        version: 0,
        rotation: null,
        last_seq: 0,
        gone_seq: 0,
        entries: 0,
        bytes: 0,
        overflowed: 0,
        frozen_day: null,
        bundle: null,
        admin_key: adminKey ?? null,
      })
      .execute();
    if (adminKey !== undefined) await layPortions(this.#db, receiveId, 0, writeKeys);
    return done;
  }

  /** The queue, once everything earlier in the group is written and its owner's key is the one that the proof was checked by. */
  async #proved(receiveId: Uint8Array, provedBy: Uint8Array): Promise<QueueTable | RelayWriteOutcome> {
    await this.flush();
    const row = (await this.#db.executeQuery(this.#statements.findQueue(receiveId))).rows[0];
    if (row === undefined) return forbidden;
    return equalBytes(ownerKeyOf(row), provedBy) ? row : { kind: "stale" };
  }

  async #rotate(write: WriteOf<"rotate">): Promise<RelayWriteOutcome> {
    const row = await this.#proved(write.receiveId, write.provedBy);
    if ("kind" in row) return row;
    if (row.version + 1 !== write.version) {
      const repeat = row.version === write.version && row.rotation !== null && equalBytes(row.rotation, write.signature);
      return repeat ? done : { kind: "refused", code: "conflict", detail: "the queue's keys were rotated meanwhile" };
    }
    if (row.admin_key !== null) await layPortions(this.#db, write.receiveId, write.version, write.writeKeys, row);
    await this.#db
      .updateTable("queue")
      .set({ read_key: write.readKey, write_keys: write.writeKeys, version: write.version, rotation: write.signature })
      .where("receive_id", "=", write.receiveId)
      .execute();
    this.told.push({ kind: "ended", receiveId: write.receiveId });
    return done;
  }

  async #move({ receiveId, provedBy, bundle }: WriteOf<"move">): Promise<RelayWriteOutcome> {
    const row = await this.#proved(receiveId, provedBy);
    if ("kind" in row) return row;
    if (row.bundle !== null) {
      return equalBytes(row.bundle, bundle)
        ? { kind: "frozen", last: row.last_seq }
        : { kind: "refused", code: "conflict", detail: "the queue was moved with another bundle" };
    }
    await this.#db.updateTable("queue").set({ bundle, frozen_day: this.#today }).where("receive_id", "=", receiveId).execute();
    return { kind: "frozen", last: row.last_seq };
  }

  async #trim({ receiveId, provedBy, upTo }: WriteOf<"trim">): Promise<RelayWriteOutcome> {
    const row = await this.#proved(receiveId, provedBy);
    if ("kind" in row) return row;
    if (upTo > row.last_seq) return { kind: "refused", code: "conflict", detail: "the queue has no such entry yet" };
    if (upTo > row.gone_seq) await removeUpTo(this.#db, row, upTo, await tallyUpTo(this.#db, receiveId, upTo));
    return done;
  }

  async #delete({ receiveId, provedBy }: WriteOf<"delete">): Promise<RelayWriteOutcome> {
    const row = await this.#proved(receiveId, provedBy);
    if ("kind" in row) return row;
    await removeQueue(this.#db, receiveId);
    this.#ids.forget(receiveId);
    this.told.push({ kind: "ended", receiveId });
    return done;
  }

  async #noticed({ receiveId }: WriteOf<"noticed">): Promise<RelayWriteOutcome> {
    const queue = await this.#queue(receiveId);
    if (queue !== undefined && queue.overflowed !== 0) {
      queue.overflowed = 0;
      queue.dirty = true;
    }
    return done;
  }

  async #put({ dropId, body, untilDay }: WriteOf<"put">): Promise<RelayWriteOutcome> {
    const existing = await this.#db.selectFrom("drop").select("body").where("drop_id", "=", dropId).executeTakeFirst();
    if (existing !== undefined) {
      const repeat = existing.body !== null && equalBytes(existing.body, body);
      return repeat ? done : { kind: "refused", code: "exists", detail: "something lies there already" };
    }
    await this.#db.insertInto("drop").values({ drop_id: dropId, body, until_day: untilDay }).execute();
    return done;
  }
}
