/** What the append path must know of a queue, kept in memory: the committer notices when it has gone stale. */
import { type MacKey, macKeys } from "../crypto/append-mac.ts";
import { idKey } from "../ids.ts";
import type { RelayStore } from "./store.ts";
import { ownerKeyOf, type QueueTable } from "./tables.ts";

export interface KnownQueue {
  /** Its receive id, as a map key. */
  readonly key: string;
  readonly receiveId: Uint8Array;
  readonly sendId: Uint8Array;
  /** What changes to it are proved by: its admin key where it is a board, else its read key. */
  readonly ownerKey: Uint8Array;
  readonly board: boolean;
  readonly writeKeys: readonly MacKey[];
  readonly version: number;
  readonly rotation: Uint8Array | null;
}

export interface QueueCache {
  /** What is in memory. */
  known(sendId: Uint8Array): KnownQueue | undefined;
  bySendId(sendId: Uint8Array): Promise<KnownQueue | undefined>;
  forget(queue: KnownQueue): void;
}

const keptQueues = 50_000;

export function queueCache(store: Pick<RelayStore, "queueBySendId">): QueueCache {
  const kept = new Map<string, KnownQueue>();
  return {
    known: (sendId) => kept.get(idKey(sendId)),
    bySendId: async (sendId) => {
      const key = idKey(sendId);
      const known = kept.get(key);
      if (known !== undefined) return known;
      const row = await store.queueBySendId(sendId);
      if (row === undefined) return undefined;
      const queue = knownQueue(row);
      if (kept.size >= keptQueues) kept.clear();
      kept.set(key, queue);
      return queue;
    },
    forget: (queue) => {
      kept.delete(idKey(queue.sendId));
    },
  };
}

export const knownQueue = (row: QueueTable): KnownQueue => ({
  key: idKey(row.receive_id),
  receiveId: row.receive_id,
  sendId: row.send_id,
  ownerKey: ownerKeyOf(row),
  board: row.admin_key !== null,
  writeKeys: macKeys(row.write_keys),
  version: row.version,
  rotation: row.rotation,
});
