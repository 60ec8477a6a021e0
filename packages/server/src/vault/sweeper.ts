/** Ends heads and leases past their days, then removes blobs that nobody claims. */
import type { VaultStore } from "./store.ts";

/** @param stopped asked between steps. False when it did not finish. */
export async function sweepVault(store: VaultStore, stopped: () => boolean): Promise<boolean> {
  const saved = await store.committer.submit({ kind: "new-day", day: store.calendar() });
  if (saved.kind === "failed") return false;
  for (const kind of ["sweep-heads", "sweep-leases"] as const) {
    for (let more = true; more;) {
      if (stopped()) return false;
      const result = await store.committer.submit({ kind });
      if (result.kind === "failed" || result.value.kind !== "swept") return false;
      for (const hash of result.value.orphans) await removeOrphan(store, hash);
      more = result.value.more;
    }
  }
  return true;
}

/** Looks for blobs that lie on the disk without a lease: a crash between the two steps of putting or removing one. */
export async function sweepOrphans(store: VaultStore, stopped: () => boolean): Promise<void> {
  for (let first = 0; first < 256; first++) {
    for (const hash of await store.blobs.list(first)) {
      if (stopped()) return;
      await removeOrphan(store, hash);
    }
  }
}

function removeOrphan(store: VaultStore, hash: Uint8Array): Promise<void> {
  return store.lock.run(hash, async () => {
    if (!(await store.leased(hash))) await store.blobs.remove(hash);
  });
}
