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
  /** The approvals that count; each trustee once, by first sight. */
  readonly approvals: readonly Approval[];
  readonly need: number;
  /** When enough of them were there. */
  readonly countedAt: number | undefined;
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

/** While nobody objects. */
export function plainCourse({ threshold, delay }: CaseRules, { given, pressedAt }: Evidence): Course {
  const begun = given[0]?.firstSeen ?? 0;
  const over = requestsExpire(delayComesFirst(begun, delay));
  return courseOf(0, given, threshold, over, (countedAt) => pressureLengthens(delayComesFirst(countedAt, delay), pressedAt));
}

/** After a contest. */
export function contestedCourse({ contested }: CaseRules, { given, pressedAt }: Evidence, contestedAt: number): Course {
  const after = given.filter(({ level, firstSeen }) => level === 1 && firstSeen >= contestedAt);
  return courseOf(1, after, contested, requestsExpire(contestedAt), (countedAt) =>
    pressureLengthens(contestEscalates(countedAt), pressedAt),
  );
}

function courseOf(
  level: Level,
  given: readonly Approval[],
  need: number,
  collectingEnds: number,
  readyAfter: (countedAt: number) => number,
): Course {
  const all = oncePerTrustee(given);
  const enough = all[need - 1]?.firstSeen;
  const countedAt = enough !== undefined && enough <= collectingEnds ? enough : undefined;
  const since = countedAt === undefined ? undefined : readyAfter(countedAt);
  const expires = since === undefined ? collectingEnds : requestsExpire(since);
  return { level, approvals: all.filter(({ firstSeen }) => firstSeen <= expires), need, countedAt, since, expires };
}

function oncePerTrustee(given: readonly Approval[]): readonly Approval[] {
  const first = new Map<string, Approval>();
  for (const one of given) {
    const author = toHex(one.author);
    if (!first.has(author)) first.set(author, one);
  }
  return [...first.values()];
}
