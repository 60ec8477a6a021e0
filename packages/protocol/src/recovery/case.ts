/**
 * A trustee's view of a plan queue: each request is a case, and where it stands follows from what was seen when. Pure, and
 * the same for any order in which entries are given. The rules are in `rules.ts`. See spec/12-recovery.md.
 *
 *     collecting ──t approvals──▶ waiting ──the delay──▶ ready ──14 days──▶ expired
 *         └──────────────────────────┴─────────────────────┤ a contest, or a rival that was counted too
 *     collecting (level 1) ◀───────────────────────────────┘
 *         └──t′ approvals given with it on the screen──▶ waiting (7 days) ──▶ ready (level 1) ──14 days──▶ expired
 */
import { type Bytes, compareBytes, toHex } from "../codec/index.ts";
import { type contactedHow, type Entry, type Level, type recognisedHow, requestIn } from "./board.ts";
import { contestedCourse, countedAt, type Course, plainCourse } from "./course.ts";
import { type FoundRequest, requestDigest } from "./request.ts";
import { type Rival, rivalsContest } from "./rules.ts";

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
  readonly level: Level;
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
  /** By level, those that count; each trustee once, by first sight. */
  readonly approvals: readonly [readonly Approval[], readonly Approval[]];
  /** When the first contest was seen, or the rival that contests it; undefined where the case was over by then. */
  readonly contestedAt: number | undefined;
  readonly pressed: boolean;
  /** Digests of other requests that somebody has approved and that are not over. */
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
  const files = filesOf(rules, sightings);
  const contests = earliest([...sightings.flatMap((one) => about("contest", one)), ...heard]);
  const counted = files.flatMap(({ key, enoughAt, courseIf }): readonly Rival[] => {
    const overIf = (at: number | undefined): number => courseIf(at).expires;
    return enoughAt === undefined ? [] : [{ key, countedAt: enoughAt, contestedAt: contests.get(key), overIf }];
  });
  const contested = new Map([...contests, ...rivalsContest(counted)]);
  const going = files.map((file) => ({ ...file, course: file.courseIf(contested.get(file.key)) }));
  return new Map(
    going.map(({ key, request, pressed, course }): [string, Case] => [
      key,
      {
        request,
        approvals: course.approvals,
        contestedAt: course.level === 0 ? undefined : contested.get(key),
        pressed,
        rivals: going.flatMap((other) => (other.key === key || now > other.course.expires ? [] : [other.request.digest])),
        state: stateAt(course, now),
      },
    ]),
  );
}

/** A request that somebody has approved. */
interface File {
  readonly key: string;
  readonly request: FoundRequest;
  readonly pressed: boolean;
  readonly enoughAt: number | undefined;
  /** Where it goes if it is contested then, or never. */
  readonly courseIf: (contestedAt: number | undefined) => Course;
}

function filesOf(rules: CaseRules, sightings: readonly Sighting[]): readonly File[] {
  const presses = earliest(sightings.flatMap((one) => about("press", one)));
  const approved = new Map<string, { readonly request: FoundRequest; readonly given: Approval[] }>();
  for (const { entry, firstSeen } of inOrder(sightings)) {
    if (entry.body.kind !== "approve") continue;
    const { request: bytes, level, recognised, contacted } = entry.body.value;
    const key = toHex(requestDigest(bytes));
    const request = approved.has(key) ? undefined : requestIn(entry.body.value);
    if (request?.ok === true) approved.set(key, { request: request.value, given: [] });
    const approval: Approval = { author: entry.author, level: level === 0 ? 0 : 1, firstSeen, recognised, contacted };
    approved.get(key)?.given.push(approval);
  }
  return [...approved].map(([key, { request, given }]) => {
    const evidence = { given, pressedAt: presses.get(key) ?? Number.POSITIVE_INFINITY };
    const plain = plainCourse(rules, evidence);
    const courseIf = (at: number | undefined): Course =>
      at === undefined || at > plain.expires ? plain : contestedCourse(rules, evidence, at);
    return { key, request, pressed: presses.has(key), enoughAt: countedAt(rules, evidence), courseIf };
  });
}

/** Each entry once, by first sight: what is laid down again was not said again. */
function inOrder(sightings: readonly Sighting[]): readonly Sighting[] {
  const sorted = sightings.toSorted((a, b) => a.firstSeen - b.firstSeen || compareBytes(a.entry.id, b.entry.id));
  const first = new Map(sorted.toReversed().map((one) => [toHex(one.entry.id), one]));
  return sorted.filter((one) => first.get(toHex(one.entry.id)) === one);
}

/** What an entry of this kind is about, and when it was first seen; nothing for an entry of another kind. */
const about = (kind: "contest" | "press", { entry: { body }, firstSeen }: Sighting): readonly Heard[] =>
  (body.kind === "contest" || body.kind === "press") && body.kind === kind ? [{ request: body.value.request, firstSeen }] : [];

/** By request (hex): when it was seen first. */
function earliest(seen: readonly Heard[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { request, firstSeen } of seen) {
    const key = toHex(request);
    first.set(key, Math.min(first.get(key) ?? firstSeen, firstSeen));
  }
  return first;
}

function stateAt({ level, approvals, need, since, expires }: Course, now: number): CaseState {
  if (now > expires) return { kind: "expired", since: expires };
  if (since === undefined) return { kind: "collecting", level, have: approvals[level].length, need, expires };
  return now < since ? { kind: "waiting", level, until: since } : { kind: "ready", level, since, expires };
}
