/** Work that has a right to take its time, but not to keep other commands from the profile. */
import type { Cli } from "./cli.ts";
import type { OpenProfile } from "./world.ts";

/** Milliseconds between two looks at who waits. */
const lookEvery = 250;

/** Milliseconds that another command waits before this one breaks off; well below what it waits at most (`lockPatience`). */
export const waysToGive = { watch: 1_000, sync: 8_000 } as const;

export interface GivenWay<T> {
  readonly result: T;
  /** Whether it was broken off for another command. */
  readonly gaveWay: boolean;
}

/** @param work goes on for as long as its signal lets it; what it leaves undone is taken up by the next pass. */
export async function givingWay<T>(
  cli: Cli,
  profile: Pick<OpenProfile, "isWanted">,
  patience: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<GivenWay<T>> {
  const way = new AbortController();
  let since: number | undefined;
  const looking = setInterval(() => {
    since = profile.isWanted() ? (since ?? performance.now()) : undefined;
    if (since !== undefined && performance.now() - since >= patience) way.abort();
  }, lookEvery);
  try {
    const result = await work(AbortSignal.any([cli.world.cancel, way.signal]));
    return { result, gaveWay: way.signal.aborted };
  } finally {
    clearInterval(looking);
  }
}
