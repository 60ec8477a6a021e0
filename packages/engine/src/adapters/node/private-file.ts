import { closeSync, fsyncSync, linkSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Creates an empty file that only its owner can read; false if the file was there.
 *
 * An existing file is never opened: closing any descriptor of a file drops every POSIX lock that this process holds on
 * it, SQLite's included.
 */
export function createPrivateFile(file: string): boolean {
  try {
    closeSync(openSync(file, "wx", 0o600));
    return true;
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    throw error;
  }
}

/** Gives `temporary`, a finished and flushed file, its name; false if another process was first. Durable on return. */
export function publishFile(temporary: string, file: string): boolean {
  try {
    linkSync(temporary, file);
  } catch (error) {
    if (isSystemError(error, "EEXIST")) return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(file));
  return true;
}

/** Writes a new file of mode 0600 that is durable on return. */
export function writePrivateFile(file: string, content: Uint8Array): void {
  const handle = openSync(file, "wx", 0o600);
  try {
    for (let at = 0; at < content.length;) at += writeSync(handle, content, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes names that were added or removed in a folder durable. Windows has no such call and needs none. */
export function syncDirectory(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** True if anyone but the owner has a right to the file. Windows keeps its rights elsewhere. */
export function isExposed(file: string): boolean {
  return process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
