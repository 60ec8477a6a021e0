import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day, type Device, makeWorld, must, type World } from "@photon/testkit";

/** What a device's person reads, oldest first. */
const heard = async (device: Device, who: string): Promise<readonly string[]> =>
  must(await device.engine.read(who)).map(({ from, body }) => `${from}: ${body}`);

describe("a relationship that outlives a phone", () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld();
  });
  afterEach(() => world.close());

  test("Ana and Ben meet, talk both ways, and see what was delivered", async () => {
    const ana = await world.person("phone");
    const ben = await world.person("laptop");
    const invitation = must(await ana.engine.meet({ petname: "Ben" }));
    const waiting = must(await ben.engine.accept(invitation.link, { petname: "Ana" }));
    expect(waiting.state).toBe("waiting");
    expect(must(await ben.engine.send("Ana", "before you confirmed"))).toMatchObject({ state: "queued" });
    must(await ana.engine.sync());
    expect(must(await ana.engine.contacts())).toMatchObject([{ petname: "Ben", state: "confirm" }]);
    const words = must(await ana.engine.safetyWords("Ben"));
    expect(must(await ben.engine.safetyWords("Ana"))).toEqual(words);
    expect(must(await ana.engine.confirm(invitation.contact, { petname: "Ben" }))).toMatchObject({ state: "active" });
    expect(must(await ana.engine.send("Ben", "Hello Ben"))).toMatchObject({ state: "deposited" });
    must(await ben.engine.sync());
    expect(must(await ben.engine.contacts())).toMatchObject([{ petname: "Ana", state: "active" }]);
    expect(await heard(ben, "Ana")).toEqual(["me: before you confirmed", "peer: Hello Ben"]);
    must(await ben.engine.send("Ana", "Hello Ana"));
    await world.settle(ana, ben);
    expect(await heard(ana, "Ben")).toEqual(["peer: before you confirmed", "me: Hello Ben", "peer: Hello Ana"]);
    expect(must(await ana.engine.read("Ben")).filter(({ from }) => from === "me")).toMatchObject([{ state: "delivered" }]);
    expect(must(await ben.engine.read("Ana")).filter(({ from }) => from === "me")).toMatchObject([
      { state: "delivered" },
      { state: "delivered" },
    ]);
  });

  test("the phone is lost: the laptop goes on with everything, and the phone is locked out", async () => {
    const phone = await world.person("phone");
    const ben = await world.person("laptop");
    await world.befriend(phone, "Ben", ben, "Ana");
    must(await phone.engine.send("Ben", "from the phone"));
    must(await ben.engine.send("Ana", "to the phone"));
    await world.settle(phone, ben);
    const laptop = await world.addDevice(phone, "laptop");
    await world.settle(phone, laptop, ben);
    expect(await heard(laptop, "Ben")).toEqual(["me: from the phone", "peer: to the phone"]);
    expect(must(await ben.engine.contacts())[0]?.changes).toMatchObject([{ kind: "admit", grade: "continuous" }]);
    must(await laptop.engine.send("Ben", "from the laptop"));
    must(await ben.engine.send("Ana", "to both"));
    await world.settle(phone, laptop, ben);
    expect(await heard(phone, "Ben")).toEqual(["me: from the phone", "peer: to the phone", "me: from the laptop", "peer: to both"]);

    world.advance(day);
    const report = must(await laptop.engine.retire("phone", "lost"));
    expect(report).toMatchObject({ retired: "phone", relationships: [{ petname: "Ben" }] });
    await world.settle(laptop, ben);
    expect(must(await laptop.engine.retire("phone", "lost")).relationships).toMatchObject([
      { petname: "Ben", state: "acknowledged" },
    ]);
    expect(must(await ben.engine.contacts())[0]?.changes).toContainEqual(
      expect.objectContaining({ kind: "retire", grade: "continuous", words: "retired a device (lost)" }),
    );

    must(await ben.engine.send("Ana", "only for the laptop"));
    must(await laptop.engine.send("Ben", "still me"));
    await world.settle(laptop, ben);
    expect((await heard(laptop, "Ben")).slice(-2)).toEqual(["peer: only for the laptop", "me: still me"]);
    expect((await heard(ben, "Ana")).slice(-2)).toEqual(["me: only for the laptop", "peer: still me"]);

    const before = await heard(phone, "Ben");
    await phone.engine.send("Ben", "this is not Ana");
    await phone.engine.sync();
    await world.settle(laptop, ben);
    expect((await heard(phone, "Ben")).slice(0, before.length)).toEqual(before);
    expect((await heard(phone, "Ben")).join()).not.toContain("only for the laptop");
    expect((await heard(ben, "Ana")).join()).not.toContain("this is not Ana");
    expect(must(await phone.engine.devices()).find(({ thisOne }) => thisOne)?.state).toBe("retired");
  });
});
