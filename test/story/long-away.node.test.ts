import { describe, expect, test } from "vitest";
import { day, makeWorld, must } from "@photon/testkit";

describe("long away", () => {
  test("Ben is offline for 60 days: everything arrives, in order, once", async () => {
    const world = await makeWorld();
    try {
      const ana = await world.person("phone");
      const ben = await world.person("laptop");
      await world.befriend(ana, "Ben", ben, "Ana");
      const said: string[] = [];
      for (let today = 0; today < 60; today += 2) {
        world.advance(2 * day);
        const text = `day ${today}`;
        said.push(text);
        must(await ana.engine.send("Ben", text));
        must(await ana.engine.sync());
        // The server's sweep: what is past its 30 days is gone from the relay.
        if (today % 10 === 8) await world.restartServer();
      }
      await world.settle(ben, ana);
      expect(must(await ben.engine.read("Ana")).map(({ body }) => body)).toEqual(said);
      expect(must(await ana.engine.read("Ben")).every(({ state }) => state === "delivered")).toBe(true);
      must(await ben.engine.send("Ana", "I am back"));
      await world.settle(ben, ana);
      expect(must(await ana.engine.read("Ben")).at(-1)).toMatchObject({ body: "I am back", from: "peer" });
    } finally {
      await world.close();
    }
  });

  test("Ana retires her phone while Ben is away for 60 days: he finds the moved inbox, and the phone is not believed", async () => {
    const world = await makeWorld();
    try {
      const phone = await world.person("phone");
      const ben = await world.person("laptop");
      await world.befriend(phone, "Ben", ben, "Ana");
      const laptop = await world.addDevice(phone, "laptop");
      await world.settle(phone, laptop, ben);
      world.advance(day);
      must(await laptop.engine.retire("phone", "taken"));
      for (let tenDays = 0; tenDays < 6; tenDays++) {
        world.advance(10 * day);
        must(await laptop.engine.send("Ben", `after ${tenDays}`));
        must(await laptop.engine.sync());
        await world.restartServer();
      }
      must(await ben.engine.send("Ana", "written before reading anything"));
      await world.settle(ben, laptop);
      expect(
        must(await ben.engine.read("Ana"))
          .filter(({ from }) => from === "peer")
          .map(({ body }) => body),
      ).toEqual(["after 0", "after 1", "after 2", "after 3", "after 4", "after 5"]);
      expect(must(await laptop.engine.read("Ben")).at(-1)).toMatchObject({ body: "written before reading anything", from: "peer" });
      expect(must(await ben.engine.contacts())[0]?.changes).toContainEqual(
        expect.objectContaining({ words: "retired a device (taken)" }),
      );
    } finally {
      await world.close();
    }
  });
});
