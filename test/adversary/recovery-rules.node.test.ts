/** Rules of recovery that other stories here do not tell, each by its name in the design. */
import { toHex } from "@photon/protocol/codec";
import { day, type Device, hour, memoryRelay, must } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later, plan, recoverWith } from "@photon/testkit/guarded";
import { memoryVault } from "@photon/testkit/memory-vault";
import { afterEach, describe, expect, test } from "vitest";
import { openPhone } from "./open-phone.ts";
import { pastEngine } from "./packets.ts";
import { deviceAuthor, flushBoards, ownBoards, postEntry, readBoards, sightings } from "../../packages/engine/src/plan/board.ts";
import { isDealt, loadPlans } from "../../packages/engine/src/plan/records.ts";
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
    // Just before the request is over, and the plan replaced (R5).
    await later(story, 13 * day + 12 * hour, ana, ...others);
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

  test("R8: retires every old device; one that turns up again neither reads nor writes, and joins only by the person's act", async () => {
    story = await guarded();
    const { world, ana: old, trustees, others, peers } = story;
    const [peer] = peers as [Device];
    const phone = await recoverWith(story, ...trustees.slice(0, 2));
    await later(story, 50 * hour, phone, ...others);
    must(await peer.engine.send("Ana", "welcome back"));
    await world.settle(peer, phone, old);
    must(await old.engine.send("peer 1", "it is me"));
    await world.settle(peer, phone, old);
    const bodies = async (device: Device, petname: string) => must(await device.engine.read(petname)).map(({ body }) => body);
    expect(await bodies(peer, "Ana")).toEqual(["welcome back"]);
    expect(await bodies(phone, "peer 1")).toEqual(["welcome back"]);
    expect(await bodies(old, "peer 1")).toEqual(["it is me"]);
    expect(must(await phone.engine.devices()).map(({ name, state }) => [name, state])).toEqual([
      ["Ana's phone", "retired"],
      ["Ana's new phone", "live"],
    ]);
    // By its own clock nobody has objected for long enough: it says so itself, and does nothing more.
    await later(story, 50 * hour, old);
    expect(must(await old.engine.sync()).problems).toMatchObject([{ code: "device-retired" }]);
    const again = await world.addDevice(phone, "the same phone, once Ana has added it");
    await world.settle(phone, again, ...others);
    must(await again.engine.send("peer 1", "found it"));
    await world.settle(again, peer);
    expect(await bodies(peer, "Ana")).toEqual(["welcome back", "found it"]);
    expect(await bodies(again, "peer 1")).toEqual(["welcome back", "found it"]);
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

  test("R9: whoever has opened the archive in the end cannot tell who was pressed", async () => {
    const authors: string[] = [];
    for (const which of [1, 2]) {
      story = await guarded({ peers: 0 });
      const { world, trustees } = story;
      const [ben] = trustees as [Device];
      const pressed = trustees[which];
      if (pressed === undefined) throw new Error("three trustees");
      const newcomer = await world.recover("Ana's new phone");
      await approve(newcomer, ben);
      await world.settle(...trustees);
      must(await pressed.engine.lookUpRequest("Ana", newcomer.recovery.spoken));
      must(await pressed.engine.declineRecovery("Ana", { pressured: true }));
      await approve(newcomer, ...trustees.slice(1).filter((one) => one !== pressed));
      await world.settle(...trustees);
      await later(story, 10 * day, ...trustees);
      const phone = await become(newcomer);
      must(await phone.engine.sync());
      const { work } = await openPhone(phone);
      const [plan] = (await loadPlans(work)).filter(isDealt);
      if (plan === undefined) throw new Error("no plan was restored");
      const seen = await sightings(work, { ...plan.plan, dealerKey: plan.dealt.dealerKey });
      const presses = seen.filter(({ entry }) => entry.body.kind === "press").map(({ entry }) => toHex(entry.author));
      expect(presses).toHaveLength(1);
      for (const { pseudonym } of plan.members.values()) expect(presses).not.toContain(toHex(pseudonym ?? new Uint8Array(0)));
      authors.push(...presses);
      if (which === 1) await world.close();
    }
    // Each time the same person's plan: a copy of one world.
    expect(authors[0]).toBe(authors[1]);
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

  test("R10: are asked once a year whether they are still willing; who says yes stays, who says no is replaced", async () => {
    story = await guarded({ peers: 0 });
    const { world, ana, trustees } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    for (const days of [150, 150, 40]) await later(story, days * day, ana, ...trustees);
    expect(must(await ben.engine.trusteeships())).toMatchObject([{ state: "holding", askedAgain: undefined }]);
    await later(story, 20 * day, ana, ...trustees);
    expect(must(await ben.engine.trusteeships())).toMatchObject([{ state: "holding", askedAgain: expect.any(Number) as number }]);
    expect(must(await ana.engine.planStatus())?.alarms.join(" ")).toContain("3 have not said for a year");
    must(await ben.engine.answerTrustee("Ana", true));
    must(await chi.engine.answerTrustee("Ana", false));
    await world.settle(ana, ben, chi, dee);
    expect(must(await ben.engine.trusteeships())).toMatchObject([{ state: "holding", askedAgain: undefined }]);
    const status = must(await ana.engine.planStatus());
    expect(status?.members.map(({ state }) => state)).toEqual(["holding", "lost", "holding"]);
    expect(status?.alarms.join(" ")).toMatch(/Chi no longer holds a share.*One has not said for a year/u);
    // Asked, not pestered.
    const asked = must(await dee.engine.trusteeships())[0]?.askedAgain;
    await later(story, 3 * day, ana, dee);
    expect(must(await dee.engine.trusteeships())[0]?.askedAgain).toBe(asked);
    await later(story, 30 * day, ana, dee);
    expect(must(await dee.engine.trusteeships())[0]?.askedAgain).toBeGreaterThan(asked ?? Number.POSITIVE_INFINITY);
  });
});

describe("a plan queue", () => {
  test("does not grow with the years: of the daily pins the first and the newest are kept", async () => {
    story = await guarded({ peers: 0 });
    const { work } = await openPhone(story.ana);
    const known = (await loadPlans(work)).find(isDealt);
    if (known === undefined) throw new Error("no plan");
    const pins = async () =>
      (await sightings(work, ownBoards(known))).flatMap(({ entry }) => (entry.body.kind === "pin" ? [entry.body.value] : []));
    const [pin] = await pins();
    if (pin === undefined) throw new Error("nothing was pinned");
    for (let daily = 1; daily <= 20; daily++) {
      const value = { ...pin, sequence: pin.sequence + 1000 + daily };
      await postEntry(work, ownBoards(known), deviceAuthor(known), { kind: "pin", value });
    }
    expect((await flushBoards(work, ownBoards(known))).pending).toBe(0);
    expect((await readBoards(work, ownBoards(known))).operators).toEqual([true]);
    const left = (await pins()).map(({ sequence }) => sequence - pin.sequence).toSorted((a, b) => a - b);
    expect(left.length).toBeLessThanOrEqual(2);
    expect(left.at(-1)).toBe(1020);
  });
});

describe("a recovery that was contested and came to nothing", () => {
  test("R5: has the plan's secrets replaced, with the same trustees, who are asked anew", async () => {
    story = await guarded({ peers: 0 });
    const { world, ana, trustees } = story;
    const [ben, chi] = trustees as [Device, Device, Device];
    const impostor = await world.recover("somebody else's phone");
    await approve(impostor, ben, chi);
    await world.settle(...trustees);
    await later(story, hour, ana, ...trustees);
    must(await ana.engine.contest());
    await world.settle(ana, ...trustees);
    await later(story, 10 * day, ana, ...trustees);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 1, protected: true });
    await later(story, 5 * day, ana, ...trustees);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 2, threshold: 2, protected: false });
    const before = (await activeTrusts((await openPhone(chi)).work))[0]?.opened.verification;
    for (const trustee of trustees) must(await trustee.engine.answerTrustee("Ana", true));
    await world.settle(ana, ...trustees);
    await world.settle(ana, ...trustees);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 2, protected: true });
    const after = (await activeTrusts((await openPhone(chi)).work)).at(-1)?.opened.verification;
    expect(after).toBeDefined();
    expect(after).not.toEqual(before);
    // Once: what is dead in the old plan's queue says nothing of the new one.
    await later(story, 20 * day, ana, ...trustees);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 2 });
  });
});

describe("a trustee who approves somebody's request alone, of which nothing comes", () => {
  test("does not have all others asked again and again: the plan is replaced once it is 90 days old", async () => {
    story = await guarded({ peers: 0 });
    const { world, ana, trustees } = story;
    const [ben] = trustees as [Device];
    const impostor = await world.recover("somebody else's phone");
    await approve(impostor, ben);
    await world.settle(...trustees);
    await later(story, hour, ana, ...trustees);
    must(await ana.engine.contest());
    await world.settle(ana, ...trustees);
    await later(story, 40 * day, ana, ...trustees);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 1 });
    await later(story, 40 * day, ana, ...trustees);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 2 });
  });
});

describe("a plan by which its owner was recovered", () => {
  test("has its secrets replaced once nobody can object any more: the old phone can write on the queue of the one before", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees } = story;
    const phone = await recoverWith(story, ...trustees.slice(0, 2));
    for (const days of [30, 14]) await later(story, days * day, phone, ...trustees);
    expect(must(await phone.engine.planStatus())).toMatchObject({ version: 1, protected: true });
    await later(story, 2 * day, phone, ...trustees);
    expect(must(await phone.engine.planStatus())).toMatchObject({ version: 2, threshold: 2, protected: false });
    for (const trustee of trustees) must(await trustee.engine.answerTrustee("Ana", true));
    await world.settle(phone, ...trustees);
    await world.settle(phone, ...trustees);
    expect(must(await phone.engine.planStatus())).toMatchObject({ version: 2, protected: true });
    const addresses = (await loadPlans((await openPhone(phone)).work)).map(({ dealt }) =>
      dealt?.boards.map(({ sendId }) => toHex(sendId)),
    );
    expect(addresses).toHaveLength(2);
    expect(addresses[1]).not.toEqual(addresses[0]);
    // Once.
    await later(story, 30 * day, phone, ...trustees);
    expect(must(await phone.engine.planStatus())).toMatchObject({ version: 2, protected: true });
  });
});

describe("a plan one of whose trustees is no contact any more", () => {
  test("stays as it is after a recovery, and stops nothing else", async () => {
    story = await guarded();
    const { ana, trustees, others } = story;
    must(await ana.engine.closeContact("Dee"));
    await later(story, hour, ana, ...others);
    const phone = await recoverWith(story, ...trustees.slice(0, 2));
    for (const days of [30, 14, 3]) await later(story, days * day, phone, ...others);
    expect(must(await phone.engine.planStatus())).toMatchObject({ version: 1 });
    must(await phone.engine.send("peer 1", "still here"));
    expect(must(await phone.engine.sync()).problems).toEqual([]);
    // A year later whoever is left is asked whether they are willing: not Dee.
    story.world.advance(365 * day);
    expect(must(await phone.engine.sync()).problems).toEqual([]);
  });
});

describe("people behind a host", () => {
  test("R11: count as that host, when a plan is made and when somebody's custody changes", async () => {
    story = await guarded();
    const { ana, trustees } = story;
    const [ben, chi] = trustees as [Device, Device];
    expect(must(await ana.engine.planStatus())?.alarms.join(" ")).not.toContain("Hosts");
    await moveToHost(ben, "https://one.example");
    await later(story, 15 * day, ana, ben, chi);
    expect((await anaKnows(ana, "Ben"))?.custody).toBe("host(https://one.example)");
    expect(must(await ana.engine.planStatus())?.alarms.join(" ")).not.toContain("Hosts");
    await moveToHost(chi, "https://two.example");
    await later(story, 15 * day, ana, ben, chi);
    expect(must(await ana.engine.planStatus())?.alarms.join(" ")).toContain("Hosts (https://one.example, https://two.example)");
    const refused = await ana.engine.planTrustees({ trustees: ["Ben", "Chi", "Dee"], threshold: 2 });
    expect(refused).toMatchObject({ ok: false, error: { code: "plan-hosts" } });
    must(await ana.engine.planTrustees({ trustees: ["Ben", "Chi", "Dee", "peer 1"], threshold: 3 }));
  });
});

const anaKnows = async (ana: Device, who: string) => must(await ana.engine.contacts()).find(({ petname }) => petname === who);

/** This person's side says to Ana that a host keeps its keys from now on. */
async function moveToHost(device: Device, host: string): Promise<void> {
  const copy = await openPhone(device);
  const relationship = await copy.relationship("Ana");
  const { plan, custody } = relationship.mine.state;
  const inbox = relationship.peer?.state.inbox;
  if (custody === undefined || inbox === undefined) throw new Error("nobody to tell");
  const statement = await copy.sign(relationship, "plan", {
    custody: { class: "host", strength: "software", escrow: false, shares: false, trustees: false, host },
    plan: { ...plan, version: plan.version + 1 },
  });
  await copy.append(inbox, { kind: "lineage", value: { statements: [statement.bytes] } });
  await later(story, hour, story.ana);
}
