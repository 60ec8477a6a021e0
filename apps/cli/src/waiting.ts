/**
 * Commands that stay look at the profile in bursts:
 *
 * lock → look → unlock → wait for a hint, without the lock → again
 *
 * So they never make another command fail: at worst that one waits for a burst to end.
 */
import type { Engine } from "@photon/engine";
import { err, ok } from "@photon/protocol/codec";
import type { Cli } from "./cli.ts";
import { type Attempt, cliError } from "./failure.ts";
import type { OpenProfile } from "./world.ts";

/** Milliseconds. */
const slowPoll = 60_000;
const longestPause = 60_000;
const lockWait = 30_000;
/** A wait that ends sooner than this may be one that cannot wait at all. */
const tooSoon = 500;
/** Until others who wait have had their turn. */
const afterGivingWay = 1_000;

/** What came of a burst that was not the last. */
export interface Burst {
  /** Broken off for another command. */
  readonly gaveWay: boolean;
  /** A server could not be reached, or the like. */
  readonly away: boolean;
  readonly news: boolean;
  /** Milliseconds after which to look again, whether a hint comes or not; a minute unless given. */
  readonly within?: number;
}
export type Looked<T> = { readonly kind: "done"; readonly value: T } | ({ readonly kind: "again" } & Burst);

/** @param look has the profile to itself. @param until milliseconds since 1970; `undefined` is returned then. */
export async function inBursts<T>(
  cli: Cli,
  look: (profile: OpenProfile) => Attempt<Looked<T>>,
  until = Number.POSITIVE_INFINITY,
): Attempt<T | undefined> {
  const rhythm: Rhythm = { pause: 0 };
  while (!cli.world.cancel.aborted) {
    if (cli.world.now() >= until) return ok(undefined);
    const opened = await cli.world.home.open(lockWait);
    if (opened.ok) {
      const looked = await lookOnce(cli, opened.value, look, rhythm, until);
      if (!looked.ok) return looked;
      if (looked.value.kind === "done") return ok(looked.value.value);
    } else if (opened.error.code === "profile-locked") await cli.world.pause(250);
    else return opened;
  }
  return err(cliError("interrupted"));
}

interface Rhythm {
  /** Milliseconds; doubles while the relay is away, or hints come to nothing. */
  pause: number;
}

async function lookOnce<T>(
  cli: Cli,
  profile: OpenProfile,
  look: (profile: OpenProfile) => Attempt<Looked<T>>,
  rhythm: Rhythm,
  until: number,
): Attempt<Looked<T>> {
  try {
    const looked = await look(profile);
    if (!looked.ok || looked.value.kind === "done") return looked;
    profile.unlock();
    if (looked.value.gaveWay) await cli.world.pause(afterGivingWay);
    else await waitBetween(cli, profile.engine, rhythm, looked.value, until);
    return looked;
  } finally {
    await profile.close();
  }
}

/**
 * Waits for a hint. A relay that is away, or whose hints come to nothing at once, is asked again after 1, 2, 4 … seconds: no
 * server can make this a spin.
 */
async function waitBetween(cli: Cli, engine: Engine, rhythm: Rhythm, burst: Burst, until: number): Promise<void> {
  const began = performance.now();
  const left = until - cli.world.now();
  const patience = burst.away ? Math.max(1_000, rhythm.pause) : (burst.within ?? slowPoll);
  await engine.waitForHint(Math.min(left, patience), cli.world.cancel);
  const early = performance.now() - began < Math.min(tooSoon, left);
  const idle = burst.away || (early && !burst.news);
  rhythm.pause = idle ? Math.min(Math.max(1_000, 2 * rhythm.pause), longestPause) : 0;
  if (early && idle) await cli.world.pause(rhythm.pause);
}
