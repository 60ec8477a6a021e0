/** The vault put together. */
import { join } from "node:path";
import type { VaultConfig } from "../config/schema.ts";
import { ed25519Verifier } from "../crypto/ed25519.ts";
import type { Role, RoleOptions } from "../role.ts";
import { fileBlobs } from "./blobs.ts";
import { vaultRpc } from "./rpc.ts";
import { vaultService } from "./service.ts";
import { openVaultStore } from "./store.ts";
import { sweepOrphans, sweepVault } from "./sweeper.ts";

export async function vaultRole(config: VaultConfig, { data, now, metrics, log, maxPages, diskFull }: RoleOptions): Promise<Role> {
  const store = await openVaultStore({
    path: join(data, "vault.sqlite"),
    blobs: fileBlobs(join(data, "blobs")),
    limits: config,
    now,
    maxBacklog: config.backlog,
    maxGroup: config.group,
    observer: metrics.commits("vault"),
    maxPages,
  });
  const fault = (code: string): void => {
    metrics.fault("vault", code);
    log.fault("vault", code);
  };
  let searched = false;
  return {
    name: "vault",
    rpc: vaultRpc(vaultService({ store, verify: ed25519Verifier(), limits: config, diskFull, onFault: fault }), fault),
    socket: undefined,
    backlog: () => store.committer.backlog,
    // Whatever the clock says, a vault counts one day at most (grace.ts).
    clockSuspect: () => false,
    check: () => store.check(),
    sweep: async (stopped) => {
      await sweepVault(store, stopped);
      // Only a crash leaves blobs without a lease, so one search per start is enough.
      if (!searched) await sweepOrphans(store, stopped);
      searched = true;
    },
    drain: () => store.committer.drain(),
    close: () => store.close(),
  };
}
