/** The composition of the engine's ports on Node: what a program needs to open a profile folder. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Result } from "@photon/protocol/codec";
import { makeSession } from "@photon/protocol/session";
import type { Ports } from "../api.ts";
import { photonError, type PhotonError } from "../errors.ts";
import { storeErrorProblem } from "../profile/store-problem.ts";
import { httpBlobStore, httpTransport, makeSilence } from "../adapters/http/index.ts";
import { nodeSocket } from "../adapters/http/node-socket.ts";
import { offlineBlobStore, offlineTransport } from "../adapters/offline.ts";
import { acquireProfileLock, openSqliteStore } from "../adapters/sqlite/index.ts";
import {
  encryptedStore,
  nodeKeyStore,
  nodeQueueCrypto,
  nodeSessionCrypto,
  systemClock,
  systemRandom,
} from "../adapters/node/index.ts";

export interface NodePorts {
  readonly ports: Ports;
  /** Closes the store and gives the lock back. An engine's `close` closes the store only. */
  close(): Promise<void>;
  /** Whether another process waits for the profile. False once the lock was given back. */
  isWanted(): boolean;
  /** Gives the lock back; for whoever has closed the store through an engine. */
  unlock(): void;
}

/** The profile's database within its folder. */
export const databaseName = "profile.db";

/**
 * The ports over one profile folder: its lock, its key store, its encrypted database, and servers over HTTP. Makes the
 * folder if it is not there. Offline, no server is asked: all of them are out of reach. Fails with `profile-locked` when another process keeps the lock for `waitMs`, and with what is
 * wrong with the database. Throws `KeyStoreFailure` where the device key cannot be used.
 */
export async function openNodePorts(
  folder: string,
  options: { readonly waitMs?: number; readonly offline?: boolean } = {},
): Promise<Result<NodePorts, PhotonError>> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = await acquireProfileLock(folder, options);
  if (lock === undefined) return err(photonError("profile-locked"));
  let locked = true;
  const unlock = (): void => {
    if (locked) lock.release();
    locked = false;
  };
  try {
    const keys = nodeKeyStore(folder);
    const file = await openSqliteStore(join(folder, databaseName));
    const store = file.ok ? await encryptedStore(file.value, keys) : file;
    if (!store.ok) {
      if (file.ok) await file.value.close();
      unlock();
      return err(storeErrorProblem(store.error));
    }
    const { offline = false } = options;
    const silence = makeSilence();
    const ports: Ports = {
      clock: systemClock,
      random: systemRandom,
      keys,
      store: store.value,
      transport: offline ? offlineTransport : httpTransport({ socket: nodeSocket, silence }),
      blobs: offline ? offlineBlobStore : httpBlobStore({ silence }),
      session: await makeSession(nodeSessionCrypto),
      queueCrypto: nodeQueueCrypto,
    };
    const close = async (): Promise<void> => {
      await store.value.close();
      unlock();
    };
    return ok({ ports, close, unlock, isWanted: () => locked && lock.isWanted() });
  } catch (error) {
    unlock();
    throw error;
  }
}
