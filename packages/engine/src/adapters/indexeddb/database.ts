import { type IDBPDatabase, wrap } from "idb";

/** Opens a database through any factory; `upgrade` runs when its version is lower than `version`, or when it is new. */
export async function openDatabase(
  factory: IDBFactory,
  name: string,
  version: number | undefined,
  upgrade: (database: IDBDatabase) => void,
): Promise<IDBPDatabase> {
  const request = factory.open(name, version);
  request.addEventListener("upgradeneeded", () => upgrade(request.result));
  const database = await wrap(request);
  if (database === undefined) throw new Error("the browser opened no database");
  // Another page wants to delete or upgrade the database: it must not have to wait for this one.
  database.addEventListener("versionchange", () => database.close());
  return database;
}

/** The name of what IndexedDB failed with, such as "QuotaExceededError"; undefined for anything else. */
export function domFailure(error: unknown): DOMException | undefined {
  return error instanceof DOMException ? error : undefined;
}
