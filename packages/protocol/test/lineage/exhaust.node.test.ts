import { describe, expect, test } from "vitest";
import { drawnLineage, smallLineages } from "./dags.ts";
import { checkLineage, Dice } from "./exhaust.ts";

/** All lineages of a size, in all orders: each of them, or, of a larger size, every so many; how many there are. */
function exhaust(size: number, recoveries = false, every = 1): number {
  let count = 0;
  for (const list of smallLineages({ size, leaves: 4, recoveries })) {
    if (count % every === 0) checkLineage(list, count, { orders: "all", pieces: "all" });
    count += 1;
  }
  return count;
}

function draw(size: number, count: number, recoveries = false): void {
  const dice = new Dice(size);
  for (let seed = 0; seed < count; seed++) {
    checkLineage(
      drawnLineage({ size, leaves: 4, recoveries }, (limit) => dice.below(limit)),
      seed,
      { orders: 5, pieces: "all" },
    );
  }
}

describe("for equal firstSeen, any delivery order, duplication, delay of lineage statements gives one state", () => {
  test("all lineages of up to 3 statements and 4 leaves, in all orders, as the oracle says", () => {
    expect([exhaust(1), exhaust(2), exhaust(3)]).toEqual([1, 9, 156]);
  });

  test("every fifth lineage of 4 statements and 4 leaves, in all orders, as the oracle says", { timeout: 600_000 }, () => {
    expect(exhaust(4, false, 5)).toBe(5312);
  });

  test("a share of those of 5 and of 6 statements (scripts/soak-lineage.ts takes all)", { timeout: 300_000 }, () => {
    draw(5, 800);
    draw(6, 1000);
  });

  test(
    "all lineages with successions and contests of up to 3 statements, in all orders, as the oracle says",
    { timeout: 300_000 },
    () => {
      expect([exhaust(1, true), exhaust(2, true), exhaust(3, true)]).toEqual([1, 12, 315]);
    },
  );

  test("a share of those of 4, 5 and 6 statements (scripts/soak-lineage.ts takes all)", { timeout: 300_000 }, () => {
    draw(4, 500, true);
    draw(5, 500, true);
    draw(6, 300, true);
  });
});
