import type { KeyStore } from "../keystore.ts";
import type { Store } from "../store.ts";

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
