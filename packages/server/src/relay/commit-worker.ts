/** The commit thread: owns the writing connection, applies one group after the other, and answers each once it is durable. */
import { parentPort, workerData } from "node:worker_threads";
import { errorCode } from "../db/failure.ts";
import { type OpenOptions, openWriter } from "../db/sqlite.ts";
import { relayCommit } from "./apply.ts";
import { type GroupAnswer, type PackedGroup, packOutcomes, unpackGroup } from "./group-wire.ts";
import type { RelayTables } from "./tables.ts";
import type { RelayLimits } from "./writes.ts";

export interface CommitThreadData extends OpenOptions {
  readonly path: string;
  readonly limits: RelayLimits;
}

if (parentPort === null) throw new Error("this module runs as a thread");
const port = parentPort;
const { path, limits, maxPages } = workerData as CommitThreadData;
const db = openWriter<RelayTables>(path, { maxPages });
const commit = relayCommit(db, limits);

const answer = async (group: PackedGroup): Promise<GroupAnswer> => {
  try {
    return packOutcomes(await commit(unpackGroup(group), group.today));
  } catch (error) {
    return { kind: "failed", code: errorCode(error) };
  }
};

/** Each message waits for the one before. */
let last: Promise<void> = Promise.resolve();
const take = async (message: PackedGroup | "close"): Promise<void> => {
  if (message !== "close") return port.postMessage(await answer(message));
  await db.destroy();
  port.close();
};
port.on("message", (message: PackedGroup | "close") => {
  last = last.then(() => take(message));
});
