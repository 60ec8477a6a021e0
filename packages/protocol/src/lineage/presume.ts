/** A side as a successor sees it who knows that it is one. */
import { idKey, type Statement, type StatementId } from "../statement/index.ts";
import { reduce } from "./reduce.ts";
import type { Decisions, FirstSeen, LineageState } from "./types.ts";

/** What `reduce` would give had the observer's person accepted this succession. */
export function presume(
  statements: Iterable<Statement>,
  firstSeen: FirstSeen,
  now: number,
  decisions: Decisions,
  succession: StatementId,
): LineageState {
  return reduce(statements, firstSeen, now, new Map([...decisions, [idKey(succession), "accept"]]));
}
