/** Milliseconds between the first contest and the second key's succession. */
export const escalationWait = 7 * 24 * 60 * 60 * 1000;

/**
 * A contest learned before a succession counts does not win, it escalates: what the first key signed is contested, and
 * only what the second key signed counts, 7 days after the first contest at the earliest.
 *
 * @param threshold 0 for the first key, 1 for the second.
 * @param due when it would count.
 * @param contest when the first contest was learned; undefined where there is none.
 * @returns when it counts, in milliseconds; undefined where it does not.
 */
export function contestEscalates(threshold: number, due: number, contest: number | undefined): number | undefined {
  if (contest === undefined) return due;
  return threshold === 0 ? undefined : Math.max(due, contest + escalationWait);
}

/** Milliseconds: the longest delay and the life of a request. No expiry keeps a side contested for longer. */
const longestContest = 28 * 24 * 60 * 60 * 1000;

/** Milliseconds: for so long trustees collect approvals that know of the contest, and then they wait. */
const longestEscalation = 14 * 24 * 60 * 60 * 1000 + escalationWait;

/**
 * A contested succession is void for good once it has expired and an escalation had its 21 days; but one that had expired
 * when it was learned waits for the second key or the person: its trustees cannot escalate it any more, and the old device
 * that contests at a peer who was away would win.
 *
 * It becomes contested once, and both terms are fixed by then; so nobody keeps it contested by contesting again.
 *
 * @param known when the succession was learned.
 * @param since when it became contested.
 * @returns milliseconds; undefined where time does not end it.
 */
export function contestEnds(known: number, expiry: number, since: number): number | undefined {
  return known >= expiry ? undefined : Math.max(Math.min(expiry, known + longestContest), since + longestEscalation);
}
