/** Every change to a vault's store, as a value; see `relay/writes.ts` for why. */
import type { Bytes } from "@photon/protocol/codec";
import type { Head, VaultRefusal } from "@photon/protocol/archive";

export type VaultWrite =
  /** Claims a blob that already lies on the disk. @property provedBy the write key that the signature was checked by. */
  | {
      readonly kind: "lease";
      readonly register: Bytes;
      readonly provedBy: Uint8Array;
      readonly hash: Uint8Array;
      readonly size: number;
    }
  /** @property body the head's encoding; @property hash of that. */
  | { readonly kind: "head"; readonly head: Head; readonly body: Uint8Array; readonly hash: Uint8Array }
  | { readonly kind: "sweep-heads" }
  | { readonly kind: "sweep-leases" }
  /** @property day the day that the clock says now, whatever it said before. */
  | { readonly kind: "new-day"; readonly day: number };

export type VaultWriteOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "accepted"; readonly seq: number }
  | { readonly kind: "refused"; readonly code: VaultRefusal; readonly detail: string; readonly retryAfter?: number }
  | { readonly kind: "stale" }
  /** @property orphans blobs that nobody claims any more. */
  | { readonly kind: "swept"; readonly more: boolean; readonly orphans: readonly Uint8Array[] };

export interface VaultLimits {
  readonly quotaBytes: number;
  /** Days of grace for which a blob is kept without any head that needs it, and a superseded head with what it needs. */
  readonly graceDays: number;
}
export const sweepStep = 200;
