import { describe, expect, test } from "vitest";
import { crashRounds } from "./crash-rounds.ts";
import { temporaryFolder } from "./people.ts";

describe("kill -9 at a random moment: nothing acknowledged is lost, nothing is there twice, no gap", () => {
  // The whole of 200 rounds: `npm run soak`.
  test("a few rounds, commits in a thread of their own", async () => {
    const report = await crashRounds(temporaryFolder(), 3);
    expect(report.killed).toBe(3);
    expect(report.acknowledged).toBeGreaterThan(10);
    expect(report.blobs).toBeGreaterThan(0);
  }, 120_000);

  test("a few rounds, commits in the one thread", async () => {
    const report = await crashRounds(temporaryFolder(), 1, { "relay.commitThread": "false" });
    expect(report.killed).toBe(1);
    expect(report.acknowledged).toBeGreaterThan(3);
  }, 120_000);
});
