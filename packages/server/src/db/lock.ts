/** One server at a time over a data folder: two would each believe that they alone give out the numbers of a queue. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import Database from "better-sqlite3";

/** Another server has the folder. */
export class FolderInUse extends Error {
  readonly code = "folder-in-use";
  constructor(folder: string) {
    super(`another server uses the data folder ${folder}`);
    this.name = "FolderInUse";
  }
}

export interface FolderLock {
  release(): void;
}

/** Milliseconds that a server which is about to end is waited for, and between two looks. */
const patience = 2_000;
const lookEvery = 50;

/** Held locks, so that none is lost to the garbage collector. */
const held = new Set<Database.Database>();

/**
 * An exclusive transaction on a database of its own: the system frees it when the process ends, however it ends.
 * @throws FolderInUse
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const database = new Database(join(folder, "lock.db"), { timeout: 0 });
  try {
    for (let waited = 0; !begin(database); waited += lookEvery) {
      if (waited >= patience) throw new FolderInUse(folder);
      await pause(lookEvery);
    }
  } catch (error) {
    database.close();
    throw error;
  }
  held.add(database);
  return {
    release: () => {
      held.delete(database);
      database.close();
    },
  };
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
