/** The relay's requests as bytes over HTTP, and what HTTP and the watch connection share: an answer whatever happens. */
import { decode, encode } from "@photon/protocol/codec";
import {
  maxRelayRequest,
  type RelayRequest,
  relayRequestSchema,
  type RelayResponse,
  relayResponseSchema,
} from "@photon/protocol/queue";
import { errorCode } from "../db/failure.ts";
import type { Rpc, RpcAnswer } from "../http/rpc.ts";
import { refused } from "./answers.ts";
import type { RelayService } from "./service.ts";

/** Never rejects: what fails inside is answered as `internal`. */
export type RelayAnswers = (request: RelayRequest) => Promise<RelayResponse>;

/** @param onFault called with the code of what failed by our fault. */
export function relayAnswers(service: RelayService, onFault: (code: string) => void): RelayAnswers {
  const failed = (error: unknown): RelayResponse => {
    onFault(errorCode(error));
    return refused("internal", "the relay failed", 5);
  };
  return (request) => {
    try {
      return service.handle(request).catch(failed);
    } catch (error) {
      return Promise.resolve(failed(error));
    }
  };
}

export function relayRpc(answer: RelayAnswers): Rpc {
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
      return answered(request.value.kind, await answer(request.value));
    },
    refuse: (code, detail, retryAfter) => answered("none", refused(code, detail, retryAfter)),
  };
}
