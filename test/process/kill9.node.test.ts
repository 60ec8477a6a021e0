import { describe, expect, test } from "vitest";
import { makeChance, playKillStory } from "@photon/testkit";

/** 200 in `npm run soak`. */
const rounds = Number(process.env["PHOTON_KILLS"] ?? "6");

describe("kill -9 of server, sender or receiver at random moments", () => {
  test(`${rounds} kills, of each a third: nothing acknowledged is lost, nothing shown twice, no sequence gap`, async () => {
    const chance = makeChance(Number(process.env["PHOTON_SEED"] ?? "11"));
    const { killed, tried, atAna, atBen, undelivered } = await playKillStory(rounds, chance);
    for (const [kind, count] of Object.entries(killed))
      expect(count, `a ${kind} that was alive was killed`).toBeGreaterThanOrEqual(Math.max(1, Math.floor(rounds / 3)));
    expect(atBen, "one order on both sides").toEqual(atAna);
    expect(new Set(atAna).size, "shown once").toBe(atAna.length);
    const confirmed = tried.filter((one) => one.confirmed).map(({ text }) => text);
    expect(confirmed.length).toBeGreaterThan(2);
    expect(atAna, "confirmed and there").toEqual(expect.arrayContaining(confirmed));
    for (const sender of ["Ana", "Ben"]) {
      const inTurn = tried.filter(({ by, text }) => by === sender && atAna.includes(text)).map(({ text }) => text);
      expect(
        atAna.filter((text) => inTurn.includes(text)),
        `what ${sender} said, in the order in which it was said`,
      ).toEqual(inTurn);
    }
    for (const text of atAna) expect(tried.map((one) => one.text)).toContain(text);
    expect(undelivered, "no gap: nothing waits for an earlier one").toEqual([]);
  });
});
