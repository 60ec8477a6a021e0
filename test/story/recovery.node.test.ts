import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day, type Device, hour, makeWorld, must, type Newcomer, type World } from "@photon/testkit";

const heard = async (device: Device, who: string): Promise<readonly string[]> =>
  must(await device.engine.read(who)).map(({ from, body }) => `${from}: ${body}`);

/** Everybody's programs run now and then, as `photon watch` does. */
async function pass(world: World, time: number, ...devices: readonly Device[]): Promise<void> {
  world.advance(time);
  await world.settle(...devices);
}

async function recovered(newcomer: Newcomer): Promise<Device> {
  const step = await newcomer.poll();
  if ("state" in step) throw new Error(`still ${step.state}`);
  return step;
}

describe("Ana loses everything, and remembers nothing", () => {
  let world: World;
  let ana: Device;
  let ben: Device;
  let chi: Device;
  let dee: Device;
  const trustees = () => [ben, chi, dee] as const;
  beforeEach(async () => {
    world = await makeWorld();
    ana = await world.person("phone");
    ben = await world.person("Ben's laptop");
    chi = await world.person("Chi's phone");
    dee = await world.person("Dee's phone");
    await world.befriend(ana, "Ben", ben, "Ana");
    await world.befriend(ana, "Chi", chi, "Ana");
    await world.befriend(ana, "Dee", dee, "Ana");
    must(await ana.engine.send("Ben", "Hello Ben"));
    must(await ben.engine.send("Ana", "Hello Ana"));
    await world.settle(ana, ben, chi, dee);
    must(await ana.engine.planTrustees({ trustees: ["Ben", "Chi", "Dee"], threshold: 2, hint: "the cabin" }));
    await world.settle(ana, ...trustees());
    for (const trustee of trustees()) must(await trustee.engine.answerTrustee("Ana", true));
    await world.settle(ana, ...trustees());
    await world.settle(ana, ...trustees());
    await pass(world, 15 * day, ana, ...trustees());
  });
  afterEach(() => world.close());

  test("the plan is held by all, and announced to everybody", async () => {
    const status = must(await ana.engine.planStatus());
    expect(status).toMatchObject({ protected: true, announced: 3, inForce: 3, relationships: 3, threshold: 2, contested: 3 });
    expect(status?.members.map(({ state }) => state)).toEqual(["holding", "holding", "holding"]);
    expect(must(await ben.engine.contacts())[0]?.custody).toBe("device (software) +trustees");
    expect(must(await ben.engine.trusteeships())).toMatchObject([{ petname: "Ana", state: "holding", hint: "the cabin" }]);
  });

  test("two of three confirm that it is her, and every conversation goes on with its history", async () => {
    const begun = await world.recover("new phone");
    const { spoken } = begun.recovery;
    for (const trustee of [ben, chi]) {
      must(await trustee.engine.approveRecovery("Ana", { code: spoken, recognised: "voice", contacted: "i-reached-them" }));
      await world.settle(...trustees());
    }
    expect(await begun.poll()).toMatchObject({ state: "waiting", approvals: 2, needed: 2, hint: "the cabin" });
    await pass(world, 47 * hour, ...trustees());
    expect(await begun.poll()).toMatchObject({ shares: 0 });
    await pass(world, 2 * hour, ...trustees());
    const phone = await recovered(begun);
    must(await phone.engine.sync());
    await world.settle(...trustees());
    await world.settle(phone, ...trustees());
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", relationships: 3, succeeded: 3 });
    expect(await heard(phone, "Ben")).toEqual(["me: Hello Ben", "peer: Hello Ana"]);

    // Ben sees it, graded, and what she writes; nothing goes to her before the delay is over or he confirms.
    expect(must(await ben.engine.contacts())[0]).toMatchObject({ state: "active", succession: { state: "pending" } });
    must(await phone.engine.send("Ben", "It is me, on a new phone"));
    await world.settle(phone, ben);
    expect(must(await ben.engine.read("Ana")).at(-1)).toMatchObject({ body: "It is me, on a new phone", unconfirmed: true });
    must(await ben.engine.send("Ana", "I will wait until I am sure"));
    await world.settle(phone, ...trustees());
    expect((await heard(phone, "Ben")).at(-1)).toBe("me: It is me, on a new phone");

    await pass(world, 49 * hour, phone, ...trustees());
    await world.settle(phone, ...trustees());
    expect(must(await ben.engine.contacts())[0]).toMatchObject({ state: "active", succession: { state: "counted" } });
    expect((await heard(phone, "Ben")).at(-1)).toBe("peer: I will wait until I am sure");
    expect(must(await ben.engine.history("Ana")).filter(({ kind }) => kind === "succeed")).toMatchObject([
      { grade: "by-trustees" },
    ]);
    must(await phone.engine.send("Chi", "and I can write to you too"));
    await world.settle(phone, chi);
    expect((await heard(chi, "Ana")).at(-1)).toBe("peer: and I can write to you too");
  });
});
