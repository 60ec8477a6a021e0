import { describe, expect, test } from "vitest";
import { idKey } from "@photon/protocol/statement";
import { day, hour, leafId, named, Side, standingIn } from "./builder.ts";

const devices = ["phone", "laptop", "tablet", "watch", "desk", "thief", "puppet"];
const live = (side: Side, now?: number): string[] => named(side.reduce(now), devices, "live");
const frozen = (side: Side, now?: number): string[] => named(side.reduce(now), devices, "frozen");
const retired = (side: Side, now?: number): string[] => named(side.reduce(now), devices, "retired");

/** Ana's phone founds; laptop and tablet join. */
function ana(): Side {
  const side = new Side();
  side.found("phone");
  side.admit("phone", ["laptop"]);
  side.admit("laptop", ["tablet"]);
  return side;
}

describe("signerWasAlive", () => {
  test("a leaf acts once it was admitted, and not before", () => {
    const side = new Side();
    const found = side.found("phone");
    const early = side.move("laptop", "early", { heads: [found] });
    side.admit("phone", ["laptop"], { heads: [found] });
    const late = side.move("laptop", "late");
    const state = side.reduce();
    expect(standingIn(state, early)).toBe("void: signerWasAlive");
    expect(standingIn(state, late)).toBe("counts");
    expect(state.inbox?.relay).toBe("https://late.example");
  });

  test("a leaf retired in the statement's own past does not act, whatever comes of that retire later", () => {
    const side = ana();
    side.retire("laptop", ["phone"]);
    const after = side.move("phone", "stolen");
    expect(standingIn(side.reduce(), after)).toBe("void: signerWasAlive");
    expect(live(side)).toEqual(["laptop", "tablet"]);
    expect(side.reduce().inbox?.relay).toBe("https://first.example");
  });

  test("a retired leaf cannot admit itself, or anyone", () => {
    const side = ana();
    side.retire("laptop", ["phone"]);
    const self = side.admit("phone", ["phone"]);
    const other = side.admit("phone", ["thief"]);
    expect(standingIn(side.reduce(), self)).toBe("void: signerWasAlive");
    expect(standingIn(side.reduce(), other)).toBe("void: signerWasAlive");
    expect(live(side)).toEqual(["laptop", "tablet"]);
  });

  test("a stranger does not act", () => {
    const side = ana();
    const stranger = side.retire("thief", ["phone"]);
    expect(standingIn(side.reduce(), stranger)).toBe("void: signerWasAlive");
    expect(live(side)).toEqual(["phone", "laptop", "tablet"]);
  });
});

describe("retireIsStrong", () => {
  test("voids what the leaf signed before, beside and after, but not what the retire trusts", () => {
    const side = ana();
    const trusted = side.move("phone", "trusted");
    const before = side.move("phone", "before");
    const retire = side.retire("laptop", ["phone"], { trusted: [trusted] });
    const beside = side.move("phone", "beside", { heads: [before] });
    const state = side.reduce();
    expect([trusted, before, retire, beside].map((one) => standingIn(state, one))).toEqual([
      "counts",
      "void: retireIsStrong",
      "counts",
      "void: retireIsStrong",
    ]);
    expect(state.inbox?.relay).toBe("https://trusted.example");
    expect(state.standing.get(idKey(beside.id))).toMatchObject({ because: retire.id });
  });

  test("is transitive: leaves that exist only by a voided admit are void, and so is what they signed", () => {
    const side = ana();
    const heads = [side.move("laptop", "last")];
    const puppet = side.admit("phone", ["puppet"], { heads });
    const thief = side.admit("puppet", ["thief"], { heads: [puppet] });
    const moved = side.move("thief", "stolen", { heads: [thief] });
    expect(live(side)).toEqual(["phone", "laptop", "tablet", "thief", "puppet"]);
    side.retire("laptop", ["phone"], { heads });
    const state = side.reduce();
    for (const one of [puppet, thief, moved]) expect(standingIn(state, one)).toBe("void: retireIsStrong");
    expect(live(side)).toEqual(["laptop", "tablet"]);
    expect(state.leaves.has(idKey(leafId("thief")))).toBe(false);
  });

  test("a leaf that two siblings admitted stays, where one of the two admits stands", () => {
    const side = ana();
    const heads = [side.move("laptop", "last")];
    side.admit("phone", ["watch"], { heads });
    side.admit("tablet", ["watch"], { heads });
    side.retire("laptop", ["phone"], { heads });
    expect(live(side)).toEqual(["laptop", "tablet", "watch"]);
  });

  test("what other live leaves signed stands, though it names a void statement among its heads", () => {
    const side = ana();
    const heads = [side.move("laptop", "last")];
    const evil = side.move("phone", "evil", { heads });
    const good = side.move("tablet", "good", { heads: [evil] });
    side.retire("laptop", ["phone"], { heads });
    const state = side.reduce();
    expect(standingIn(state, evil)).toBe("void: retireIsStrong");
    expect(standingIn(state, good)).toBe("counts");
    expect(state.inbox?.relay).toBe("https://good.example");
  });

  test("what is retired is not brought back by a live device, before or after", () => {
    const side = ana();
    const heads = [side.move("laptop", "last")];
    const beside = side.admit("tablet", ["phone"], { heads });
    side.retire("laptop", ["phone"], { heads });
    const after = side.admit("tablet", ["phone"]);
    const state = side.reduce();
    expect(standingIn(state, beside)).toBe("counts");
    expect(standingIn(state, after)).toBe("void: retireIsStrong");
    expect(retired(side)).toEqual(["phone"]);
  });

  test("never voids the foundation, nor what its own signer's authority rests on", () => {
    const side = ana();
    const retire = side.retire("tablet", ["phone", "laptop"], { trusted: [] });
    const state = side.reduce();
    expect(standingIn(state, retire)).toBe("counts");
    expect(state.kind).toBe("active");
    expect(live(side)).toEqual(["tablet"]);
    expect(retired(side)).toEqual(["phone", "laptop"]);
  });

  test("trusts nothing that is not in its own past", () => {
    const side = ana();
    const heads = [side.move("laptop", "last")];
    const evil = side.move("phone", "evil", { heads });
    side.retire("laptop", ["phone"], { heads, trusted: [evil] });
    expect(standingIn(side.reduce(), evil)).toBe("void: retireIsStrong");
  });

  test("a leaf that says it is gone takes nothing with it", () => {
    const side = ana();
    const gone = side.retire("phone", ["phone"], { reason: "gone" });
    expect(standingIn(side.reduce(), gone)).toBe("counts");
    expect(live(side)).toEqual(["laptop", "tablet"]);
    expect(side.reduce().leaves.get(idKey(leafId("phone")))).toMatchObject({
      status: "retired",
      reason: "gone",
      retiredBy: gone.id,
    });
  });
});

describe("a leaf has no dispute with itself", () => {
  test("two ways of saying that it is gone are no cycle", () => {
    const side = ana();
    const heads = [side.move("phone", "last")];
    side.retire("phone", ["phone"], { heads, trusted: [] });
    side.retire("phone", ["phone"], { heads, trusted: [] });
    expect(retired(side)).toEqual(["phone"]);
    expect(frozen(side)).toEqual([]);
  });

  test("once it has said so, it retires nobody else by saying it again", () => {
    const side = ana();
    const heads = [side.move("phone", "last")];
    side.retire("phone", ["phone"], { heads, at: 0 });
    const more = side.retire("phone", ["phone", "laptop"], { heads, at: 1 });
    expect(standingIn(side.reduce(1), more)).toBe("void: retireIsStrong");
    expect(live(side, 1)).toEqual(["laptop", "tablet"]);
  });
});

describe("retireCyclesFreeze", () => {
  test("two leaves that retire each other are both frozen", () => {
    const side = new Side();
    side.found("phone");
    const heads = [side.admit("phone", ["laptop"])];
    const one = side.retire("phone", ["laptop"], { heads });
    const two = side.retire("laptop", ["phone"], { heads });
    const state = side.reduce();
    expect(state.kind).toBe("frozen");
    expect(frozen(side)).toEqual(["phone", "laptop"]);
    expect([one, two].map((each) => standingIn(state, each))).toEqual(["void: retireCyclesFreeze", "void: retireCyclesFreeze"]);
    expect(state.leaves.get(idKey(leafId("phone")))).toMatchObject({ retiredBy: two.id });
  });

  test("three leaves that retire each other in a ring are all frozen", () => {
    const side = ana();
    const heads = [side.move("laptop", "last")];
    side.retire("phone", ["laptop"], { heads });
    side.retire("laptop", ["tablet"], { heads });
    side.retire("tablet", ["phone"], { heads });
    expect(frozen(side)).toEqual(["phone", "laptop", "tablet"]);
    expect(side.reduce().kind).toBe("frozen");
  });

  test("a chain of retires is no cycle: it is settled from its undisputed end", () => {
    const side = ana();
    side.admit("tablet", ["watch"]);
    const heads = [side.move("laptop", "last")];
    side.retire("phone", ["laptop"], { heads });
    const second = side.retire("laptop", ["tablet"], { heads });
    side.retire("tablet", ["watch"], { heads });
    expect(live(side)).toEqual(["phone", "tablet"]);
    expect(standingIn(side.reduce(), second)).toBe("void: retireIsStrong");
  });

  test("a rival first seen 72 h after the first is in time; one millisecond later it is evidence only", () => {
    const cycle = (after: number) => {
      const side = new Side();
      side.found("phone");
      const heads = [side.admit("phone", ["laptop"])];
      side.retire("laptop", ["phone"], { heads, at: 10 * hour });
      const rival = side.retire("phone", ["laptop"], { heads, at: 10 * hour + after });
      return { side, rival };
    };
    expect(frozen(cycle(72 * hour).side, 100 * day)).toEqual(["phone", "laptop"]);
    const { side, rival } = cycle(72 * hour + 1);
    expect(frozen(side, 100 * day)).toEqual([]);
    expect(live(side, 100 * day)).toEqual(["laptop"]);
    expect(standingIn(side.reduce(100 * day), rival)).toBe("void: retireCyclesFreeze");
  });

  test("a late rival leaves everything as it was without it, however long the cycle that it closes", () => {
    const side = ana();
    const heads = [side.admit("tablet", ["watch"])];
    side.retire("laptop", ["tablet"], { heads, at: 0 });
    side.retire("tablet", ["phone"], { heads, at: hour });
    const good = side.retire("phone", ["watch"], { heads, at: 100 * hour });
    expect(live(side, 100 * hour)).toEqual(["phone", "laptop"]);
    const backdated = side.retire("watch", ["laptop"], { heads, at: 200 * hour });
    const state = side.reduce(200 * hour);
    expect([good, backdated].map((one) => standingIn(state, one))).toEqual(["counts", "void: retireCyclesFreeze"]);
    expect(live(side, 200 * hour)).toEqual(["phone", "laptop"]);
  });

  test("a frozen leaf freezes nobody else once 72 h of the dispute have passed", () => {
    const disputed = (at: number): Side => {
      const side = ana();
      const heads = [side.move("tablet", "last")];
      side.retire("phone", ["laptop"], { heads });
      side.retire("laptop", ["phone"], { heads });
      side.retire("phone", ["tablet"], { heads, at });
      return side;
    };
    expect(live(disputed(72 * hour), day * 9)).toEqual([]);
    expect(live(disputed(72 * hour + 1), day * 9)).toEqual(["tablet"]);
  });

  test("a puppet that disputes for the leaf that admitted it freezes with it, and does not win", () => {
    const side = new Side();
    side.found("phone");
    const heads = [side.admit("phone", ["laptop"])];
    const puppet = side.admit("laptop", ["puppet"], { heads });
    side.retire("puppet", ["phone"], { heads: [puppet] });
    side.retire("phone", ["laptop"], { heads });
    expect(live(side)).toEqual([]);
    expect(frozen(side)).toEqual(["phone", "laptop", "puppet"]);
  });

  test("what a frozen leaf signs while it is frozen never counts, even if the dispute is settled for it", () => {
    const side = ana();
    const heads = [side.move("tablet", "last")];
    side.retire("phone", ["laptop"], { heads });
    side.retire("laptop", ["phone"], { heads });
    const meanwhile = side.move("phone", "meanwhile");
    expect(standingIn(side.reduce(), meanwhile)).toBe("void: signerWasAlive");
    side.retire("tablet", ["laptop"], { trusted: heads });
    expect(live(side)).toEqual(["phone", "tablet"]);
    expect(standingIn(side.reduce(), meanwhile)).toBe("void: signerWasAlive");
    const again = side.move("phone", "again");
    expect(standingIn(side.reduce(), again)).toBe("counts");
  });

  test("leaves outside the cycle stay live", () => {
    const side = ana();
    const heads = [side.move("tablet", "last")];
    side.retire("phone", ["laptop"], { heads });
    side.retire("laptop", ["phone"], { heads });
    expect(live(side)).toEqual(["tablet"]);
    expect(side.reduce().kind).toBe("active");
  });

  test("a leaf that a disputed retire names is frozen with the dispute", () => {
    const side = ana();
    const heads = [side.move("tablet", "last")];
    side.retire("phone", ["laptop", "tablet"], { heads });
    side.retire("laptop", ["phone"], { heads });
    expect(frozen(side)).toEqual(["phone", "laptop", "tablet"]);
  });
});

describe("backdating", () => {
  test("backdated statements of a retired device change nothing", () => {
    const side = new Side();
    const found = side.found("phone");
    side.admit("phone", ["laptop"]);
    const heads = [side.admit("laptop", ["tablet"])];
    side.retire("laptop", ["phone"], { heads, at: day });
    const before = side.reduce(30 * day);
    side.at = 30 * day;
    const backdated = [
      side.move("phone", "evil", { heads }),
      side.admit("phone", ["thief"], { heads: [found] }),
      side.admit("thief", ["puppet"]),
      side.retire("phone", ["laptop"], { heads: [found] }),
      side.retire("phone", ["laptop"], { heads }),
      side.retire("puppet", ["tablet"]),
      side.close("phone", { heads }),
      side.plan("phone", { version: 1, commitments: [], admissionKeys: [] }, { heads }),
    ];
    const after = side.reduce(90 * day);
    for (const one of backdated) expect(standingIn(after, one)).toMatch(/^void/u);
    const { heads: _h, standing: _s, changes: _c, ...rest } = after;
    const { heads: _h2, standing: _s2, changes: _c2, ...was } = before;
    expect(rest).toEqual(was);
    expect(live(side)).toEqual(["laptop", "tablet"]);
  });
});
