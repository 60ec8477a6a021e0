/**
 * What every adapter of a port must do, as cases that any test framework can run: each throws where the adapter falls short.
 *
 *     for (const { name, run } of storeCases) test(name, () => run(freshPlace()));
 */
import { commitCases } from "./store-commit.ts";
import { listCases } from "./store-list.ts";
import { valueCases } from "./store-values.ts";

export { blobStoreCases } from "./blob-store.ts";
export type { AcceptanceCase, BlobStorePlace, KeyStorePlace, StorePlace, TransportPlace } from "./case.ts";
export { keyStoreCases } from "./keystore.ts";
export { transportCases } from "./transport.ts";

/** What every `Store` must do. */
export const storeCases = [...commitCases, ...listCases, ...valueCases];
