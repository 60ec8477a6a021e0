/** Whole recoveries, as several peers of Ana's see them, each on its own clock. */
import { describe, expect, test } from "vitest";
import { escalationWait, type LineageState, planMaturing, presume, reduce, replacementWait } from "@photon/protocol/lineage";
import { idKey, type Statement } from "@photon/protocol/statement";
import { day, hour, leafId, named, Side, standingIn, trusteePlan } from "./builder.ts";

const wait = 48 * hour;
/** From when a plan that replaced another decides, after it was learned. */
const deciding = planMaturing + replacementWait;
const devices = ["phone", "laptop", "new", "spare", "thief", "rival"];
const live = (state: LineageState): string[] => named(state, devices, "live");

/** A peer who learns some of Ana's statements, each at a time of its own. */
class Peer {
  readonly #seen = new Map<string, number>();
  readonly #statements: Statement[] = [];

  learns(at: number, ...statements: readonly Statement[]): this {
    for (const statement of statements) {
      this.#statements.push(statement);
      this.#seen.set(idKey(statement.id), at);
    }
    return this;
  }
  sees(now: number): LineageState {
    return reduce(this.#statements, this.#seen, now);
  }
}

describe("a peer away for a year, through two trustee changes and a recovery", () => {
  function year() {
    const side = new Side();
    const found = side.found("phone", { plan: trusteePlan(1) });
    side.at = 100 * day;
    side.plan("phone", trusteePlan(2));
    side.at = 200 * day;
    const third = side.plan("phone", trusteePlan(3));
    side.at = 300 * day;
    const succeed = side.succeed(["new"], 3, { plan: trusteePlan(4), inbox: "hers" });
    const spare = side.admit("new", ["spare"]);
    return { side, found, third, succeed, spare };
  }

  test("R7: walked forward, it waits until the plan decides, warns, and ends with the right keys", () => {
    const { side, found, succeed, spare } = year();
    const back = 365 * day;
    const chi = new Peer().learns(0, found).learns(back, ...side.statements.slice(1));
    const first = chi.sees(back);
    expect(first.standing.get(idKey(succeed.id))).toEqual({ kind: "pending", until: back + deciding });
    expect(first).toMatchObject({ kind: "active", epoch: 0, plan: { version: 1 }, nextChange: back + planMaturing });
    expect(first.changes.slice(-2)).toMatchObject([
      { kind: "succeed", grade: "by-trustees" },
      { kind: "admit", grade: "by-trustees" },
    ]);
    expect(live(first)).toEqual(["phone"]);
    const matured = chi.sees(back + planMaturing);
    expect(matured).toMatchObject({ epoch: 0, plan: { version: 3, decidesFrom: back + deciding }, nextChange: back + deciding });
    const decided = chi.sees(back + deciding);
    expect(decided).toMatchObject({ epoch: 1, kind: "active", plan: { version: 4 }, inbox: { relay: "https://hers.example" } });
    expect(standingIn(decided, spare)).toBe("counts");
    expect(live(decided)).toEqual(["new", "spare"]);
    expect(decided.leaves.get(idKey(leafId("phone")))).toMatchObject({ status: "retired", retiredBy: succeed.id });
    // Ben, who was there all the time, waited two days.
    expect(live(side.reduce(300 * day + wait))).toEqual(["new", "spare"]);
  });

  test("R7: whose person says that it is she needs not wait", () => {
    const { side, found, succeed } = year();
    const seen = new Map(side.statements.map(({ id }) => [idKey(id), id === found.id ? 0 : 365 * day]));
    const state = reduce(side.statements, seen, 365 * day, new Map([[idKey(succeed.id), "accept"]]));
    expect(live(state)).toEqual(["new", "spare"]);
  });

  test("R7: trustees who were removed meanwhile are refused by whoever was there, and outranked nowhere else", () => {
    const { side, found, third } = year();
    const removed = side.succeed(["rival"], 2, { heads: side.statements.slice(0, 2), request: "rival", at: 300 * day });
    expect(standingIn(side.reduce(301 * day), removed)).toBe("void: graceOfPlans");
    // To Chi, who was away, both plans are new: the later one decides when they do, and its succession ranks over.
    const chi = new Peer().learns(0, found).learns(365 * day, ...side.statements.slice(1));
    expect(chi.sees(365 * day).plan.version).toBe(1);
    const state = chi.sees(365 * day + deciding);
    expect(standingIn(state, removed)).toBe("void: successionIsOnce");
    expect(standingIn(state, third)).toBe("counts");
    expect(live(state)).toEqual(["new", "spare"]);
  });

  test("two recoveries meanwhile: both are walked through, the delays side by side", () => {
    const { side, found } = year();
    side.at = 330 * day;
    side.succeed(["rival"], 4, { epoch: 2, request: "second" });
    const dee = new Peer().learns(0, found).learns(365 * day, ...side.statements.slice(1));
    const state = dee.sees(365 * day + deciding);
    expect(state.epoch).toBe(2);
    expect(live(state)).toEqual(["rival"]);
  });
});

describe("a thief with the unlocked phone", () => {
  test("R6, R7: re-deals the plan, retires the laptop, moves the inbox, says goodbye: on day 40 Ana recovers all the same", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    const backup = side.admit("phone", ["laptop"]);
    side.at = 30 * day;
    const stolen = side.at;
    const evil = [
      side.plan("phone", trusteePlan(2, { dealer: "thief" })),
      side.retire("phone", ["laptop"], { trusted: [] }),
      side.admit("phone", ["thief"]),
      side.move("phone", "thief's"),
      side.close("phone"),
    ];
    expect(side.reduce(stolen + 39 * day)).toMatchObject({ kind: "closed", plan: { version: 2 } });
    // Ana's archive is of the evening before, or holds all that the thief did: either way she comes back.
    for (const heads of [[backup], evil.slice(-1)]) {
      const ana = new Side();
      for (const one of side.statements) ana.take(one, side.firstSeen.get(idKey(one.id)));
      ana.at = stolen + 40 * day;
      ana.succeed(["new"], 1, { heads });
      const contest = ana.contest("thief", { heads: evil.slice(-1), at: ana.at + hour });
      expect(ana.reduce(ana.at + wait)).toMatchObject({ kind: "contested" });
      expect(standingIn(ana.reduce(ana.at + wait), contest)).toBe("counts");
      // The trustees wait for seven days too: it is past the 45 by then.
      ana.succeed(["new"], 1, { threshold: 1, heads, at: ana.at + 8 * day });
      const state = ana.reduce(ana.at + 10 * day);
      expect(state).toMatchObject({ kind: "active", epoch: 1 });
      expect(live(state)).toEqual(["new"]);
      expect(named(state, devices, "retired")).toEqual(["phone", "laptop", "thief"]);
    }
  });

  test("R5, R7: re-deals, and contests a recovery that began on the last day before his plan is in force: it wins all the same", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    const backup = side.admit("phone", ["laptop"]);
    side.at = 30 * day;
    const stolen = side.at;
    const dealt = side.plan("phone", trusteePlan(2, { dealer: "thief", delay: 0 }));
    const evil = side.succeed(["thief"], 2, { dealer: "thief", delay: 0, heads: [dealt] });
    // Ana has her approvals on day 13; he contests among the trustees, who approve again and wait a week: nothing comes until then.
    const escalated = side.succeed(["new"], 1, { threshold: 1, heads: [backup], at: stolen + 23 * day });
    const late = side.reduce(stolen + 23 * day);
    expect([evil, escalated].map((one) => standingIn(late, one))).toEqual(["void: authorityOrder", "pending"]);
    expect(live(side.reduce(stolen + 25 * day))).toEqual(["new"]);
    // Or he contests at the peers, when the first key has signed.
    const other = new Side();
    for (const one of side.statements.slice(0, 4)) other.take(one, side.firstSeen.get(idKey(one.id)));
    other.succeed(["new"], 1, { heads: [backup], at: stolen + 15 * day });
    other.contest("phone", { heads: [backup], at: stolen + 17 * day - 1 });
    other.succeed(["new"], 1, { threshold: 1, heads: [backup], at: stolen + 36 * day });
    const state = other.reduce(stolen + 38 * day);
    expect(standingIn(state, evil)).toBe("void: successionIsOnce");
    expect(live(state)).toEqual(["new"]);
  });

  test("R7: gains nothing by a succession of his own before what he dealt decides", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    const backup = side.admit("phone", ["laptop"]);
    side.at = 30 * day;
    side.plan("phone", trusteePlan(2, { dealer: "thief", delay: 0 }));
    const evil = side.succeed(["thief"], 2, { dealer: "thief", delay: 0, threshold: 1 });
    side.at += 10 * day;
    const succeed = side.succeed(["new"], 1, { heads: [backup] });
    side.contest("phone", { heads: [backup], at: side.at + wait - 1 });
    const escalated = side.succeed(["new"], 1, { threshold: 1, heads: [backup], at: side.at + 5 * day });
    const state = side.reduce(side.at + 30 * day);
    expect([evil, succeed, escalated].map((one) => standingIn(state, one))).toEqual([
      "void: successionIsOnce",
      "void: successionIsOnce",
      "counts",
    ]);
    expect(live(state)).toEqual(["new"]);
  });
});

describe("a contested recovery", () => {
  test("R5: whoever heard the contest in time, late or never: after the escalation all peers agree", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    side.at = 30 * day;
    const begun = side.at;
    const backup = side.statements.slice(0, 1);
    const succeed = side.succeed(["new"], 1);
    const contest = side.contest("phone", { heads: backup });
    const escalated = side.succeed(["new"], 1, { threshold: 1, heads: [...backup, succeed] });
    const spare = side.admit("new", ["spare"], { heads: [escalated] });
    const [ben, chi, dee] = [0, 1, 2].map(() => new Peer().learns(0, ...backup).learns(begun, succeed)) as [Peer, Peer, Peer];
    ben.learns(begun + day, contest);
    chi.learns(begun + 3 * day, contest);
    for (const peer of [ben, chi, dee]) peer.learns(begun + 4 * day, escalated, spare);
    expect(ben.sees(begun + 5 * day).kind).toBe("contested");
    expect(chi.sees(begun + 5 * day).kind).toBe("active");
    for (const peer of [ben, chi, dee]) {
      const state = peer.sees(begun + day + escalationWait);
      expect(state).toMatchObject({ kind: "active", epoch: 1, inbox: { relay: "https://succeeded.example" } });
      expect(live(state)).toEqual(["new", "spare"]);
      expect(named(state, devices, "retired")).toEqual(["phone"]);
    }
  });

  test("R3, R5: t colluding trustees who skip the delay: each peer still waits, warns, and hears the contest", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    const before = side.statements.slice(0, 1);
    side.at = 30 * day;
    const evil = side.succeed(["thief"], 1, { notBefore: 0 });
    side.move("thief", "thief's", { heads: [evil] });
    const seen = side.reduce();
    expect(live(seen)).toEqual(["phone"]);
    expect(seen.inbox?.relay).toBe("https://first.example");
    expect(seen.successions).toMatchObject([{ status: "pending", until: side.at + wait }]);
    side.contest("phone", { heads: before, at: side.at + day });
    expect(side.reduce(side.at + day).kind).toBe("contested");
    const state = side.reduce(side.at + day + 14 * day + escalationWait);
    expect(state).toMatchObject({ kind: "active", epoch: 0 });
    expect(live(state)).toEqual(["phone"]);
  });

  test("R5, R8: the successor sees her own side at once, and what she signs then is good when the peers' wait is over", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    side.at = 30 * day;
    const succeed = side.succeed(["new"], 1, { plan: trusteePlan(2) });
    const own = presume(side.statements, side.firstSeen, side.at, new Map(), succeed.id);
    expect(live(own)).toEqual(["new"]);
    expect(own.heads).toEqual([succeed.id]);
    expect(own.plan.version).toBe(2);
    const admit = side.admit("new", ["spare"]);
    expect(standingIn(side.reduce(side.at + wait), admit)).toBe("counts");
  });
});
