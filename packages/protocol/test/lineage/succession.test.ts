/** What a peer of Ana's makes of recoveries by trustees: the rules of a succession, each by its name and its number. */
import { describe, expect, test } from "vitest";
import { escalationWait, type LineageState, planGrace, planMaturing, presume, replacementWait } from "@photon/protocol/lineage";
import { idKey, type KnownStatement, makeRecoverySalt, recoveryCommitment, type Statement } from "@photon/protocol/statement";
import {
  day,
  escrowPlan,
  hostedAt,
  hour,
  inboxNamed,
  keyOf,
  leafId,
  named,
  noPlan,
  onDevice,
  Side,
  standingIn,
  trusteePlan,
} from "./builder.ts";

const names = ["phone", "laptop", "thief", "new", "second new", "rival"];
const wait = 48 * hour;
/** From when a plan that replaced another decides, after it was learned. */
const deciding = planMaturing + replacementWait;
/** For so long an escalation is waited for. */
const longestEscalation = 14 * day + escalationWait;
const live = (state: LineageState): string[] => named(state, names, "live");
const retired = (state: LineageState): string[] => named(state, names, "retired");
const standings = (state: LineageState, ...statements: readonly Statement[]): string[] =>
  statements.map((one) => standingIn(state, one));
const successionIn = (state: LineageState, statement: Statement) =>
  state.successions.find((one) => idKey(one.statement) === idKey(statement.id));

/** Ana's phone and laptop, and a plan with trustees whose successions wait for 48 hours. */
function ana(): Side {
  const side = new Side();
  side.found("phone", { plan: trusteePlan(1) });
  side.admit("phone", ["laptop"]);
  side.at = 30 * day;
  return side;
}

/** What the archive still knew: the first two statements. */
const archived = (side: Side) => ({ heads: side.statements.slice(1, 2) });

describe("successionIsOnce", () => {
  test("R1, R2: a succeed that opens a commitment of the plan in force counts, once its delay is over, and only one does", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1);
    const before = side.reduce(side.at + wait - 1);
    expect(before.standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: side.at + wait });
    expect(before).toMatchObject({ kind: "active", epoch: 0, nextChange: side.at + wait });
    expect(live(before)).toEqual(["phone", "laptop"]);
    const after = side.reduce(side.at + wait);
    expect(standingIn(after, succeed)).toBe("counts");
    expect(after).toMatchObject({ kind: "active", epoch: 1, custody: onDevice, plan: noPlan, nextChange: undefined });
    expect(after.inbox).toEqual(inboxNamed("succeeded"));
    expect(after.inboxes).toEqual([inboxNamed("first"), inboxNamed("succeeded")]);
    expect(live(after)).toEqual(["new"]);
    expect(after.leaves.get(idKey(leafId("new")))).toMatchObject({ proof: "trustees", by: succeed.id });
    expect(successionIn(after, succeed)).toMatchObject({ status: "counts", until: side.at + wait, epoch: 1, threshold: 0 });
  });

  test("R2: another key, another salt, another threshold or another version opens nothing", () => {
    const side = ana();
    const where = archived(side);
    const wrong = [
      side.succeed(["new"], 1, { ...where, dealer: "thief" }),
      side.succeed(["new"], 1, { ...where, delay: 0 }),
      side.succeed(["new"], 2, where),
      side.succeed(["new"], 1, { ...where, says: { planVersion: 2 } }),
      side.succeed(["new"], 1, { ...where, says: { threshold: 1 } }),
      side.succeed(["new"], 1, { ...where, salt: makeRecoverySalt(48, keyOf("guess").slice(0, 30)) }),
    ];
    const state = side.reduce(side.at + 60 * day);
    expect(standings(state, ...wrong)).toEqual(wrong.map(() => "void: authorityOrder"));
    expect(state.successions).toEqual([]);
    expect(live(state)).toEqual(["phone", "laptop"]);
  });

  test("R4: a salt that says more than 14 days opens nothing", () => {
    const salt = (delay: number) => {
      const made = makeRecoverySalt(0, keyOf("salt").slice(0, 30));
      made.set([delay >>> 8, delay & 0xff]);
      return made;
    };
    for (const [delay, standing] of [
      [336, "pending"],
      [337, "void: authorityOrder"],
    ] as const) {
      const side = new Side();
      const opened = new Side();
      const succeed = opened.succeed(["new"], 1, { salt: salt(delay), heads: [] });
      if (succeed.type !== "succeed") throw new Error("no succeed");
      side.found("phone", { plan: commitmentTo(succeed) });
      const made = side.succeed(["new"], 1, { salt: salt(delay) });
      expect(standingIn(side.reduce(), made)).toBe(standing);
    }
  });

  test("R2: of several that are due at once the one learned first counts", () => {
    const side = ana();
    const where = { ...archived(side), threshold: 1 };
    const made = [side.succeed(["new"], 1, where), side.succeed(["rival"], 1, where)];
    const [first, second] = made.toSorted((a, b) => (idKey(a.id) < idKey(b.id) ? -1 : 1)) as [Statement, Statement];
    const state = side.reduce(side.at + wait);
    expect(standings(state, first, second)).toEqual(["counts", "void: successionIsOnce"]);
    const other = ana();
    const later = other.succeed(["rival"], 1, { ...archived(other), threshold: 1, at: other.at + hour });
    const earlier = other.succeed(["new"], 1, { ...archived(other), threshold: 1, notBefore: other.at + hour + wait });
    expect(standings(other.reduce(other.at + hour + wait), earlier, later)).toEqual(["counts", "void: successionIsOnce"]);
  });

  test("R2: a commitment is opened once: what it would open again in the next epoch is void", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1);
    side.at += wait;
    const again = side.succeed(["rival"], 1, { request: "more", epoch: 2, heads: [succeed] });
    const same = side.succeed(["rival"], 1, { request: "more", heads: [succeed] });
    const beside = side.succeed(["rival"], 1, { request: "more", ...archived(side) });
    const far = side.succeed(["rival"], 1, { request: "more", epoch: 7, heads: [succeed] });
    const state = side.reduce(side.at + 60 * day);
    expect(standings(state, succeed, again, same, beside, far)).toEqual([
      "counts",
      "void: authorityOrder",
      "void: successionIsOnce",
      "void: successionIsOnce",
      "void: successionIsOnce",
    ]);
    expect(live(state)).toEqual(["new"]);
    expect(state.standing.get(idKey(beside.id))).toMatchObject({ because: succeed.id });
  });

  test("R1: the next epoch opens the plan that the succession made", () => {
    const side = ana();
    const first = side.succeed(["new"], 1, { plan: trusteePlan(2) });
    const second = side.succeed(["second new"], 2, { epoch: 2, request: "next", heads: [first], inbox: "third" });
    // Seen together: the second is due with the first, and not before it.
    const before = side.reduce(side.at + wait - 1);
    expect(standings(before, first, second)).toEqual(["pending", "pending"]);
    const after = side.reduce(side.at + wait);
    expect(standings(after, first, second)).toEqual(["counts", "counts"]);
    expect(after.epoch).toBe(2);
    expect(live(after)).toEqual(["second new"]);
    expect(retired(after)).toEqual(["phone", "laptop", "new"]);
    expect(after.inboxes.map(({ relay }) => relay)).toEqual(
      ["first", "succeeded", "third"].map((name) => `https://${name}.example`),
    );
  });

  test("R1: a second recovery does not overtake the first that it builds on", () => {
    const side = ana();
    const first = side.succeed(["new"], 1, { plan: trusteePlan(2, { delay: 0 }) });
    const second = side.succeed(["second new"], 2, { epoch: 2, delay: 0, request: "next", heads: [first] });
    const state = side.reduce();
    expect(state.standing.get(idKey(second.id))).toEqual({ kind: "pending", until: side.at + wait });
    const contest = side.contest("phone", { ...archived(side), at: side.at + hour });
    const contested = side.reduce(side.at + wait);
    expect(standings(contested, contest, first, second)).toEqual(["counts", "void: contestEscalates", "void: contestEscalates"]);
  });

  test("a succeed that builds on what needs a newer Photon is held", () => {
    const side = ana();
    side.unknown("phone");
    const succeed = side.succeed(["new"], 1);
    expect(standingIn(side.reduce(side.at + 60 * day), succeed)).toBe("held");
  });
});

describe("peersWait", () => {
  test("R3, R4: each peer counts the delay again from when it learned the succession, whatever its times say", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1, { notBefore: 1, expiry: 2 });
    expect(side.reduce().standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: side.at + wait });
  });

  test("R4: a plan may choose another delay, 0 to 14 days", () => {
    for (const delay of [0, 1, 336]) {
      const side = new Side();
      side.found("phone", { plan: trusteePlan(1, { delay }) });
      side.at = day;
      side.succeed(["new"], 1, { delay });
      expect(live(side.reduce(day + delay * hour))).toEqual(["new"]);
      if (delay > 0) expect(live(side.reduce(day + delay * hour - 1))).toEqual(["phone"]);
    }
  });

  test("R3: no sooner than its notBefore", () => {
    const side = ana();
    const notBefore = side.at + 5 * day;
    const succeed = side.succeed(["new"], 1, { notBefore });
    expect(side.reduce().standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: notBefore });
    expect(live(side.reduce(notBefore))).toEqual(["new"]);
  });

  test("R3: shown early, with an ancestor kept back, it gains nothing", () => {
    const side = ana();
    const kept = side.move("laptop", "kept", { at: side.at + 10 * day });
    const succeed = side.succeed(["new"], 1, { heads: [kept] });
    expect(side.reduce(side.at + 10 * day).standing.get(idKey(succeed.id))).toEqual({
      kind: "pending",
      until: side.at + 10 * day + wait,
    });
  });

  test("R3: the expiry is the trustees', not the peer's: whoever was away for a year still accepts", () => {
    const side = ana();
    side.at = 400 * day;
    side.succeed(["new"], 1, { expiry: 40 * day });
    expect(live(side.reduce(side.at + wait))).toEqual(["new"]);
  });

  test("R8: what the new side signs is pending with it, and shown as by trustees", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1);
    const admit = side.admit("new", ["second new"]);
    const before = side.reduce();
    expect(before.standing.get(idKey(admit.id))).toEqual({ kind: "pending", until: side.at + wait });
    expect(before.changes.slice(-2)).toMatchObject([
      { kind: "succeed", grade: "by-trustees", leaves: 1, quarantined: false },
      { kind: "admit", grade: "by-trustees", quarantined: false },
    ]);
    expect(before.heads).toEqual([admit.id]);
    const after = side.reduce(side.at + wait);
    expect(standings(after, succeed, admit)).toEqual(["counts", "counts"]);
    expect(live(after)).toEqual(["new", "second new"]);
    expect(after.changes.slice(-2)).toMatchObject([{ grade: "by-trustees" }, { grade: "continuous" }]);
  });
});

describe("contestEscalates", () => {
  test("R5: a contest does not win, it escalates: the first key's succession is contested, the second key's counts 7 days later", () => {
    const side = ana();
    const begun = side.at;
    const succeed = side.succeed(["new"], 1);
    side.at += day;
    const contest = side.contest("phone", archived(side));
    const contested = side.reduce(begun + wait);
    expect(standings(contested, succeed, contest)).toEqual(["void: contestEscalates", "counts"]);
    expect(contested.kind).toBe("contested");
    expect(live(contested)).toEqual(["phone", "laptop"]);
    expect(successionIn(contested, succeed)).toMatchObject({
      status: "contested",
      contest: contest.id,
      until: begun + day + longestEscalation,
    });
    expect(contested.changes.slice(-2)).toMatchObject([
      { kind: "succeed", grade: "unproven" },
      { kind: "contest", grade: "continuous", reason: "still-here" },
    ]);
    const admit = side.admit("new", ["second new"], { heads: [succeed] });
    expect(standingIn(side.reduce(), admit)).toBe("void: contestEscalates");
    expect(side.reduce().changes.at(-1)).toMatchObject({ kind: "admit", grade: "unproven", quarantined: false });
    side.at += day;
    const escalated = side.succeed(["new"], 1, { threshold: 1, heads: [...archived(side).heads, succeed] });
    const pending = side.reduce();
    const until = begun + day + escalationWait;
    expect(pending.kind).toBe("contested");
    expect(pending.standing.get(idKey(escalated.id))).toEqual({ kind: "pending", until });
    expect(pending.nextChange).toBe(until);
    const after = side.reduce(until);
    expect(standings(after, succeed, escalated, contest)).toEqual(["void: successionIsOnce", "counts", "counts"]);
    expect(after.kind).toBe("active");
    expect(live(after)).toEqual(["new"]);
    expect(retired(after)).toEqual(["phone", "laptop"]);
  });

  test("R5: the second key's waits for its own delay too, and needs no contest", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1, { delay: 240 }) });
    const succeed = side.succeed(["new"], 1, { delay: 240, threshold: 1 });
    side.contest("phone", { heads: side.statements.slice(0, 1), at: day });
    expect(side.reduce(day).standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: 10 * day });
    expect(live(side.reduce(10 * day))).toEqual(["new"]);
  });

  test("R5: the second key's waits 7 days for the contest of what it escalates, for whichever request", () => {
    const side = ana();
    const begun = side.at;
    side.succeed(["new"], 1, archived(side));
    side.contest("phone", { ...archived(side), at: begun + day });
    const escalated = side.succeed(["new"], 1, { ...archived(side), threshold: 1, request: "again", at: begun + 3 * day });
    expect(side.reduce(begun + 3 * day).standing.get(idKey(escalated.id))).toEqual({
      kind: "pending",
      until: begun + day + escalationWait,
    });
  });

  test("R5: no expiry keeps a side contested for more than 28 days, and nobody does by contesting again", () => {
    const side = ana();
    const begun = side.at;
    const succeed = side.succeed(["new"], 1, { ...archived(side), expiry: begun + 1000 * day });
    side.contest("phone", archived(side));
    for (let at = 1; at < 28; at += 3) side.contest(at % 2 === 0 ? "phone" : "laptop", { ...archived(side), at: begun + at * day });
    expect(successionIn(side.reduce(begun + 27 * day), succeed)).toMatchObject({ status: "contested", until: begun + 28 * day });
    expect(side.reduce(begun + 28 * day)).toMatchObject({ kind: "active", epoch: 0, nextChange: undefined });
  });

  test("R5: the longest that a side can be contested: a delay of 14 days, a contest at the end of it, and the 21 of an escalation", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1, { delay: 336 }) });
    const heads = side.statements.slice(0, 1);
    side.succeed(["new"], 1, { delay: 336, heads, expiry: 1000 * day });
    const contested = 14 * day - 1;
    for (const at of [contested, contested + day, contested + 20 * day]) side.contest("phone", { heads, at });
    const end = contested + longestEscalation;
    expect(side.reduce(end - 1)).toMatchObject({ kind: "contested", nextChange: end });
    expect(side.reduce(end)).toMatchObject({ kind: "active", nextChange: undefined });
  });

  test("R5: a contest moves the second key's to 7 days later, but never blocks it", () => {
    const side = ana();
    const begun = side.at;
    const succeed = side.succeed(["new"], 1, { threshold: 1 });
    const contest = side.contest("phone", { ...archived(side), at: begun + wait - 1 });
    const state = side.reduce(begun + wait);
    expect(state.kind).toBe("active");
    expect(state.standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: begun + wait - 1 + escalationWait });
    expect(successionIn(state, succeed)).toMatchObject({ status: "pending", contest: contest.id });
    expect(live(side.reduce(begun + wait - 1 + escalationWait))).toEqual(["new"]);
  });

  test("R5: only the first contest of a request counts", () => {
    const side = ana();
    const begun = side.at;
    side.succeed(["new"], 1);
    const first = side.contest("phone", { ...archived(side), at: begun + hour });
    const second = side.contest("laptop", { ...archived(side), at: begun + 2 * day - 1 });
    const third = side.contest("phone", { ...archived(side), at: begun + 6 * day });
    const escalated = side.succeed(["new"], 1, { threshold: 1, ...archived(side), at: begun + day });
    const state = side.reduce(begun + 6 * day);
    expect(standings(state, first, second, third)).toEqual(["counts", "void: contestEscalates", "void: contestEscalates"]);
    expect(state.standing.get(idKey(third.id))).toMatchObject({ because: first.id });
    expect(state.standing.get(idKey(escalated.id))).toEqual({ kind: "pending", until: begun + hour + escalationWait });
  });

  test("R5: a contest learned before the succession counts, one learned after it counted is evidence only", () => {
    const side = ana();
    const begun = side.at;
    const early = side.contest("phone", archived(side));
    expect(standingIn(side.reduce(), early)).toBe("counts");
    expect(side.reduce().kind).toBe("active");
    const succeed = side.succeed(["new"], 1, { ...archived(side), at: begun + day });
    expect(side.reduce(begun + day)).toMatchObject({ kind: "contested" });
    const other = ana();
    const won = other.succeed(["new"], 1);
    const late = other.contest("phone", { ...archived(other), at: begun + wait });
    const state = other.reduce(begun + wait);
    expect(standings(state, won, late)).toEqual(["counts", "void: contestEscalates"]);
    expect(successionIn(state, won)).toMatchObject({ contest: undefined });
    expect(state.changes.at(-1)).toMatchObject({ kind: "contest", grade: "unproven" });
    expect(standingIn(side.reduce(begun + day), succeed)).toBe("void: contestEscalates");
  });

  test("R5: without a delay, a contest that was there first still escalates", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1, { delay: 0 }) });
    side.contest("phone");
    const succeed = side.succeed(["new"], 1, { delay: 0, heads: side.statements.slice(0, 1) });
    expect(standingIn(side.reduce(), succeed)).toBe("void: contestEscalates");
  });

  test("R5: a contest names the request, or the succession; one of something else is none", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1);
    side.contest("phone", { ...archived(side), request: "another" });
    expect(side.reduce().kind).toBe("active");
    const contest = side.contest("phone", { ...archived(side), succession: succeed });
    expect(side.reduce().kind).toBe("contested");
    expect(successionIn(side.reduce(), succeed)?.contest).toEqual(contest.id);
  });

  test("R5: a device that was retired before the recovery cannot contest it; a retire that comes with it voids no contest", () => {
    const side = ana();
    const begun = side.at;
    const retire = side.retire("laptop", ["phone"], archived(side));
    const succeed = side.succeed(["new"], 1, { ...archived(side), at: begun + hour });
    const contest = side.contest("phone", { ...archived(side), at: begun + 2 * hour });
    const state = side.reduce(begun + 2 * hour);
    expect(standings(state, succeed, contest)).toEqual(["pending", "void: retireIsStrong"]);
    expect(state.standing.get(idKey(contest.id))).toMatchObject({ because: retire.id });
    expect(live(side.reduce(begun + hour + wait))).toEqual(["new"]);
    const other = ana();
    other.succeed(["new"], 1, archived(other));
    const objection = other.contest("laptop", archived(other));
    const evil = other.retire("phone", ["laptop"], { ...archived(other), trusted: [] });
    const contested = other.reduce();
    expect(standings(contested, objection, evil)).toEqual(["counts", "void: successionQuarantines"]);
    expect(contested.kind).toBe("contested");
    // What is in the past that the succession names is beyond dispute.
    const third = ana();
    const lost = third.retire("laptop", ["phone"], archived(third));
    third.succeed(["new"], 1, { heads: [lost] });
    const void_ = third.contest("phone", archived(third));
    expect(standingIn(third.reduce(), void_)).toBe("void: retireIsStrong");
  });

  test("R5: if nothing escalates within 21 days of the contest, the contested succession is void for good, and the old side goes on", () => {
    const side = ana();
    const begun = side.at;
    const succeed = side.succeed(["new"], 1);
    const contest = side.contest("phone", { ...archived(side), at: begun + hour });
    const moved = side.move("laptop", "beside", { ...archived(side), at: begun + hour });
    const end = begun + hour + longestEscalation;
    const before = side.reduce(end - 1);
    expect(before).toMatchObject({ kind: "contested", nextChange: end });
    expect(standingIn(before, moved)).toBe("void: successionQuarantines");
    const after = side.reduce(end);
    expect(after).toMatchObject({ kind: "active", epoch: 0, nextChange: undefined });
    expect(standings(after, succeed, contest, moved)).toEqual(["void: contestEscalates", "counts", "counts"]);
    expect(successionIn(after, succeed)).toMatchObject({ status: "void", until: undefined, contest: contest.id });
    // The second key's still counts, on its own.
    side.at = begun + 23 * day;
    side.succeed(["new"], 1, { threshold: 1, request: "once more", ...archived(side) });
    expect(side.reduce().kind).toBe("active");
    expect(live(side.reduce(side.at + wait))).toEqual(["new"]);
  });

  test("R5: an escalation that is under way keeps the contested one from expiring, and has 21 days however late the contest", () => {
    const side = ana();
    const begun = side.at;
    const succeed = side.succeed(["new"], 1, { expiry: begun + 3 * day });
    side.contest("phone", { ...archived(side), at: begun + wait - 1 });
    const end = begun + wait - 1 + longestEscalation;
    expect(successionIn(side.reduce(begun + wait), succeed)).toMatchObject({ status: "contested", until: end });
    const escalated = side.succeed(["new"], 1, { threshold: 1, ...archived(side), at: end - 1 });
    const state = side.reduce(end);
    expect(successionIn(state, succeed)).toMatchObject({ status: "contested", until: undefined });
    expect(state.standing.get(idKey(escalated.id))).toEqual({ kind: "pending", until: end - 1 + wait });
    expect(live(side.reduce(end - 1 + wait))).toEqual(["new"]);
  });

  test("R5: trustees who approve again until 14 days after the contest, and then wait, are in time", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1, archived(side));
    const contested = side.at + wait - 1;
    side.contest("phone", { ...archived(side), at: contested });
    // Their own case was contested somewhat earlier; its approvals have 14 days, and then they wait for 7.
    const signed = contested - hour + 14 * day + escalationWait;
    const escalated = side.succeed(["new"], 1, { ...archived(side), threshold: 1, at: signed });
    expect(standings(side.reduce(signed), succeed, escalated)).toEqual(["void: contestEscalates", "pending"]);
    expect(side.reduce(signed + wait - 1).kind).toBe("contested");
    expect(live(side.reduce(signed + wait))).toEqual(["new"]);
  });

  test("R5: at a peer who learned it after its expiry an old device cannot end it by contesting: it waits for the person", () => {
    const side = ana();
    side.at = 400 * day;
    const succeed = side.succeed(["new"], 1, { expiry: 60 * day });
    side.contest("phone", { ...archived(side), at: side.at + hour });
    const state = side.reduce(side.at + 1000 * day);
    expect(state.kind).toBe("contested");
    expect(successionIn(state, succeed)).toMatchObject({ status: "contested", until: undefined });
    expect(live(side.decided(side.at + 1000 * day, [succeed, "accept"]))).toEqual(["new"]);
    expect(side.decided(side.at + 1000 * day, [succeed, "refuse"]).kind).toBe("active");
  });
});

describe("rivalsAreContested", () => {
  /** Two recoveries by one plan that ask for different things, an hour apart. */
  function rivals(later = hour) {
    const side = ana();
    const begun = side.at;
    const first = side.succeed(["new"], 1, archived(side));
    const second = side.succeed(["rival"], 1, { ...archived(side), request: "rival", at: begun + later });
    side.at = begun + later;
    return { side, begun, first, second };
  }

  test("R12: two successions of one epoch, neither counting before the other is learned, are both contested", () => {
    const { side, begun, first, second } = rivals();
    const state = side.reduce(begun + 10 * day);
    expect(state.kind).toBe("contested");
    expect(standings(state, first, second)).toEqual(["void: rivalsAreContested", "void: rivalsAreContested"]);
    expect(successionIn(state, first)).toMatchObject({ status: "contested", contest: second.id });
    expect(live(state)).toEqual(["phone", "laptop"]);
    const expired = side.reduce(begun + hour + longestEscalation);
    expect(expired.kind).toBe("active");
    expect(standings(expired, first, second)).toEqual(["void: rivalsAreContested", "void: rivalsAreContested"]);
  });

  test("R12: one learned when another counts already is void, and takes nothing away", () => {
    const { side, begun, first, second } = rivals(wait);
    const state = side.reduce(begun + 10 * day);
    expect(standings(state, first, second)).toEqual(["counts", "void: successionIsOnce"]);
    expect(live(state)).toEqual(["new"]);
    const near = rivals(wait - 1);
    expect(near.side.reduce(begun + 10 * day).kind).toBe("contested");
  });

  test("R12: the same request with other leaves is a rival too; both keys of one request are none", () => {
    const side = ana();
    side.succeed(["new"], 1, archived(side));
    side.succeed(["rival"], 1, archived(side));
    expect(side.reduce().kind).toBe("contested");
    const other = ana();
    const first = other.succeed(["new"], 1, archived(other));
    const escalated = other.succeed(["new"], 1, { ...archived(other), threshold: 1, at: other.at + hour });
    expect(standings(other.reduce(other.at + hour), first, escalated)).toEqual(["pending", "pending"]);
    expect(standings(other.reduce(other.at + wait), first, escalated)).toEqual(["counts", "void: successionIsOnce"]);
  });

  test("R12: the second key settles it, if it signed for one request only; else the person does", () => {
    const { side, begun, first, second } = rivals();
    const escalated = side.succeed(["new"], 1, { ...archived(side), threshold: 1, at: begun + day });
    const settled = side.reduce(begun + day + wait);
    expect(standings(settled, first, second, escalated)).toEqual(["void: successionIsOnce", "void: successionIsOnce", "counts"]);
    const both = side.succeed(["rival"], 1, { ...archived(side), request: "rival", threshold: 1, at: begun + 2 * day });
    const state = side.reduce(begun + 12 * day);
    expect(state.kind).toBe("contested");
    expect(standings(state, escalated, both)).toEqual(["void: rivalsAreContested", "void: rivalsAreContested"]);
    expect(live(side.decided(begun + 12 * day, [both, "accept"]))).toEqual(["rival"]);
  });

  test("R12: a request of the first key is contested by another that has the second, not the reverse", () => {
    const side = ana();
    const first = side.succeed(["rival"], 1, { ...archived(side), request: "rival" });
    const second = side.succeed(["new"], 1, { ...archived(side), threshold: 1, at: side.at + hour });
    const state = side.reduce(side.at + hour);
    expect(standings(state, first, second)).toEqual(["void: rivalsAreContested", "pending"]);
    expect(live(side.reduce(side.at + hour + wait))).toEqual(["new"]);
  });
});

describe("personDecides", () => {
  test("what the peer's person accepts counts at once, whatever contests it, and others are void", () => {
    const side = ana();
    const first = side.succeed(["new"], 1, archived(side));
    const second = side.succeed(["rival"], 1, { ...archived(side), request: "rival" });
    const contest = side.contest("phone", { ...archived(side), at: side.at + 1 });
    const state = side.decided(side.at + 1, [second, "accept"]);
    expect(standings(state, first, second)).toEqual(["void: personDecides", "counts"]);
    expect(standingIn(state, contest)).toBe("void: contestEscalates");
    expect(live(state)).toEqual(["rival"]);
    expect(successionIn(state, second)).toMatchObject({ status: "counts", until: side.at });
  });

  test("what they refuse is void, and the old side goes on; a later one is another matter", () => {
    const side = ana();
    const begun = side.at;
    const first = side.succeed(["rival"], 1, { ...archived(side), request: "rival" });
    const moved = side.move("laptop", "beside", archived(side));
    const state = side.decided(begun + 60 * day, [first, "refuse"]);
    expect(standings(state, first, moved)).toEqual(["void: personDecides", "counts"]);
    expect(live(state)).toEqual(["phone", "laptop"]);
    expect(state.changes.find(({ kind }) => kind === "succeed")).toMatchObject({ grade: "unproven" });
    side.at = begun + day;
    const second = side.succeed(["new"], 1, archived(side));
    expect(live(side.decided(begun + day + wait, [first, "refuse"]))).toEqual(["new"]);
    // Even one that counted for a while.
    const other = side.decided(begun + 60 * day, [first, "refuse"], [second, "refuse"]);
    expect(live(other)).toEqual(["phone", "laptop"]);
  });

  test("they accept with it what it builds on, unless they refused that", () => {
    const side = ana();
    const first = side.succeed(["new"], 1, { plan: trusteePlan(2) });
    const second = side.succeed(["second new"], 2, { epoch: 2, request: "next", heads: [first] });
    expect(live(side.decided(side.at, [second, "accept"]))).toEqual(["second new"]);
    expect(live(side.decided(side.at, [second, "accept"], [first, "refuse"]))).toEqual(["phone", "laptop"]);
  });

  test("they cannot accept what opens a plan of which it does not know, and that was given up", () => {
    const side = ana();
    const { heads } = archived(side);
    side.plan("phone", trusteePlan(2), { heads });
    side.retire("laptop", ["phone"], { heads, trusted: [], at: side.at + hour });
    const succeed = side.succeed(["new"], 2, { heads, at: side.at + 2 * hour });
    const state = side.decided(side.at + 2 * hour, [succeed, "accept"]);
    expect(standingIn(state, succeed)).toBe("void: planMatures");
    expect(live(state)).toEqual(["laptop"]);
  });

  test("they cannot accept what opens nothing", () => {
    const side = ana();
    const forged = side.succeed(["thief"], 1, { ...archived(side), dealer: "thief" });
    expect(standingIn(side.decided(side.at, [forged, "accept"]), forged)).toBe("void: authorityOrder");
  });

  test("they may accept one whose plan was given up since, if the plan stands in its own past", () => {
    const side = ana();
    const plan = side.plan("phone", trusteePlan(2));
    const evil = side.retire("laptop", ["phone"], { ...archived(side), trusted: [], at: side.at + hour });
    const succeed = side.succeed(["new"], 2, { heads: [plan], at: side.at + 2 * hour });
    const later = side.at + 60 * day;
    expect(standings(side.reduce(later), evil, succeed)).toEqual(["counts", "void: planMatures"]);
    expect(live(side.decided(later, [succeed, "accept"]))).toEqual(["new"]);
  });

  test("presume shows the side as the successor sees it, whatever else was accepted", () => {
    const side = ana();
    const first = side.succeed(["new"], 1, { ...archived(side), plan: trusteePlan(2) });
    const rival = side.succeed(["rival"], 1, { ...archived(side), request: "rival" });
    const admit = side.admit("new", ["laptop 2"], { heads: [first] });
    const second = side.succeed(["second new"], 2, { epoch: 2, request: "next", heads: [admit] });
    const as = (one: Statement, ...accepted: readonly Statement[]): LineageState =>
      presume(side.statements, side.firstSeen, side.at, new Map(accepted.map(({ id }) => [idKey(id), "accept"])), one.id);
    expect(named(as(first), [...names, "laptop 2"], "live")).toEqual(["new", "laptop 2"]);
    expect(live(as(first, rival))).toEqual(["new"]);
    expect(live(as(rival, first))).toEqual(["rival"]);
    expect(live(as(second, rival))).toEqual(["second new"]);
    expect(as(second).epoch).toBe(2);
    expect(live(as(side.statements[1] ?? first))).toEqual(["phone", "laptop"]);
  });
});

describe("successionQuarantines", () => {
  test("R6: while a succession may count, what the old side says of devices, plan and inbox beside it is of no effect, however early it was learned", () => {
    const side = ana();
    const where = archived(side);
    const early = [
      side.admit("phone", ["thief"], where),
      side.retire("phone", ["laptop"], where),
      side.move("phone", "thief's", where),
    ];
    side.at += 20 * day;
    const plan = side.plan("phone", trusteePlan(2, { dealer: "thief" }), where);
    const close = side.close("phone", where);
    expect(side.reduce(side.at + 15 * day)).toMatchObject({ kind: "closed", plan: { version: 2 } });
    side.at += 15 * day;
    const succeed = side.succeed(["new"], 1, where);
    const after = side.close("phone", { heads: [succeed] });
    const all = [...early, plan, close, after];
    const state = side.reduce();
    expect(standings(state, ...all)).toEqual(all.map(() => "void: successionQuarantines"));
    expect(state.standing.get(idKey(plan.id))).toMatchObject({ because: succeed.id });
    expect(state).toMatchObject({ kind: "active", plan: { version: 1 } });
    expect(live(state)).toEqual(["phone", "laptop"]);
    expect(state.inbox?.relay).toBe("https://first.example");
    expect(
      state.changes
        .filter(({ quarantined }) => quarantined)
        .map(({ kind, grade }) => `${kind} ${grade}`)
        .toSorted(),
    ).toEqual(["admit unproven", "close unproven", "close unproven", "move unproven", "plan unproven", "retire unproven"]);
    const counted = side.reduce(side.at + wait);
    expect(standings(counted, ...all)).toEqual(all.map(() => "void: successionQuarantines"));
    expect(counted.kind).toBe("active");
    expect(live(counted)).toEqual(["new"]);
    // A succession that comes to nothing gives it all back.
    const refused = side.decided(side.at + wait, [succeed, "refuse"]);
    expect(standings(refused, ...all)).toEqual(all.map(() => "counts"));
    expect(refused.kind).toBe("closed");
  });

  test("R6: what is in the past that the succession names stands", () => {
    const side = ana();
    const moved = side.move("laptop", "last");
    side.succeed(["new"], 1);
    for (const now of [side.at, side.at + wait]) expect(standingIn(side.reduce(now), moved)).toBe("counts");
    expect(side.reduce().inbox?.relay).toBe("https://last.example");
    expect(side.reduce(side.at + wait).inboxes).toHaveLength(3);
  });

  test("R6: of several that may count, each quarantines what is beside it", () => {
    const side = ana();
    const { heads } = archived(side);
    const one = side.move("phone", "one", { heads });
    const other = side.move("laptop", "other", { heads });
    side.succeed(["new"], 1, { heads: [one] });
    side.succeed(["rival"], 1, { heads: [other], request: "rival" });
    const state = side.reduce();
    expect(standings(state, one, other)).toEqual(["void: successionQuarantines", "void: successionQuarantines"]);
    expect(state.inbox?.relay).toBe("https://first.example");
  });

  test("R6, R7: one under a plan that does not decide yet holds nothing back", () => {
    const side = ana();
    const { heads } = archived(side);
    const plan = side.plan("phone", trusteePlan(2, { dealer: "thief" }), { heads });
    const evil = side.succeed(["thief"], 2, { dealer: "thief", heads: [plan] });
    const retire = side.retire("laptop", ["phone"], { heads });
    const state = side.reduce();
    expect(standings(state, plan, evil, retire)).toEqual(["void: retireIsStrong", "void: planMatures", "counts"]);
    expect(live(side.reduce(side.at + 60 * day))).toEqual(["laptop"]);
    const other = ana();
    const dealt = other.plan("phone", trusteePlan(2), { heads: archived(other).heads });
    const moved = other.move("laptop", "beside", archived(other));
    other.succeed(["new"], 2, { heads: [dealt] });
    expect(standingIn(other.reduce(other.at + deciding - 1), moved)).toBe("counts");
    expect(standingIn(other.reduce(other.at + deciding), moved)).toBe("void: successionQuarantines");
  });

  test("R6: what the old side says later does not shut the plan that it opens", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    const base = side.admit("phone", ["laptop", "tablet", "watch"]);
    const heads = [base];
    side.at = 30 * day;
    const plan = side.plan("laptop", trusteePlan(2), { heads });
    side.retire("phone", ["laptop"], { heads, trusted: [], at: side.at + day });
    side.retire("tablet", ["phone"], { heads, trusted: [base], at: side.at + 2 * day });
    side.at += 30 * day;
    const succeed = side.succeed(["new"], 2, { heads: [plan] });
    expect(standingIn(side.reduce(), succeed)).toBe("pending");
    // With the tablet's word the phone's would be out, and the plan stand; without it the plan would never have been.
    side.retire("watch", ["tablet"], { heads, trusted: [base], at: side.at + hour });
    expect(standingIn(side.reduce(side.at + hour), succeed)).toBe("pending");
    expect(live(side.reduce(side.at + wait))).toEqual(["new"]);
  });

  test("R5, R6: what a contest says is never quarantined", () => {
    const side = ana();
    const { heads } = archived(side);
    const admit = side.admit("laptop", ["watch"], { heads });
    side.succeed(["new"], 1, { heads, at: side.at + hour });
    const contest = side.contest("watch", { heads: [admit], at: side.at + hour });
    const another = side.contest("phone", { heads, request: "another", at: side.at + hour });
    const state = side.reduce(side.at + hour);
    expect(standings(state, admit, contest, another)).toEqual(["void: successionQuarantines", "counts", "counts"]);
    expect(state.kind).toBe("contested");
  });
});

describe("authorityOrder", () => {
  test("R7: until a new plan decides, the old plan's succession ranks over the new plan's", () => {
    const side = ana();
    const { heads } = archived(side);
    const begun = side.at;
    const plan = side.plan("phone", trusteePlan(2, { dealer: "thief" }), { heads });
    const evil = side.succeed(["thief"], 2, { dealer: "thief", heads: [plan], at: begun + day });
    expect(side.reduce(begun + day).standing.get(idKey(evil.id))).toEqual({ kind: "pending", until: begun + deciding });
    const succeed = side.succeed(["new"], 1, { heads, at: begun + 27 * day });
    const state = side.reduce(begun + 27 * day);
    expect(standings(state, evil, succeed)).toEqual(["void: authorityOrder", "pending"]);
    // Though the new plan would decide before the old one's succession counts.
    expect(standings(side.reduce(begun + deciding), evil, succeed)).toEqual(["void: authorityOrder", "pending"]);
    const after = side.reduce(begun + 27 * day + wait);
    expect(standings(after, evil, succeed)).toEqual(["void: successionIsOnce", "counts"]);
    expect(live(after)).toEqual(["new"]);
  });

  test("R7: once a new plan decides, its succession ranks over one by the plan that it replaced", () => {
    const side = ana();
    const { heads } = archived(side);
    const begun = side.at;
    const plan = side.plan("phone", trusteePlan(2), { heads });
    side.at = begun + 30 * day;
    const removed = side.succeed(["rival"], 1, { heads, request: "rival" });
    expect(standingIn(side.reduce(), removed)).toBe("pending");
    const succeed = side.succeed(["new"], 2, { heads: [plan], at: side.at + hour });
    const state = side.reduce(side.at + hour);
    expect(standings(state, removed, succeed)).toEqual(["void: authorityOrder", "pending"]);
    expect(state.kind).toBe("active");
    expect(live(side.reduce(side.at + hour + wait))).toEqual(["new"]);
    // Where that one comes to nothing, the other is judged again, on its own.
    expect(live(side.decided(side.at + 3 * day, [succeed, "refuse"]))).toEqual(["rival"]);
  });

  test("R7: of two plans that were replaced, the newer one's ranks higher", () => {
    const side = ana();
    const { heads } = archived(side);
    const begun = side.at;
    const second = side.plan("phone", trusteePlan(2), { heads });
    side.plan("phone", trusteePlan(3), { heads: [second], at: begun + day });
    side.at = begun + 30 * day;
    const older = side.succeed(["rival"], 1, { heads, request: "rival" });
    const newer = side.succeed(["new"], 2, { heads: [second] });
    expect(standings(side.reduce(), older, newer)).toEqual(["void: authorityOrder", "pending"]);
  });

  test("R7: what ranks below stays contested when what ranked over it ends", () => {
    const side = ana();
    const { heads } = archived(side);
    const begun = side.at;
    const plan = side.plan("phone", trusteePlan(2), { heads });
    side.at = begun + 30 * day;
    const old = side.succeed(["rival"], 1, { heads, request: "rival" });
    const succeed = side.succeed(["new"], 2, { heads: [plan], at: side.at + hour });
    side.contest("phone", { heads: [plan], at: side.at + 2 * hour });
    side.contest("phone", { heads: [plan], request: "rival", at: side.at + 3 * day });
    const later = side.reduce(side.at + 3 * day);
    expect(standings(later, old, succeed)).toEqual(["void: authorityOrder", "void: contestEscalates"]);
    const ended = side.reduce(side.at + 2 * hour + longestEscalation);
    expect(standings(ended, old, succeed)).toEqual(["void: contestEscalates", "void: contestEscalates"]);
    expect(ended.kind).toBe("contested");
    expect(side.reduce(side.at + 3 * day + longestEscalation).kind).toBe("active");
  });
});

describe("planMatures", () => {
  test("R7: a succession under a plan new to the peer is pending, not refused, and waits until the plan decides", () => {
    const side = ana();
    const begun = side.at;
    const plan = side.plan("phone", trusteePlan(2));
    const succeed = side.succeed(["new"], 2, { at: begun + day });
    const state = side.reduce(begun + day);
    expect(state.standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: begun + deciding });
    expect(standingIn(state, plan)).toBe("pending");
    expect(live(side.reduce(begun + deciding))).toEqual(["new"]);
    const late = ana();
    late.plan("phone", trusteePlan(2));
    const second = late.succeed(["new"], 2, { at: begun + deciding - hour });
    expect(late.reduce(begun + deciding).standing.get(idKey(second.id))).toEqual({
      kind: "pending",
      until: begun + deciding - hour + wait,
    });
  });

  test("R7: a plan that is learned after the succession that opens it", () => {
    const side = ana();
    const { heads } = archived(side);
    const plan = side.plan("phone", trusteePlan(2), { heads, at: side.at + day });
    const succeed = side.succeed(["new"], 2, { heads });
    const without = side.reduce(
      side.at,
      side.statements.filter((one) => one !== plan),
    );
    expect(standingIn(without, succeed)).toBe("void: authorityOrder");
    const state = side.reduce(side.at + day);
    expect(state.standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: side.at + day + deciding });
  });

  test("R7: a plan that keeps the commitments takes nothing away from a succession under the one before", () => {
    const side = new Side();
    side.found("phone", { plan: { ...trusteePlan(1), admissionKeys: [keyOf("escrow")] } });
    side.planByKey("escrow", { ...trusteePlan(1), version: 2, admissionKeys: [keyOf("rotated")] });
    side.at = 100 * day;
    const succeed = side.succeed(["new"], 1);
    expect(standingIn(side.reduce(), succeed)).toBe("pending");
    const rival = side.succeed(["rival"], 1, { request: "rival", heads: side.statements.slice(0, 1) });
    expect(standings(side.reduce(), succeed, rival)).toEqual(["void: rivalsAreContested", "void: rivalsAreContested"]);
  });

  test("R7: the plan of a succession is in force with it, and the old plan and its admission keys with nothing", () => {
    const side = new Side();
    side.found("phone", { plan: { ...trusteePlan(1), admissionKeys: [keyOf("escrow")] } });
    side.at = day;
    const succeed = side.succeed(["new"], 1, { plan: { ...trusteePlan(2), admissionKeys: [keyOf("fresh")] } });
    const old = side.admitByKey("escrow", ["thief"]);
    const fresh = side.admitByKey("fresh", ["second new"], { heads: [succeed] });
    const state = side.reduce(day + wait);
    expect(standings(state, old, fresh)).toEqual(["void: successionQuarantines", "counts"]);
    expect(state.plan).toMatchObject({ version: 2, admissionKeys: [keyOf("fresh")] });
    expect(live(state)).toEqual(["new", "second new"]);
  });
});

describe("replacingPlansWait", () => {
  test("R7: an honest replacement: the new trustees recover alone once their plan has been in force for 14 days", () => {
    const side = ana();
    const begun = side.at;
    side.plan("phone", trusteePlan(2));
    expect(side.reduce(begun + planMaturing).plan).toMatchObject({ version: 2, decidesFrom: begun + deciding });
    const succeed = side.succeed(["new"], 2, { at: begun + 20 * day });
    const pending = side.reduce(begun + 20 * day);
    expect(pending.standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: begun + deciding });
    expect(pending.nextChange).toBe(begun + deciding);
    expect(live(side.reduce(begun + deciding - 1))).toEqual(["phone", "laptop"]);
    expect(live(side.reduce(begun + deciding))).toEqual(["new"]);
    const later = ana();
    later.plan("phone", trusteePlan(2));
    later.succeed(["new"], 2, { at: begun + deciding });
    expect(live(later.reduce(begun + deciding + wait))).toEqual(["new"]);
  });

  test("R7: the old trustees decide alone until then, with the second key too", () => {
    for (const threshold of [0, 1]) {
      const side = ana();
      const { heads } = archived(side);
      const begun = side.at;
      const plan = side.plan("phone", trusteePlan(2), { heads });
      side.succeed(["rival"], 2, { heads: [plan], threshold: 1, at: begun + day });
      side.succeed(["new"], 1, { heads, threshold, at: begun + deciding - 1 });
      expect(live(side.reduce(begun + deciding - 1 + wait))).toEqual(["new"]);
    }
  });

  test("R7: a first plan does not wait: it decides at once with the foundation, and otherwise from when it is in force", () => {
    const side = new Side();
    side.found("phone");
    side.plan("phone", trusteePlan(1));
    expect(side.reduce().plan).toMatchObject({ version: 1, decidesFrom: 0 });
    side.succeed(["new"], 1);
    expect(live(side.reduce(wait))).toEqual(["new"]);
    const late = new Side();
    late.found("phone");
    late.plan("phone", trusteePlan(1), { at: day });
    late.succeed(["new"], 1, { at: 2 * day });
    expect(live(late.reduce(day + planMaturing - 1))).toEqual(["phone"]);
    expect(live(late.reduce(day + planMaturing))).toEqual(["new"]);
    // Nor does the first of the side that a recovery began.
    const again = ana();
    const succeed = again.succeed(["new"], 1);
    again.plan("new", trusteePlan(2));
    again.at += wait;
    expect(again.reduce().plan).toMatchObject({ version: 2, decidesFrom: again.at - wait });
    again.succeed(["second new"], 2, { epoch: 2, request: "next", heads: [succeed] });
    expect(live(again.reduce(again.at + wait))).toEqual(["second new"]);
  });

  test("R7: a plan that lists the commitment still does not delay it; one by an admission key does not hasten it", () => {
    const keys = { admissionKeys: [keyOf("escrow")] };
    const kept = new Side();
    kept.found("phone", { plan: trusteePlan(1) });
    kept.plan("phone", { ...trusteePlan(1), ...keys, version: 2 });
    kept.at = planMaturing;
    expect(kept.reduce().plan).toMatchObject({ version: 2, decidesFrom: planMaturing });
    kept.succeed(["new"], 1, { says: { planVersion: 2 } });
    expect(live(kept.reduce(planMaturing + wait))).toEqual(["new"]);
    const rotated = new Side();
    rotated.found("phone", { plan: { ...trusteePlan(1), ...keys } });
    rotated.plan("phone", { ...trusteePlan(2, { dealer: "thief" }), ...keys });
    rotated.at = planMaturing + day;
    rotated.planByKey("escrow", { ...trusteePlan(2, { dealer: "thief" }), version: 3, admissionKeys: [] });
    expect(rotated.reduce().plan).toMatchObject({ version: 3, decidesFrom: deciding });
    const evil = rotated.succeed(["thief"], 2, { dealer: "thief", says: { planVersion: 3 } });
    expect(rotated.reduce().standing.get(idKey(evil.id))).toEqual({ kind: "pending", until: deciding });
  });

  test("R7: plans without commitments in between do not spare the wait", () => {
    const side = ana();
    const begun = side.at;
    const dealt = { dealer: "thief" };
    side.plan("phone", { ...noPlan, version: 2 });
    side.plan("phone", { ...trusteePlan(2, dealt), version: 3 });
    side.plan("phone", { ...noPlan, version: 4 });
    side.plan("phone", { ...trusteePlan(2, dealt), version: 5 });
    const evil = [3, 5].map((planVersion) =>
      side.succeed(["thief"], 2, { ...dealt, threshold: 1, request: "evil", says: { planVersion } }),
    );
    const succeed = side.succeed(["new"], 1, { ...archived(side), at: begun + deciding - 1 });
    const state = side.reduce(begun + deciding - 1 + wait);
    expect(standings(state, succeed, ...evil)).toEqual(["counts", "void: successionIsOnce", "void: successionIsOnce"]);
    expect(live(state)).toEqual(["new"]);
  });
});

describe("graceOfPlans", () => {
  /** A thief with the unlocked phone re-deals the plan to himself; Ana's archive holds it too. */
  function redealt(days: number) {
    const side = ana();
    const begun = side.at;
    const evil = side.plan("phone", trusteePlan(2, { dealer: "thief" }));
    side.at = begun + days * day;
    const succeed = side.succeed(["new"], 1);
    return { side, begun, evil, succeed };
  }

  test("R7: a plan that another replaced can be opened for 45 days: on day 40 Ana still recovers through the old trustees", () => {
    const { side, evil, succeed } = redealt(40);
    const state = side.reduce();
    expect(state.plan.version).toBe(2);
    expect(standings(state, evil, succeed)).toEqual(["counts", "pending"]);
    expect(live(side.reduce(side.at + wait))).toEqual(["new"]);
  });

  test("R7: on day 45 it is over, and those who were removed cannot come back", () => {
    const { side, evil, succeed } = redealt(planGrace / day);
    const state = side.reduce(side.at + wait);
    expect(standingIn(state, succeed)).toBe("void: graceOfPlans");
    expect(state.standing.get(idKey(succeed.id))).toMatchObject({ because: evil.id });
    expect(live(state)).toEqual(["phone", "laptop"]);
    const last = redealt(planGrace / day - 1);
    expect(standingIn(last.side.reduce(), last.succeed)).toBe("pending");
  });

  test("R5, R7: an escalation has the grace and the rank of what it escalates, and none without it", () => {
    for (const isContested of [true, false]) {
      const { side, begun, succeed } = redealt(40);
      if (isContested) side.contest("phone", { at: side.at + hour, succession: succeed });
      else side.statements.splice(side.statements.indexOf(succeed), 1);
      const evil = side.succeed(["thief"], 2, {
        dealer: "thief",
        threshold: 1,
        heads: side.statements.slice(2, 3),
        at: begun + 60 * day,
      });
      const escalated = side.succeed(["new"], 1, { threshold: 1, ...archived(side), at: begun + 49 * day });
      const state = side.reduce(begun + 49 * day + wait);
      expect(standings(state, escalated, evil)).toEqual(
        isContested ? ["counts", "void: successionIsOnce"] : ["void: graceOfPlans", "pending"],
      );
    }
  });

  test("R7: the 45 days are of the first plan that replaced it, and last as long when more follow", () => {
    const side = ana();
    const begun = side.at;
    side.plan("phone", trusteePlan(2, { dealer: "thief" }));
    side.plan("phone", trusteePlan(3, { dealer: "thief" }), { at: begun + 20 * day });
    side.at = begun + 44 * day;
    side.succeed(["new"], 1);
    expect(live(side.reduce(side.at + wait))).toEqual(["new"]);
    const late = ana();
    late.plan("phone", trusteePlan(2, { dealer: "thief" }));
    late.plan("phone", trusteePlan(3, { dealer: "thief" }), { at: begun + 20 * day });
    const tooLate = late.succeed(["new"], 1, { at: begun + 50 * day });
    expect(standingIn(late.reduce(begun + 50 * day), tooLate)).toBe("void: graceOfPlans");
  });
});

describe("oldLeavesRetire", () => {
  test("R8: when a succession counts, every old leaf is retired, whatever disputes, closes or freezes the old side", () => {
    const side = ana();
    const { heads } = archived(side);
    side.retire("phone", ["laptop"], { heads });
    side.retire("laptop", ["phone"], { heads });
    side.admit("phone", ["thief"], { heads });
    expect(side.reduce().kind).toBe("frozen");
    const succeed = side.succeed(["new"], 1);
    const state = side.reduce(side.at + wait);
    expect(state.kind).toBe("active");
    for (const leaf of ["phone", "laptop", "thief"]) {
      expect(state.leaves.get(idKey(leafId(leaf)))).toMatchObject({ status: "retired", retiredBy: succeed.id, reason: "lost" });
    }
    expect(live(state)).toEqual(["new"]);
    const over = ana();
    over.close("phone");
    expect(over.reduce().kind).toBe("closed");
    over.succeed(["new"], 1);
    expect(over.reduce().kind).toBe("closed");
    expect(over.reduce(over.at + wait).kind).toBe("active");
  });

  test("R8: a device that was retired before keeps how; one that only a quarantined admit brought in is retired too", () => {
    const side = ana();
    const { heads } = archived(side);
    const retire = side.retire("phone", ["laptop"], { heads, reason: "gone" });
    const admit = side.admit("phone", ["thief"], { heads });
    const succeed = side.succeed(["new"], 1, { heads: [retire] });
    expect(side.reduce().leaves.has(idKey(leafId("thief")))).toBe(false);
    const { leaves } = side.reduce(side.at + wait);
    expect(leaves.get(idKey(leafId("laptop")))).toMatchObject({ status: "retired", retiredBy: retire.id, reason: "gone" });
    expect(leaves.get(idKey(leafId("thief")))).toMatchObject({ status: "retired", retiredBy: succeed.id, by: admit.id });
  });

  test("R8: what old leaves sign afterwards never counts, and an old leaf is not admitted again; a new leaf of its device is", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1);
    side.at += wait;
    const moved = side.move("phone", "stolen", { heads: [succeed] });
    const again = side.admit("new", ["phone"], { heads: [succeed] });
    const joined = side.admit("new", ["phone", "second new"], { heads: [succeed] });
    const state = side.reduce();
    expect(standings(state, moved, again, joined)).toEqual(["void: successionQuarantines", "void: oldLeavesRetire", "counts"]);
    expect(live(state)).toEqual(["new", "second new"]);
    expect(retired(state)).toEqual(["phone", "laptop"]);
  });

  test("R8: a succession of old leaves only is void, and one of both brings in the new ones", () => {
    const side = ana();
    const old = side.succeed(["phone", "laptop"], 1, archived(side));
    expect(standingIn(side.reduce(side.at + wait), old)).toBe("void: oldLeavesRetire");
    const other = ana();
    other.succeed(["phone", "new"], 1, archived(other));
    expect(live(other.reduce(other.at + wait))).toEqual(["new"]);
    expect(retired(other.reduce(other.at + wait))).toEqual(["phone", "laptop"]);
  });

  test("R8: ten leaves are the new side's own", () => {
    const side = ana();
    const succeed = side.succeed(["new"], 1);
    side.admit("new", ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    const beyond = side.admit("new", ["second new"]);
    const state = side.reduce(side.at + wait);
    expect(standings(state, succeed, beyond)).toEqual(["counts", "void: atMostTenLeaves"]);
  });

  test("custodyFollowsKeys: a side recovered at a host cannot say device while the host's leaf is live", () => {
    const side = ana();
    side.succeed(["new"], 1, { custody: hostedAt("Dee's host") });
    side.at += wait;
    expect(side.reduce().custody).toEqual(hostedAt("Dee's host"));
    side.admit("new", ["second new"]);
    const early = side.plan("second new", trusteePlan(1));
    expect(standingIn(side.reduce(), early)).toBe("void: custodyFollowsKeys");
    side.retire("second new", ["new"]);
    const plan = side.plan("second new", trusteePlan(1));
    expect(standingIn(side.reduce(), plan)).toBe("pending");
  });

  test("what was still to come from the old side never does", () => {
    const side = ana();
    const plan = side.plan("phone", escrowPlan(2, "escrow"));
    side.succeed(["new"], 1, { at: side.at + hour });
    const state = side.reduce(side.at + planMaturing);
    expect(standingIn(state, plan)).toBe("void: oldLeavesRetire");
    expect(state.plan.version).toBe(0);
    expect(live(state)).toEqual(["new"]);
  });
});

/** A plan that commits to what a `succeed` opens. */
function commitmentTo({ body }: KnownStatement<"succeed">) {
  return { version: 1, commitments: [{ threshold: 0, hash: recoveryCommitment(body.publicKey, body.salt) }], admissionKeys: [] };
}
