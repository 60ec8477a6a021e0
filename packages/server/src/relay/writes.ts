/**
 * Every change to a relay's store, as a value. The committer applies a group of them in order in one transaction; each knows
 * what its proof was checked against, so that a change of keys in between is noticed (`stale`) and the proof checked anew.
 */
import type { Bytes } from "@photon/protocol/codec";
import type { RelayRefusal } from "@photon/protocol/queue";

export type RelayWrite =
  | {
      readonly kind: "create";
      readonly receiveId: Bytes;
      readonly sendId: Bytes;
      readonly readKey: Bytes;
      readonly writeKeys: Bytes;
      readonly adminKey: Bytes | undefined;
    }
  | {
      readonly kind: "append";
      readonly receiveId: Uint8Array;
      /** Rotation version under whose write keys the MAC was checked. */
      readonly version: number;
      /** Place in that version's list of the key that made the MAC. */
      readonly place: number;
      readonly appendId: Uint8Array;
      readonly body: Uint8Array;
    }
  | {
      readonly kind: "rotate";
      readonly receiveId: Bytes;
      /** Owner's key by which the signature was checked. */
      readonly provedBy: Uint8Array;
      readonly version: number;
      readonly readKey: Bytes;
      readonly writeKeys: Bytes;
      readonly signature: Bytes;
    }
  | { readonly kind: "move"; readonly receiveId: Bytes; readonly provedBy: Uint8Array; readonly bundle: Bytes }
  | { readonly kind: "trim"; readonly receiveId: Bytes; readonly provedBy: Uint8Array; readonly upTo: number }
  | { readonly kind: "delete"; readonly receiveId: Bytes; readonly provedBy: Uint8Array }
  /** The owner has seen that appends were refused. */
  | { readonly kind: "noticed"; readonly receiveId: Uint8Array }
  | { readonly kind: "put"; readonly dropId: Bytes; readonly body: Bytes; readonly untilDay: number }
  | { readonly kind: "sweep-queue"; readonly receiveId: Uint8Array }
  | { readonly kind: "sweep-drops" }
  | { readonly kind: "new-day"; readonly day: number };

export type RelayWriteOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "appended"; readonly seq: number }
  | { readonly kind: "moved"; readonly bundle: Uint8Array }
  | { readonly kind: "frozen"; readonly last: number }
  | { readonly kind: "refused"; readonly code: RelayRefusal; readonly detail: string; readonly retryAfter?: number }
  | { readonly kind: "stale" }
  /** @property more there is more to remove now; @property oldestDay of what is left, if anything. */
  | { readonly kind: "swept"; readonly more: boolean; readonly oldestDay: number | undefined };

export interface RelayLimits {
  readonly retentionDays: number;
  readonly bundleDays: number;
  readonly tombstoneDays: number;
  readonly queueEntries: number;
  readonly queueBytes: number;
}
/** Entries, or drops, after which one sweep ends its transaction; it goes on to the end of a parcel. */
export const sweepStep = 500;
