/** The vault's requests as bytes. */
import { maxVaultRequest, vaultRequestSchema, type VaultResponse, vaultResponseSchema } from "@photon/protocol/archive";
import { decode, encode } from "@photon/protocol/codec";
import { errorCode } from "../db/failure.ts";
import type { Rpc, RpcAnswer } from "../http/rpc.ts";
import { refused, type VaultService } from "./service.ts";

/** @param onFault called with the code of what failed by our fault. */
export function vaultRpc(service: VaultService, onFault: (code: string) => void): Rpc {
  const answered = (kind: string, response: VaultResponse): RpcAnswer => ({
    body: encode(vaultResponseSchema, response),
    kind,
    outcome: response.kind === "refused" ? response.value.code : "ok",
    retryAfter: response.kind === "refused" ? response.value.retryAfter : undefined,
  });
  return {
    role: "vault",
    path: "/v1/vault",
    maxRequest: maxVaultRequest,
    answer: async (bytes) => {
      const request = decode(vaultRequestSchema, bytes, maxVaultRequest);
      if (!request.ok) return answered("none", refused("malformed", request.error.detail.slice(0, 200)));
      const { kind } = request.value;
      try {
        return answered(kind, await service.handle(request.value));
      } catch (error) {
        onFault(errorCode(error));
        return answered(kind, refused("internal", "the vault failed", 5));
      }
    },
    refuse: (code, detail, retryAfter) => answered("none", refused(code, detail, retryAfter)),
  };
}
