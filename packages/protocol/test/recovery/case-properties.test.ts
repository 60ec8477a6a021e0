/** What holds of a trustee's cases whatever was seen, in whatever order: by chance, and against a simulation that goes by time. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, equalBytes, toHex } from "@photon/protocol/codec";
import { type Author, type CaseRules, casesOf, type CaseState, type Heard, maySign, requestDigest, type Sighting } from "@photon/protocol/recovery"; // prettier-ignore
import { approval, day, digest, fill, hour, member, otherDigest, otherRequest, request, requestOf } from "./people.ts";
import { contests as contested, heardAt, presses as pressed, seen, start } from "./sightings.ts";
import { share } from "../share.ts";

/** Five trustees: Ben, Chi, Dee, and two more of whom nothing has to be known. */
const trustees: readonly Author[] = ["Ben", "Chi", "Dee", "a fourth", "a fifth"].map((who) => member(who, "trustee"));
const anyone = member("Ben", "trustee");
const thirdRequest = requestOf({ device: "a third phone" });
const requests: readonly (readonly [Bytes, Bytes])[] = [
  [request, digest],
  [otherRequest, otherDigest],
  [thirdRequest, requestDigest(thirdRequest)],
];

interface Story {
  readonly rules: CaseRules;
  readonly sightings: readonly Sighting[];
  readonly heard: readonly Heard[];
}
/** A coarse grid, so that things happen in the same moment, and just before and after one another. */
const moment = fc
  .tuple(fc.oneof({ weight: 3, arbitrary: fc.nat(24) }, { weight: 1, arbitrary: fc.nat(90) }), fc.constantFrom(-1, 0, 0, 0, 1))
  .map(([half, slip]) => half * 12 * hour + slip);
const which = fc.constantFrom(0, 0, 0, 0, 1, 1, 2);
interface Timed {
  /** Which of the requests, when, and whether it is said in other bytes. */
  readonly of: number;
  readonly at: number;
  readonly again: number;
}
type Event = Timed &
  (
    | { readonly kind: "approve"; readonly who: number; readonly level: number }
    | { readonly kind: "press"; readonly who: number }
    | { readonly kind: "contest" | "hear" }
  );
const timed = { of: which, at: moment, again: fc.nat(1) };
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant("approve"), who: fc.nat(4), level: fc.constantFrom(0, 1), ...timed }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("press"), who: fc.nat(4), ...timed }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("contest", "hear"), ...timed }) },
);

function sightingOf(one: Event): readonly Sighting[] {
  const [bytes, name] = requests[one.of] ?? [request, digest];
  const who = ("who" in one ? trustees[one.who] : undefined) ?? anyone;
  switch (one.kind) {
    case "approve":
      return [seen(who, approval(one.level, bytes), one.at, one.again)];
    case "press":
      return [pressed(one.at, name)];
    case "contest":
      return [contested(one.at, name, one.again)];
    case "hear":
      return [];
  }
}
const heardOf = ({ kind, of, at }: Event): readonly Heard[] => (kind === "hear" ? [heardAt(at, requests[of]?.[1] ?? digest)] : []);

const caseRules: fc.Arbitrary<CaseRules> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 12 * hour, 48 * hour, 336 * hour))
  .map(([threshold, delay]) => ({ threshold, contested: threshold + 1, delay }));
const story: fc.Arbitrary<Story> = fc.tuple(caseRules, fc.array(event, { maxLength: 40, size: "max" })).map(([rules, events]) => ({
  rules,
  sightings: events.flatMap(sightingOf),
  heard: events.flatMap(heardOf),
  // A counterexample in words, not in bytes.
  [fc.toStringMethod]: () => fc.stringify({ rules, events }),
}));
const later = moment.map((at) => start + at);

const cases = ({ rules, sightings, heard }: Story, now: number) => casesOf(rules, sightings, heard, now);
const until = ({ rules, sightings, heard }: Story, now: number): Story => ({
  rules,
  sightings: sightings.filter(({ firstSeen }) => firstSeen <= now),
  heard: heard.filter(({ firstSeen }) => firstSeen <= now),
});
/** What was known at a time, judged at that time. */
const asOf = (whole: Story, now: number) => cases(until(whole, now), now);
const timesOf = ({ sightings, heard }: Story): number[] => [...sightings, ...heard].map(({ firstSeen }) => firstSeen);
const endOf = (whole: Story): number => Math.max(start, ...timesOf(whole));

interface Given {
  readonly author: string;
  readonly level: number;
  readonly at: number;
}
/** Approvals of a request as they were given, the earliest first. */
const givenTo = ({ sightings }: Story, key: string): readonly Given[] =>
  sightings
    .flatMap(({ entry, firstSeen }) =>
      entry.body.kind === "approve" && toHex(requestDigest(entry.body.value.request)) === key
        ? [{ author: toHex(entry.author), level: entry.body.value.level, at: firstSeen }]
        : [],
    )
    .toSorted((a, b) => a.at - b.at);
/** When the n-th of different trustees approved, or never. */
function nth(given: readonly Given[], count: number): number {
  const authors = new Set<string>();
  for (const { author, at } of given) if (authors.add(author).size >= count) return at;
  return Number.POSITIVE_INFINITY;
}

describe("whatever a trustee sees, in whatever order", () => {
  test("one state follows: the order does not matter, nor whether anything is seen again", () => {
    const deliveries = story.chain((whole) => {
      const again = [...whole.sightings, ...whole.sightings.map((one) => ({ ...one, firstSeen: one.firstSeen + day }))];
      return fc.record({
        whole: fc.constant(whole),
        sightings: fc.shuffledSubarray(again, { minLength: again.length }),
        heard: fc.shuffledSubarray([...whole.heard, ...whole.heard], { minLength: 2 * whole.heard.length }),
        now: later,
      });
    });
    fc.assert(
      fc.property(deliveries, ({ whole, sightings, heard, now }) => {
        expect(casesOf(whole.rules, sightings, heard, now)).toEqual(cases(whole, now));
      }),
      { numRuns: share(100) },
    );
  });

  test("R3: nothing is ready sooner than the delay after enough different trustees have approved", () => {
    fc.assert(
      fc.property(story, later, (whole, now) => {
        for (const [key, { state }] of cases(whole, now)) {
          if (state.kind !== "ready" || state.level !== 0) continue;
          const counted = nth(givenTo(whole, key), whole.rules.threshold);
          expect(state.since).toBeGreaterThanOrEqual(counted + whole.rules.delay);
          expect(now).toBeGreaterThanOrEqual(state.since);
        }
      }),
      { numRuns: share(100) },
    );
  });

  test("R5: nothing is ready at level 1 sooner than a week after t′ different trustees approved with the contest known", () => {
    fc.assert(
      fc.property(story, later, (whole, now) => {
        for (const [key, { state, contestedAt }] of cases(whole, now)) {
          if (state.kind !== "ready" || state.level !== 1) continue;
          const after = givenTo(whole, key).filter(
            ({ level, at }) => level === 1 && at >= (contestedAt ?? Number.POSITIVE_INFINITY),
          );
          expect(state.since).toBeGreaterThanOrEqual(nth(after, whole.rules.contested) + 7 * day);
        }
      }),
      { numRuns: share(100) },
    );
  });

  test("fewer than t trustees make nothing ready, whatever they say and however often", () => {
    fc.assert(
      fc.property(story, fc.array(later, { minLength: 1, maxLength: 8 }), (whole, times) => {
        const authors = new Set(trustees.slice(0, whole.rules.threshold - 1).map(({ signer }) => toHex(signer.publicKey)));
        const few = {
          ...whole,
          sightings: whole.sightings.filter(({ entry }) => entry.role === "device" || authors.has(toHex(entry.author))),
        };
        for (const now of [...times, ...times.map((time) => time + 60 * day)])
          for (const { state } of cases(few, now).values()) expect(["collecting", "expired"]).toContain(state.kind);
      }),
      { numRuns: share(100) },
    );
  });

  test("R5: once a contest was seen before it is over, nothing is ready or signed at level 0 again", () => {
    const batch = (level: 0 | 1, now: number) => {
      const notBefore = now - (now % day);
      return { request: digest, level, notBefore, expiry: notBefore + 14 * day, items: [fill(48, 1)] };
    };
    fc.assert(
      fc.property(
        story,
        later,
        fc.array(fc.integer({ min: 0, max: 60 * day }), { minLength: 4, maxLength: 4 }),
        (whole, at, after) => {
          const before = asOf(whole, at).get(toHex(digest))?.state;
          fc.pre(before !== undefined && before.kind !== "expired");
          const objected = { ...until(whole, at), heard: [...until(whole, at).heard, { request: digest, firstSeen: at }] };
          const withLater = {
            ...objected,
            sightings: [...objected.sightings, ...whole.sightings.filter(({ firstSeen }) => firstSeen > at)],
          };
          for (const now of [at, ...after.map((time) => at + time)]) {
            const found = cases(withLater, now).get(toHex(digest));
            expect(found?.state).not.toMatchObject({ level: 0 });
            if (found !== undefined) expect(maySign(found, batch(0, now), 0, now)).not.toBeUndefined();
          }
        },
      ),
    );
  });

  test("time alone leads from collecting to waiting to ready to over, and never back", () => {
    const rank = ({ kind }: CaseState): number => ["collecting", "waiting", "ready", "expired"].indexOf(kind);
    fc.assert(
      fc.property(story, fc.array(fc.integer({ min: 0, max: 120 * day }), { minLength: 8, maxLength: 8 }), (whole, times) => {
        const end = endOf(whole);
        const states = times.toSorted((a, b) => a - b).map((time) => cases(whole, end + time));
        for (const key of states[0]?.keys() ?? []) {
          const ranks = states.map((one) => rank(one.get(key)?.state ?? { kind: "expired", since: 0 }));
          expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: share(100) },
    );
  });

  test("what was over at any time is over for good, since the same moment", () => {
    fc.assert(
      fc.property(story, later, fc.integer({ min: 0, max: 60 * day }), (whole, at, more) => {
        const after = cases(whole, Math.max(at, endOf(whole)) + more);
        for (const [key, { state, contestedAt, approvals }] of asOf(whole, at)) {
          if (state.kind !== "expired") continue;
          expect(after.get(key)).toMatchObject({ state, contestedAt });
          expect(after.get(key)?.approvals).toEqual(approvals);
        }
      }),
      { numRuns: share(100) },
    );
  });

  test("what is ready was ready by what was known then: nothing that is seen later makes it so earlier", () => {
    fc.assert(
      fc.property(story, (whole) => {
        const end = endOf(whole);
        for (const [key, { state }] of cases(whole, end)) {
          if (state.kind !== "ready") continue;
          expect(asOf(whole, state.since).get(key)?.state).toMatchObject({ kind: "ready", level: state.level });
        }
      }),
      { numRuns: share(100) },
    );
  });

  test("it is what a simulation finds that goes from moment to moment", () => {
    fc.assert(
      fc.property(story, fc.integer({ min: 0, max: 60 * day }), (whole, more) => {
        const now = endOf(whole) + more;
        const found = new Map([...cases(whole, now)].map(([key, { state, contestedAt }]) => [key, { state, contestedAt }]));
        expect(found).toEqual(simulated(whole, now));
      }),
      { numRuns: share(400) },
    );
  });
});

interface Running {
  readonly zero: Set<string>;
  readonly one: Set<string>;
  contestedAt: number | undefined;
  /** Whether enough have approved at level 0. */
  counted: boolean;
  since: number | undefined;
  over: number;
}

const begin = (over: number): Running => ({
  zero: new Set(),
  one: new Set(),
  contestedAt: undefined,
  counted: false,
  since: undefined,
  over,
});

/**
 * By time: at each moment contests come first, then approvals, then rivals, then approvals of what is contested, then pressure.
 * What is over hears nothing.
 */
function simulated(
  whole: Story,
  now: number,
): ReadonlyMap<string, { readonly state: CaseState; readonly contestedAt: number | undefined }> {
  const { rules } = whole;
  const objections = new Map<string, number>();
  const hasPressed = new Set<string>();
  const running = new Map<string, Running>();
  const contest = (one: Running, at: number): void => {
    if (one.contestedAt !== undefined || at > one.over) return;
    Object.assign(one, { contestedAt: at, since: undefined, over: at + 14 * day });
  };
  const wait = (one: Running, key: string, at: number, length: number): void => {
    one.since = at + length + (hasPressed.has(key) ? 7 * day : 0);
    one.over = one.since + 14 * day;
  };
  for (const at of [...new Set(timesOf(whole))].toSorted((a, b) => a - b)) {
    const isFirst = (one: Sighting): boolean =>
      whole.sightings.every(({ entry, firstSeen }) => !equalBytes(entry.id, one.entry.id) || firstSeen >= one.firstSeen);
    const here = whole.sightings.filter((one) => one.firstSeen === at && isFirst(one));
    const objected = [
      ...here.flatMap(({ entry: { body } }) => (body.kind === "contest" ? [toHex(body.value.request)] : [])),
      ...whole.heard.filter(({ firstSeen }) => firstSeen === at).map((one) => toHex(one.request)),
    ];
    for (const key of objected) {
      if (!objections.has(key)) objections.set(key, at);
      const one = running.get(key);
      if (one !== undefined) contest(one, at);
    }
    const newlyCounted: Running[] = [];
    const approved = here.flatMap(({ entry: { author, body } }) =>
      body.kind === "approve"
        ? [{ author: toHex(author), key: toHex(requestDigest(body.value.request)), level: body.value.level }]
        : [],
    );
    for (const { author, key } of approved) {
      const one = running.get(key) ?? begin(at + rules.delay + 14 * day);
      if (!running.has(key)) {
        running.set(key, one);
        const before = objections.get(key);
        if (before !== undefined) contest(one, before);
      }
      if (at <= one.over) one.zero.add(author);
      if (one.zero.size < rules.threshold || one.counted || at > one.over) continue;
      one.counted = true;
      newlyCounted.push(one);
      if (one.contestedAt === undefined) wait(one, key, at, rules.delay);
    }
    for (const second of newlyCounted) {
      const others = [...running.values()].filter((one) => one !== second && one.counted && at <= one.over);
      for (const one of others.length > 0 && at <= second.over ? [second, ...others] : []) contest(one, at);
    }
    for (const { author, key, level } of approved) {
      const one = running.get(key);
      if (one?.contestedAt === undefined || level !== 1 || at > one.over) continue;
      one.one.add(author);
      if (one.one.size >= rules.contested && one.since === undefined) wait(one, key, at, 7 * day);
    }
    for (const { entry } of here) {
      if (entry.body.kind !== "press") continue;
      const key = toHex(entry.body.value.request);
      const one = running.get(key);
      const isLate = one?.since !== undefined && at >= one.since;
      if (one?.since !== undefined && !hasPressed.has(key) && !isLate) {
        one.since += 7 * day;
        one.over += 7 * day;
      }
      hasPressed.add(key);
    }
  }
  return new Map([...running].map(([key, one]) => [key, { state: stateOf(rules, one, now), contestedAt: one.contestedAt }]));
}

function stateOf(rules: CaseRules, { zero, one, contestedAt, since, over }: Running, now: number): CaseState {
  const level = contestedAt === undefined ? 0 : 1;
  if (now > over) return { kind: "expired", since: over };
  if (since !== undefined)
    return now < since ? { kind: "waiting", level, until: since } : { kind: "ready", level, since, expires: over };
  const have = level === 0 ? zero.size : one.size;
  return { kind: "collecting", level, have, need: level === 0 ? rules.threshold : rules.contested, expires: over };
}
