/**
 * What trustees hold each other and a new device to: one sentence each, with the number of its rule in the design. What
 * peers and devices enforce is in the lineage's rules. See spec/12-recovery.md.
 */
import { type Bytes, equalBytes } from "../codec/index.ts";
import type { Batch } from "./board.ts";
import type { Case } from "./case.ts";
import { contestDelay, day, pressureDelay, recoveredQuarantine, requestLife } from "./plan.ts";

/** R3, R4. Nothing is released or signed before the delay has passed since enough approvals were first seen. */
export const delayComesFirst = (countedAt: number, delay: number): number => countedAt + delay;

/**
 * R9. A trustee who was pressed before the wait ended, be it the delay or that after a contest, makes everybody wait a week
 * longer; a second one no longer than that.
 */
export const pressureLengthens = (until: number, pressedAt: number): number => (pressedAt < until ? until + pressureDelay : until);

/** R5. Once a request is contested only approvals at level 1 count, as many as the second key asks for, and a week passes after them. */
export const contestEscalates = (escalatedAt: number): number => escalatedAt + contestDelay;

/** R12. A request is over fourteen days after it could have been finished; what is first seen later changes nothing in it. */
export const requestsExpire = (ready: number): number => ready + requestLife;

/** A request that enough have approved. */
export interface Rival {
  readonly key: string;
  /** When enough had; it may have been over by then. */
  readonly countedAt: number;
  /** By a device of the owner's. */
  readonly contestedAt: number | undefined;
  /** When it is over, if it is contested then, or never. */
  readonly overIf: (contestedAt: number | undefined) => number;
}

/**
 * R12. Two requests that both have enough approvals contest each other, from the moment on at which the second was counted; one
 * that was over by then neither contests nor is contested.
 * @returns when each was contested first, by whatever.
 */
export function rivalsContest(rivals: readonly Rival[]): ReadonlyMap<string, number> {
  const first = new Map(rivals.flatMap(({ key, contestedAt }) => (contestedAt === undefined ? [] : [[key, contestedAt]])));
  const inOrder = rivals.toSorted((a, b) => a.countedAt - b.countedAt);
  for (const [place, second] of inOrder.entries()) {
    const at = second.countedAt;
    const isOpen = ({ key, overIf }: Rival): boolean => at <= overIf(first.get(key));
    const before = inOrder.slice(0, place).filter(isOpen);
    if (before.length === 0 || !isOpen(second)) continue;
    for (const { key } of [...before, second]) first.set(key, Math.min(first.get(key) ?? at, at));
  }
  return first;
}

export type ApprovalRefusal = "recovered-recently" | "rival-open" | "expired";

/**
 * R12. A device that was itself recovered less than 30 days ago does not approve, nobody approves what is over, and a trustee
 * who has approved one open request approves no other.
 * @param recoveredAt when this trustee's own device was recovered, if it was.
 */
export function mayApprove(
  cases: ReadonlyMap<string, Case>,
  key: string,
  author: Bytes,
  recoveredAt: number | undefined,
  now: number,
): ApprovalRefusal | undefined {
  if (recoveredAt !== undefined && now < recoveredAt + recoveredQuarantine) return "recovered-recently";
  if (cases.get(key)?.state.kind === "expired") return "expired";
  for (const [other, { approvals, state }] of cases) {
    if (other === key || state.kind === "expired") continue;
    if (approvals[0].some((approval) => equalBytes(approval.author, author))) return "rival-open";
  }
  return undefined;
}

/** Batches of one request and level that a trustee signs: one, and two more for days that passed, or a device that began again. */
export const maxBatches = 3;

export type BatchRefusal = "not-ready" | "wrong-level" | "wrong-day" | "too-many";

/**
 * R1, R3. A trustee signs only for a case that is ready, at its level, and under a header that is good by its own clock: from a
 * day that is not beyond tomorrow, and not expired. That the delay has passed is in its being ready, and peers count again; so
 * a trustee who was ready later than the others can sign what they have signed.
 * @param signedBefore batches of this request and level that were signed, without this one.
 */
export function maySign({ state }: Case, batch: Batch, signedBefore: number, now: number): BatchRefusal | undefined {
  if (state.kind !== "ready") return "not-ready";
  if (batch.level !== state.level) return "wrong-level";
  const isHeader = batch.notBefore % day === 0 && batch.expiry === batch.notBefore + requestLife;
  if (!isHeader || batch.notBefore > dayOf(now) + day || batch.expiry <= now) return "wrong-day";
  return signedBefore >= maxBatches ? "too-many" : undefined;
}

export const dayOf = (time: number): number => time - (time % day);

/** What was freshly read before a release: each is undefined where it could not be. */
export interface FreshReading {
  readonly operators: readonly boolean[];
  readonly relationship: boolean;
}
/** For how long, in ms, a source that cannot be read holds up a release. */
export const patience = 3 * day;

/**
 * R3, and (e) of the design. Before a share is released the plan queue is read at both operators, and the relationship with the
 * person; what cannot be read is waited for, three days at most, and a trustee who can read neither operator waits for ever.
 * @param readySince since when the case has been ready.
 */
export function readsBeforeRelease({ operators, relationship }: FreshReading, readySince: number, now: number): boolean {
  if (!operators.includes(true)) return false;
  return (relationship && !operators.includes(false)) || now >= readySince + patience;
}
