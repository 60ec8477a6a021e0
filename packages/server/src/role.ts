/** What every role gives the program that runs it. Roles know nothing of each other. */
import type { Rpc } from "./http/rpc.ts";
import type { ServerLog } from "./log.ts";
import type { Metrics } from "./metrics/registry.ts";

export interface Role {
  readonly name: string;
  readonly rpc: Rpc;
  backlog(): number;
  clockSuspect(): boolean;
  /** @throws when its store cannot be read. */
  check(): Promise<void>;
  /** Lets go what is past its days, in bounded steps. @param stopped asked between steps. */
  sweep(stopped: () => boolean): Promise<void>;
  /** Finishes what was accepted, then closes the store. */
  close(): Promise<void>;
}

export interface RoleOptions {
  /** Folder for the role's files; exists. */
  readonly data: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly log: ServerLog;
  /** Longest size of a database in pages; for tests of a full disk. */
  readonly maxPages: number | undefined;
}
