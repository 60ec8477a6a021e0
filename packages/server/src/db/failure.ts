/** Why a database could not do what it was asked; everything else it throws is a bug of ours. */
export type StorageFailure = "disk-full" | "internal";

const fullCodes = new Set(["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "ENOSPC", "EDQUOT"]);

/** @param error whatever a database or file call threw. */
export function storageFailure(error: unknown): StorageFailure {
  return fullCodes.has(errorCode(error)) ? "disk-full" : "internal";
}

/** The code alone: messages of databases and file systems can carry values and paths. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null) return "unknown";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.name : "unknown";
}
