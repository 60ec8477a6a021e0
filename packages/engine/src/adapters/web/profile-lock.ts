export interface ProfileLock {
  release(): void;
}

interface ProfileLockOptions {
  /** How long to wait for another page, in milliseconds; 5,000 unless told. */
  readonly waitMs?: number;
}

/**
 * The right to use the profile of this name, held by one page or worker of this origin at a time (Web Locks); undefined if
 * another had it all the while. The browser serves those who wait in turn, and frees the lock when a page is gone.
 */
export async function acquireProfileLock(name: string, options: ProfileLockOptions = {}): Promise<ProfileLock | undefined> {
  const timeout = AbortSignal.timeout(options.waitMs ?? 5_000);
  return new Promise((resolve, reject) => {
    const holding = (): Promise<void> =>
      new Promise((release) => {
        resolve({ release });
      });
    navigator.locks.request(`photon/profile/${name}`, { signal: timeout }, holding).catch((error: unknown) => {
      if (timeout.aborted && error === timeout.reason) resolve(undefined);
      else reject(error instanceof Error ? error : new Error(String(error)));
    });
  });
}
