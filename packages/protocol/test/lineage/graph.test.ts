import { describe, expect, test } from "vitest";
import { compareBytes } from "@photon/protocol/codec";
import { ancestors, isMemberSet, liveLeaves, missingHeads, statementsSince, topologicalOrder } from "@photon/protocol/lineage";
import { idKey, makeGroupId, makeStatementId, type Statement } from "@photon/protocol/statement";
import { inboxNamed, leafId, named, Side, standingIn, statementOf } from "./builder.ts";

/** found ← left, right ← both ← last; and one that stands alone on the found. */
function diamond() {
  const side = new Side();
  const found = side.found("phone");
  const admit = side.admit("phone", ["laptop"]);
  const left = side.move("phone", "left", { heads: [admit] });
  const right = side.move("laptop", "right", { heads: [admit] });
  const both = side.move("phone", "both", { heads: [left, right] });
  const alone = side.move("phone", "alone", { heads: [found] });
  return { side, found, admit, left, right, both, alone };
}
const keys = (statements: readonly Statement[]): string[] => statements.map((one) => idKey(one.id));

describe("the DAG", () => {
  test("topological order puts each statement after its ancestors, and is one order for one set", () => {
    const { side } = diamond();
    const order = keys(topologicalOrder(side.statements));
    expect(keys(topologicalOrder([...side.statements.toReversed(), ...side.statements]))).toEqual(order);
    for (const one of side.statements) {
      for (const head of one.heads) expect(order.indexOf(idKey(head))).toBeLessThan(order.indexOf(idKey(one.id)));
    }
  });

  test("ancestors are all at or before the heads named", () => {
    const { side, found, admit, left, alone } = diamond();
    expect(ancestors(side.statements, [left.id])).toEqual(new Set(keys([left, admit, found])));
    expect(ancestors(side.statements, [alone.id, makeStatementId(new Uint8Array(32))])).toEqual(new Set(keys([alone, found])));
  });

  test("a peer is given what it lacks, each after its ancestors; heads that are unknown here are ignored", () => {
    const { side, found, admit, left, right, both, alone } = diamond();
    expect(keys(statementsSince(side.statements, [both.id]))).toEqual(keys([alone]));
    expect(keys(statementsSince(side.statements, [left.id, alone.id]))).toEqual(keys([right, both]));
    const all = keys(statementsSince(side.statements, [makeStatementId(new Uint8Array(32))]));
    expect(all.toSorted()).toEqual(keys([found, admit, left, right, both, alone]).toSorted());
  });

  test("missing heads are those named and not here", () => {
    const { side, admit, left } = diamond();
    expect(missingHeads(side.statements)).toEqual([]);
    const some = side.statements.filter((one) => one !== left && one !== admit);
    expect(missingHeads([...some, ...some])).toEqual([left.id, admit.id].toSorted(compareBytes));
  });
});

describe("what is not complete, and what is not understood", () => {
  test("a statement waits for its heads, says for which, and counts when they are here", () => {
    const { side, left, right, both } = diamond();
    const without = side.reduce(
      0,
      side.statements.filter((one) => one !== left),
    );
    expect(without.standing.get(idKey(both.id))).toEqual({ kind: "waiting", missing: [left.id] });
    expect(without.heads).not.toContainEqual(both.id);
    expect(without.inboxBy).not.toEqual(both.id);
    const last = side.move("laptop", "last", { heads: [both] });
    const waiting = side.reduce(
      0,
      side.statements.filter((one) => one !== left),
    );
    expect(waiting.standing.get(idKey(last.id))).toEqual({ kind: "waiting", missing: [both.id] });
    const state = side.reduce();
    expect([left, right, both, last].map((one) => standingIn(state, one))).toEqual(["counts", "counts", "counts", "counts"]);
  });

  test("a statement of an unknown type or version is held with all that builds on it, and is not built on", () => {
    const { side, both, alone } = diamond();
    const unknown = side.unknown("phone", { heads: [both] });
    const after = side.move("phone", "after", { heads: [unknown] });
    const state = side.reduce();
    expect([unknown, after].map((one) => standingIn(state, one))).toEqual(["held", "held"]);
    expect(state.heads).toEqual([both.id, alone.id].toSorted(compareBytes));
    expect(state.inboxBy).not.toEqual(after.id);
  });

  test("generation statements are no part of the lineage", () => {
    const { side } = diamond();
    const before = side.reduce();
    const generation = statementOf(
      "generation",
      {
        suite: "ed25519-xwing-aes256gcm-sha512",
        number: 1,
        group: makeGroupId(new Uint8Array(32)),
        parents: [],
        members: [leafId("phone")],
        peerHeads: [],
        welcome: new Uint8Array(32),
        lastResort: [],
      },
      { side: side.id, signer: leafId("phone"), heads: before.heads },
    );
    side.take(generation);
    expect(side.reduce()).toEqual(before);
  });
});

describe("the outcome", () => {
  test("the inbox is the maximal move's, of concurrent ones that with the smallest id; all are listed", () => {
    const { side, left, right, both, alone } = diamond();
    const winner = [both, alone].toSorted((a, b) => compareBytes(a.id, b.id))[0];
    const state = side.reduce();
    expect(state.inboxBy).toEqual(winner?.id);
    expect(state.inboxes.map((inbox) => inbox.relay).toSorted()).toEqual(
      ["first", "left", "right", "both", "alone"].map((name) => inboxNamed(name).relay).toSorted(),
    );
    const earlier = side.reduce(
      0,
      side.statements.filter((one) => one !== both && one !== alone),
    );
    expect(earlier.inboxBy).toEqual([left, right].toSorted((a, b) => compareBytes(a.id, b.id))[0]?.id);
  });

  test("live leaves are sorted by their ids, and a member set is exactly those of both sides", () => {
    const { side } = diamond();
    const state = side.reduce();
    const ben = new Side("ben");
    ben.found("desk");
    const leaves = liveLeaves(state).map((one) => one.leaf.id);
    expect(leaves).toEqual([leafId("phone"), leafId("laptop")].toSorted(compareBytes));
    expect(isMemberSet(state, leaves)).toBe(true);
    expect(isMemberSet(state, leaves.slice(1))).toBe(false);
    expect(isMemberSet(state, [...leaves, leafId("desk")])).toBe(false);
    expect(isMemberSet([state, ben.reduce()], [...leaves, leafId("desk")])).toBe(true);
    expect(isMemberSet([state, ben.reduce()], [leafId("phone"), leafId("phone"), leafId("desk")])).toBe(false);
  });

  test("a close by a live leaf closes, unless it is voided", () => {
    const { side, both } = diamond();
    side.close("phone", { heads: [both] });
    expect(side.reduce().kind).toBe("closed");
    side.retire("laptop", ["phone"], { heads: [both] });
    expect(side.reduce().kind).toBe("active");
    expect(named(side.reduce(), ["phone", "laptop"], "live")).toEqual(["laptop"]);
  });

  test("heads are at most 16, and what counts is never left out for what does not", () => {
    const side = new Side();
    side.found("phone");
    const admit = side.admit("phone", ["laptop"]);
    const tip = side.move("laptop", "tip", { heads: [admit] });
    for (let i = 0; i < 40; i++) side.move("phone", `evil ${i}`, { heads: [tip] });
    const retire = side.retire("laptop", ["phone"], { heads: [tip] });
    const honest = Array.from({ length: 9 }, (_, i) => side.move("laptop", `honest ${i}`, { heads: [tip] }));
    for (let i = 0; i < 40; i++) side.move(`stranger ${i}`, "evil", { heads: [tip] });
    const { heads } = side.reduce();
    expect(heads).toHaveLength(16);
    for (const one of [retire, ...honest]) expect(heads).toContainEqual(one.id);
    const strangers = side.statements.slice(-40).map((one) => idKey(one.id));
    expect(heads.filter((head) => strangers.includes(idKey(head)))).toEqual([]);
  });

  test("the history is graded, in the order in which it was learned", () => {
    const side = new Side();
    side.found("phone");
    side.admit("phone", ["laptop", "tablet"], { at: 1 });
    side.retire("laptop", ["phone"], { at: 2, reason: "taken" });
    side.move("phone", "evil", { at: 3 });
    expect(
      side.reduce(3).changes.map(({ kind, firstSeen, grade, leaves, reason }) => [kind, firstSeen, grade, leaves, reason]),
    ).toEqual([
      ["found", 0, "unproven", 1, undefined],
      ["admit", 1, "continuous", 2, undefined],
      ["retire", 2, "continuous", 1, "taken"],
    ]);
  });

  test("a disputed retire is shown, as unproven", () => {
    const side = new Side();
    side.found("phone");
    const heads = [side.admit("phone", ["laptop"])];
    side.retire("phone", ["laptop"], { heads });
    side.retire("laptop", ["phone"], { heads });
    expect(side.reduce().changes.map(({ kind, grade }) => `${kind} ${grade}`)).toEqual([
      "found unproven",
      "admit continuous",
      "retire unproven",
      "retire unproven",
    ]);
  });
});
