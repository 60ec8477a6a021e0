/** The relay's answers, as the wire has them. */
import { asBytes } from "@photon/protocol/codec";
import type { RelayRefusal, RelayResponse } from "@photon/protocol/queue";
import type { RelayWriteOutcome } from "./writes.ts";

export type Refused = Extract<RelayResponse, { kind: "refused" }>;

export const refused = (code: RelayRefusal, detail = "", retryAfter?: number): Refused => ({
  kind: "refused",
  value: { code, detail, retryAfter },
});
/** No such queue, and a proof that does not fit it, are told in the very same bytes. */
export const forbidden: Refused = refused("forbidden");
export const done: RelayResponse = { kind: "done", value: {} };

export function outcomeAnswer(outcome: Exclude<RelayWriteOutcome, { kind: "stale" }>): RelayResponse {
  switch (outcome.kind) {
    case "done":
    case "swept":
      return done;
    case "appended":
      return { kind: "appended", value: { seq: outcome.seq } };
    case "moved":
      return { kind: "moved", value: { bundle: asBytes(outcome.bundle) } };
    case "frozen":
      return { kind: "frozen", value: { last: outcome.last } };
    case "refused":
      return refused(outcome.code, outcome.detail, outcome.retryAfter);
  }
}
