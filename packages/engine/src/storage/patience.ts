/** How long an operation waits for servers: what it asks of them after its time is over is `unreachable` at once. */
import type { Ports } from "../api.ts";
import { type CallOptions, timeoutSignal } from "../ports/index.ts";

/** Milliseconds that sending may take in an operation that is done without it: the next pass goes on with what is left. */
const soon = 4_000;
export const soonOver = (): AbortSignal => timeoutSignal(soon);

/** The same ports, with servers that are waited for until `signal` at most. */
export function waitingUntil(ports: Ports, signal: AbortSignal | undefined): Ports {
  if (signal === undefined) return ports;
  const { transport, blobs } = ports;
  const until = (options: CallOptions | undefined): CallOptions => ({
    signal: options?.signal === undefined ? signal : AbortSignal.any([signal, options.signal]),
  });
  return {
    ...ports,
    transport: {
      call: (relay, kind, value, options) => transport.call(relay, kind, value, until(options)),
      time: (relay) => transport.time?.(relay),
      watch: (relay, reads, onHint) => transport.watch(relay, reads, onHint),
    },
    blobs: { call: (vault, kind, value, options) => blobs.call(vault, kind, value, until(options)) },
  };
}
