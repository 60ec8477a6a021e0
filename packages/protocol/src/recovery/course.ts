/**
 * The course of a case: since when it is ready and when it is over, if nothing more is seen. What is first seen when it is over
 * changes nothing, so that no case comes back. See spec/12-recovery.md.
 */
import { toHex } from "../codec/index.ts";
import type { Level } from "./board.ts";
import type { Approval, CaseRules } from "./case.ts";
import { contestEscalates, delayComesFirst, pressureLengthens, requestsExpire } from "./rules.ts";

export interface Course {
  readonly level: Level;
  /** By level, those that count; each trustee once, by first sight. */
  readonly approvals: readonly [readonly Approval[], readonly Approval[]];
  readonly need: number;
  /** Since when it is ready; undefined while approvals are missing. */
  readonly since: number | undefined;
  readonly expires: number;
}

/** What was seen of one request. */
export interface Evidence {
  /** In order of first sight, one trustee's as often as they approved; at least one. */
  readonly given: readonly Approval[];
  /** The first time, or infinity. */
  readonly pressedAt: number;
}

/** When so many different trustees had approved, at whatever level. */
export const countedAt = ({ threshold }: CaseRules, { given }: Evidence): number | undefined =>
  oncePerTrustee(given)[threshold - 1]?.firstSeen;

/** While nobody objects. */
export function plainCourse({ threshold, delay }: CaseRules, evidence: Evidence): Course {
  const begun = evidence.given[0]?.firstSeen ?? 0;
  const wait = (at: number): number => delayComesFirst(at, delay);
  return courseOf(0, evidence, { counting: evidence.given, need: threshold, until: requestsExpire(wait(begun)), wait });
}

/** After a contest. */
export function contestedCourse({ contested }: CaseRules, evidence: Evidence, contestedAt: number): Course {
  const counting = evidence.given.filter(({ level, firstSeen }) => level === 1 && firstSeen >= contestedAt);
  return courseOf(1, evidence, { counting, need: contested, until: requestsExpire(contestedAt), wait: contestEscalates });
}

interface Collecting {
  readonly counting: readonly Approval[];
  readonly need: number;
  /** The last moment in which the last approval may come. */
  readonly until: number;
  readonly wait: (from: number) => number;
}

function courseOf(level: Level, { given, pressedAt }: Evidence, { counting, need, until, wait }: Collecting): Course {
  const last = oncePerTrustee(counting)[need - 1]?.firstSeen;
  const since = last === undefined || last > until ? undefined : pressureLengthens(wait(last), pressedAt);
  const expires = since === undefined ? until : requestsExpire(since);
  const inTime = (approvals: readonly Approval[]): readonly Approval[] =>
    oncePerTrustee(approvals).filter(({ firstSeen }) => firstSeen <= expires);
  return { level, approvals: [inTime(given), level === 0 ? [] : inTime(counting)], need, since, expires };
}

function oncePerTrustee(given: readonly Approval[]): readonly Approval[] {
  const first = new Map<string, Approval>();
  for (const one of given) {
    const author = toHex(one.author);
    if (!first.has(author)) first.set(author, one);
  }
  return [...first.values()];
}
