/**
 * A trustee's view of a plan queue: each request is a case, and where it stands follows from what was seen when. Pure, and
 * the same for any order in which entries are given. The rules are in `rules.ts`. See spec/12-recovery.md.
 *
 *     collecting ──t approvals──▶ waiting ──the delay──▶ ready ──14 days──▶ expired
 *         └────────────┴──a contest, or a rival that was counted too──┐
 *     collecting (level 1) ──t′ approvals given after it──▶ waiting (7 days) ──▶ ready (level 1) ──14 days──▶ expired
 */
import { type Bytes, compareBytes, equalBytes, toHex } from "../codec/index.ts";
import { type contactedHow, type Entry, type Level, type recognisedHow, requestIn } from "./board.ts";
import { requestLife } from "./plan.ts";
import type { FoundRequest } from "./request.ts";
import { contestEscalates, delayComesFirst, pressureLengthens, requestsExpire, rivalsContest } from "./rules.ts";

export interface Sighting {
  readonly entry: Entry;
  /** Milliseconds: when this observer's circle first saw it. */
  readonly firstSeen: number;
}
/** A contest that reached the observer by another way: in their own relationship with the person. */
export interface Heard {
  readonly request: Bytes;
  readonly firstSeen: number;
}
export interface CaseRules {
  readonly threshold: number;
  /** After a contest. */
  readonly contested: number;
  /** Milliseconds. */
  readonly delay: number;
}

export interface Approval {
  /** The pseudonym. */
  readonly author: Bytes;
  readonly firstSeen: number;
  readonly recognised: keyof typeof recognisedHow;
  readonly contacted: keyof typeof contactedHow;
}

export type CaseState =
  | { readonly kind: "collecting"; readonly level: Level; readonly have: number; readonly need: number; readonly expires: number }
  | { readonly kind: "waiting"; readonly level: Level; readonly until: number }
  | { readonly kind: "ready"; readonly level: Level; readonly since: number; readonly expires: number }
  | { readonly kind: "expired"; readonly since: number };

export interface Case {
  readonly request: FoundRequest;
  /** By level; each trustee once, by first sight. */
  readonly approvals: readonly [readonly Approval[], readonly Approval[]];
  /** When the first contest was seen, or the rival that contests it. */
  readonly contestedAt: number | undefined;
  readonly pressed: boolean;
  /** Digests of other requests that were approved by anybody. */
  readonly rivals: readonly Bytes[];
  readonly state: CaseState;
}

/** @returns the cases by the hex of their requests' digests. */
export function casesOf(
  rules: CaseRules,
  sightings: readonly Sighting[],
  heard: readonly Heard[],
  now: number,
): ReadonlyMap<string, Case> {
  const files = filesOf(sightings);
  const counted = new Map<string, number>();
  for (const [key, { approvals }] of files) {
    const at = approvals[0][rules.threshold - 1]?.firstSeen;
    if (at !== undefined) counted.set(key, at);
  }
  const cases = new Map<string, Case>();
  for (const [key, file] of files) {
    const contests = [
      ...sightings.flatMap(({ entry: { body }, firstSeen }) =>
        body.kind === "contest" && equalBytes(body.value.request, file.request.digest) ? [firstSeen] : [],
      ),
      ...heard.flatMap((one) => (equalBytes(one.request, file.request.digest) ? [one.firstSeen] : [])),
    ];
    const contestedAt = rivalsContest(key, counted, Math.min(...contests));
    const pressedAt = sightings.flatMap(({ entry: { body }, firstSeen }) =>
      body.kind === "press" && equalBytes(body.value.request, file.request.digest) ? [firstSeen] : [],
    );
    cases.set(key, {
      ...file,
      contestedAt,
      pressed: pressedAt.length > 0,
      rivals: [...files].filter(([other]) => other !== key).map(([, other]) => other.request.digest),
      state: stateOf(rules, file, counted.get(key), contestedAt, Math.min(...pressedAt), now),
    });
  }
  return cases;
}

type File = Pick<Case, "request" | "approvals">;

/** The requests that somebody has approved, each with its approvals. */
function filesOf(sightings: readonly Sighting[]): ReadonlyMap<string, File> {
  type ByAuthor = Map<string, Approval>;
  const files = new Map<string, { request: FoundRequest; approvals: readonly [ByAuthor, ByAuthor] }>();
  for (const { entry, firstSeen } of inOrder(sightings)) {
    if (entry.body.kind !== "approve") continue;
    const { level, recognised, contacted } = entry.body.value;
    const request = requestIn(entry.body.value);
    if (!request.ok) continue;
    const key = toHex(request.value.digest);
    const approvals: readonly [ByAuthor, ByAuthor] = [new Map<string, Approval>(), new Map<string, Approval>()];
    const file = files.get(key) ?? { request: request.value, approvals };
    files.set(key, file);
    const approval = { author: entry.author, firstSeen, recognised, contacted };
    // Whoever approves with a contest on the screen approves.
    for (const at of level === 0 ? [0 as const] : [0 as const, 1 as const]) {
      const author = toHex(entry.author);
      if (!file.approvals[at].has(author)) file.approvals[at].set(author, approval);
    }
  }
  return new Map(
    [...files].map(([key, { request, approvals }]) => [
      key,
      { request, approvals: [[...approvals[0].values()], [...approvals[1].values()]] },
    ]),
  );
}

const inOrder = (sightings: readonly Sighting[]): readonly Sighting[] =>
  sightings.toSorted((a, b) => a.firstSeen - b.firstSeen || compareBytes(a.entry.id, b.entry.id));

function stateOf(
  rules: CaseRules,
  { approvals }: File,
  countedAt: number | undefined,
  contestedAt: number | undefined,
  pressedAt: number,
  now: number,
): CaseState {
  const begun = approvals[0][0]?.firstSeen ?? now;
  const plain = countedAt === undefined ? undefined : pressureLengthens(delayComesFirst(countedAt, rules.delay), pressedAt);
  const over = requestsExpire(plain ?? begun + rules.delay);
  if (contestedAt === undefined || contestedAt > over) {
    if (now > over) return { kind: "expired", since: over };
    if (plain === undefined)
      return { kind: "collecting", level: 0, have: approvals[0].length, need: rules.threshold, expires: over };
    return now < plain ? { kind: "waiting", level: 0, until: plain } : { kind: "ready", level: 0, since: plain, expires: over };
  }
  const after = approvals[1].filter(({ firstSeen }) => firstSeen >= contestedAt);
  const escalatedAt = after[rules.contested - 1]?.firstSeen;
  const since = escalatedAt === undefined ? undefined : contestEscalates(escalatedAt);
  const expires = since === undefined ? contestedAt + requestLife : requestsExpire(since);
  if (now > expires) return { kind: "expired", since: expires };
  if (since === undefined) return { kind: "collecting", level: 1, have: after.length, need: rules.contested, expires };
  return now < since ? { kind: "waiting", level: 1, until: since } : { kind: "ready", level: 1, since, expires };
}
