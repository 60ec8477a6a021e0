import { describe, expect, test } from "vitest";
import { makeChance, makeWorld, playStory, roughTransport, type StoryOptions, texts, type Weather } from "@photon/testkit";

/** More seeds, and longer stories, in `npm run soak`. */
const seeds = Number(process.env["PHOTON_STORIES"] ?? "1");
const steps = process.env["PHOTON_STORIES"] === undefined ? 30 : 60;

async function play(seed: number, options: StoryOptions): Promise<void> {
  const chance = makeChance(seed);
  const weather: Weather = { lost: 0, unanswered: 0 };
  const world = await makeWorld({ wrap: (transport) => roughTransport(transport, chance, weather) });
  try {
    const { parties, said, absences } = await playStory(world, chance, weather, options);
    const expected = said.map(({ text }) => text).toSorted();
    const orders = new Set<string>();
    for (const party of parties) {
      for (const device of party.live) {
        const shown = await texts(device, party.other);
        expect(shown.toSorted(), `what ${device.name} shows, seed ${seed}`).toEqual(expected);
        orders.add(JSON.stringify(shown));
      }
    }
    if (options.upheaval) {
      expect(absences.length, `a device was away and came back, seed ${seed}`).toBeGreaterThan(0);
      for (const { days } of absences) expect(days).toBeGreaterThanOrEqual(31);
      expect(Math.max(...absences.map(({ missed }) => missed)), `the others went on, seed ${seed}`).toBeGreaterThan(0);
    }
    expect(orders.size, `one order everywhere, seed ${seed}`).toBe(1);
  } finally {
    await world.close();
  }
}

describe("every message opens at every device that was live when it was sent, or is sealed to it again", () => {
  for (let seed = 1; seed <= seeds; seed++) {
    test(`3+3 devices that come, go and are away for a month, seed ${seed}`, () =>
      play(seed, { devicesEach: 3, steps, weather: { lost: 0, unanswered: 0 }, upheaval: true }));
    test(`2+2 devices in bad weather, seed ${seed}`, () =>
      play(1000 + seed, { devicesEach: 2, steps, weather: { lost: 0.15, unanswered: 0.1 }, upheaval: false }));
  }
});
