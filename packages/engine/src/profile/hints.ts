/** Waiting until there may be something to read. Only hints: correctness comes from reading. */
import { ok } from "@photon/protocol/codec";
import { maxReadQueues, type RelayRequestOf } from "@photon/protocol/queue";
import type { Outcome, Ports } from "../api.ts";
import type { Watch } from "../ports/index.ts";
import { listState } from "../circle/state.ts";
import { cursorOf, isDone, readRequest } from "../delivery/inboxes.ts";
import { inboxSecretSchema } from "../relationship/records.ts";
import { parseRow, type Work } from "../storage/core.ts";
import type { Result } from "@photon/protocol/codec";
import type { PhotonError } from "../errors.ts";

type Run = <T>(step: (work: Work) => Promise<Result<T, PhotonError>>) => Outcome<T>;

/** A connection that ended may have missed a hint: whoever waits should look, though not at once and again. */
const afterEnd = 1000;

/** Resolves at a hint, after `timeout` ms, when aborted, or soon after a relay's connection ended. */
export async function waitForHint(ports: Ports, run: Run, timeout: number, signal: AbortSignal | undefined): Promise<void> {
  const watched = await run(async (work) => ok(await watchable(work)));
  if (!watched.ok || signal?.aborted === true) return;
  await new Promise<void>((resolve) => {
    const watches: Watch[] = [];
    let waiting: ReturnType<typeof setTimeout>[] = [setTimeout(finish, timeout)];
    let over = false;
    signal?.addEventListener("abort", finish, { once: true });
    for (const [relay, reads] of watched.value) watches.push(ports.transport.watch(relay, reads.slice(0, maxReadQueues), finish));
    for (const watch of watches) {
      void watch.ended.then(() => {
        if (!over) waiting.push(setTimeout(finish, afterEnd));
      });
    }
    function finish(): void {
      over = true;
      for (const timer of waiting) clearTimeout(timer);
      waiting = [];
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
    const read = readRequest(work, secret, await cursorOf(work, relationship, secret.sendId), 1);
    byRelay.set(secret.relay, [...(byRelay.get(secret.relay) ?? []), read]);
  }
  return byRelay;
}
