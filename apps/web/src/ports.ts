import { type Outcome, photonError, type Ports, storeErrorProblem } from "@photon/engine";
import { httpBlobStore, type HttpOptions, httpTransport, makeSilence } from "@photon/engine/adapters/http";
import { openIndexedDbStore } from "@photon/engine/adapters/indexeddb";
import {
  acquireProfileLock,
  encryptedStore,
  systemClock,
  systemRandom,
  webKeyStore,
  webSessionCrypto,
} from "@photon/engine/adapters/web";
import { err, ok } from "@photon/protocol/codec";
import { makeSession } from "@photon/protocol/session";

export interface WebOptions {
  /** How long to wait for another page that uses the profile, in milliseconds; 5,000 unless told. */
  readonly waitMs?: number;
  readonly http?: HttpOptions;
}

export interface WebPorts {
  readonly ports: Ports;
  /**
   * Whether the browser has promised to keep the profile. Where it has not, it may delete it when space is short: such a
   * page is no device, and must not be shown as one.
   */
  readonly persisted: boolean;
  /** Closes the store, then lets the next page in. */
  close(): Promise<void>;
}

/** Takes the lock of the profile of this name and opens all that an engine needs in a browser. */
export async function openWebPorts(name: string, options: WebOptions = {}): Outcome<WebPorts> {
  const lock = await acquireProfileLock(name, options.waitMs === undefined ? {} : { waitMs: options.waitMs });
  if (lock === undefined) return err(photonError("profile-locked"));
  try {
    const inner = await openIndexedDbStore(`photon/${name}`);
    if (!inner.ok) {
      lock.release();
      return err(storeErrorProblem(inner.error));
    }
    const http = { silence: makeSilence(), ...options.http };
    const keys = webKeyStore(`photon-keys/${name}`);
    const store = await encryptedStore(inner.value, keys);
    if (!store.ok) {
      await inner.value.close();
      lock.release();
      return err(storeErrorProblem(store.error));
    }
    return ok({
      ports: {
        clock: systemClock,
        random: systemRandom,
        keys,
        store: store.value,
        transport: httpTransport(http),
        blobs: httpBlobStore(http),
        session: await makeSession(webSessionCrypto),
      },
      persisted: await navigator.storage.persisted(),
      close: async () => {
        await store.value.close();
        lock.release();
      },
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}
