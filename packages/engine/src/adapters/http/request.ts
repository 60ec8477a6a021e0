/** One CBOR request over HTTP, with every way in which it can fail as a value. */
import type { Bytes, Result } from "@photon/protocol/codec";
import { asBytes, err, ok } from "@photon/protocol/codec";
import { timeoutSignal } from "../../ports/index.ts";
import { makeSilence, type Silence } from "./silence.ts";

export interface HttpOptions {
  /** Milliseconds after which a request that has no answer is given up; 20,000 unless given. */
  readonly timeout?: number;
  /** `fetch` by default. */
  readonly fetch?: typeof fetch;
  /** What is known of servers that do not answer, where adapters are to share it. */
  readonly silence?: Silence;
}

/** The options, with one and the same `Silence` for all requests of an adapter. */
export const remembering = <T extends HttpOptions>(options: T): T & { readonly silence: Silence } => ({
  ...options,
  silence: options.silence ?? makeSilence(),
});

export type HttpError =
  { readonly code: "unreachable"; readonly detail: string } | { readonly code: "wrong-server"; readonly detail: string };

export const cborType = "application/cbor";
const defaultTimeout = 20_000;
/** What stands between client and server answers with these when the server itself is away. */
const gatewayStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** The server's origin, or undefined when the text is no http or https address. */
export function serverUrl(origin: string, path: string): URL | undefined {
  if (!URL.canParse(origin)) return undefined;
  const base = new URL(origin);
  return base.protocol === "https:" || base.protocol === "http:" ? new URL(path, base.origin) : undefined;
}

interface Asking extends HttpOptions {
  readonly silence: Silence;
  /** Ends the waiting before the time-out does. */
  readonly signal: AbortSignal | undefined;
  /** Told the server's time, in milliseconds since 1970, when an answer of its own says it. */
  readonly onTime?: (time: number) => void;
}

/** @param max the longest answer that is read. Never rejects. */
export async function postCbor(
  origin: string,
  path: string,
  body: Bytes,
  max: number,
  options: Asking,
): Promise<Result<Bytes, HttpError>> {
  const url = serverUrl(origin, path);
  if (url === undefined) return err({ code: "wrong-server", detail: "the address is no http or https address" });
  const silent = options.silence.of(url.origin);
  if (silent !== undefined) return err({ code: "unreachable", detail: silent });
  const timeout = timeoutSignal(options.timeout ?? defaultTimeout);
  const began = performance.now();
  let isHeard = false;
  try {
    const response = await (options.fetch ?? fetch)(url, {
      method: "POST",
      body,
      headers: { "content-type": cborType },
      signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
      // A server that sends its clients elsewhere is not the one that was asked.
      redirect: "manual",
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    isHeard = true;
    if (response.headers.get("content-type")?.split(";")[0] !== cborType) {
      await response.body?.cancel();
      return gatewayStatuses.has(response.status)
        ? err({ code: "unreachable", detail: `the server is away (${response.status})` })
        : err({ code: "wrong-server", detail: `what answers there speaks no Photon (${response.status})` });
    }
    const time = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(time)) options.onTime?.(time);
    const answer = await readAtMost(response, max);
    return answer === undefined ? err({ code: "wrong-server", detail: "the answer is longer than any of Photon's" }) : ok(answer);
  } catch (error) {
    const failed = failure(error);
    // A long answer over a slow line is no silence.
    if (failed.code === "unreachable" && !isHeard && !isHangUp(error))
      options.silence.note(url.origin, performance.now() - began, failed.detail);
    return err(failed);
  }
}

async function readAtMost(response: Response, max: number): Promise<Bytes | undefined> {
  if (response.body === null) return asBytes(new Uint8Array(0));
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > max) {
      await reader.cancel();
      return undefined;
    }
    parts.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What answers is there, but speaks no HTTP, or no TLS. */
const otherProtocol = /^(HPE_|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)/u;

/** The connection was refused or closed: a server on its way down or up, but none that is silent. */
const hungUp = /^(ECONNREFUSED|ECONNRESET|EPIPE|UND_ERR_SOCKET)$/u;
const isHangUp = (error: unknown): boolean => hungUp.test(systemCode(error) ?? "");

function systemCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The failure, with the system's name for it and without addresses. */
function failure(error: unknown): HttpError {
  if (!(error instanceof Error)) return { code: "unreachable", detail: "the connection failed" };
  if (error.name === "TimeoutError" || error.name === "AbortError") return { code: "unreachable", detail: "no answer in time" };
  const code = systemCode(error);
  if (code === undefined) return { code: "unreachable", detail: "the connection failed" };
  return otherProtocol.test(code)
    ? { code: "wrong-server", detail: `what answers there speaks another protocol (${code})` }
    : { code: "unreachable", detail: `the connection failed (${code})` };
}
