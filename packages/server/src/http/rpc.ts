/** What the HTTP part knows of a role: bytes in, bytes out. It never looks inside. */
import type { Bytes } from "@photon/protocol/codec";

/** Refusals that every role has. */
export type CommonRefusal = "malformed" | "too-large" | "rate-limited" | "overloaded" | "disk-full" | "internal";

export interface RpcAnswer {
  readonly body: Bytes;
  /** Kind of the request, "none" where it could not be read; for metrics. */
  readonly kind: string;
  /** "ok", or the code of the refusal. */
  readonly outcome: string;
  readonly retryAfter: number | undefined;
}

export interface Rpc {
  readonly role: string;
  /** Such as "/v1/relay". */
  readonly path: string;
  readonly maxRequest: number;
  /** Never rejects: what fails inside is answered as `internal`. */
  answer(request: Uint8Array): Promise<RpcAnswer>;
  refuse(code: CommonRefusal, detail: string, retryAfter?: number): RpcAnswer;
}

const statuses: Readonly<Record<string, number>> = {
  ok: 200,
  malformed: 400,
  "payment-required": 402,
  forbidden: 403,
  "not-found": 404,
  conflict: 409,
  exists: 409,
  expired: 410,
  "too-large": 413,
  "rate-limited": 429,
  internal: 500,
  overloaded: 503,
  "queue-full": 507,
  "quota-exceeded": 507,
  "disk-full": 507,
};
/** For proxies and people; clients go by the body. */
export const httpStatus = (outcome: string): number => statuses[outcome] ?? 500;
