/** What the command line takes from the machine, so that tests can give it something else. */
import type { Engine, PhotonError, RecoveryStep } from "@photon/engine";
import type { Bytes } from "@photon/protocol/codec";
import type { Attempt, Failure } from "./failure.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Sink {
  readonly isTTY: boolean;
  readonly columns: number;
  write(data: string | Uint8Array): void;
}

export interface Source {
  readonly isTTY: boolean;
  /** All of it, or undefined if it is longer than `limit` bytes. */
  read(limit: number): Promise<Bytes | undefined>;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint: string;
}

/** Questions to the person at the terminal. Undefined means that they left with Ctrl-C. */
export interface Ask {
  text(question: string, suggestion: string): Promise<string | undefined>;
  secret(question: string): Promise<string | undefined>;
  choose(question: string, choices: readonly Choice[]): Promise<string | undefined>;
}

/** A profile under its lock. */
export interface OpenProfile {
  readonly engine: Engine;
  /** Whether another command waits for the lock. */
  isWanted(): boolean;
  /** Gives up the lock and keeps the engine open, only to wait for hints. */
  unlock(): void;
  close(): Promise<void>;
}

export interface JoiningProfile {
  /** One step; see `Joining` of the engine. */
  poll(): Attempt<
    | { readonly state: "waiting" | "restoring"; readonly progress: number }
    | { readonly state: "joined"; readonly profile: OpenProfile; readonly problems: readonly PhotonError[] }
  >;
  close(): Promise<void>;
}

/** A recovery by trustees that was begun in this folder, under its lock; see `Recovery` of the engine. */
export interface RecoveringProfile {
  readonly request: string;
  readonly spoken: string;
  readonly script: readonly string[];
  /** Nothing can come of it any more: another one may be begun here, or something else. */
  readonly isOver: boolean;
  /** The three words that a trustee read back; see `Recovery` of the engine. */
  heard(words: string): Attempt<boolean>;
  /** One step. Once it says `recovered`, the profile holds the lock, and this is over. */
  poll(): Attempt<RecoveringStep>;
  close(): Promise<void>;
}
export type RecoveringStep =
  | Exclude<RecoveryStep, { readonly state: "recovered" }>
  | { readonly state: "recovered"; readonly profile: OpenProfile; readonly problems: readonly PhotonError[] };

/** The folder of one profile, and the only ways to what is in it. */
export interface ProfileHome {
  readonly folder: string;
  /** Whether there is anything of a profile in the folder; says nothing about whether it can be opened. */
  present(): boolean;
  /** @param options.accepting an invitation by which the person begins: both are done, or neither. */
  create(options: {
    readonly device: string;
    readonly relay: string;
    readonly vault: string;
    readonly moreVaults?: readonly string[];
    readonly accepting?: { readonly invitation: string; readonly petname: string };
  }): Attempt<OpenProfile>;
  /**
   * Fails with `recovery-waiting` where a recovery is not over.
   * @param waitMs how long to wait for another process. @param network `offline`: no server is asked anything.
   */
  open(waitMs: number, network?: "online" | "offline"): Attempt<OpenProfile>;
  join(options: { readonly device: string; readonly code: string }): Attempt<JoiningProfile>;
  /** Begins a recovery by trustees. @param options.relay an address, or the words that a trustee gave. */
  recover(options: { readonly device: string; readonly relay: string }): Attempt<RecoveringProfile>;
  /** The recovery that was begun in this folder and is not over; undefined if there is none. */
  resume(waitMs: number): Attempt<RecoveringProfile | undefined>;
  /** The relay that an invitation names; undefined for words alone. */
  invitationRelay(invitation: string): Attempt<string | undefined>;
  /** Reads every page of the database; changes nothing. */
  checkDatabase(): Attempt<void>;
  /** What something thrown means, if it is the machine's fault and not a bug. */
  explain(thrown: unknown): Promise<Failure | undefined>;
}

export interface World {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  readonly hostname: string;
  /** The program and its first arguments, to start this very command line again. */
  readonly self: readonly string[];
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly home: ProfileHome;
  /** Undefined where there is no terminal to ask on. */
  readonly ask: Ask | undefined;
  /** Aborted by Ctrl-C and by a request to end. */
  readonly cancel: AbortSignal;
  now(): number;
  /** Resolves after so many milliseconds, or at once when cancelled. */
  pause(milliseconds: number): Promise<void>;
}
