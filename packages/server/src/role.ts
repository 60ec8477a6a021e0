/** What every role gives the program that runs it. Roles know nothing of each other. */
import type { Rpc } from "./http/rpc.ts";
import type { SocketRole } from "./http/sockets.ts";
import type { AddressLimiter } from "./limits/addresses.ts";
import type { ServerLog } from "./log.ts";
import type { Metrics } from "./metrics/registry.ts";

export interface Role {
  readonly name: string;
  readonly rpc: Rpc;
  readonly socket: SocketRole | undefined;
  backlog(): number;
  clockSuspect(): boolean;
  /** @throws when its store cannot be read. */
  check(): Promise<void>;
  /** Lets go what is past its days, in bounded steps. @param stopped asked between steps. */
  sweep(stopped: () => boolean): Promise<void>;
  /** Finishes what was accepted; from now on what needs a commit is refused as overloaded. */
  drain(): Promise<void>;
  /** Drains, then closes the store. */
  close(): Promise<void>;
}

export interface RoleOptions {
  /** Folder for the role's files; exists. */
  readonly data: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly log: ServerLog;
  readonly addresses: AddressLimiter;
  /** Nothing that needs more space is accepted while this is so. */
  readonly diskFull: () => boolean;
  /** Longest size of a database in pages; for tests of a full disk. */
  readonly maxPages: number | undefined;
}
