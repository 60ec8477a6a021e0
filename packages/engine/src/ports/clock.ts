import type { Bytes } from "@photon/protocol/codec";

/** Wall-clock time; may jump. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. */
  now(): number;
}

/** A cryptographically secure source. */
export interface Random {
  bytes(length: number): Bytes;
}
