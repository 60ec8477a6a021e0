/** The relay put together. */
import { join } from "node:path";
import type { RelayConfig } from "../config/schema.ts";
import { ed25519Verifier } from "../crypto/ed25519.ts";
import type { Role, RoleOptions } from "../role.ts";
import { tokenBuckets } from "../limits/token-buckets.ts";
import { noCharge, type Payment, tokenPayment } from "./payment.ts";
import { relayRpc } from "./rpc.ts";
import { relayService } from "./service.ts";
import { openRelayStore } from "./store.ts";
import { sweepRelay } from "./sweeper.ts";

const maxBuckets = 100_000;

export async function relayRole(config: RelayConfig, { data, now, metrics, log, maxPages }: RoleOptions): Promise<Role> {
  const store = await openRelayStore({
    path: join(data, "relay.sqlite"),
    limits: config,
    now,
    maxBacklog: config.backlog,
    maxGroup: config.group,
    observer: metrics.commits("relay"),
    maxPages,
  });
  const fault = (code: string): void => {
    metrics.fault("relay", code);
    log.fault("relay", code);
  };
  const service = relayService({
    store,
    verify: ed25519Verifier(),
    rates: tokenBuckets({
      perSecond: config.queueBytesPerSecond,
      burst: config.queueBurstBytes,
      maxKeys: maxBuckets,
      now: () => performance.now(),
    }),
    payment: paymentOf(config),
    tombstoneDays: config.tombstoneDays,
    onAppended: () => undefined,
  });
  return {
    name: "relay",
    rpc: relayRpc(service, fault),
    backlog: () => store.committer.backlog,
    clockSuspect: () => store.clock.suspect(),
    check: () => store.check(),
    sweep: async (stopped) => {
      const report = await sweepRelay(store, stopped);
      if (report !== undefined) metrics.oldestEntry(report.oldestEntryDays);
    },
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
      return noCharge;
  }
}
