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
/** Ids kept in memory, of all queues together; those of one queue are kept whole. */
const mostIds = 262_144;

/** @property number of the run. */
export interface Run {
  readonly number: number;
  readonly ids: readonly Uint8Array[];
}

/** Number of the run that has the id of an entry. */
const runOf = (seq: number): number => Math.floor((seq - 1) / runLength);

/** The ids of one queue. */
export interface KnownIds {
  /** Number under which an entry was appended. @param key of `idKey`. @param gone what lived up to there is forgotten. */
  numberOf(key: string, gone: number): number | undefined;
  /** Takes the id of the next number. @param key of `idKey`. */
  add(appendId: Uint8Array, key: string, seq: number): void;
  /** Writes what was added since the last time. */
  save(): Promise<void>;
}

/** The ids of many queues, for one transaction after the other. What is remembered is forgotten when one fails. */
export interface AppendIds {
  /** @param last the number of the queue's last entry, at the start of the transaction. @param gone as in `numberOf`. */
  of(db: Kysely<RelayTables>, receiveId: Uint8Array, last: number, gone: number): Promise<KnownIds>;
  /** What was removed, or may not have been written. */
  forget(receiveId: Uint8Array): void;
  forgetAll(): void;
}

/** What is kept of a queue. */
interface Kept {
  readonly numbers: Map<string, number>;
  /** The last run, unless it is full. */
  readonly open: Uint8Array[];
  last: number;
  /** Whether it is counted: not once it was forgotten. */
  isKept: boolean;
}

/** @param most ids to keep. */
export function appendIds(statements: RelayStatements, most = mostIds): AppendIds {
  const kept = new Map<string, Kept>();
  let count = 0;
  const forget = (key: string): void => {
    const known = kept.get(key);
    if (known === undefined) return;
    count -= known.numbers.size;
    known.isKept = false;
    kept.delete(key);
  };
  const load = async (db: Kysely<RelayTables>, receiveId: Uint8Array, last: number, gone: number): Promise<Kept> => {
    const numbers = new Map<string, number>();
    for (const { number, ids } of await readRuns(db, receiveId, gone)) {
      for (const [index, id] of ids.entries()) numbers.set(idKey(id), number * runLength + index + 1);
    }
    const begun = last % runLength;
    const open = begun === 0 ? [] : [...((await readRuns(db, receiveId, last - 1)).at(-1)?.ids ?? [])];
    // An id under another's number would be answered, or forgotten, as that one.
    if (open.length !== begun) throw new Error(`a run of append ids has ${open.length} of ${begun}`);
    return { numbers, open, last, isKept: true };
  };
  return {
    of: async (db, receiveId, last, gone) => {
      const key = idKey(receiveId);
      let known = kept.get(key);
      if (known?.last !== last) {
        forget(key);
        known = await load(db, receiveId, last, gone);
        count += known.numbers.size;
      } else kept.delete(key);
      // The last of them was appended to last.
      kept.set(key, known);
      for (const oldest of kept.keys()) {
        if (count <= most || oldest === key) break;
        forget(oldest);
      }
      const { numbers, open } = known;
      const queue = known;
      let written = open.length;
      let first = last - open.length + 1;
      return {
        numberOf: (id, past) => {
          const seq = numbers.get(id);
          return seq === undefined || seq <= past ? undefined : seq;
        },
        add: (appendId, id, seq) => {
          const before = numbers.size;
          numbers.set(id, seq);
          if (queue.isKept) count += numbers.size - before;
          open.push(ownBytes(appendId));
          queue.last = seq;
        },
        save: async () => {
          while (open.length > written) {
            const run = open.slice(0, runLength);
            const row = packRun(receiveId, { number: runOf(first), ids: run });
            await db.executeQuery(written === 0 ? statements.insertRun(row) : statements.saveRun(row));
            written = run.length;
            if (run.length < runLength) return;
            open.splice(0, runLength);
            first += runLength;
            written = 0;
          }
        },
      };
    },
    forget: (receiveId) => forget(idKey(receiveId)),
    forgetAll: () => {
      for (const key of kept.keys()) forget(key);
    },
  };
}

/** The runs in which there is a larger number. */
async function readRuns(db: Kysely<RelayTables>, receiveId: Uint8Array, after: number): Promise<readonly Run[]> {
  const rows = await db
    .selectFrom("append_run")
    .select(["number", "ids"])
    .where("queue", "=", receiveId)
    .where("number", ">=", runOf(after + 1))
    .orderBy("number")
    .execute();
  return rows.map(({ number, ids }) => ({
    number,
    ids: Array.from({ length: ids.length / idLength }, (_, index) => ids.subarray(index * idLength, (index + 1) * idLength)),
  }));
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
