/** The main thread's end of the commit thread, which takes groups in the order in which they are given to it. */
import type { CommittedGroup, RelayCommit } from "./apply.ts";
import type { CommitThreadData } from "./commit-worker.ts";
import { type GroupAnswer, packGroup, unpackOutcomes } from "./group-wire.ts";
import { neighbour, startThread } from "../db/thread.ts";

export interface CommitThread {
  readonly commit: RelayCommit;
  /** Resolves when the thread has closed the database and ended. */
  close(): Promise<void>;
}

/** The thread could not, with the code that it gave. */
class CommitFailed extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`the commit thread failed: ${code}`);
    this.name = "CommitFailed";
    this.code = code;
  }
}

export function commitThread(data: CommitThreadData): CommitThread {
  const thread = startThread(neighbour("commit-worker", import.meta.url), data);
  const pending: { readonly resolve: (group: CommittedGroup) => void; readonly reject: (error: Error) => void }[] = [];
  let gone = false;
  const settle = (answer: GroupAnswer): void => {
    const waiting = pending.shift();
    if (answer.kind === "committed") waiting?.resolve(unpackOutcomes(answer));
    else waiting?.reject(new CommitFailed(answer.code));
  };
  thread.on("message", settle);
  // Whatever was under way may or may not be durable: it is not acknowledged, and a repeat finds out.
  const lost = (): void => {
    gone = true;
    while (pending.length > 0) settle({ kind: "failed", code: "commit-thread-gone" });
  };
  thread.on("error", lost);
  const ended = new Promise<void>((resolve) => {
    thread.on("exit", () => {
      lost();
      resolve();
    });
  });
  return {
    commit: (writes, today) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(new CommitFailed("commit-thread-gone"));
        const group = packGroup(writes, today);
        const { bytes, versions, places, lengths } = group;
        thread.postMessage(group, [bytes.buffer, versions.buffer, places.buffer, lengths.buffer]);
        // Only what was posted is answered: a group that could not be must not take the next one's answer.
        pending.push({ resolve, reject });
      }),
    close: async () => {
      if (!gone) thread.postMessage("close");
      await ended;
    },
  };
}
