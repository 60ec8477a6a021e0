/** The relay's requests as bytes; the same for HTTP and for the watch connection. */
import { decode, encode } from "@photon/protocol/codec";
import { maxRelayRequest, relayRequestSchema, type RelayResponse, relayResponseSchema } from "@photon/protocol/queue";
import { errorCode } from "../db/failure.ts";
import type { Rpc, RpcAnswer } from "../http/rpc.ts";
import { refused } from "./answers.ts";
import type { RelayService } from "./service.ts";

/** @param onFault called with the code of what failed by our fault. */
export function relayRpc(service: RelayService, onFault: (code: string) => void): Rpc {
  const answered = (kind: string, response: RelayResponse): RpcAnswer => ({
    body: encode(relayResponseSchema, response),
    kind,
    outcome: response.kind === "refused" ? response.value.code : "ok",
    retryAfter: response.kind === "refused" ? response.value.retryAfter : undefined,
  });
  return {
    role: "relay",
    path: "/v1/relay",
    maxRequest: maxRelayRequest,
    answer: async (bytes) => {
      const request = decode(relayRequestSchema, bytes, maxRelayRequest);
      if (!request.ok) return answered("none", refused("malformed", request.error.detail.slice(0, 200)));
      const { kind } = request.value;
      try {
        return answered(kind, await service.handle(request.value));
      } catch (error) {
        onFault(errorCode(error));
        return answered(kind, refused("internal", "the relay failed", 5));
      }
    },
    refuse: (code, detail, retryAfter) => answered("none", refused(code, detail, retryAfter)),
  };
}
