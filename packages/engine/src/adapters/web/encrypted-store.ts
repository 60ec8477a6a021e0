import type { Result } from "@photon/protocol/codec";
import type { KeyStore, Store, StoreError } from "../../ports/index.ts";
import { webCipherSuite } from "../encrypted/cipher.ts";
import { openEncryptedStore } from "../encrypted/store.ts";

/** See `openEncryptedStore`; with WebCrypto's cipher. */
export const encryptedStore = (inner: Store, keys: KeyStore): Promise<Result<Store, StoreError>> =>
  openEncryptedStore(inner, keys, webCipherSuite);
