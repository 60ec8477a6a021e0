/** Watches the space left, so that the server stops taking before it could no longer clean up. */
import { statfs } from "node:fs/promises";

export interface DiskGuard {
  full(): boolean;
  stop(): void;
}

const checkMilliseconds = 5_000;

/** @param onError called with what the file system threw; the last known state is kept. */
export async function diskGuard(folder: string, minFreeBytes: number, onError: (error: unknown) => void): Promise<DiskGuard> {
  let full = false;
  const check = async (): Promise<void> => {
    try {
      const { bavail, bsize } = await statfs(folder);
      full = bavail * bsize < minFreeBytes;
    } catch (error) {
      onError(error);
    }
  };
  await check();
  const timer = setInterval(() => void check(), checkMilliseconds);
  timer.unref();
  return { full: () => full, stop: () => clearInterval(timer) };
}
