/** Relays over HTTP. */
import { decode, encode, err, ok } from "@photon/protocol/codec";
import {
  maxRelayResponse,
  type RelayAnswer,
  type RelayAnswers,
  type RelayRequest,
  relayRequestSchema,
  relayResponseSchema,
} from "@photon/protocol/queue";
import type { Transport } from "../../ports/index.ts";
import { type HttpOptions, postCbor } from "./request.ts";

const answers: { readonly [K in keyof RelayAnswers]: readonly RelayAnswers[K][] } = {
  create: ["done"],
  append: ["appended", "moved"],
  read: ["entries"],
  rotate: ["done"],
  move: ["frozen"],
  delete: ["done"],
  put: ["done"],
  get: ["drop"],
};

export function httpTransport(options: HttpOptions = {}): Transport {
  return {
    call: async (relay, kind, value) => {
      const request = { kind, value } as RelayRequest;
      const sent = await postCbor(relay, "/v1/relay", encode(relayRequestSchema, request), maxRelayResponse, options);
      if (!sent.ok) return sent;
      const decoded = decode(relayResponseSchema, sent.value, maxRelayResponse);
      if (!decoded.ok) return err({ code: "wrong-server", detail: "the answer is none of Photon's" });
      const response = decoded.value;
      if (response.kind === "refused") {
        const { code, detail, retryAfter } = response.value;
        return err({ code: "refused", refusal: code, detail, retryAfter });
      }
      const expected: readonly string[] = answers[kind];
      if (!expected.includes(response.kind)) return err({ code: "wrong-server", detail: "the answer belongs to another question" });
      return ok(response as RelayAnswer<typeof kind>);
    },
    watch: () => ({ ended: Promise.resolve(), close: () => undefined }),
  };
}
