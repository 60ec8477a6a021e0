/**
 * HTTP: one POST route per role with binary CBOR bodies, and the few pages for people and operators. Nothing of a request is
 * logged.
 */
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import type { ServerConfig } from "../config/schema.ts";
import { errorCode } from "../db/failure.ts";
import type { AddressLimiter } from "../limits/addresses.ts";
import type { ServerLog } from "../log.ts";
import type { Metrics } from "../metrics/registry.ts";
import { addPages } from "./pages.ts";
import { httpStatus, type Rpc, type RpcAnswer } from "./rpc.ts";

export const cborType = "application/cbor";
/** Reading a request may take this long; a slower client is cut off. */
const requestMilliseconds = 30_000;
const keepAliveMilliseconds = 72_000;

export interface AppOptions {
  readonly config: ServerConfig;
  readonly rpcs: readonly Rpc[];
  readonly addresses: AddressLimiter;
  readonly metrics: Metrics;
  readonly log: ServerLog;
  readonly closing: () => boolean;
  /** Milliseconds since 1970: the time by which things expire here, and which every answer tells. */
  readonly now: () => number;
  /** Undefined when the server can serve, else what is wrong. */
  readonly notReady: () => Promise<string | undefined>;
}

export function httpApp(options: AppOptions): FastifyInstance {
  const { config, rpcs, addresses, metrics, log } = options;
  const app = fastify({
    logger: false,
    trustProxy: config.trustProxy,
    forceCloseConnections: "idle",
    requestTimeout: requestMilliseconds,
    keepAliveTimeout: keepAliveMilliseconds,
    exposeHeadRoutes: false,
    return503OnClosing: false,
  });
  app.removeAllContentTypeParsers();
  // The web app may be served from anywhere; requests carry their own proofs and no cookies.
  app.addHook("onSend", async (_request, reply) => {
    reply
      .header("date", new Date(options.now()).toUTCString())
      .header("access-control-allow-origin", "*")
      .header("access-control-expose-headers", "date")
      .header("x-content-type-options", "nosniff")
      .header("referrer-policy", "no-referrer");
  });
  app.options("/v1/*", async (_request, reply) =>
    reply
      .header("access-control-allow-methods", "POST, GET")
      .header("access-control-allow-headers", "content-type")
      .header("access-control-max-age", "86400")
      .status(204)
      .send(),
  );

  for (const rpc of rpcs) {
    void app.register(async (scope) => {
      scope.addContentTypeParser(cborType, { parseAs: "buffer", bodyLimit: rpc.maxRequest }, (_request, body, done) =>
        done(null, body),
      );
      scope.setErrorHandler((error, _request, reply) => send(reply, rpc, refusalOf(error, rpc, log)));
      scope.post(rpc.path, { bodyLimit: rpc.maxRequest }, async (request, reply) => {
        const wait = addresses.request(request.ip);
        if (wait > 0) {
          metrics.shed("rate-limited");
          return send(reply, rpc, rpc.refuse("rate-limited", "too many requests from this address", wait));
        }
        if (options.closing()) {
          metrics.shed("stopping");
          return send(reply, rpc, rpc.refuse("overloaded", "this server is stopping", 5));
        }
        if (!(request.body instanceof Uint8Array)) return send(reply, rpc, rpc.refuse("malformed", "no body"));
        return send(reply, rpc, await rpc.answer(request.body));
      });
    });
  }
  const send = (reply: FastifyReply, rpc: Rpc, answer: RpcAnswer): FastifyReply => {
    metrics.answered(rpc.role, answer.kind, answer.outcome);
    if (answer.outcome === "overloaded") metrics.shed("backlog");
    if (answer.retryAfter !== undefined) reply.header("retry-after", String(answer.retryAfter));
    return reply
      .status(httpStatus(answer.outcome))
      .header("content-type", cborType)
      .header("cache-control", "no-store")
      .send(Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength));
  };
  addPages(app, options);
  return app;
}

/** What fastify refuses before a handler runs: a body too long, of another type, or cut short. */
function refusalOf(error: unknown, rpc: Rpc, log: ServerLog): RpcAnswer {
  const code = errorCode(error);
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return rpc.refuse("too-large", `at most ${rpc.maxRequest} bytes`);
  if (code.startsWith("FST_ERR_CTP")) return rpc.refuse("malformed", `the body must be ${cborType}`);
  log.fault("http", code);
  return rpc.refuse("internal", "", 5);
}
