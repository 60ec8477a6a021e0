/** A clock for real processes: a file says how far it is ahead of the machine's, and `shifted-clock-main.ts` makes it theirs. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Built, whether this file is or not: Node is to run it as it stands. */
const preload = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/shifted-clock-main.js");

export interface TestClock {
  /** Milliseconds since 1970, as the processes that are given this clock see it. */
  now(): number;
  /** Puts it forward, for processes that run already as well. */
  advance(milliseconds: number): void;
  /** What Node takes before the program, so that it goes by this clock. */
  readonly nodeOptions: readonly string[];
}

/** @param file where it is kept; made anew, at the machine's time. */
export function makeTestClock(file: string): TestClock {
  // Renamed into its place: a process that reads meanwhile sees the old time or the new one.
  const keep = (ahead: number): void => {
    writeFileSync(`${file}.new`, String(ahead));
    renameSync(`${file}.new`, file);
  };
  const ahead = (): number => Number(readFileSync(file, "utf8"));
  keep(0);
  const address = pathToFileURL(preload);
  address.searchParams.set("file", file);
  return {
    now: () => Date.now() + ahead(),
    advance: (milliseconds) => keep(ahead() + milliseconds),
    nodeOptions: ["--import", address.href],
  };
}
