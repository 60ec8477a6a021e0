/**
 * What `reduce` makes of a side's statements. See spec/03-lineage.md.
 * `reduce(statements, firstSeen, now)` is a pure function of its arguments: the same set, the same first-seen times and
 * the same `now` give the same state in whatever order the statements came.
 */
import type { Bytes } from "../codec/index.ts";
import type { Commitment, Custody, Inbox, Leaf, SideId, StatementId, StatementType } from "../statement/index.ts";

export type LeafStatus = "live" | "retired" | "frozen";

export interface LeafState {
  readonly leaf: Leaf;
  readonly status: LeafStatus;
  /** The `found`, `admit` or `succeed` that brought it in. */
  readonly by: StatementId;
  readonly proof: "founded" | "device" | "escrow" | "shares" | "trustees";
  /** The `retire` in force, where retired or frozen. */
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
  /** Matures later: a change of plan. */
  | { readonly kind: "pending"; readonly until: number }
  /** Seen, kept as evidence, of no effect. `rule` is the function that says so. */
  | { readonly kind: "void"; readonly rule: RuleName; readonly because: StatementId | undefined };

export type RuleName =
  | "signerWasAlive"
  | "retireIsStrong"
  | "retireCyclesFreeze"
  | "authorityOrder"
  | "planMatures"
  | "successionIsOnce"
  | "custodyFollowsKeys"
  | "oneFoundation"
  | "atMostTenLeaves";

/** One thing that happened to a side, graded by its proof; what `contacts history` shows. */
export interface Change {
  readonly kind: StatementType;
  readonly statement: StatementId;
  /** When the observer had it and everything it builds on. */
  readonly firstSeen: number;
  /** `unproven` too where a `retire` is disputed or only evidence, and for a `succeed` that is held. */
  readonly grade: "continuous" | "by-trustees" | "unproven";
  /** How many leaves it admitted or retired. */
  readonly leaves: number;
  readonly reason: string | undefined;
}

export interface LineageState {
  readonly side: SideId | undefined;
  /** `empty` before a `found`; `frozen` when no leaf is live because of a retire cycle; `closed` after a `close`. */
  readonly kind: "empty" | "active" | "frozen" | "closed" | "contested";
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
  };
  /**
   * The maximal statements to name as heads of the next one, at most 16: of all that are complete, void ones included, but
   * none that is held, of another side, or signed by a key that never had a part in this side.
   */
  readonly heads: readonly StatementId[];
  /** By `idKey(statement.id)`. */
  readonly standing: ReadonlyMap<string, Standing>;
  readonly changes: readonly Change[];
  /** When the outcome may next change without a new statement (a plan matures), or undefined. */
  readonly nextChange: number | undefined;
}

/** By `idKey(statement.id)`: milliseconds at which this observer's circle first saw it. A statement without one counts as seen `now`. */
export type FirstSeen = ReadonlyMap<string, number>;
