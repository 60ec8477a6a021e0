/**
 * Group commit. Writes that arrive while a commit is under way wait and are committed together in the next transaction; each
 * is answered only after its transaction is durable. One committer per database: it alone gives out sequence numbers, so what
 * a reader sees of a queue has no hole that could be filled later.
 */
import { errorCode, type StorageFailure, storageFailure } from "./failure.ts";

export type Committed<T> =
  { readonly kind: "committed"; readonly value: T } | { readonly kind: "failed"; readonly failure: StorageFailure | "overloaded" };

export interface CommitObserver {
  /** @param seconds since the group was given away, what it waited for another one under way among them. */
  committed(writes: number, seconds: number): void;
  failed(code: string): void;
}

export interface Committer<Write, Outcome> {
  /** Never rejects. `overloaded` at once when the backlog is full; nothing was done then. */
  submit(write: Write): Promise<Committed<Outcome>>;
  readonly backlog: number;
  /** Resolves when everything submitted is committed; later submissions are refused as overloaded. */
  drain(): Promise<void>;
}

export interface CommitterOptions {
  readonly maxBacklog: number;
  readonly maxGroup: number;
  /** Groups that are given to `commit` before the first of them is done; it takes them in their order. One, unless given. */
  readonly underWay?: number;
  readonly observer: CommitObserver;
}

/**
 * @param commit applies the writes in order in one transaction and resolves with one outcome each once that is durable; when it
 * rejects, none was applied. Called again meanwhile, where `underWay` says so: it does the one after the other.
 */
export function groupCommitter<Write, Outcome>(
  commit: (writes: readonly Write[]) => Promise<readonly Outcome[]>,
  options: CommitterOptions,
): Committer<Write, Outcome> {
  interface Waiting {
    readonly write: Write;
    readonly answer: (outcome: Committed<Outcome>) => void;
  }
  let waiting: Waiting[] = [];
  let inCommit = 0;
  /** How many look for groups; the promises, of those and of such as are just ending, are for `drain`. */
  let lanes = 0;
  const running = new Set<Promise<void>>();
  let draining = false;

  const commitGroup = async (group: readonly Waiting[]): Promise<void> => {
    const started = performance.now();
    try {
      const outcomes = await commit(group.map((item) => item.write));
      options.observer.committed(group.length, (performance.now() - started) / 1000);
      for (const [index, item] of group.entries()) {
        const value = outcomes[index];
        if (value === undefined) throw new Error("a write was committed without an outcome");
        item.answer({ kind: "committed", value });
      }
    } catch (error) {
      options.observer.failed(errorCode(error));
      const failure = storageFailure(error);
      for (const item of group) item.answer({ kind: "failed", failure });
    }
  };

  const run = async (): Promise<void> => {
    // One turn of the event loop first: everything that has already arrived joins the group.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const group = waiting.slice(0, options.maxGroup);
      waiting = waiting.slice(options.maxGroup);
      inCommit += group.length;
      await commitGroup(group);
      inCommit -= group.length;
      if (waiting.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    // In the same breath as the last look: what is submitted from now on starts another.
    lanes -= 1;
  };
  const start = (): void => {
    if (lanes >= (options.underWay ?? 1)) return;
    lanes += 1;
    const one = run().finally(() => running.delete(one));
    running.add(one);
  };

  return {
    submit: (write) => {
      if (draining || waiting.length + inCommit >= options.maxBacklog) {
        return Promise.resolve({ kind: "failed", failure: "overloaded" });
      }
      return new Promise((answer) => {
        waiting.push({ write, answer });
        start();
      });
    },
    get backlog() {
      return waiting.length + inCommit;
    },
    drain: async () => {
      draining = true;
      while (running.size > 0) await Promise.all(running);
    },
  };
}
