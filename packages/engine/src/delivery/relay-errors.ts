import { type PhotonError, photonError } from "../errors.ts";
import type { RelayError } from "../ports/index.ts";

/** What a relay's answer, or its silence, means for a person. */
export function relayProblem(relay: string, error: RelayError): PhotonError {
  switch (error.code) {
    case "unreachable":
      return photonError("relay-unreachable", `${relay}: ${error.detail}`);
    case "wrong-server":
      return photonError("wrong-server", `${relay}: ${error.detail}`);
    case "refused":
      return photonError("relay-refused", `${relay}: ${error.refusal}${error.detail === "" ? "" : `: ${error.detail}`}`);
  }
}
