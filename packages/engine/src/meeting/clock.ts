/** Whether this device's clock can be believed, where an invitation's days depend on it. */
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";

/** Milliseconds: a clock that is off by less makes an invitation a day longer or shorter, and no more. */
const tolerance = 24 * 3600 * 1000;

/** As people are told of it. */
export const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** What is wrong with the clock, by what the relay's last answer said; to be asked right after an answer. */
export function clockProblem(work: Work, relay: string): PhotonError | undefined {
  const [ours, theirs] = [work.now(), work.ports.transport.time?.(relay)];
  if (theirs === undefined || Math.abs(theirs - ours) <= tolerance) return undefined;
  return photonError("clock-wrong", `${relay} says ${day(theirs)}, this device says ${day(ours)}`);
}
