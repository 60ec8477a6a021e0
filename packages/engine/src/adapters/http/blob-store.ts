/** Vaults over HTTP. */
import {
  type VaultAnswer,
  type VaultRequest,
  vaultRequestSchema,
  vaultResponseSchema,
  maxVaultResponse,
} from "@photon/protocol/archive";
import { decode, encode, equalBytes, err, ok, sha256 } from "@photon/protocol/codec";
import type { BlobStore } from "../../ports/index.ts";
import { type HttpOptions, postCbor, remembering } from "./request.ts";

const answers: { readonly [K in VaultRequest["kind"]]: VaultAnswer<K>["kind"] } = {
  blobPut: "stored",
  blobGet: "blob",
  headPut: "accepted",
  headGet: "head",
  headList: "heads",
};

/** A blob that is not what its hash says is refused here, whatever the vault claims. */
export function httpBlobStore(options: HttpOptions = {}): BlobStore {
  const http = remembering(options);
  return {
    call: async (vault, kind, value, { signal } = {}) => {
      const request = { kind, value } as VaultRequest;
      const body = encode(vaultRequestSchema, request);
      const sent = await postCbor(vault, "/v1/vault", body, maxVaultResponse, { ...http, signal });
      if (!sent.ok) return sent;
      const decoded = decode(vaultResponseSchema, sent.value, maxVaultResponse);
      if (!decoded.ok) return err({ code: "wrong-server", detail: "the answer is none of Photon's" });
      const response = decoded.value;
      if (response.kind === "refused") {
        const { code, detail, retryAfter } = response.value;
        return err({ code: "refused", refusal: code, detail, retryAfter });
      }
      if (response.kind !== answers[kind]) return err({ code: "wrong-server", detail: "the answer belongs to another question" });
      if (request.kind === "blobGet" && response.kind === "blob" && !equalBytes(sha256(response.value.body), request.value.hash)) {
        return err({
          code: "refused",
          refusal: "not-found",
          detail: "the vault sent other bytes than the blob that was asked for",
          retryAfter: undefined,
        });
      }
      return ok(response as VaultAnswer<typeof kind>);
    },
  };
}
