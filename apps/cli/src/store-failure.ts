/** What a store or a key store could not do, as a failure with a remedy. */
import { type PhotonError, photonError } from "@photon/engine/errors";
import { KeyStoreFailure, type StoreError, StoreFailure } from "@photon/engine/ports";
import { cliError, type Failure } from "./failure.ts";

export function storeFailure(error: StoreError): PhotonError {
  switch (error.code) {
    case "store-corrupt":
      return photonError("profile-corrupt", error.detail);
    case "store-full":
      return photonError("disk-full", error.detail);
    case "store-format":
      return photonError("profile-format", `it has format ${error.found}; this Photon reads ${error.supported}`);
    case "version-conflict":
      // Two processes at once, which the lock excludes unless someone removed it.
      return photonError("profile-locked", "something else wrote to the profile meanwhile");
  }
}

export function thrownFailure(thrown: unknown): Failure | undefined {
  if (thrown instanceof StoreFailure) return storeFailure(thrown.error);
  if (!(thrown instanceof KeyStoreFailure)) return undefined;
  switch (thrown.code) {
    case "key-exposed":
      return cliError(
        "folder-unusable",
        thrown.detail,
        "Run `photon doctor`: it says which files others can read, and how to close them.",
      );
    case "key-missing":
    case "key-damaged":
      return photonError("profile-corrupt", thrown.detail);
    case "key-platform":
      return cliError("not-supported", thrown.detail);
  }
}

export const diskFull = (): PhotonError => photonError("disk-full");
