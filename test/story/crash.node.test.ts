import { describe, expect, test } from "vitest";
import { Crash, crashingStore, type Device, hour, makeChance, makeWorld, must, texts } from "@photon/testkit";

const rounds = Number(process.env["PHOTON_CRASHES"] ?? "40");

/**
 * The process dies at one of its next commits, before or after it is written, while it sends or syncs.
 * @returns whether the operation was confirmed to its person.
 */
async function dieDuring(
  device: Device,
  at: number,
  when: "before" | "after",
  operation: () => Promise<unknown>,
): Promise<boolean> {
  let left = at;
  await device.reopenThrough((store) => crashingStore(store, () => (--left === 0 ? when : undefined)));
  try {
    await operation();
    return true;
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
    return false;
  } finally {
    await device.restart();
  }
}

describe("a crash at any commit", () => {
  test(`${rounds} crashes of sender and receiver: nothing acknowledged is lost, nothing shown twice, nothing out of order`, async () => {
    const chance = makeChance(7);
    const world = await makeWorld();
    try {
      const phone = await world.person("phone");
      const ben = await world.person("ben");
      await world.befriend(phone, "Ben", ben, "Ana");
      const laptop = await world.addDevice(phone, "laptop");
      await world.settle(phone, laptop, ben);
      const confirmed: string[] = [];
      const tried: string[] = [];
      for (let round = 0; round < rounds; round++) {
        const device = chance.pick([phone, laptop, ben]);
        const who = device === ben ? "Ana" : "Ben";
        const text = `round ${round}`;
        const sending = chance.next() < 0.5;
        if (sending) tried.push(text);
        const done = await dieDuring(device, 1 + chance.below(7), chance.pick(["before", "after"] as const), async () =>
          sending ? must(await device.engine.send(who, text)) : must(await device.engine.sync()),
        );
        if (sending && done) confirmed.push(text);
        if (round % 10 === 9) world.advance(8 * 24 * hour);
      }
      world.advance(2 * hour);
      await world.settle(phone, laptop, ben);
      const orders = await Promise.all([texts(phone, "Ben"), texts(laptop, "Ben"), texts(ben, "Ana")]);
      const [first] = orders;
      expect(orders[1]).toEqual(first);
      expect(orders[2]).toEqual(first);
      expect(new Set(first).size, "shown once").toBe(first?.length);
      for (const text of confirmed) expect(first, "confirmed and there").toContain(text);
      for (const text of first ?? []) expect(tried).toContain(text);
    } finally {
      await world.close();
    }
  });

  test("a disk put back to an earlier state never sends again in a generation that it had gone further in", async () => {
    const world = await makeWorld();
    try {
      const ana = await world.person("phone");
      const ben = await world.person("ben");
      await world.befriend(ana, "Ben", ben, "Ana");
      must(await ana.engine.send("Ben", "one"));
      await world.settle(ana, ben);
      const yesterday = ana.store.snapshot();
      must(await ana.engine.send("Ben", "two"));
      must(await ana.engine.send("Ben", "three"));
      await world.settle(ana, ben);
      await ana.restoreDisk(yesterday);
      must(await ana.engine.sync());
      must(await ana.engine.send("Ben", "four"));
      world.advance(hour);
      await world.settle(ana, ben);
      expect(await texts(ben, "Ana")).toEqual(["one", "two", "three", "four"]);
      must(await ben.engine.send("Ana", "five"));
      await world.settle(ana, ben);
      expect((await texts(ana, "Ben")).at(-1)).toBe("five");
    } finally {
      await world.close();
    }
  });
});
