import { describe, expect, test } from "vitest";
import { makeChance, playKillStory } from "@photon/testkit";

/** 200 in `npm run soak`. */
const rounds = Number(process.env["PHOTON_KILLS"] ?? "6");

describe("kill -9 of server, sender or receiver at random moments", () => {
  test(`${rounds} rounds: nothing acknowledged is lost, nothing shown twice, one order on both sides`, async () => {
    const { confirmed, atAna, atBen } = await playKillStory(rounds, makeChance(Number(process.env["PHOTON_SEED"] ?? "11")));
    expect(atBen).toEqual(atAna);
    expect(new Set(atAna).size, "shown once").toBe(atAna.length);
    expect(confirmed.length).toBeGreaterThan(0);
    for (const text of confirmed) expect(atAna, "confirmed and there").toContain(text);
  }, 3_600_000);
});
