/** Plans that replace each other, and successions under each: all short lines, at all times that matter, against an oracle. */
import { expect, test } from "vitest";
import type { PlanParts, Statement } from "@photon/protocol/statement";
import { day, noPlan, Side, standingIn, trusteePlan } from "./builder.ts";
import { Dice } from "./exhaust.ts";
import { outcomesOf, type Planned, type Succeeded } from "./plans-oracle.ts";
import { share } from "../share.ts";

/** What a plan makes of the commitment before it. */
const changes = ["replaces", "keeps", "removes"] as const;
type Change = (typeof changes)[number];
/** Days between plans, and at which successions are learned: before, on and after each day on which something changes. */
const gaps = [0, 1, 13, 14, 15, 28, 29, 46];
const days = [0, 2, 12, 14, 15, 26, 27, 28, 29, 42, 43, 45, 46, 59, 60, 74];

function lineOf(steps: readonly { readonly change: Change; readonly later: number }[]): Planned[] {
  const line: Planned[] = [{ commitment: 0, learned: 0 }];
  for (const [at, { change, later }] of steps.entries()) {
    const [before] = line.slice(-1);
    const commitment = change === "replaces" ? at + 1 : change === "keeps" ? before?.commitment : undefined;
    line.push({ commitment, learned: (before?.learned ?? 0) + later });
  }
  return line;
}

/** By commitment: the first and the last plan that make it. */
function makersOf(line: readonly Planned[]): readonly (readonly number[])[] {
  const made = [...new Set(line.flatMap(({ commitment }) => commitment ?? []))];
  return made.map((one) => {
    const all = line.flatMap(({ commitment }, at) => (commitment === one ? [at] : []));
    return [...new Set([...all.slice(0, 1), ...all.slice(-1)])];
  });
}

const dealer = (commitment: number): string => `dealer ${commitment}`;
const partsOf = ({ commitment }: Planned, at: number): PlanParts =>
  commitment === undefined
    ? { ...noPlan, version: at + 1 }
    : { ...trusteePlan(0, { dealer: dealer(commitment) }), version: at + 1 };

function check(line: readonly Planned[], successions: readonly Succeeded[], nows: readonly number[]): void {
  const side = new Side("plans");
  const [founded, ...others] = line;
  if (founded === undefined) throw new Error("no line");
  let last = side.found("phone", { plan: partsOf(founded, 0) });
  const heads = [last];
  for (const [at, one] of others.entries())
    last = side.plan("phone", partsOf(one, at + 1), { heads: [last], at: one.learned * day });
  const made = successions.map(({ plan, learned }, at): Statement => {
    const from = { dealer: dealer(line[plan]?.commitment ?? 0), says: { planVersion: plan + 1 } };
    return side.succeed([`new ${at}`], 0, { heads, request: `request ${at}`, at: learned * day, ...from });
  });
  for (const now of nows) {
    const state = side.reduce(now * day);
    const wanted = outcomesOf(line, successions, now);
    const known = successions.map(({ plan, learned }) => Math.max(learned, line[plan]?.learned ?? 0) <= now);
    const told = made.map((one) => standingIn(state, one).split(":")[0]);
    const here = <T>(all: readonly T[]): T[] => all.filter((_, at) => known[at]);
    expect(here(told), JSON.stringify({ line, successions, now })).toEqual(here(wanted));
  }
}

test("R7: all lines of two plans, and successions under both, as the oracle says", () => {
  for (const change of changes) {
    for (const later of gaps) {
      const line = lineOf([{ change, later }]);
      const [first = [], second = []] = makersOf(line);
      for (const learned of days) {
        for (const plan of first) {
          check(line, [{ plan, learned }], [learned, learned + 2, 90]);
          for (const other of second)
            for (const at of days)
              check(
                line,
                [
                  { plan, learned },
                  { plan: other, learned: at },
                ],
                [Math.max(learned, at), 90],
              );
        }
        for (const plan of second) check(line, [{ plan, learned }], [learned, learned + 2, 90]);
      }
    }
  }
});

test("R7: a share of the lines of up to four plans", () => {
  const dice = new Dice(7);
  const drawn = <T>(from: readonly T[]): T => from[dice.below(from.length)] as T;
  for (let round = 0; round < share(4000); round++) {
    const steps = Array.from({ length: 2 + dice.below(2) }, () => ({ change: drawn(changes), later: drawn(gaps) }));
    const line = lineOf(steps);
    const successions = makersOf(line)
      .filter(() => dice.below(3) > 0)
      .map((plans) => ({ plan: drawn(plans), learned: drawn(days) + drawn(gaps) }));
    const last = Math.max(0, ...successions.map(({ learned }) => learned));
    check(line, successions, [last, last + dice.below(30), last + 120]);
  }
});
