import { describe, expect, test } from "vitest";
import { expectOk, toHex } from "@photon/protocol/codec";
import {
  type Author,
  type Batch,
  type BatchRefusal,
  type Case,
  casesOf,
  type EntryBody,
  maxBatches,
  maySign,
  readEntry,
  requestLife,
  type Sighting,
} from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { seedOf } from "../statement/samples.ts";
import { anasLaptop, approval, ben, chi, day, dealerKey, dee, digest, fill, hour, member, otherDigest, otherRequest, plan, say } from "./people.ts"; // prettier-ignore
import { approves, caseAt, contests, heardAt, presses, rules, type Seen, seen, stands, start } from "./sightings.ts";

const of = (...sightings: Sighting[]): Seen => ({ sightings });
/** Ben and Chi have approved by the first hour: ready two days later. */
const counted = [approves(ben, 0), approves(chi, hour)];
const ready = 49 * hour;
const over = ready + 14 * day;

describe("R3: nothing is ready before the delay has passed since enough approvals were first seen", () => {
  test("one of two collects, two wait two days, and are ready then and not a millisecond before", () => {
    expect(stands(of(approves(ben, 0)), hour)).toEqual({ kind: "collecting", level: 0, have: 1, need: 2, expires: 16 * day });
    expect(stands(of(...counted), hour)).toEqual({ kind: "waiting", level: 0, until: ready });
    expect(stands(of(...counted), ready - 1)).toMatchObject({ kind: "waiting" });
    expect(stands(of(...counted), ready)).toEqual({ kind: "ready", level: 0, since: ready, expires: over });
  });

  test("a third approval shortens nothing and lengthens nothing", () => {
    expect(stands(of(...counted, approves(dee, 2 * hour)), ready)).toEqual(stands(of(...counted), ready));
    expect(caseAt(of(...counted, approves(dee, 2 * hour)), ready).approvals[0]).toHaveLength(3);
  });

  test("one trustee counts once, however often they approve, and at whatever level", () => {
    const again = seen(ben, approval(), 2 * hour, 8);
    expect(stands(of(approves(ben, 0), again, approves(ben, 3 * hour, 1)), day)).toMatchObject({ kind: "collecting", have: 1 });
    expect(caseAt(of(again, approves(ben, 0)), day).approvals[0]).toMatchObject([{ firstSeen: start }]);
  });

  test("an approval at level 1 counts at level 0 too", () => {
    expect(stands(of(approves(ben, 0, 1), approves(chi, hour)), ready)).toMatchObject({ kind: "ready", level: 0 });
  });

  test("the delay runs on the reader's clock: a month offline, and all that was approved long ago begins now", () => {
    const month = 30 * day;
    const late = of(approves(ben, month), approves(chi, month), approves(dee, month));
    expect(stands(late, month)).toEqual({ kind: "waiting", level: 0, until: month + 48 * hour });
    expect(stands(late, month + 48 * hour)).toMatchObject({ kind: "ready" });
  });

  test("a clock that was set back makes everybody wait longer", () => {
    expect(stands(of(...counted), -day)).toMatchObject({ kind: "waiting", until: ready });
  });

  test("approvals of another request, and of what is no request, are of no help", () => {
    const other = of(approves(ben, 0), approves(chi, hour, 0, otherRequest), approves(dee, hour, 0, fill(40, 1)));
    expect(stands(other, ready)).toMatchObject({ kind: "collecting", have: 1 });
    expect(casesOf(rules, other.sightings, [], start + ready).size).toBe(2);
  });

  test("what is signed by strangers, devices, or trustees of another version never comes to be counted", async () => {
    const strangers: readonly Author[] = [
      { ...chi, certificate: undefined },
      { ...chi, certificate: dee.certificate },
      { ...chi, signer: ed25519Signer(seedOf("a stranger")) },
      member("Chi", "device"),
      member("Chi", "trustee", { version: 2 }),
      member("Chi", "trustee", {}, seedOf("another dealer")),
    ];
    const read = await Promise.all([ben, ...strangers].map(async (who) => readEntry(await say(who, approval()), plan, dealerKey)));
    const sightings = read.flatMap((one) => (one.ok ? [{ entry: one.value, firstSeen: start }] : []));
    expect(stands({ sightings }, ready)).toMatchObject({ kind: "collecting", have: 1 });
    const genuine = expectOk(readEntry(await say(chi, approval()), plan, dealerKey));
    expect(stands({ sightings: [...sightings, { entry: genuine, firstSeen: start }] }, ready)).toMatchObject({ kind: "ready" });
  });
});

describe("R4: the delay is what the plan says", () => {
  test("0 hours: ready with the last approval, and a contest of the same moment still contests", () => {
    const none: Seen = { sightings: counted, rules: { ...rules, delay: 0 } };
    expect(stands(none, hour)).toEqual({ kind: "ready", level: 0, since: hour, expires: hour + 14 * day });
    expect(stands({ ...none, sightings: [...counted, contests(hour)] }, hour)).toMatchObject({ kind: "collecting", level: 1 });
  });

  test("336 hours: two weeks, and then two more until it is over", () => {
    const longest: Seen = { sightings: counted, rules: { ...rules, delay: 336 * hour } };
    expect(stands(longest, hour + 14 * day - 1)).toMatchObject({ kind: "waiting" });
    expect(stands(longest, hour + 14 * day)).toMatchObject({ kind: "ready", expires: hour + 28 * day });
    expect(stands({ ...longest, sightings: [approves(ben, 0)] }, 28 * day)).toMatchObject({ kind: "collecting" });
    expect(stands({ ...longest, sightings: [approves(ben, 0)] }, 28 * day + 1)).toMatchObject({ kind: "expired" });
  });
});

const collectingAgain = (at: number, have = 0) => ({ kind: "collecting", level: 1, have, need: 3, expires: at + 14 * day });
/** Contested while it waited; then Ben, Chi and Dee approve with that on the screen. */
const objected = [...counted, contests(day)];
const escalated = [...objected, approves(ben, 2 * day, 1), approves(chi, 3 * day, 1), approves(dee, 4 * day, 1)];

describe("R5: a contest does not win, it escalates", () => {
  test.each([
    ["before anybody has approved", -hour],
    ["before enough have approved", hour / 2],
    ["in the same moment as the last approval", hour],
    ["while the delay runs", day],
    ["a millisecond before it ends", ready - 1],
    ["in the moment in which it ends", ready],
    ["while shares are released", ready + day],
    ["in the last moment", over],
  ])("first seen %s, it asks for the second key", (_, at) => {
    expect(stands(of(...counted, contests(at)), Math.max(at, hour))).toEqual(collectingAgain(at));
    expect(caseAt(of(...counted, contests(at)), over).contestedAt).toBe(start + at);
  });

  test("heard in the relationship, it is as good as on the plan queue, and the first of both counts", () => {
    expect(stands({ sightings: counted, heard: [heardAt(day)] }, day)).toEqual(collectingAgain(day));
    for (const [queue, ear] of [
      [day, 2 * day],
      [2 * day, day],
    ] as const) {
      expect(stands({ sightings: [...counted, contests(queue)], heard: [heardAt(ear)] }, 2 * day)).toEqual(collectingAgain(day));
    }
  });

  test("a contest of another request is none of this", () => {
    const other: Seen = { sightings: [...counted, contests(day, otherDigest)], heard: [heardAt(day, otherDigest)] };
    expect(stands(other, ready)).toMatchObject({ kind: "ready", level: 0 });
  });

  test("after it only approvals at level 1 count, and as many as the second key asks for", () => {
    expect(stands(of(...objected, approves(dee, 2 * day)), 2 * day)).toEqual(collectingAgain(day));
    const two = [...objected, approves(ben, 2 * day, 1), approves(chi, 3 * day, 1)];
    expect(stands(of(...two, approves(dee, 3 * day)), 4 * day)).toEqual(collectingAgain(day, 2));
    expect(stands(of(...two, approves(dee, 4 * day, 1)), 4 * day)).toEqual({ kind: "waiting", level: 1, until: 11 * day });
    expect(caseAt(of(...escalated), 4 * day).approvals[1]).toHaveLength(3);
  });

  test("seven days pass after them, whatever the delay is, and fourteen more until it is over", () => {
    for (const delay of [0, 48 * hour, 336 * hour]) {
      const seenBy: Seen = { sightings: escalated, rules: { ...rules, delay } };
      expect(stands(seenBy, 11 * day - 1)).toMatchObject({ kind: "waiting", level: 1 });
      expect(stands(seenBy, 11 * day)).toEqual({ kind: "ready", level: 1, since: 11 * day, expires: 25 * day });
      expect(stands(seenBy, 25 * day + 1)).toEqual({ kind: "expired", since: 25 * day });
    }
  });

  test("approvals at level 1 that were first seen before it do not count: it was not on the screen then", () => {
    const early = [approves(ben, 0, 1), approves(chi, 0, 1), approves(dee, 0, 1), contests(1)];
    expect(stands(of(...early), day)).toEqual(collectingAgain(1));
    expect(caseAt(of(...early), day).approvals[1]).toEqual([]);
  });

  test("those first seen in the same moment do", () => {
    const same = [approves(ben, day, 1), approves(chi, day, 1), approves(dee, day, 1), contests(day)];
    expect(stands(of(...same), day)).toEqual({ kind: "waiting", level: 1, until: 8 * day });
  });

  test("whoever approved at level 1 too early can approve again", () => {
    const again = (who: Author, at: number): Sighting => seen(who, approval(1), at, 8);
    const early = [approves(ben, 0, 1), approves(chi, hour, 1), contests(day)];
    expect(stands(of(...early, again(ben, 2 * day), again(chi, 2 * day)), 2 * day)).toEqual(collectingAgain(day, 2));
    expect(stands(of(...early, again(ben, 2 * day), again(chi, 2 * day), approves(dee, 3 * day, 1)), 3 * day)).toMatchObject({
      kind: "waiting",
      until: 10 * day,
    });
  });

  test("but the very entry that was too early, laid down once more, was not said again", () => {
    const replayed = [approves(ben, 0, 1), approves(chi, 0), contests(day), approves(ben, 2 * day, 1)];
    expect(stands(of(...replayed), 2 * day)).toEqual(collectingAgain(day));
  });

  test("only the first contest counts: another one begins nothing anew", () => {
    for (const at of [3 * day, 5 * day, 11 * day, 20 * day]) {
      const twice: Seen = { sightings: [...escalated, contests(at, digest, 8)], heard: [heardAt(at)] };
      expect(stands(twice, 20 * day)).toEqual(stands(of(...escalated), 20 * day));
    }
  });

  test("without enough of them it is over fourteen days after the contest, and a later approval revives nothing", () => {
    expect(stands(of(...objected), 15 * day)).toMatchObject({ kind: "collecting", level: 1 });
    expect(stands(of(...objected), 15 * day + 1)).toEqual({ kind: "expired", since: 15 * day });
    const late = [approves(ben, 2 * day, 1), approves(chi, 3 * day, 1), approves(dee, 15 * day + 1, 1)];
    expect(stands(of(...objected, ...late), 16 * day)).toEqual({ kind: "expired", since: 15 * day });
    const last = [...late.slice(0, 2), approves(dee, 15 * day, 1)];
    expect(stands(of(...objected, ...last), 16 * day)).toMatchObject({ kind: "waiting", until: 22 * day });
  });

  test("first seen when the case is over, it changes nothing", () => {
    const after = of(...counted, contests(over + 1));
    expect(stands(after, over + day)).toEqual({ kind: "expired", since: over });
    expect(caseAt(after, over + day).contestedAt).toBeUndefined();
    const never = of(approves(ben, 0), contests(16 * day + 1), approves(chi, 16 * day + 2));
    expect(stands(never, 17 * day)).toEqual({ kind: "expired", since: 16 * day });
  });

  test("after a share was released and before anything is signed, it stops the signing", () => {
    const stopped = caseAt(of(...counted, contests(ready + hour)), ready + 2 * hour);
    for (const level of [0, 1] as const) expect(maySign(stopped, batchAt(level), 0, start + ready + 2 * hour)).toBe("not-ready");
    const asked = caseAt(of(...escalated), 12 * day);
    expect(maySign(asked, batchAt(0, 12 * day), 0, start + 12 * day)).toBe("wrong-level");
    expect(maySign(asked, batchAt(1, 12 * day), 0, start + 12 * day)).toBeUndefined();
  });
});

describe("R9: a trustee who was pressed makes everybody wait a week longer", () => {
  test("once: a second one adds nothing", () => {
    expect(stands(of(...counted, presses(day)), ready)).toEqual({ kind: "waiting", level: 0, until: ready + 7 * day });
    const two = of(...counted, presses(day), presses(2 * day), presses(5 * day));
    expect(stands(two, ready + 7 * day)).toEqual({ kind: "ready", level: 0, since: ready + 7 * day, expires: over + 7 * day });
    expect(caseAt(two, ready).pressed).toBe(true);
  });

  test("before enough have approved too", () => {
    expect(stands(of(presses(-day), ...counted), ready)).toMatchObject({ kind: "waiting", until: ready + 7 * day });
  });

  test("not once the delay has ended", () => {
    expect(stands(of(...counted, presses(ready - 1)), ready)).toMatchObject({ kind: "waiting" });
    for (const at of [ready, ready + day]) expect(stands(of(...counted, presses(at)), at)).toMatchObject({ kind: "ready" });
    expect(caseAt(of(...counted, presses(ready)), ready).pressed).toBe(true);
  });

  test("who approves under pressure is counted, and heard", () => {
    const forced = of(approves(ben, 0), approves(chi, hour), presses(hour + 1));
    expect(stands(forced, ready)).toMatchObject({ kind: "waiting", until: ready + 7 * day });
  });

  test("of one request, and of no other", () => {
    expect(stands(of(...counted, presses(day, otherDigest)), ready)).toMatchObject({ kind: "ready" });
    expect(caseAt(of(...counted, presses(day, otherDigest)), ready).pressed).toBe(false);
  });

  test("after a contest as well: fourteen days instead of seven, and not once they are over", () => {
    for (const at of [day / 2, 5 * day, 11 * day - 1])
      expect(stands(of(...escalated, presses(at)), 11 * day)).toEqual({ kind: "waiting", level: 1, until: 18 * day });
    expect(stands(of(...escalated, presses(11 * day)), 11 * day)).toMatchObject({ kind: "ready", level: 1 });
  });

  test("alone it is no approval, and makes no case", () => {
    expect(casesOf(rules, [presses(0), presses(0), contests(0)], [heardAt(0)], start).size).toBe(0);
  });
});

const rival = (who: Author, at: number, level: 0 | 1 = 0): Sighting => approves(who, at, level, otherRequest);

describe("R12: rivals", () => {
  test("two requests with enough approvals contest each other, from the second's last approval on", () => {
    const both = of(...counted, rival(chi, day), rival(dee, 2 * day));
    for (const one of [digest, otherDigest]) {
      expect(caseAt(both, 2 * day, one).contestedAt).toBe(start + 2 * day);
      expect(stands(both, ready, one)).toEqual(collectingAgain(2 * day));
    }
  });

  test("a rival that too few have approved is shown, and contests nothing", () => {
    const one = of(...counted, rival(dee, day));
    expect(caseAt(one, ready)).toMatchObject({ contestedAt: undefined, rivals: [otherDigest], state: { kind: "ready" } });
    expect(caseAt(one, ready, otherDigest)).toMatchObject({ contestedAt: undefined, rivals: [digest] });
  });

  test("counted in the same moment, they contest each other then", () => {
    const same = of(approves(ben, 0), approves(chi, 0), rival(chi, 0), rival(dee, 0));
    for (const one of [digest, otherDigest]) expect(stands(same, hour, one)).toEqual(collectingAgain(0));
  });

  test("the one whom enough approve at level 1 goes on, and the other is over", () => {
    const both = [...counted, rival(chi, day), rival(dee, 2 * day)];
    const decided = of(...both, approves(ben, 3 * day, 1), approves(chi, 3 * day, 1), approves(dee, 4 * day, 1));
    expect(stands(decided, 11 * day)).toMatchObject({ kind: "ready", level: 1, since: 11 * day });
    expect(stands(decided, 16 * day + 1, otherDigest)).toEqual({ kind: "expired", since: 16 * day });
  });

  test("one that is contested already is not contested again by a rival, but contests it", () => {
    const both = of(...escalated, rival(chi, 5 * day), rival(dee, 5 * day));
    expect(stands(both, 11 * day)).toMatchObject({ kind: "ready", level: 1, since: 11 * day });
    expect(stands(both, 5 * day, otherDigest)).toEqual(collectingAgain(5 * day));
  });

  test("one that is over, because it was finished or given up, does not stand in the way of the next", () => {
    const later = over + day;
    const next = of(...counted, rival(ben, later), rival(dee, later));
    expect(stands(next, later, otherDigest)).toMatchObject({ kind: "waiting", level: 0 });
    expect(caseAt(next, later, otherDigest)).toMatchObject({ contestedAt: undefined, rivals: [] });
    expect(stands(next, later)).toEqual({ kind: "expired", since: over });
    const touching = of(...counted, rival(ben, over), rival(dee, over));
    expect(stands(touching, over, otherDigest)).toEqual(collectingAgain(over));
  });

  test("one that was contested by a device and got no second key is over sooner, and contests nothing then", () => {
    const later = 15 * day + 1;
    const next = of(...objected, rival(ben, later), rival(dee, later));
    expect(stands(next, later)).toMatchObject({ kind: "expired", since: 15 * day });
    expect(stands(next, later, otherDigest)).toMatchObject({ kind: "waiting", level: 0 });
  });

  test("one that enough approved only when it was over contests nothing", () => {
    const late = 16 * day + 1;
    const both = of(rival(chi, 0), rival(dee, late), approves(ben, late - day), approves(chi, late - day));
    expect(stands(both, late, otherDigest)).toEqual({ kind: "expired", since: 16 * day });
    expect(stands(both, late)).toMatchObject({ kind: "waiting", level: 0 });
  });

  test("one that is open only because it is contested, and that enough approve late, contests another", () => {
    const slow = { ...rules, delay: 336 * hour };
    const both: Seen = {
      sightings: [
        rival(chi, 0),
        contests(20 * day, otherDigest),
        rival(dee, 30 * day),
        approves(ben, 20 * day),
        approves(chi, 21 * day),
      ],
      rules: slow,
    };
    expect(stands(both, 30 * day)).toEqual(collectingAgain(30 * day));
    expect(stands(both, 30 * day, otherDigest)).toEqual(collectingAgain(20 * day));
  });
});

describe("R12: requests expire", () => {
  test("fourteen days after they could have been finished", () => {
    expect(stands(of(...counted), over)).toMatchObject({ kind: "ready" });
    expect(stands(of(...counted), over + 1)).toEqual({ kind: "expired", since: over });
  });

  test("fourteen days and the delay after the first approval, where the others never came", () => {
    expect(stands(of(approves(ben, 0)), 16 * day)).toMatchObject({ kind: "collecting" });
    expect(stands(of(approves(ben, 0)), 16 * day + 1)).toEqual({ kind: "expired", since: 16 * day });
  });

  test("for good: an approval that comes later revives nothing, be it of a trustee who should have refused", () => {
    expect(stands(of(approves(ben, 0), approves(chi, 16 * day)), 18 * day)).toMatchObject({ kind: "ready" });
    const revived = of(approves(ben, 0), approves(chi, 16 * day + 1), approves(dee, 20 * day));
    for (const now of [16 * day + 1, 18 * day + 1, 40 * day])
      expect(stands(revived, now)).toEqual({ kind: "expired", since: 16 * day });
    expect(caseAt(revived, 20 * day).approvals[0]).toHaveLength(1);
  });
});

const batchAt = (level: 0 | 1, at: number = ready, change: Partial<Batch> = {}): Batch => {
  const notBefore = start + at - ((start + at) % day);
  return { request: digest, level, notBefore, expiry: notBefore + requestLife, items: [fill(48, 1)], ...change };
};

describe("R1, R3: a trustee signs only what is ready, at its level, under a header that is good by its own clock", () => {
  const now = ready + hour;
  const sign = (found: Case, batch: Batch, before = 0, at = now): BatchRefusal | undefined =>
    maySign(found, batch, before, start + at);
  const standing = caseAt(of(...counted), now);

  test("while it collects, waits, or is over, nothing", () => {
    expect(sign(caseAt(of(approves(ben, 0)), now), batchAt(0))).toBe("not-ready");
    expect(sign(caseAt(of(...counted), ready - 1), batchAt(0))).toBe("not-ready");
    expect(sign(caseAt(of(...counted), over + 1), batchAt(0, over))).toBe("not-ready");
    expect(sign(standing, batchAt(0))).toBeUndefined();
  });

  test("with the key of the level at which it is ready", () => {
    expect(sign(standing, batchAt(1))).toBe("wrong-level");
  });

  test("from a day that is not beyond tomorrow, and not expired", () => {
    const days = (count: number): Batch => batchAt(0, ready + count * day);
    expect(sign(standing, days(1))).toBeUndefined();
    expect(sign(standing, days(2))).toBe("wrong-day");
    expect(sign(standing, days(-13))).toBeUndefined();
    expect(sign(standing, days(-14))).toBe("wrong-day");
    const edge = batchAt(0, ready);
    expect(sign(caseAt(of(...counted), over), edge, 0, edge.expiry - start - 1)).toBeUndefined();
    expect(sign(caseAt(of(...counted), over), edge, 0, edge.expiry - start)).toBe("wrong-day");
  });

  test("from a whole day to the day fourteen days later, whatever its parts said", () => {
    const { notBefore } = batchAt(0);
    expect(sign(standing, batchAt(0, ready, { notBefore: notBefore + 1, expiry: notBefore + 1 + requestLife }))).toBe("wrong-day");
    expect(sign(standing, batchAt(0, ready, { expiry: notBefore + 13 * day }))).toBe("wrong-day");
    expect(sign(standing, batchAt(0, ready, { expiry: notBefore + 365 * day }))).toBe("wrong-day");
  });

  test("three batches for one request and level at most", () => {
    expect(maxBatches).toBe(3);
    expect([0, 1, 2, 3, 4].map((before) => sign(standing, batchAt(0), before))).toEqual([
      undefined,
      undefined,
      undefined,
      "too-many",
      "too-many",
    ]);
  });

  test("R3: a trustee who was ready later than the others can sign what they have signed", () => {
    const late = of(approves(ben, 5 * day), approves(chi, 6 * day));
    expect(sign(caseAt(late, 8 * day), batchAt(0, ready), 0, 8 * day)).toBeUndefined();
  });
});

describe("a trustee's view", () => {
  test("names everybody once, with how they recognised the person and who reached whom", () => {
    const body: EntryBody = {
      kind: "approve",
      value: { ...(approval().value as Extract<EntryBody, { kind: "approve" }>["value"]), recognised: "in-person", contacted: "i-reached-them" }, // prettier-ignore
    };
    const { approvals } = caseAt(of(seen(ben, body, 0), approves(chi, hour)), hour);
    expect(approvals[0]).toMatchObject([
      { author: ben.signer.publicKey, recognised: "in-person", contacted: "i-reached-them", firstSeen: start },
      { author: chi.signer.publicKey, recognised: "voice", contacted: "they-reached-me", firstSeen: start + hour },
    ]);
  });

  test("is empty where nobody has approved anything", () => {
    const pin: EntryBody = { kind: "pin", value: { vault: "v", register: fill(16, 1), sequence: 1, head: fill(32, 1) } };
    const release: EntryBody = { kind: "release", value: { request: digest, level: 0 } };
    expect(casesOf(rules, [], [], start).size).toBe(0);
    expect(casesOf(rules, [seen(anasLaptop, pin, 0), seen(ben, release, 0)], [], start).size).toBe(0);
  });

  test("has a case for every request, by its digest", () => {
    const cases = casesOf(rules, [...counted, rival(dee, 0)], [], start + hour);
    expect([...cases.keys()].toSorted()).toEqual([toHex(digest), toHex(otherDigest)].toSorted());
  });
});
