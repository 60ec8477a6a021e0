import type { Result } from "@photon/protocol/codec";
import type { RelayAnswer, RelayRefusal, RelayRequest, RelayRequestOf } from "@photon/protocol/queue";
import type { VaultAnswer, VaultRefusal, VaultRequest, VaultRequestOf } from "@photon/protocol/archive";

/** The server answered no, or there was no answer. */
export type TransportError<Refusal extends string> =
  | { readonly code: "refused"; readonly refusal: Refusal; readonly detail: string; readonly retryAfter: number | undefined }
  /** No connection, a time-out, TLS: trying again later may help. */
  | { readonly code: "unreachable"; readonly detail: string }
  /** Something answered that is no Photon server, or speaks another version. */
  | { readonly code: "wrong-server"; readonly detail: string };

export type RelayError = TransportError<RelayRefusal>;
export type VaultError = TransportError<VaultRefusal>;

export interface CallOptions {
  /** Ends the waiting. The answer is then `unreachable`, whatever the server did. */
  readonly signal?: AbortSignal | undefined;
}

export interface Watch {
  /** Resolves when the connection has ended, for whatever reason. Never rejects. */
  readonly ended: Promise<void>;
  close(): void;
}

/** How requests reach relays. Retries, if any, repeat the very same bytes. */
export interface Transport {
  /** @param relay origin of the relay, such as "https://relay.example". Never rejects. */
  call<K extends RelayRequest["kind"]>(
    relay: string,
    kind: K,
    value: RelayRequestOf<K>,
    options?: CallOptions,
  ): Promise<Result<RelayAnswer<K>, RelayError>>;
  /**
   * Milliseconds since 1970 by the relay's clock, as its last answer said; undefined where none did. Whether this device's clock
   * is right can be seen from it, if no more: a relay may say what it likes.
   */
  time?(relay: string): number | undefined;
  /** Calls `onHint` when one of the queues may have something to read. Only a hint: correctness comes from reading. */
  watch(relay: string, reads: RelayRequestOf<"read">, onHint: () => void): Watch;
}

/** How requests reach vaults; the same shape as `Transport`, for blobs and heads. */
export interface BlobStore {
  /** @param vault origin of the vault. Never rejects. */
  call<K extends VaultRequest["kind"]>(
    vault: string,
    kind: K,
    value: VaultRequestOf<K>,
    options?: CallOptions,
  ): Promise<Result<VaultAnswer<K>, VaultError>>;
}
