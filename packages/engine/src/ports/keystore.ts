import type { Bytes, DecodeError, Result } from "@photon/protocol/codec";

/** How well the platform keeps the device key; custody is computed from it and never typed in. */
export type KeyStrength = "software" | "hardware" | "attested";

export interface DevicePublicKeys {
  /** Ed25519. */
  readonly sign: Bytes;
  /** An age hybrid recipient (`age1pq1…`): X-Wing. What this device's archive epochs are wrapped to. */
  readonly recipient: string;
  readonly strength: KeyStrength;
}

/**
 * The device key {sign, X-Wing, wrap}: made on the device, never exported through this port. Everything else secret that
 * the engine holds is stored wrapped by it.
 */
export interface KeyStore {
  /** Makes the device key if there is none yet; the same key ever after. */
  open(): Promise<DevicePublicKeys>;
  /** Ed25519 over the message. */
  sign(message: Bytes): Promise<Bytes>;
  /** Decrypts an `age` file that was encrypted to this device's recipient. */
  decryptAge(file: Bytes): Promise<Result<Bytes, DecodeError>>;
  /** Authenticated encryption under the device's wrap key; `context` must be given again to unwrap. */
  wrap(plaintext: Bytes, context: string): Promise<Bytes>;
  unwrap(sealed: Bytes, context: string): Promise<Result<Bytes, DecodeError>>;
  /** Destroys the device key: what it wrapped is lost. */
  destroy(): Promise<void>;
}
