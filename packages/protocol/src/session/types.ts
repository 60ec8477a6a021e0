/**
 * The whole of what the rest of Photon sees of MLS: found, join, seal, open. See spec/04-session.md.
 * A generation is founded by one commit that adds every member, then carries application messages only.
 */
import type { Bytes, DecodeError, Result } from "../codec/index.ts";
import type { GroupId, LeafId } from "../statement/index.ts";

/** A leaf's key pair: the Ed25519 seed signs statements, key packages and messages of this leaf. */
export interface LeafKeys {
  readonly id: LeafId;
  /** 32-byte Ed25519 seed. */
  readonly seed: Bytes;
}

/** An MLS key package: `public` goes on the wire, `secret` stays (init key and leaf HPKE key, encoded by this module). */
export interface KeyPackagePair {
  readonly public: Bytes;
  readonly secret: Bytes;
}

/** What may be known of a key package without its secret. */
export interface KeyPackageInfo {
  readonly leaf: LeafId;
  /** SHA-256 of the package's bytes. */
  readonly ref: Bytes;
}

/**
 * A joined generation, as this leaf holds it. Opaque; never backed up, never restored. Every operation that moves a
 * ratchet returns a new value and leaves the old one as it was, so that the caller can commit the new one together with
 * the message, or neither.
 */
export interface Generation {
  readonly group: GroupId;
  /** Sorted by bytes. */
  readonly members: readonly LeafId[];
  readonly self: LeafId;
  /** How many messages this leaf has sealed in this generation. */
  readonly sent: number;
  readonly state: unknown;
}

/** Two parts, so that what never changes is written once: ratchets move with each message, the rest does not. */
export interface EncodedGeneration {
  readonly fixed: Bytes;
  readonly moving: Bytes;
}

export interface Founded {
  readonly generation: Generation;
  /** MLS Welcome bytes for all the others; empty where the founder is alone. */
  readonly welcome: Bytes;
}

export interface Opened {
  readonly generation: Generation;
  readonly plaintext: Bytes;
  readonly sender: LeafId;
  /** Position in the sender's ratchet, from 0. */
  readonly counter: number;
}

export type OpenError =
  | DecodeError
  /** The sender's earlier messages have not been opened: hold this one until they are. */
  | {
      readonly code: "out-of-order";
      readonly detail: string;
      readonly sender: LeafId;
      readonly counter: number;
      readonly expected: number;
    }
  /** Opened before: its key is gone. */
  | { readonly code: "already-opened"; readonly detail: string; readonly sender: LeafId; readonly counter: number }
  /** Sealed by this very leaf. If the counter is not below `sent`, this device was restored from an older disk. */
  | { readonly code: "own-message"; readonly detail: string; readonly sender: LeafId; readonly counter: number };

export interface Session {
  /** A fresh package; its lifetime never ends, so that a last-resort package is made like any other. */
  makeKeyPackage(leaf: LeafKeys): Promise<KeyPackagePair>;
  /** Checks structure, bounds, suite, credential and signature. */
  inspectKeyPackage(bytes: Bytes): Promise<Result<KeyPackageInfo, DecodeError>>;
  /** One commit that adds all `others`; their packages must belong to distinct leaves other than the founder's. */
  found(group: GroupId, self: LeafKeys, others: readonly Bytes[]): Promise<Result<Founded, DecodeError>>;
  /**
   * Joins by a Welcome. Refuses, before and after the library sees it, whatever is not exactly the group expected:
   * id, suite, members, no extra extensions, one commit old.
   * @param packages this leaf's own candidates; the one that the Welcome names is used.
   */
  join(
    welcome: Bytes,
    self: LeafKeys,
    packages: readonly KeyPackagePair[],
    expected: { readonly group: GroupId; readonly members: readonly LeafId[]; readonly founder: LeafId },
  ): Promise<Result<{ readonly generation: Generation; readonly used: KeyPackagePair }, DecodeError>>;
  /** @param plaintext at most 64 KiB: a longer one is a bug of the caller's, and throws. */
  seal(generation: Generation, plaintext: Bytes): Promise<{ readonly generation: Generation; readonly message: Bytes }>;
  open(generation: Generation, message: Bytes): Promise<Result<Opened, OpenError>>;
  /** Copies; `fixed` is the same bytes for every value of one generation. */
  encode(generation: Generation): EncodedGeneration;
  decode(encoded: EncodedGeneration): Result<Generation, DecodeError>;
  /** HPKE base mode (RFC 9180) to the init keys of several packages at once: one random key, wrapped for each. */
  sealToPackages(packages: readonly Bytes[], context: string, plaintext: Bytes): Promise<Result<Bytes, DecodeError>>;
  openWithPackage(sealed: Bytes, own: KeyPackagePair, context: string): Promise<Result<Bytes, DecodeError>>;
}
