/**
 * Which append ids a queue knows, so that a repeat is answered as the first was. The ids of numbers 1 to 56 lie in one row, those of 57 to
 * 112 in the next: a row for each, or an index by id, would cost as much to write as the entry itself. Those of queues that
 * were appended to of late are kept in memory by the one who commits.
 */
import { ownBytes } from "@photon/protocol/codec";
import type { Kysely } from "kysely";
import { idKey } from "../ids.ts";
import type { RelayStatements } from "./statements.ts";
import type { AppendRunTable, RelayTables } from "./tables.ts";

const idLength = 16;
/** As many as fit into a page of the database beside others, without one of their own. */
export const runLength = 56;
/** What is kept in memory, of all queues together, in bytes; those of one queue are kept whole. */
const mostBytes = 32 * 1024 * 1024;
/** About what a queue takes, and an id as a key of a map, in bytes. */
const queueWeight = 800;
const keyWeight = 100;

/** @property number of the run. */
export interface Run {
  readonly number: number;
  readonly ids: readonly Uint8Array[];
}

/** Number of the run that has the id of an entry. */
const runOf = (seq: number): number => Math.floor((seq - 1) / runLength);

/** The ids of one queue. */
export interface KnownIds {
  /** Number under which an entry was appended. @param gone what lived up to there is forgotten. */
  numberOf(appendId: Uint8Array, gone: number): number | undefined;
  /** Takes the id of the next number. */
  add(appendId: Uint8Array, seq: number): void;
  /** Writes what was added since the last time. */
  save(): Promise<void>;
  /** About what it takes in memory, in bytes. */
  readonly weight: number;
}

/** The ids of many queues, for one transaction after the other. What is remembered is forgotten when one fails. */
export interface AppendIds {
  /** @param last the number of the queue's last entry, at the start of the transaction. @param gone as in `numberOf`. */
  of(db: Kysely<RelayTables>, receiveId: Uint8Array, last: number, gone: number): Promise<KnownIds>;
  /** The queue was removed. */
  forget(receiveId: Uint8Array): void;
  /** A transaction failed. */
  forgetAll(): void;
}

/** What is kept of a queue. */
interface Kept {
  /** The ids that were read, as they lie there: a map of as many takes several times as much to make and to keep. */
  readonly read: Buffer;
  /** Number of the first of them. */
  readonly first: number;
  /** Those added since, in their order. */
  readonly added: Map<string, number>;
  /** The last run, unless it is full. */
  readonly open: Uint8Array[];
  last: number;
  /** What it was counted as; 0 once it was forgotten. */
  counted: number;
}
const weightOf = ({ read, added }: Kept): number => queueWeight + read.length + keyWeight * added.size;

/** @param most bytes to keep. */
export function appendIds(statements: RelayStatements, most = mostBytes): AppendIds {
  const kept = new Map<string, Kept>();
  let total = 0;
  const forget = (key: string): void => {
    const known = kept.get(key);
    if (known === undefined) return;
    total -= known.counted;
    known.counted = 0;
    kept.delete(key);
  };
  const recount = (known: Kept): void => {
    // Forgotten while a group still goes on with it: not counted again.
    if (known.counted === 0) return;
    total += weightOf(known) - known.counted;
    known.counted = weightOf(known);
  };
  return {
    of: async (db, receiveId, last, gone) => {
      const key = idKey(receiveId);
      let known = kept.get(key);
      if (known?.last !== last) {
        forget(key);
        known = await load(db, receiveId, last, gone);
        known.counted = weightOf(known);
        total += known.counted;
      } else kept.delete(key);
      // The last of them was appended to last.
      kept.set(key, known);
      for (const [id, seq] of known.added) {
        if (seq > gone) break;
        known.added.delete(id);
      }
      recount(known);
      for (const oldest of kept.keys()) {
        if (total <= most || oldest === key) break;
        forget(oldest);
      }
      const queue = known;
      const { open } = queue;
      let written = open.length;
      let begins = last - open.length + 1;
      return {
        get weight() {
          return weightOf(queue);
        },
        numberOf: (appendId, past) => {
          const seq = queue.added.get(idKey(appendId));
          if (seq !== undefined && seq > past) return seq;
          return numberRead(queue, appendId, past);
        },
        add: (appendId, seq) => {
          const id = idKey(appendId);
          // Anew at the end, where that of an entry that is gone was: they stay in their order.
          queue.added.delete(id);
          queue.added.set(id, seq);
          open.push(ownBytes(appendId));
          queue.last = seq;
        },
        save: async () => {
          while (open.length > written) {
            const run = open.slice(0, runLength);
            const row = packRun(receiveId, { number: runOf(begins), ids: run });
            const saved = await db.executeQuery(written === 0 ? statements.insertRun(row) : statements.saveRun(row));
            if (saved.numAffectedRows !== 1n) throw new Error("a run of append ids is not there");
            written = run.length;
            if (run.length < runLength) break;
            open.splice(0, runLength);
            begins += runLength;
            written = 0;
          }
          recount(queue);
        },
      };
    },
    forget: (receiveId) => forget(idKey(receiveId)),
    forgetAll: () => {
      for (const key of kept.keys()) forget(key);
    },
  };
}

/** Reads the runs in which an entry that lives may have its id, and the last one unless it is full. */
async function load(db: Kysely<RelayTables>, receiveId: Uint8Array, last: number, gone: number): Promise<Kept> {
  const begun = last % runLength;
  const from = Math.min(runOf(gone + 1), runOf(last + 1));
  const rows = await db
    .selectFrom("append_run")
    .select("ids")
    .where("queue", "=", receiveId)
    .where("number", ">=", from)
    .orderBy("number")
    .execute();
  const read = Buffer.concat(rows.map(({ ids }) => ids));
  const first = from * runLength + 1;
  // An id under another's number would be answered, or forgotten, as that one.
  if (first + read.length / idLength - 1 !== last)
    throw new Error(`append ids up to ${first + read.length / idLength - 1} of ${last}`);
  const open = Array.from({ length: begun }, (_, index) => {
    const at = read.length - (begun - index) * idLength;
    return read.subarray(at, at + idLength);
  });
  return { read, first, added: new Map(), open, last, counted: 0 };
}

/** Number of an id among those that were read; of two, the one that lives. */
function numberRead({ read, first }: Kept, appendId: Uint8Array, gone: number): number | undefined {
  const start = Math.max(0, gone + 1 - first) * idLength;
  for (let at = read.indexOf(appendId, start); at >= 0; at = read.indexOf(appendId, at + 1)) {
    if (at % idLength === 0) return first + at / idLength;
  }
  return undefined;
}

export function packRun(queue: Uint8Array, { number, ids }: Run): AppendRunTable {
  const joined = new Uint8Array(ids.length * idLength);
  for (const [index, id] of ids.entries()) joined.set(id, index * idLength);
  return { queue, number, ids: joined };
}

/** Forgets the runs of which no entry is left. */
export async function dropRunsUpTo(db: Kysely<RelayTables>, receiveId: Uint8Array, upTo: number): Promise<void> {
  await db
    .deleteFrom("append_run")
    .where("queue", "=", receiveId)
    .where("number", "<", runOf(upTo + 1))
    .execute();
}
