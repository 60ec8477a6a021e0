import type { Bytes } from "@photon/protocol/codec";
import type { KeyStore } from "../keystore.ts";
import type { Store } from "../store.ts";
import type { BlobStore, Transport } from "../transport.ts";

/** One thing that an adapter must do. */
export interface AcceptanceCase<Place> {
  readonly name: string;
  /** @param place fresh for each case. Rejects, with words, if the adapter falls short. */
  readonly run: (place: Place) => Promise<void>;
}

/** Where one store lives, empty at first: opened, closed and opened again, it is the same store. */
export interface StorePlace {
  readonly open: () => Promise<Store>;
}

/** Where one device key lives, absent at first. */
export interface KeyStorePlace {
  /** The key store of this place, as another process would come upon it. */
  readonly keyStore: () => KeyStore;
  /** A key store of another device. */
  readonly otherDevice: () => KeyStore;
}

/** A way to a relay that keeps the rules of spec/08-relay-and-vault.md. */
export interface TransportPlace {
  readonly transport: Transport;
  readonly relay: string;
  /** An origin at which nobody answers; undefined where an adapter has but one relay. */
  readonly nobody: string | undefined;
}

/** A way to a vault that keeps the rules of spec/08-relay-and-vault.md. */
export interface BlobStorePlace {
  readonly blobs: BlobStore;
  readonly vault: string;
  /** As for a transport. */
  readonly nobody: string | undefined;
}

export function randomBytes(length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
