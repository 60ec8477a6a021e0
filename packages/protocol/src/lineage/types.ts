/**
 * What `reduce` makes of a side's statements. See spec/03-lineage.md.
 * `reduce(statements, firstSeen, now, decisions)` is a pure function of its arguments: the same set, the same first-seen
 * times, the same `now` and the same decisions give the same state in whatever order the statements came.
 */
import type { Bytes } from "../codec/index.ts";
import type { Commitment, Custody, Inbox, Leaf, LeafId, SideId, StatementId, StatementType } from "../statement/index.ts";

export type LeafStatus = "live" | "retired" | "frozen";

export interface LeafState {
  readonly leaf: Leaf;
  readonly status: LeafStatus;
  /** The `found`, `admit` or `succeed` that brought it in. */
  readonly by: StatementId;
  readonly proof: "founded" | "device" | "escrow" | "shares" | "trustees";
  /** The `retire` in force, or the `succeed` that counts, where retired or frozen. */
  readonly retiredBy: StatementId | undefined;
  readonly reason: "gone" | "lost" | "taken" | undefined;
}

/** Why a statement that verified counts for nothing, or not yet. */
export type Standing =
  | { readonly kind: "counts" }
  /** `missing`: those of its heads that are not here, or themselves wait. */
  | { readonly kind: "waiting"; readonly missing: readonly StatementId[] }
  /** It, or one it builds on, needs a newer Photon. */
  | { readonly kind: "held" }
  /** Counts at that time, if nothing comes between: a change of plan, a succession, and what rests on them. */
  | { readonly kind: "pending"; readonly until: number }
  /** Seen, kept as evidence, of no effect. `rule` is the function that says so. */
  | { readonly kind: "void"; readonly rule: RuleName; readonly because: StatementId | undefined };

export type RuleName =
  | "signerWasAlive"
  | "retireIsStrong"
  | "retireCyclesFreeze"
  | "authorityOrder"
  | "planMatures"
  | "graceOfPlans"
  | "successionIsOnce"
  | "contestEscalates"
  | "rivalsAreContested"
  | "successionQuarantines"
  | "oldLeavesRetire"
  | "personDecides"
  | "custodyFollowsKeys"
  | "oneFoundation"
  | "atMostTenLeaves";

/** One thing that happened to a side, graded by its proof; what `contacts history` shows. */
export interface Change {
  readonly kind: StatementType;
  readonly statement: StatementId;
  /** When the observer had it and everything it builds on. */
  readonly firstSeen: number;
  /**
   * `by-trustees` for a `succeed` that counts or is pending, and for what rests on one that is pending. `unproven` for a
   * `retire` that is disputed or only evidence, for a `succeed` that is contested or void, and for what is quarantined.
   */
  readonly grade: "continuous" | "by-trustees" | "unproven";
  /** Said by the old side, beside a succession that is known: of no effect while that may count, and for good once it does. */
  readonly quarantined: boolean;
  /** How many leaves it admitted or retired. */
  readonly leaves: number;
  readonly reason: string | undefined;
}

/** A `succeed` that opens a commitment of some plan of this side. One that opens none is not listed. */
export interface Succession {
  readonly statement: StatementId;
  readonly request: Bytes;
  /** Counts the successions of this side, from 1. */
  readonly epoch: number;
  /** 0: of recoveries that nobody contests; 1: of contested ones. */
  readonly threshold: number;
  readonly planVersion: number;
  readonly status: "pending" | "contested" | "counts" | "void";
  /**
   * Milliseconds. `pending`: when it will count; `contested`: when it will be void for good, undefined where only the second
   * key or the person ends it; `counts`: since when. Undefined where void.
   */
  readonly until: number | undefined;
  /** The first contest of it that counts; or else the rival succession by which it is contested. */
  readonly contest: StatementId | undefined;
  readonly leaves: readonly LeafId[];
}

/** By `idKey` of a `succeed`: what the observer's person decided about it. */
export type Decisions = ReadonlyMap<string, "accept" | "refuse">;

export interface LineageState {
  readonly side: SideId | undefined;
  /**
   * `empty` before a `found`; `contested` while a succession is; `closed` after a `close`; `frozen` when no leaf is live
   * because of a retire cycle. A succession that is only pending changes nothing here.
   */
  readonly kind: "empty" | "active" | "frozen" | "closed" | "contested";
  /** Of the last succession that counts; 0 before the first. */
  readonly epoch: number;
  /** In chronological order. */
  readonly successions: readonly Succession[];
  /** By `idKey(leaf.id)`. Retired leaves stay, with their status. */
  readonly leaves: ReadonlyMap<string, LeafState>;
  readonly inbox: Inbox | undefined;
  /** Statement that set the inbox in force. */
  readonly inboxBy: StatementId | undefined;
  /** Every inbox that a counting statement ever named, newest last. */
  readonly inboxes: readonly Inbox[];
  readonly custody: Custody | undefined;
  readonly plan: {
    readonly version: number;
    readonly commitments: readonly Commitment[];
    readonly admissionKeys: readonly Bytes[];
    /** Milliseconds: from when its commitments decide successions, later where they replaced others. Until then those do. */
    readonly decidesFrom: number;
  };
  /**
   * The maximal statements to name as heads of the next one, at most 16: of all that are complete, void ones included, but
   * none that is held, of another side, or signed by a key that never had a part in this side.
   */
  readonly heads: readonly StatementId[];
  /** By `idKey(statement.id)`. */
  readonly standing: ReadonlyMap<string, Standing>;
  readonly changes: readonly Change[];
  /** When the outcome may next change without a new statement (a plan matures, a succession's wait ends), or undefined. */
  readonly nextChange: number | undefined;
}

/** By `idKey(statement.id)`: milliseconds at which this observer's circle first saw it. A statement without one counts as seen `now`. */
export type FirstSeen = ReadonlyMap<string, number>;
