/** Sweeps by timer and at start, one at a time. */
import { errorCode } from "./db/failure.ts";
import type { ServerLog } from "./log.ts";
import type { Role } from "./role.ts";

export interface Sweeps {
  /** A whole sweep that begins after this call. */
  now(): Promise<void>;
  /** Stops the timer, and resolves when a sweep under way has left off. */
  stop(): Promise<void>;
}

export function startSweeps(roles: readonly Role[], seconds: number, log: ServerLog): Sweeps {
  let stopped = false;
  let running: Promise<void> | undefined;
  const sweep = async (): Promise<void> => {
    for (const role of roles) {
      if (stopped) break;
      const started = performance.now();
      try {
        if (role.clockSuspect()) log.clockSuspect(role.name);
        await role.sweep(() => stopped);
        log.swept(role.name, performance.now() - started);
      } catch (error) {
        log.fault(`${role.name} sweep`, errorCode(error));
      }
    }
    running = undefined;
  };
  const begin = (): Promise<void> => (running ??= sweep());
  void begin();
  const timer = setInterval(() => void begin(), seconds * 1000);
  timer.unref();
  return {
    now: async () => {
      await running;
      await begin();
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
