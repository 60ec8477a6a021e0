import { photonError, type PhotonError } from "../errors.ts";
import type { StoreError, StoreFailure } from "../ports/index.ts";

/** What a store's refusal means for a person. Whatever was confirmed before is still there. */
export const storeProblem = (failure: StoreFailure): PhotonError => storeErrorProblem(failure.error);

export function storeErrorProblem(error: StoreError): PhotonError {
  switch (error.code) {
    case "store-full":
      return photonError("disk-full", error.detail);
    case "store-corrupt":
      return photonError("profile-corrupt", error.detail);
    case "store-format":
      return photonError("profile-format", `format ${error.found}; this Photon reads ${error.supported}`);
    case "version-conflict":
      return photonError("profile-locked", "another process changed it meanwhile");
  }
}
