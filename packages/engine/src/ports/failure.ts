import type { StoreError } from "./store.ts";

/**
 * Thrown by `get` and `list`, which have no `Result`: the store cannot go on, most often because the file is damaged.
 * The engine turns it into the `PhotonError` that its code names.
 */
export class StoreFailure extends Error {
  readonly error: StoreError;

  constructor(error: StoreError) {
    super(`the store failed: ${error.code}${"detail" in error ? `: ${error.detail}` : ""}`);
    this.name = "StoreFailure";
    this.error = error;
  }
}

/** Why a key store cannot serve at all. Each is met before anything was changed. */
export type KeyStoreFailureCode =
  /** Used before `open`, or after `destroy`. */
  | "key-missing"
  /** What is stored is no device key: cut short, or changed. */
  | "key-damaged"
  /** Other users of the machine can read or replace the key. */
  | "key-exposed"
  /** The platform lacks a primitive, or refused to store. */
  | "key-platform";

/** Thrown by a key store whose platform failed it. Peers cannot cause it. */
export class KeyStoreFailure extends Error {
  readonly code: KeyStoreFailureCode;
  /** What exactly and what to do about it, without secrets. */
  readonly detail: string;

  constructor(code: KeyStoreFailureCode, detail: string) {
    super(`the device key cannot be used: ${code}: ${detail}`);
    this.name = "KeyStoreFailure";
    this.code = code;
    this.detail = detail;
  }
}
