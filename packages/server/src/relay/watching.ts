/** Who watches which queue. What is appended is told to them, and to nobody who has lost the right to read. */
import { idKey } from "../ids.ts";

export interface QueueListener {
  appended(receiveId: Uint8Array, seq: number, body: Uint8Array): void;
  /** The queue's keys were rotated, or it was deleted. */
  ended(receiveId: Uint8Array): void;
}

export interface Watching {
  add(receiveId: Uint8Array, listener: QueueListener): void;
  remove(receiveId: Uint8Array, listener: QueueListener): void;
  appended(receiveId: Uint8Array, seq: number, body: Uint8Array): void;
  ended(receiveId: Uint8Array): void;
}

export function watching(): Watching {
  const byQueue = new Map<string, Set<QueueListener>>();
  return {
    add: (receiveId, listener) => {
      const key = idKey(receiveId);
      const listeners = byQueue.get(key);
      if (listeners === undefined) byQueue.set(key, new Set([listener]));
      else listeners.add(listener);
    },
    remove: (receiveId, listener) => {
      const key = idKey(receiveId);
      const listeners = byQueue.get(key);
      listeners?.delete(listener);
      if (listeners?.size === 0) byQueue.delete(key);
    },
    appended: (receiveId, seq, body) => {
      const listeners = byQueue.get(idKey(receiveId));
      if (listeners !== undefined) for (const listener of listeners) listener.appended(receiveId, seq, body);
    },
    ended: (receiveId) => {
      const key = idKey(receiveId);
      const listeners = byQueue.get(key);
      byQueue.delete(key);
      if (listeners !== undefined) for (const listener of listeners) listener.ended(receiveId);
    },
  };
}
