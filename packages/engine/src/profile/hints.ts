/** Waiting until there may be something to read. Only hints: correctness comes from reading. */
import { ok } from "@photon/protocol/codec";
import { maxReadQueues, type RelayRequestOf } from "@photon/protocol/queue";
import type { Outcome, Ports } from "../api.ts";
import { listState } from "../circle/state.ts";
import { cursorOf, isDone, readRequest } from "../delivery/inboxes.ts";
import { inboxSecretSchema } from "../relationship/records.ts";
import { parseRow, type Work } from "../storage/core.ts";
import type { Result } from "@photon/protocol/codec";
import type { PhotonError } from "../errors.ts";

type Run = <T>(step: (work: Work) => Promise<Result<T, PhotonError>>) => Outcome<T>;

/** Resolves at a hint, after `timeout` ms, or when aborted. A relay that cannot be watched is left to the time-out. */
export async function waitForHint(ports: Ports, run: Run, timeout: number, signal: AbortSignal | undefined): Promise<void> {
  const watched = await run(async (work) => ok(await watchable(work)));
  if (!watched.ok || signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const watches = [...watched.value].map(([relay, reads]) => ports.transport.watch(relay, reads.slice(0, maxReadQueues), finish));
    const timer = setTimeout(finish, timeout);
    signal?.addEventListener("abort", finish, { once: true });
    function finish(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      for (const watch of watches) watch.close();
      resolve();
    }
  });
}

async function watchable(work: Work): Promise<ReadonlyMap<string, RelayRequestOf<"read">>> {
  const byRelay = new Map<string, RelayRequestOf<"read">[number][]>();
  for (const { key, value } of await listState(work, "inbox/")) {
    const relationship = key.split("/")[1] ?? "";
    const secret = parseRow(inboxSecretSchema, value);
    if (await isDone(work, relationship, secret.sendId)) continue;
    const read = readRequest(secret, await cursorOf(work, relationship, secret.sendId), 1);
    byRelay.set(secret.relay, [...(byRelay.get(secret.relay) ?? []), read]);
  }
  return byRelay;
}
