/** Rules of recovery that other stories here do not tell, each by its name in the design. */
import { day, type Device, hour, memoryRelay, must } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later, plan, recoverWith } from "@photon/testkit/guarded";
import { memoryVault } from "@photon/testkit/memory-vault";
import { afterEach, describe, expect, test } from "vitest";
import { pastEngine } from "./packets.ts";
import { batchSchema } from "../../packages/engine/src/recovery/records.ts";
import { seenPlan } from "../../packages/engine/src/trustee/cases.ts";
import { activeTrusts } from "../../packages/engine/src/trustee/records.ts";

let story: Guarded;
afterEach(() => story.world.close());

const anaAt = async (peer: Device) => must(await peer.engine.contacts()).find(({ petname }) => petname === "Ana");

describe("a recovery", () => {
  test("R1, R13: trustees learn neither how many relationships there are nor which, and each is told until it has acknowledged", async () => {
    const relay = memoryRelay({ checks: false });
    story = await guarded({ world: { network: { transport: relay, blobs: memoryVault() } } });
    const { world, trustees, others, peers } = story;
    const [ben, chi] = trustees as [Device, Device];
    const [peer] = peers as [Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...trustees);
    await later(story, 49 * hour, ...trustees);
    const phone = await become(newcomer);
    must(await phone.engine.sync());
    await world.settle(...trustees);
    // Five relationships, the circle among them; sixteen commitments, each another's equal.
    const seen = await pastEngine(ben, async (work) => {
      const [trust] = await activeTrusts(work);
      if (trust === undefined) throw new Error("no trustee");
      return (await seenPlan(work, trust)).seen.flatMap(({ entry }) => (entry.body.kind === "batch" ? [entry.body.value] : []));
    });
    expect(seen.map(({ items }) => items.length / 48)).toEqual([16]);
    const places = await pastEngine(phone, async (work) => (await work.read("meta", "batch", batchSchema))?.places ?? []);
    expect(places.filter((id) => id !== "")).toHaveLength(5);
    must(await phone.engine.sync());
    // The relay forgets everything before the peer has looked.
    relay.discard();
    await world.settle(phone, ...others);
    expect((await anaAt(peer))?.succession).toBeUndefined();
    await later(story, 21 * day, phone, ...others);
    await later(story, hour, phone, ...others);
    expect((await anaAt(peer))?.succession).toMatchObject({ state: "pending" });
  });

  test("R2: afterwards the same trustees protect her again, by commitments that were replaced as they were opened", async () => {
    story = await guarded();
    const { world, trustees, others, peers } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const [peer] = peers as [Device];
    const first = await recoverWith(story, ben, chi);
    await later(story, 50 * hour, first, ...others);
    expect((await anaAt(peer))?.succession).toMatchObject({ state: "counted" });
    expect((await anaAt(peer))?.custody).toBe("device (software) +trustees");
    // She loses the new phone too: the commitments were replaced when they were opened, and the second epoch opens with others.
    await later(story, 40 * day, first, ...others);
    const second = await recoverWith(story, chi, dee);
    await later(story, 50 * hour, second, ...others);
    const successions = must(await peer.engine.history("Ana")).filter(({ kind, side }) => kind === "succeed" && side === "peer");
    expect(successions).toHaveLength(2);
    expect((await anaAt(peer))?.succession).toMatchObject({ state: "counted" });
    must(await second.engine.send("peer 1", "twice is enough"));
    await world.settle(second, peer);
    expect(must(await peer.engine.read("Ana")).at(-1)).toMatchObject({
      body: "twice is enough",
      quarantined: false,
      unconfirmed: false,
    });
  });

  test("R4: a plan that chose no delay is believed at once, and said to be what it is", async () => {
    story = await guarded({ delayHours: 0 });
    const { ana, trustees, peers } = story;
    const [ben, chi] = trustees as [Device, Device];
    const [peer] = peers as [Device];
    expect(must(await ana.engine.planStatus())?.alarms.join(" ")).toContain("no time to object");
    const { world, others } = story;
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...others);
    const phone = await become(newcomer);
    must(await phone.engine.sync());
    await world.settle(...trustees);
    await world.settle(phone, ...others);
    expect((await anaAt(peer))?.succession).toMatchObject({ state: "counted" });
  });

  test("R7: a plan that replaced another is not said to be in force before it decides, and an objection meanwhile names both", async () => {
    story = await guarded();
    const { world, ana, trustees, others, peers, names } = story;
    const [ben] = trustees as [Device];
    const [peer] = peers as [Device];
    expect(must(await ana.engine.planStatus())).toMatchObject({ announced: 4, inForce: 4 });
    await plan(story, { trustees: names, threshold: 2 });
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 2, announced: 4, inForce: 0 });
    // Ben is deceived. No peer has seen a succession yet: it may come by either plan.
    const newcomer = await world.recover("a phone of somebody else's");
    await approve(newcomer, ben);
    await world.settle(...trustees);
    await later(story, 2 * hour, ana);
    must(await ana.engine.contest());
    await world.settle(ana, ...others);
    const told = must(await peer.engine.history("Ana")).filter(({ kind, side }) => kind === "contest" && side === "peer");
    expect(told).toHaveLength(2);
    await later(story, 14 * day, ana, ...others);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 2, announced: 4, inForce: 4 });
  });

  test("R6: what the old phone does to trustees, plan and devices while a succession is known counts for nothing", async () => {
    story = await guarded();
    const { world, ana: thief, trustees, others, peers } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const [peer] = peers as [Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...others);
    await later(story, 49 * hour, ...trustees);
    const phone = await become(newcomer);
    // Before the succession is out, the thief says goodbye, and adds a device of his own.
    must(await thief.engine.closeContact("peer 1"));
    const accomplice = await world.addDevice(thief, "another phone");
    await world.settle(thief, accomplice, peer);
    expect(await anaAt(peer)).toMatchObject({ state: "closed" });
    must(await phone.engine.sync());
    await world.settle(ben, chi, dee);
    await world.settle(phone, ...others);
    const seen = must(await peer.engine.history("Ana"));
    expect(seen.filter(({ kind }) => kind === "close").map(({ grade }) => grade)).toEqual(["unproven"]);
    const bens = must(await ben.engine.history("Ana"));
    expect(bens.filter(({ kind, side }) => kind === "admit" && side === "peer").map(({ grade }) => grade)).toEqual(["unproven"]);
    await later(story, 50 * hour, phone, ...others);
    expect(await anaAt(peer)).toMatchObject({ state: "active", succession: { state: "counted" } });
    await accomplice.engine.send("peer 1", "believe me");
    await world.settle(peer, phone);
    for (const { body, quarantined } of must(await peer.engine.read("Ana")))
      if (body === "believe me") expect(quarantined).toBe(true);
  });

  test("R9: a trustee who declines is not known to the one who asks, and one who is pressed makes all wait a week longer", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben);
    await world.settle(...trustees);
    must(await dee.engine.lookUpRequest("Ana", newcomer.recovery.spoken));
    const before = await newcomer.poll();
    must(await dee.engine.declineRecovery("Ana", { pressured: true }));
    await world.settle(...trustees);
    expect(await newcomer.poll()).toEqual(before);
    await approve(newcomer, chi);
    await world.settle(...trustees);
    await later(story, 6 * day, ...trustees);
    expect(await newcomer.poll()).toMatchObject({ shares: 0 });
    expect(must(await ben.engine.trusteeships())[0]?.cases).toMatchObject([{ pressed: true, state: "waiting" }]);
    await later(story, 4 * day, ...trustees);
    await become(newcomer);
  });

  test("R12: who has approved one open request approves no other, and sees the rival", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees } = story;
    const [ben, chi] = trustees as [Device, Device];
    const hers = await world.recover("Ana's new phone");
    const another = await world.recover("somebody's phone");
    await approve(hers, ben);
    await world.settle(...trustees);
    const options = { code: another.recovery.spoken, recognised: "voice", contacted: "they-reached-me" } as const;
    expect(await ben.engine.approveRecovery("Ana", options)).toMatchObject({ ok: false, error: { code: "rival-open" } });
    await approve(another, chi);
    await world.settle(...trustees);
    expect(must(await ben.engine.trusteeships())[0]?.cases.map(({ rivals }) => rivals)).toEqual([1, 1]);
    await later(story, 10 * day, ...trustees);
    expect(await hers.poll()).toMatchObject({ shares: 0 });
    expect(await another.poll()).toMatchObject({ shares: 0 });
  });
});

describe("trustees who fall silent", () => {
  test("R10: are stale after 45 days and lost after 90, and the owner is alarmed while there is time", async () => {
    story = await guarded({ peers: 0 });
    const { ana, trustees } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const states = async () => must(await ana.engine.planStatus())?.members.map(({ state }) => state);
    await later(story, 30 * day, ana, ben, chi, dee);
    expect(await states()).toEqual(["holding", "holding", "holding"]);
    await later(story, 30 * day, ana, ben, chi);
    await later(story, 20 * day, ana, ben, chi);
    expect(await states()).toEqual(["holding", "holding", "stale"]);
    await later(story, 30 * day, ana, ben, chi);
    await later(story, 30 * day, ana, ben, chi);
    expect(await states()).toEqual(["holding", "holding", "lost"]);
    expect(must(await ana.engine.planStatus())?.alarms.join(" ")).toMatch(/Dee no longer holds a share.*/u);
    // A share that was exchanged for another proves nothing.
    await later(story, 30 * day, dee);
    await later(story, hour, ana, dee);
    expect(await states()).toEqual(["holding", "holding", "holding"]);
  });
});
