/**
 * One pass over a profile, which is what a command is:
 *
 * lock → drain and do what is due (bounded) → act → flush (bounded) → unlock
 *
 * A relay that does not answer must not hold a command up, nor the next one, which waits for the lock: draining and flushing
 * are given a few seconds, a server that let one request wait in vain is not asked again, and what is left is said, with exit
 * code 3.
 */
import type { Engine, PhotonError, SyncReport } from "@photon/engine";
import { timeoutSignal } from "@photon/engine/ports";
import { err, ok } from "@photon/protocol/codec";
import { type Answer, answer, type Cli } from "./cli.ts";
import type { Attempt, Failure } from "./failure.ts";
import type { Json } from "./output/json.ts";
import { shown } from "./output/shown.ts";
import { plural } from "./output/time.ts";

/** Milliseconds. */
const bounds = { drain: 4_000, flush: 8_000, flushWhenUnreachable: 2_000, long: 600_000, lock: 15_000 } as const;

export interface Pass {
  readonly engine: Engine;
  /** Another device of this person's has retired this one; only told to those that work `evenRetired`. */
  readonly isRetired: boolean;
  /** Sends what waits. `long` for work that has a right to take its time. Undefined if offline. */
  flush(patience?: "short" | "long"): Attempt<SyncReport | undefined>;
}

interface PassOptions {
  /** For what a device may do that another one has retired: see who it was, and object. */
  readonly evenRetired?: boolean;
}

export async function withProfile(
  cli: Cli,
  act: (pass: Pass) => Attempt<Answer>,
  { evenRetired = false }: PassOptions = {},
): Attempt<Answer> {
  const waiting = cli.progress("Another Photon process is using this profile; waiting for it to finish");
  const online = !cli.globals.offline && !cli.globals.dryRun;
  const opened = await cli.world.home.open(lockPatience(cli), online ? "online" : "offline");
  waiting.end();
  if (!opened.ok) return opened;
  const profile = opened.value;
  try {
    let last: SyncReport | undefined;
    let isRetired = false;
    const sync = async (milliseconds: number): Attempt<SyncReport> => {
      const progress = cli.progress("Talking to the relay");
      const report = await profile.engine.sync({ signal: AbortSignal.any([cli.world.cancel, timeoutSignal(milliseconds)]) });
      progress.end();
      if (!report.ok) return report;
      const retired = report.value.problems.find(({ code }) => code === "device-retired");
      last = { ...report.value, problems: report.value.problems.filter((one) => one !== retired) };
      isRetired = retired !== undefined;
      return retired === undefined || evenRetired ? ok(last) : err(retired);
    };
    if (online) {
      const drained = await sync(bounds.drain);
      if (!drained.ok) return drained;
    }
    const acted = await act({
      engine: profile.engine,
      isRetired,
      flush: async (patience = "short") => {
        if (!online) return ok(undefined);
        const dead = last?.problems.some(({ code }) => code === "relay-unreachable") ?? false;
        return sync(dead ? bounds.flushWhenUnreachable : patience === "long" ? bounds.long : bounds.flush);
      },
    });
    return acted.ok && last !== undefined ? ok(withLeftovers(acted.value, last)) : acted;
  } finally {
    await profile.close();
  }
}

/** For what can be said of a profile without any network, such as completion. */
export async function withProfileOffline<T>(cli: Cli, waitMs: number, act: (engine: Engine) => Attempt<T>): Attempt<T> {
  const opened = await cli.world.home.open(waitMs, "offline");
  if (!opened.ok) return opened;
  try {
    return await act(opened.value.engine);
  } finally {
    await opened.value.close();
  }
}

/** How long a command waits for another one, in milliseconds. */
export function lockPatience(cli: Cli): number {
  const said = cli.world.env["PHOTON_LOCK_WAIT"];
  return said !== undefined && /^[0-9]{1,4}$/u.test(said) ? Number(said) * 1000 : bounds.lock;
}

/** Adds what could not be done in the last exchange with the servers, and its exit code. */
export function withLeftovers(done: Answer, report: SyncReport): Answer {
  if (report.problems.length === 0 && report.pending === 0) return done;
  const exit = done.exit === 0 ? 3 : done.exit;
  const json =
    done.json === undefined ? undefined : { ...done.json, pending: report.pending, problems: report.problems.map(problemJson) };
  return answer({ ...done, exit, json, words: [done.words, leftoverWords(report)].filter((part) => part !== "").join("\n") });
}

export function leftoverWords(report: SyncReport): string {
  const lines = report.problems.map(problemWords);
  if (report.pending > 0)
    lines.push(`${plural(report.pending, "delivery is", "deliveries are")} kept here, to be sent by the next \`photon sync\`.`);
  return lines.join("\n");
}

export function problemWords(problem: Failure): string {
  const exactly = problem.detail === "" ? "" : ` (${shown(problem.detail, { limit: 300 })})`;
  return `${problem.message}${exactly} ${problem.remedy}`;
}

export const problemJson = ({ code, message, remedy, detail }: PhotonError): Json => ({ code, message, remedy, detail });
