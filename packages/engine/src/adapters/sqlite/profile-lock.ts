import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import Database from "better-sqlite3";
import { StoreFailure } from "../../ports/index.ts";
import { createPrivateFile } from "../node/private-file.ts";
import { storeErrorOf } from "./database.ts";

export interface ProfileLock {
  /** Whether another process waits for it now. */
  isWanted(): boolean;
  release(): void;
}

interface ProfileLockOptions {
  /** How long to wait for another process, in milliseconds; 5,000 unless told. */
  readonly waitMs?: number;
}

/** Held locks, so that a holder which forgets its handle does not lose the lock to the garbage collector. */
const held = new Set<Database.Database>();

/**
 * The right to use the profile in `dir`, held by one process at a time; undefined if another had it all the while.
 *
 * An exclusive transaction on a database of its own: the system frees it when the process ends, however it ends. There are
 * two files: whoever wants `lock.db` first takes `lock-turn.db` and keeps it while waiting. So a process that takes
 * the lock again and again, as `watch` does, has to queue behind one that waits, and starves nobody.
 * @throws StoreFailure if something else lies where the lock should be.
 */
export async function acquireProfileLock(dir: string, options: ProfileLockOptions = {}): Promise<ProfileLock | undefined> {
  const deadline = performance.now() + (options.waitMs ?? 5_000);
  const turn = await take(join(dir, "lock-turn.db"), deadline);
  if (turn === undefined) return undefined;
  let lock: Database.Database | undefined;
  try {
    lock = await take(join(dir, "lock.db"), deadline);
  } finally {
    turn.close();
  }
  if (lock === undefined) return undefined;
  const mine = lock;
  held.add(mine);
  return {
    isWanted: () => isTaken(join(dir, "lock-turn.db")),
    release: () => {
      held.delete(mine);
      mine.close();
    },
  };
}

/** An open exclusive transaction on the file, or undefined at the deadline. Tries at least once. */
async function take(file: string, deadline: number): Promise<Database.Database | undefined> {
  createPrivateFile(file);
  const database = new Database(file, { timeout: 0 });
  try {
    for (let wait = 2; ; wait = Math.min(2 * wait, 32)) {
      if (begin(database)) return database;
      const left = deadline - performance.now();
      if (left <= 0) {
        database.close();
        return undefined;
      }
      await pause(Math.min(wait, left));
    }
  } catch (error) {
    database.close();
    const known = storeErrorOf(error);
    throw known === undefined ? error : new StoreFailure(known);
  }
}

/** Whoever takes a turn to see if it is taken gives it back at once. */
function isTaken(file: string): boolean {
  const database = new Database(file, { timeout: 0 });
  try {
    return !begin(database);
  } finally {
    database.close();
  }
}

function begin(database: Database.Database): boolean {
  try {
    database.exec("BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY")) return false;
    throw error;
  }
}
