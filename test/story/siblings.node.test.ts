import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day, makeWorld, must, texts, type World } from "@photon/testkit";

describe("people with several devices from the start", () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.close());

  test("one device invites, another confirms, a third was offline all the time: all are in it", async () => {
    const phone = await world.person("phone");
    const laptop = await world.addDevice(phone, "laptop");
    const tablet = await world.addDevice(phone, "tablet");
    const ben = await world.person("ben's laptop");
    const bensPhone = await world.addDevice(ben, "ben's phone");
    await world.settle(phone, laptop, tablet, ben, bensPhone);
    const { link } = must(await phone.engine.meet({ petname: "Ben" }));
    must(await phone.engine.sync());
    must(await ben.engine.accept(link, { petname: "Ana" }));
    await world.settle(phone, laptop);
    const [claim] = must(await laptop.engine.contacts());
    expect(claim).toMatchObject({ petname: "Ben", state: "confirm" });
    must(await laptop.engine.confirm(claim?.id ?? "", { petname: "Ben" }));
    must(await laptop.engine.send("Ben", "confirmed on the laptop"));
    await world.settle(laptop, ben);
    must(await ben.engine.send("Ana", "hello to all your devices"));
    await world.settle(phone, laptop, ben, bensPhone);
    must(await bensPhone.engine.send("Ana", "and from my phone"));
    world.advance(day);
    await world.settle(phone, laptop, tablet, ben, bensPhone);
    const all = ["confirmed on the laptop", "hello to all your devices", "and from my phone"];
    for (const device of [phone, laptop, tablet]) expect(await texts(device, "Ben"), device.name).toEqual(all);
    for (const device of [ben, bensPhone]) expect(await texts(device, "Ana"), device.name).toEqual(all);
    must(await tablet.engine.send("Ben", "the tablet, at last"));
    await world.settle(phone, laptop, tablet, ben, bensPhone);
    expect((await texts(bensPhone, "Ana")).at(-1)).toBe("the tablet, at last");
  }, 120_000);

  test("an inviter who does not look for 40 days still finds who accepted", async () => {
    const ana = await world.person("phone");
    const ben = await world.person("laptop");
    const invitation = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ben.engine.accept(invitation.link, { petname: "Ana" }));
    must(await ben.engine.send("Ana", "are you there?"));
    for (let week = 0; week < 6; week++) {
      world.advance(7 * day);
      must(await ben.engine.sync());
      await world.restartServer();
    }
    must(await ana.engine.sync());
    expect(must(await ana.engine.contacts())).toMatchObject([{ state: "confirm" }]);
    must(await ana.engine.confirm(invitation.contact, { petname: "Ben" }));
    await world.settle(ana, ben);
    expect(await texts(ana, "Ben")).toEqual(["are you there?"]);
  }, 60_000);
});
