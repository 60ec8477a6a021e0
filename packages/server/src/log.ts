/**
 * The log says what the server does, never for whom: fields are listed here and nowhere else, none of them comes from a
 * request, so no queue id, address or key can get in.
 */
import pino, { type DestinationStream } from "pino";
import type { ServerConfig } from "./config/schema.ts";

export interface ServerLog {
  started(fields: { readonly roles: readonly string[]; readonly port: number }): void;
  stopping(): void;
  stopped(): void;
  /** A request failed by our fault. @param code of the error, never its message. */
  fault(where: string, code: string): void;
  swept(role: string, milliseconds: number): void;
  /** The clock says a day that is not believed. */
  clockSuspect(role: string): void;
}

/** @param destination where lines go; standard error unless given. */
export function serverLog(
  level: ServerConfig["log"]["level"],
  destination: DestinationStream = pino.destination({ fd: 2, sync: false }),
): ServerLog {
  const log = pino(
    { level, base: null, redact: { paths: ["req", "res", "ip", "hostname", "err.message", "headers"], remove: true } },
    destination,
  );
  return {
    started: ({ roles, port }) => log.info({ roles, port }, "listening"),
    stopping: () => log.info("stopping: finishing what was accepted"),
    stopped: () => log.info("stopped"),
    fault: (where, code) => log.error({ where, code }, "fault"),
    swept: (role, milliseconds) => log.debug({ role, milliseconds: Math.round(milliseconds) }, "swept"),
    clockSuspect: (role) => log.error({ role }, "the clock leapt: nothing expires until it is right again"),
  };
}
