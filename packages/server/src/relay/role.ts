/** The relay put together. */
import { join } from "node:path";
import type { RelayConfig } from "../config/schema.ts";
import { ed25519Verifier } from "../crypto/ed25519.ts";
import { maxClientFrame, watchPath } from "@photon/protocol/queue";
import { errorCode } from "../db/failure.ts";
import { refused } from "./answers.ts";
import { maxReadBytes, mayRead } from "./reading.ts";
import { watching } from "./watching.ts";
import { type WatchOptions, watchSession } from "./watch-session.ts";
import type { Role, RoleOptions } from "../role.ts";
import { tokenBuckets } from "../limits/token-buckets.ts";
import { hashcashPayment, noCharge, type Payment, tokenPayment } from "./payment.ts";
import { relayAnswers, relayRpc } from "./rpc.ts";
import { relayService } from "./service.ts";
import { openRelayStore } from "./store.ts";
import { sweepRelay } from "./sweeper.ts";

const maxBuckets = 100_000;

export async function relayRole(config: RelayConfig, options: RoleOptions): Promise<Role> {
  const { data, now, metrics, log, maxPages, addresses, diskFull } = options;
  const listeners = watching();
  const store = await openRelayStore({
    path: join(data, "relay.sqlite"),
    limits: config,
    now,
    maxBacklog: config.backlog,
    maxGroup: config.group,
    observer: metrics.commits("relay"),
    maxPages,
    listener: listeners,
    thread: config.commitThread,
  });
  const fault = (code: string): void => {
    metrics.fault("relay", code);
    log.fault("relay", code);
  };
  const verify = ed25519Verifier();
  const service = relayService({
    store,
    verify,
    diskFull,
    rates: tokenBuckets({
      perSecond: config.queueBytesPerSecond,
      burst: config.queueBurstBytes,
      maxKeys: maxBuckets,
      now: () => performance.now(),
    }),
    payment: paymentOf(config),
    tombstoneDays: config.tombstoneDays,
  });
  const answer = relayAnswers(service, fault);
  const watchOptions: WatchOptions = {
    watching: listeners,
    unacknowledgedBytes: config.unacknowledgedBytes,
    mayRead: (read) => mayRead(store, verify, read),
    entries: (receiveId, after, limit) => store.entries(receiveId, after, limit, maxReadBytes),
    answer: (request, address) => {
      const wait = addresses.request(address);
      return wait > 0 ? Promise.resolve(refused("rate-limited", "too many requests from this address", wait)) : answer(request);
    },
    answered: (request, response) =>
      metrics.answered("relay", request.kind, response.kind === "refused" ? response.value.code : "ok"),
    onFault: (error) => fault(errorCode(error)),
  };
  return {
    name: "relay",
    rpc: relayRpc(answer),
    socket: { path: watchPath, maxFrame: maxClientFrame, open: (connection) => watchSession(connection, watchOptions) },
    backlog: () => store.committer.backlog,
    clockSuspect: () => store.clock.suspect(),
    check: () => store.check(),
    sweep: async (stopped) => {
      const report = await sweepRelay(store, stopped);
      if (report !== undefined) metrics.oldestEntry(report.oldestEntryDays);
    },
    drain: () => store.committer.drain(),
    close: () => store.close(),
  };
}

function paymentOf(config: RelayConfig): Payment {
  switch (config.create) {
    case "open":
      return noCharge;
    case "token":
      return tokenPayment(config.createTokens);
    case "hashcash":
      return hashcashPayment(config.hashcashBits);
  }
}
