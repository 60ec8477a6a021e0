import type { Result } from "@photon/protocol/codec";
import type { KeyStore, Store, StoreError } from "../../ports/index.ts";
import { openEncryptedStore } from "../encrypted/store.ts";
import { nodeCipherSuite } from "./cipher.ts";

/** See `openEncryptedStore`; with OpenSSL's cipher. */
export const encryptedStore = (inner: Store, keys: KeyStore): Promise<Result<Store, StoreError>> =>
  openEncryptedStore(inner, keys, nodeCipherSuite);
