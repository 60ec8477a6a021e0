import { afterEach, describe, expect, test } from "vitest";
import { openProfile } from "@photon/engine";
import { err } from "@photon/protocol/codec";
import { day, type Device, hour, makeWorld, must, texts, type World } from "@photon/testkit";

const tenYears = 3653 * day;

/** The same device with a clock that is off by so much. */
async function withClock(device: Device, off: number): Promise<void> {
  const { clock } = device.ports;
  device.engine = must(await openProfile({ ...device.ports, clock: { now: () => clock.now() + off } }));
}

let world: World;
afterEach(() => world.close());

describe("a clock ten years off", () => {
  for (const [way, off] of [
    ["ahead", tenYears],
    ["behind", -tenYears],
  ] as const) {
    test(`${way}: messages arrive, in a sane order on both sides, and the device goes on when the clock is right`, async () => {
      world = await makeWorld();
      const [ana, ben] = [await world.person("phone"), await world.person("desktop")];
      await world.befriend(ana, "Ben", ben, "Ana");
      const said: string[] = [];
      const say = async (from: Device, to: Device, who: string, text: string): Promise<void> => {
        world.advance(hour);
        must(await from.engine.send(who, text));
        said.push(text);
        await world.settle(to, from);
      };
      await say(ana, ben, "Ben", "before");
      await withClock(ana, off);
      await say(ana, ben, "Ben", "with a wrong clock");
      await say(ben, ana, "Ana", "an answer");
      await say(ana, ben, "Ben", "still wrong");
      await withClock(ana, 0);
      await say(ana, ben, "Ben", "put right");
      await say(ben, ana, "Ana", "another answer");
      await say(ana, ben, "Ben", "the last word");
      const atBen = await texts(ben, "Ana");
      expect(atBen.toSorted(), "all arrived, once").toEqual(said.toSorted());
      if (off > 0) expect(atBen, "in the order in which it was said").toEqual(said);
      expect(
        atBen.filter((text) => !text.includes("answer")),
        "what one person says keeps its order",
      ).toEqual(said.filter((text) => !text.includes("answer")));
      expect(atBen.slice(-3), "and once the clock is right, so does everything").toEqual(said.slice(-3));
      const atAna = await texts(ana, "Ben");
      expect(atAna.toSorted()).toEqual(said.toSorted());
      expect(atAna.slice(-3)).toEqual(said.slice(-3));
    });
  }

  test("ahead, with a relay that refuses: what was put off for ten years is tried as soon as the clock is right", async () => {
    let refusing = false;
    const refusal = { code: "refused", refusal: "overloaded", detail: "later", retryAfter: undefined } as const;
    world = await makeWorld({
      wrap: (inner) => ({
        ...inner,
        call: async (relay, kind, value) => (refusing && kind === "append" ? err(refusal) : inner.call(relay, kind, value)),
      }),
    });
    const [ana, ben] = [await world.person("phone"), await world.person("desktop")];
    await world.befriend(ana, "Ben", ben, "Ana");
    await withClock(ana, tenYears);
    refusing = true;
    must(await ana.engine.send("Ben", "put off"));
    must(await ana.engine.sync());
    refusing = false;
    await withClock(ana, 0);
    await world.settle(ana, ben);
    expect(await texts(ben, "Ana")).toEqual(["put off"]);
    expect(must(await ana.engine.read("Ben"))).toMatchObject([{ state: "delivered" }]);
  });

  test("ahead: what the device wrote down then can be changed again, by itself and by its siblings", async () => {
    world = await makeWorld();
    const [phone, ben] = [await world.person("phone"), await world.person("desktop")];
    await world.befriend(phone, "Ben", ben, "Ana");
    const laptop = await world.addDevice(phone, "laptop");
    await world.settle(phone, laptop, ben);
    await withClock(phone, tenYears);
    must(await phone.engine.rename("Ben", "Benedict"));
    await world.settle(phone, laptop);
    await withClock(phone, 0);
    must(await laptop.engine.rename("Benedict", "Benny"));
    await world.settle(laptop, phone);
    for (const device of [laptop, phone]) expect(must(await device.engine.contacts())).toMatchObject([{ petname: "Benny" }]);
    must(await phone.engine.rename("Benny", "Ben"));
    await world.settle(phone, laptop);
    for (const device of [laptop, phone]) expect(must(await device.engine.contacts())).toMatchObject([{ petname: "Ben" }]);
  });

  test("a new person whose clock is wrong from the start", async () => {
    world = await makeWorld();
    const ana = await world.person("phone");
    const chi = await world.person("laptop");
    await withClock(chi, -tenYears);
    await world.befriend(ana, "Chi", chi, "Ana");
    must(await chi.engine.send("Ana", "hello from long ago"));
    await world.settle(chi, ana);
    expect(await texts(ana, "Chi")).toEqual(["hello from long ago"]);
  });
});

describe("a clock ten years off is told before an invitation suffers by it", () => {
  const codeOf = (
    outcome: { readonly ok: true } | { readonly ok: false; readonly error: { readonly code: string; readonly detail: string } },
  ) => (outcome.ok ? "done" : outcome.error.code);

  for (const [way, off] of [
    ["ahead", tenYears],
    ["behind", -tenYears],
  ] as const) {
    test(`${way}: meeting somebody says so, leaves nothing behind, and works when the clock is right`, async () => {
      world = await makeWorld();
      const ana = await world.person("phone");
      await withClock(ana, off);
      const refused = await ana.engine.meet({ petname: "Ben" });
      expect(refused).toMatchObject({ ok: false, error: { code: "clock-wrong" } });
      expect(must(await ana.engine.contacts())).toEqual([]);
      await withClock(ana, 0);
      must(await ana.engine.meet({ petname: "Ben" }));
    });
  }

  test("ahead: an invitation that only looks expired is not thrown away, and is accepted when the clock is right", async () => {
    world = await makeWorld();
    const [ana, ben] = [await world.person("phone"), await world.person("desktop")];
    const { link, words } = must(await ana.engine.meet({ petname: "Ben" }));
    await withClock(ben, tenYears);
    for (const invitation of [link, words]) {
      expect(codeOf(await ben.engine.accept(invitation, { petname: "Ana" }))).toBe("clock-wrong");
      expect(must(await ben.engine.contacts())).toEqual([]);
    }
    await withClock(ben, 0);
    must(await ben.engine.accept(link, { petname: "Ana" }));
  });

  test("right: an invitation that has expired is said to have", async () => {
    world = await makeWorld();
    const [ana, ben] = [await world.person("phone"), await world.person("desktop")];
    const { link } = must(await ana.engine.meet({ petname: "Ben" }));
    world.advance(8 * day);
    expect(codeOf(await ben.engine.accept(link, { petname: "Ana" }))).toBe("invitation-expired");
  });

  test("a few hours off is nothing to speak of", async () => {
    world = await makeWorld();
    const ana = await world.person("phone");
    await withClock(ana, -12 * hour);
    must(await ana.engine.meet({ petname: "Ben" }));
  });
});
