/** `photon serve`: puts the configured roles, HTTP and sweeps together, and takes them apart without losing anything. */
import { mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { ServerConfig } from "./config/schema.ts";
import { errorCode } from "./db/failure.ts";
import { lockFolder } from "./db/lock.ts";
import { httpApp } from "./http/app.ts";
import { acceptSockets } from "./http/sockets.ts";
import { addressLimiter } from "./limits/addresses.ts";
import { diskGuard } from "./limits/disk.ts";
import { serverLog } from "./log.ts";
import { serverMetrics } from "./metrics/registry.ts";
import { relayRole } from "./relay/role.ts";
import type { Role, RoleOptions } from "./role.ts";
import { startSweeps } from "./sweeps.ts";
import { vaultRole } from "./vault/role.ts";

export interface RunningServer {
  /** Origin, such as "http://127.0.0.1:7740". */
  readonly url: string;
  readonly port: number;
  /** Lets go now what is past its days, rather than when the timer says. */
  sweep(): Promise<void>;
  /** Refuses what is new, finishes what was accepted, then resolves. */
  close(): Promise<void>;
}

/** What a test may put in place of the real thing; `photon serve` passes none of it. */
export interface ServerDependencies {
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly logTo?: { write(line: string): void };
  /** Longest size of each database in pages. */
  readonly maxPages?: number;
}

/** Turns of the event loop in which answers to what was just committed reach their connections. */
const answerTurns = 3;

/** @throws FolderInUse, NewerDatabase, or the system's error when the folder cannot be used or the port is taken. */
export async function startServer(config: ServerConfig, dependencies: ServerDependencies = {}): Promise<RunningServer> {
  const data = resolve(config.data);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const lock = await lockFolder(data);
  try {
    const server = await serveFolder(data, config, dependencies);
    return { ...server, close: () => server.close().finally(lock.release) };
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function serveFolder(data: string, config: ServerConfig, dependencies: ServerDependencies): Promise<RunningServer> {
  const { now = Date.now, maxPages } = dependencies;
  const log = serverLog(config.log.level, dependencies.logTo);
  const metrics = serverMetrics();
  let closing = false;
  const disk = await diskGuard(data, config.limits.minFreeBytes, (error) => log.fault("disk", errorCode(error)));
  const addresses = addressLimiter(config.limits, () => performance.now());
  const roles = await openRoles(config, { data, now, metrics, log, maxPages, addresses, diskFull: disk.full });
  metrics.backlogs(() => Object.fromEntries(roles.map((role) => [role.name, role.backlog()])));
  const app = httpApp({
    config,
    rpcs: roles.map((role) => role.rpc),
    addresses,
    metrics,
    log,
    closing: () => closing,
    now,
    notReady: async () => (closing ? "stopping" : disk.full() ? "the disk is full" : firstProblem(roles)),
  });
  const sockets = acceptSockets(app.server, {
    roles: roles.flatMap((role) => (role.socket === undefined ? [] : [role.socket])),
    addresses,
    metrics,
    trustProxy: config.trustProxy,
    closed: () => closing,
  });
  try {
    await app.listen({ host: config.listen.host, port: config.listen.port });
  } catch (error) {
    disk.stop();
    for (const role of roles) await role.close();
    throw error;
  }
  const sweeps = startSweeps(roles, config.sweepSeconds, log);
  const { port } = app.server.address() as AddressInfo;
  log.started({ roles: config.roles, port });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing = true;
    log.stopping();
    disk.stop();
    await sweeps.stop();
    // What was accepted is made durable and answered before the connections go.
    for (const role of roles) await role.drain();
    for (let turn = 0; turn < answerTurns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
    await sockets.close();
    await app.close();
    for (const role of roles) await role.close();
    log.stopped();
  };
  return {
    url: `http://${config.listen.host.includes(":") ? `[${config.listen.host}]` : config.listen.host}:${port}`,
    port,
    sweep: () => sweeps.now(),
    close: () => (closed ??= close()),
  };
}

async function openRoles(config: ServerConfig, options: RoleOptions): Promise<readonly Role[]> {
  const roles: Role[] = [];
  try {
    for (const name of new Set(config.roles)) {
      roles.push(name === "relay" ? await relayRole(config.relay, options) : await vaultRole(config.vault, options));
    }
  } catch (error) {
    for (const role of roles) await role.close();
    throw error;
  }
  return roles;
}

async function firstProblem(roles: readonly Role[]): Promise<string | undefined> {
  for (const role of roles) {
    try {
      await role.check();
    } catch {
      return `the ${role.name} database cannot be read`;
    }
    if (role.clockSuspect()) return `the clock leapt; the ${role.name} lets nothing expire until it is right`;
  }
  return undefined;
}
