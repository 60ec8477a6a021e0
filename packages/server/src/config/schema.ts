/**
 * The server's configuration: one schema with its defaults. Every leaf can be set in the file (JSON), by the environment
 * (`relay.retentionDays` is PHOTON_SERVE_RELAY_RETENTION_DAYS) and by a flag of the same path; the later wins.
 */
import { maxGraceDays } from "@photon/protocol/archive";
import * as v from "valibot";

const whole = (min: number, max: number) =>
  v.pipe(
    v.number("must be a number"),
    v.integer("must be a whole number"),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
const yesNo = v.boolean("must be true or false");
const line = v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"), v.maxLength(1024, "is too long"));

const mebibyte = 1024 * 1024;
const large = Number.MAX_SAFE_INTEGER;

const listen = v.strictObject({
  host: v.optional(line, "127.0.0.1"),
  /** 0: any free port. */
  port: v.optional(whole(0, 65_535), 7740),
});
const limits = v.strictObject({
  /** Requests per second and burst of one address; kept in memory only. 0: unlimited. */
  requestsPerSecond: v.optional(whole(0, large), 500),
  requestBurst: v.optional(whole(1, large), 5_000),
  sockets: v.optional(whole(1, 1_000_000), 20_000),
  socketsPerAddress: v.optional(whole(1, 1_000_000), 256),
  /** Nothing is accepted while the disk has less than this left, so that there is room to clean up. */
  minFreeBytes: v.optional(whole(0, large), 64 * mebibyte),
});
const relay = v.strictObject({
  retentionDays: v.optional(whole(1, 3650), 30),
  /** Days for which a moved queue hands out its bundle. */
  bundleDays: v.optional(whole(1, 3650), 730),
  /** Days for which an expired drop is told from one that never was. */
  tombstoneDays: v.optional(whole(0, 3650), 30),
  queueEntries: v.optional(whole(1, large), 10_000),
  queueBytes: v.optional(whole(65_536, large), 64 * mebibyte),
  queueBytesPerSecond: v.optional(whole(1, large), mebibyte),
  queueBurstBytes: v.optional(whole(65_536, large), 8 * mebibyte),
  /** Bytes pushed to one connection and not acknowledged. */
  unacknowledgedBytes: v.optional(whole(65_536, large), mebibyte),
  /** Writes waiting for a commit; more are refused as overloaded. */
  backlog: v.optional(whole(1, 1_000_000), 20_000),
  /** Writes committed together at most. */
  group: v.optional(whole(1, 100_000), 1_000),
  /** Commits in a thread of their own, so that a slow disk does not keep the network waiting. */
  commitThread: v.optional(yesNo, true),
  /** What creating a queue costs. */
  create: v.optional(v.picklist(["open", "token", "hashcash"], "must be open, token or hashcash"), "open"),
  createTokens: v.optional(v.array(line, "must be a list"), []),
  hashcashBits: v.optional(whole(1, 40), 20),
});
const vault = v.strictObject({
  quotaBytes: v.optional(whole(mebibyte, large), 1024 * mebibyte),
  graceDays: v.optional(whole(45, maxGraceDays), 45),
  backlog: v.optional(whole(1, 1_000_000), 5_000),
  group: v.optional(whole(1, 100_000), 200),
});
const metrics = v.strictObject({
  enabled: v.optional(yesNo, true),
  /** When set, `/metrics` asks for it as a bearer token. */
  token: v.optional(line),
});
const log = v.strictObject({
  level: v.optional(v.picklist(["silent", "error", "warn", "info", "debug"], "must be silent, error, warn, info or debug"), "info"),
});

export const configSchema = v.strictObject({
  roles: v.optional(
    v.pipe(v.array(v.picklist(["relay", "vault"], "must be relay or vault"), "must be a list"), v.nonEmpty("must name a role")),
    ["relay", "vault"],
  ),
  /** Folder for databases and blobs. */
  data: v.optional(line, "photon-data"),
  listen: v.optional(listen, {}),
  /** Believe X-Forwarded-For: only behind a proxy that sets it. */
  trustProxy: v.optional(yesNo, false),
  /** Seconds between sweeps of what has expired. */
  sweepSeconds: v.optional(whole(1, 86_400), 600),
  limits: v.optional(limits, {}),
  relay: v.optional(relay, {}),
  vault: v.optional(vault, {}),
  metrics: v.optional(metrics, {}),
  log: v.optional(log, {}),
});

export type ServerConfig = v.InferOutput<typeof configSchema>;
export type RelayConfig = ServerConfig["relay"];
export type VaultConfig = ServerConfig["vault"];

/** Paths whose values are never shown. */
export const secretKeys: ReadonlySet<string> = new Set(["metrics.token", "relay.createTokens"]);
