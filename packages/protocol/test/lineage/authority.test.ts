import { describe, expect, test } from "vitest";
import { idKey } from "@photon/protocol/statement";
import { planGrace, planMaturing } from "@photon/protocol/lineage";
import {
  day,
  escrowPlan,
  hostedAt,
  hour,
  keyOf,
  leafId,
  named,
  noPlan,
  onDevice,
  Side,
  standingIn,
  trusteePlan,
} from "./builder.ts";

const names = ["phone", "laptop", "tablet", "thief", "new"];
const live = (side: Side, now?: number): string[] => named(side.reduce(now), names, "live");

/** Founded with an admission key in escrow. */
function withEscrow(): Side {
  const side = new Side();
  side.found("phone", { plan: escrowPlan(1, "escrow") });
  side.admit("phone", ["laptop"]);
  return side;
}

describe("oneFoundation", () => {
  test("the found first seen is the side's; another is void, and so is what rests on it", () => {
    const side = new Side();
    const second = side.found("thief", { at: hour });
    const rival = side.move("thief", "evil", { heads: [second], at: hour });
    const first = side.found("phone", { at: 0 });
    const state = side.reduce();
    expect([first, second, rival].map((one) => standingIn(state, one))).toEqual([
      "counts",
      "void: oneFoundation",
      "void: signerWasAlive",
    ]);
    expect(state.heads).toEqual([first.id]);
  });

  test("of two seen at once the smaller id is the side's, in either order", () => {
    const side = new Side();
    const founds = [side.found("phone"), side.found("laptop")].toSorted((a, b) => (idKey(a.id) < idKey(b.id) ? -1 : 1));
    for (const order of [founds, founds.toReversed()]) {
      const state = side.reduce(0, order);
      expect(founds.map((one) => standingIn(state, one))).toEqual(["counts", "void: oneFoundation"]);
    }
  });

  test("a found that is not signed by its own leaf, follows something, or hides its host founds nothing", () => {
    const side = new Side();
    side.found("phone", { signer: "thief" });
    side.found("tablet", { custody: { ...onDevice, class: "host" } });
    expect(side.reduce()).toMatchObject({ kind: "empty", side: undefined, heads: [] });
    const real = side.found("laptop");
    const later = side.found("tablet", { heads: [real] });
    expect(standingIn(side.reduce(), later)).toBe("void: oneFoundation");
    expect(live(side)).toEqual(["laptop"]);
  });

  test("statements of another side are void, are not named as heads, and nobody waits for what they follow", () => {
    const side = new Side();
    const found = side.found("phone");
    const other = new Side("ben");
    other.found("phone");
    const foreign = side.take(other.move("phone", "evil"), 0);
    const naming = side.move("phone", "own", { heads: [found, foreign] });
    const state = side.reduce();
    expect(standingIn(state, foreign)).toBe("void: oneFoundation");
    expect(standingIn(state, naming)).toBe("counts");
    expect(state.heads).toEqual([naming.id]);
  });

  test("without a found there is no side, whatever else is here", () => {
    const side = new Side();
    const move = side.move("phone", "x", { heads: [] });
    const unknown = side.unknown("phone", { heads: [] });
    const state = side.reduce();
    expect(state.kind).toBe("empty");
    expect([standingIn(state, move), standingIn(state, unknown)]).toEqual(["void: oneFoundation", "held"]);
  });
});

describe("authorityOrder", () => {
  test("an admission key admits and retires, and nothing else", () => {
    const side = withEscrow();
    const heads = [side.admitByKey("escrow", ["new"])];
    const retire = side.retireByKey("escrow", ["phone"], { heads });
    const state = side.reduce();
    expect([heads[0], retire].map((one) => (one === undefined ? "" : standingIn(state, one)))).toEqual(["counts", "counts"]);
    expect(state.leaves.get(idKey(leafId("new")))).toMatchObject({ proof: "escrow", status: "live" });
    expect(live(side)).toEqual(["laptop", "new"]);
    const other = new Side();
    other.found("phone", { plan: { version: 1, commitments: [], admissionKeys: [leafId("key")] } });
    const move = other.move("key", "evil");
    expect(standingIn(other.reduce(), move)).toBe("void: authorityOrder");
  });

  test("an admit names the proof that really vouches", () => {
    const side = withEscrow();
    const lie = side.admitByKey("escrow", ["new"], { proof: "device" });
    expect(standingIn(side.reduce(), lie)).toBe("void: authorityOrder");
    expect(live(side)).toEqual(["phone", "laptop"]);
  });

  test("an admission key settles a dispute of devices: what it retires is retired, the others are live again", () => {
    const side = withEscrow();
    const heads = [side.move("laptop", "last")];
    const one = side.retire("phone", ["laptop"], { heads });
    side.retire("laptop", ["phone"], { heads });
    expect(side.reduce().kind).toBe("frozen");
    side.retireByKey("escrow", ["laptop"], { trusted: heads });
    expect(side.reduce().kind).toBe("active");
    expect(live(side)).toEqual(["phone"]);
    expect(standingIn(side.reduce(), one)).toBe("counts");
  });

  test("a device cannot retire its way past an admission key that is in force", () => {
    const side = new Side();
    const found = side.found("phone");
    side.admit("phone", ["laptop"]);
    const plan = side.plan("phone", escrowPlan(1, "escrow"), { at: 1 });
    side.at = planMaturing + 1;
    const evil = side.retire("laptop", ["phone"], { trusted: [found] });
    const state = side.reduce();
    expect(standingIn(state, evil)).toBe("counts");
    expect(standingIn(state, plan)).toBe("counts");
    const back = side.retireByKey("escrow", ["laptop"], { trusted: [plan] });
    expect(standingIn(side.reduce(), back)).toBe("counts");
    expect(live(side)).toEqual(["phone"]);
  });

  test("a retire learned before the plan was in force takes the plan with it", () => {
    const side = new Side();
    const found = side.found("phone");
    side.admit("phone", ["laptop"]);
    const plan = side.plan("phone", escrowPlan(1, "escrow"), { at: 1 });
    side.at = planMaturing;
    side.retire("laptop", ["phone"], { trusted: [found] });
    side.at = 2 * planMaturing;
    expect(standingIn(side.reduce(), plan)).toBe("void: retireIsStrong");
    const late = side.admitByKey("escrow", ["thief"]);
    expect(standingIn(side.reduce(), late)).toMatch(/^void/u);
  });

  test("a succeed without a recovery commitment in force is void", () => {
    const side = withEscrow();
    const succeed = side.succeed(["new"], 1);
    expect(standingIn(side.reduce(), succeed)).toBe("void: authorityOrder");
  });
});

describe("planMatures", () => {
  test("a device's change of plan gains force 14 days after it was first seen", () => {
    const side = withEscrow();
    const plan = side.plan("laptop", escrowPlan(2, "second"), { at: day });
    const before = side.reduce(day + planMaturing - 1);
    expect(before.standing.get(idKey(plan.id))).toEqual({ kind: "pending", until: day + planMaturing });
    expect(before.nextChange).toBe(day + planMaturing);
    expect(before.plan).toMatchObject({ version: 1, admissionKeys: [keyOf("escrow")] });
    expect(before.changes.at(-1)).toMatchObject({ kind: "plan", grade: "continuous" });
    const after = side.reduce(day + planMaturing);
    expect(standingIn(after, plan)).toBe("counts");
    expect(after.nextChange).toBeUndefined();
    expect(after.plan).toMatchObject({ version: 2, admissionKeys: [keyOf("second")] });
  });

  test("the first plan, seen together with the found, is in force at once; seen later it is not", () => {
    const together = new Side();
    together.found("phone");
    together.plan("phone", escrowPlan(1, "escrow"));
    expect(together.reduce().plan.version).toBe(1);
    const later = new Side();
    later.found("phone");
    later.plan("phone", escrowPlan(1, "escrow"), { at: 1 });
    expect(later.reduce(1).plan.version).toBe(0);
    const second = new Side();
    second.found("phone", { plan: escrowPlan(1, "escrow") });
    second.plan("phone", escrowPlan(2, "other"));
    expect(second.reduce().plan.version).toBe(1);
  });

  test("an admission key's own rotation is immediate, and changes nothing else", () => {
    const side = withEscrow();
    const heads = [side.move("phone", "last")];
    const rotation = side.planByKey("escrow", escrowPlan(2, "rotated"), { heads });
    expect(side.reduce().plan).toMatchObject({ version: 2, admissionKeys: [keyOf("rotated")] });
    expect(standingIn(side.reduce(), rotation)).toBe("counts");
    const custody = side.planByKey("rotated", escrowPlan(3, "x"), { heads: [rotation], custody: { ...onDevice, escrow: true } });
    const commits = side.planByKey("rotated", trusteePlan(3), { heads: [rotation] });
    expect([custody, commits].map((one) => standingIn(side.reduce(), one))).toEqual([
      "void: authorityOrder",
      "void: authorityOrder",
    ]);
  });

  test("until a plan matures the old key acts and the new one waits; then the reverse", () => {
    const side = withEscrow();
    const plan = side.plan("phone", escrowPlan(2, "second"));
    const old = side.admitByKey("escrow", ["tablet"], { heads: [plan], at: day });
    const early = side.admitByKey("second", ["new"], { heads: [plan], at: day });
    const state = side.reduce(day);
    expect(standingIn(state, old)).toBe("counts");
    expect(state.standing.get(idKey(early.id))).toEqual({ kind: "pending", until: planMaturing });
    expect(live(side, day)).toEqual(["phone", "laptop", "tablet"]);
    const stale = side.admitByKey("escrow", ["thief"], { heads: [plan], at: planMaturing });
    expect(standingIn(side.reduce(planMaturing), stale)).toBe("void: planMatures");
    expect(live(side, planMaturing)).toEqual(["phone", "laptop", "tablet", "new"]);
  });

  test("what rests on a pending statement is pending with it", () => {
    const side = withEscrow();
    const plan = side.plan("phone", escrowPlan(2, "second"));
    const admit = side.admitByKey("second", ["new"], { heads: [plan] });
    const move = side.move("new", "fresh", { heads: [admit] });
    expect(side.reduce().standing.get(idKey(move.id))).toEqual({ kind: "pending", until: planMaturing });
    expect(side.reduce().inbox?.relay).toBe("https://first.example");
    expect(side.reduce(planMaturing).inbox?.relay).toBe("https://fresh.example");
  });

  test("a retire by a key that is not in force yet strikes nothing until it is", () => {
    const side = withEscrow();
    const plan = side.plan("phone", escrowPlan(2, "second"));
    const moved = side.move("laptop", "beside", { heads: [plan] });
    side.retireByKey("second", ["laptop"], { heads: [plan] });
    expect(standingIn(side.reduce(), moved)).toBe("counts");
    expect(live(side)).toEqual(["phone", "laptop"]);
    expect(standingIn(side.reduce(planMaturing), moved)).toBe("void: retireIsStrong");
    expect(live(side, planMaturing)).toEqual(["phone"]);
  });

  test("a leaf that a device admitted does not act by an admission key that is not in force yet", () => {
    const side = withEscrow();
    const plan = side.plan("phone", escrowPlan(2, "second"));
    const evil = side.admit("phone", ["new"], { heads: [plan] });
    const pending = side.admitByKey("second", ["new"], { heads: [plan] });
    const moved = side.move("new", "fresh", { heads: [evil, pending] });
    expect(standingIn(side.reduce(), moved)).toBe("counts");
    side.retire("laptop", ["phone"], { heads: [plan] });
    expect(standingIn(side.reduce(), moved)).toBe("void: retireIsStrong");
    expect(live(side)).toEqual(["laptop"]);
    expect(live(side, planMaturing)).toEqual(["laptop", "new"]);
  });

  test("a key that was rotated out gains nothing by signing as of before", () => {
    const side = withEscrow();
    const heads = [side.move("phone", "last")];
    const rotation = side.planByKey("escrow", escrowPlan(2, "rotated"), { heads });
    const beside = side.admitByKey("escrow", ["tablet"], { heads });
    const late = side.admitByKey("escrow", ["thief"], { heads, at: 1 });
    const state = side.reduce(1);
    expect([rotation, beside, late].map((one) => standingIn(state, one))).toEqual(["counts", "counts", "void: planMatures"]);
    expect(state.standing.get(idKey(late.id))).toMatchObject({ because: rotation.id });
  });

  test("a plan that does not build on the one in force never gains force", () => {
    const side = withEscrow();
    const heads = [side.move("phone", "last")];
    const evil = side.plan("laptop", escrowPlan(2, "evil"), { heads });
    const rotation = side.planByKey("escrow", escrowPlan(2, "rotated"), { heads, at: day });
    const state = side.reduce(2 * planMaturing);
    expect(standingIn(state, evil)).toBe("void: planMatures");
    expect(standingIn(state, rotation)).toBe("counts");
    expect(state.plan.admissionKeys).toEqual([keyOf("rotated")]);
  });

  test("a version follows those before it, and no one plan can use the numbers up", () => {
    const side = withEscrow();
    const heads = [side.move("phone", "last")];
    const same = side.plan("phone", escrowPlan(1, "x"), { heads });
    const huge = side.plan("phone", escrowPlan(0xffff_ffff, "x"), { heads });
    expect([same, huge].map((one) => standingIn(side.reduce(), one))).toEqual(["void: planMatures", "void: planMatures"]);
  });

  test("a plan whose ancestor was kept back matures from when all of it was here", () => {
    const side = withEscrow();
    const kept = side.move("phone", "kept", { at: 10 * day });
    const plan = side.plan("phone", escrowPlan(2, "second"), { heads: [kept], at: 0 });
    expect(side.reduce(10 * day).standing.get(idKey(plan.id))).toEqual({ kind: "pending", until: 10 * day + planMaturing });
  });
});

describe("custodyFollowsKeys", () => {
  test("a side with a host's key cannot say device until that key is retired", () => {
    const side = new Side();
    side.found("phone", { custody: hostedAt("Dee's host") });
    side.admit("phone", ["laptop"]);
    const early = side.plan("laptop", { ...noPlan, version: 1 });
    expect(standingIn(side.reduce(), early)).toBe("void: custodyFollowsKeys");
    side.retire("laptop", ["phone"], { reason: "gone" });
    const plan = side.plan("laptop", { ...noPlan, version: 1 }, { at: 1 });
    expect(standingIn(side.reduce(1), plan)).toBe("pending");
    expect(side.reduce(1).custody).toEqual(hostedAt("Dee's host"));
    expect(side.reduce(1 + planMaturing).custody).toEqual(onDevice);
  });

  test("a plan names its host exactly when it is hosted", () => {
    const side = withEscrow();
    const heads = [side.move("phone", "last")];
    const nameless = side.plan("phone", escrowPlan(2), { heads, custody: { ...onDevice, class: "host" } });
    const plain = side.plan("phone", escrowPlan(2), { heads, custody: { ...onDevice, host: "Dee's host" } });
    const honest = side.plan("phone", escrowPlan(2), { heads, custody: hostedAt("Dee's host") });
    expect([nameless, plain, honest].map((one) => standingIn(side.reduce(), one))).toEqual([
      "void: custodyFollowsKeys",
      "void: custodyFollowsKeys",
      "pending",
    ]);
  });
});

describe("successionIsOnce", () => {
  test("a contest by a leaf that was not there yet is void", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    side.succeed(["new"], 1);
    const contest = side.contest("phone", { heads: [] });
    expect(standingIn(side.reduce(), contest)).toBe("void: signerWasAlive");
    expect(side.reduce().kind).toBe("active");
  });

  test("a succeed that comes when trustees were given up more than 45 days ago is void", () => {
    const side = new Side();
    side.found("phone", { plan: trusteePlan(1) });
    side.plan("phone", { ...noPlan, version: 2 });
    const late = side.succeed(["new"], 1, { at: planGrace });
    expect(standingIn(side.reduce(planGrace), late)).toBe("void: graceOfPlans");
  });

  test("a contest without a succession counts, and changes nothing", () => {
    const side = withEscrow();
    const contest = side.contest("phone");
    expect(standingIn(side.reduce(), contest)).toBe("counts");
    expect(side.reduce().kind).toBe("active");
  });
});

describe("atMostTenLeaves", () => {
  test("an eleventh leaf is not admitted; once one is retired, it is", () => {
    const side = new Side();
    side.found("phone");
    side.admit("phone", ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    const eleventh = side.admit("phone", ["laptop"]);
    expect(standingIn(side.reduce(), eleventh)).toBe("void: atMostTenLeaves");
    side.retire("phone", ["1"]);
    const again = side.admit("phone", ["laptop"]);
    expect(standingIn(side.reduce(), again)).toBe("counts");
    expect(live(side)).toEqual(["phone", "laptop"]);
  });

  test("of admits side by side those first seen stand, and what a leaf beyond them signed is void", () => {
    const side = new Side();
    side.found("phone");
    const heads = [side.admit("phone", ["1", "2", "3", "4", "5", "6", "7", "8"])];
    const later = side.admit("phone", ["laptop"], { heads, at: 2 });
    const moved = side.move("laptop", "evil", { heads: [later], at: 2 });
    const first = side.admit("1", ["tablet"], { heads, at: 1 });
    const state = side.reduce(2);
    expect([first, later, moved].map((one) => standingIn(state, one))).toEqual([
      "counts",
      "void: atMostTenLeaves",
      "void: atMostTenLeaves",
    ]);
    expect(state.inbox?.relay).toBe("https://first.example");
    const kept = side.retire("phone", ["unheard of"], { heads: [later, first], at: 3 });
    const still = side.move("laptop", "evil", { heads: [kept], at: 3 });
    expect(standingIn(side.reduce(3), still)).toBe("void: signerWasAlive");
  });
});
