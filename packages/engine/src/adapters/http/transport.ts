/** Relays over HTTP, and their watch connections. */
import { decode, encode, err, ok, type Result } from "@photon/protocol/codec";
import {
  askedHashcash,
  maxRelayResponse,
  type RelayAnswer,
  type RelayAnswers,
  type RelayRequest,
  type RelayRequestOf,
  relayRequestSchema,
  type RelayResponse,
  relayResponseSchema,
  searchHashcash,
} from "@photon/protocol/queue";
import type { RelayError, Transport } from "../../ports/index.ts";
import { type HttpOptions, postCbor, remembering } from "./request.ts";
import { type OpenSocket, platformSocket } from "./socket.ts";
import { openWatch } from "./watch.ts";

export interface HttpTransportOptions extends HttpOptions {
  /** Opens the sockets of `watch`: the platform's unless given. Where there is none, a watch ends at once. */
  readonly socket?: OpenSocket;
}

const answers: { readonly [K in keyof RelayAnswers]: readonly RelayAnswers[K][] } = {
  create: ["done"],
  append: ["appended", "moved"],
  read: ["entries"],
  rotate: ["done"],
  move: ["frozen"],
  delete: ["done"],
  put: ["done"],
  get: ["drop"],
  trim: ["done"],
};
/** A proof of work beyond this many bits would take minutes: the person should hear of it instead. */
const maxHashcashBits = 22;
type Asking = Parameters<typeof postCbor>[4];

/** Nonces tried before others get their turn. */
const searchStep = 4_096;

export function httpTransport(options: HttpTransportOptions = {}): Transport {
  const http = remembering(options);
  const times = new Map<string, number>();
  return {
    call: async (relay, kind, value, { signal } = {}) => {
      const request = { kind, value } as RelayRequest;
      const onTime = (time: number): void => void times.set(relay, time);
      const asking = { ...http, signal, onTime };
      let answer = await ask(relay, request, asking);
      if (!answer.ok && request.kind === "create") answer = (await paid(relay, request.value, answer.error, asking)) ?? answer;
      if (!answer.ok) return answer;
      const expected: readonly string[] = answers[kind];
      if (!expected.includes(answer.value.kind))
        return err({ code: "wrong-server", detail: "the answer belongs to another question" });
      return ok(answer.value as RelayAnswer<typeof kind>);
    },
    time: (relay) => times.get(relay),
    watch: (relay, reads, onHint) => openWatch(options.socket ?? platformSocket, relay, reads, onHint),
  };
}

async function ask(relay: string, request: RelayRequest, options: Asking): Promise<Result<RelayResponse, RelayError>> {
  const sent = await postCbor(relay, "/v1/relay", encode(relayRequestSchema, request), maxRelayResponse, options);
  if (!sent.ok) return sent;
  const decoded = decode(relayResponseSchema, sent.value, maxRelayResponse);
  if (!decoded.ok) return err({ code: "wrong-server", detail: "the answer is none of Photon's" });
  if (decoded.value.kind !== "refused") return ok(decoded.value);
  const { code, detail, retryAfter } = decoded.value.value;
  return err({ code: "refused", refusal: code, detail, retryAfter });
}

/** Does the work that the relay asks for and tries once more; undefined when it asks for something else. */
async function paid(
  relay: string,
  create: RelayRequestOf<"create">,
  error: RelayError,
  options: Asking,
): Promise<Result<RelayResponse, RelayError> | undefined> {
  if (error.code !== "refused" || error.refusal !== "payment-required" || create.payment !== undefined) return undefined;
  const bits = askedHashcash(error.detail);
  if (bits === undefined || bits > maxHashcashBits) return undefined;
  for (let start = 0; ; start += searchStep) {
    const payment = searchHashcash(create.receiveId, create.sendId, bits, start, searchStep);
    if (payment !== undefined) return ask(relay, { kind: "create", value: { ...create, payment } }, options);
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
  }
}
