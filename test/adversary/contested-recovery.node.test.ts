/** Recoveries that somebody does not want, or should not get. Rules as in the design; each test names those it is about. */
import { day, type Device, hour, must } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later, recoverWith, setAhead } from "@photon/testkit/guarded";
import { afterEach, describe, expect, test } from "vitest";

let story: Guarded;
afterEach(() => story.world.close());

const successionAt = async (peer: Device) =>
  must(await peer.engine.contacts()).find(({ petname }) => petname === "Ana")?.succession;
const lastWords = async (device: Device, who: string) => must(await device.engine.read(who)).at(-1);

describe("a thief with the unlocked old phone", () => {
  test("R5: contests, which escalates; four of five decide, and the thief is out", async () => {
    story = await guarded({ trustees: 5, threshold: 3 });
    const { world, ana: thief, trustees, others, peers } = story;
    const [ben, chi, dee, ede] = trustees as [Device, Device, Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi, dee);
    await world.settle(...others);
    must(await thief.engine.sync());
    expect(must(await thief.engine.recoveryNotices())).toMatchObject([
      { device: "Ana's new phone", approvedBy: ["Ben", "Chi", "Dee"] },
    ]);
    must(await thief.engine.contest());
    await world.settle(thief, ...others);

    // However long anybody waits, nothing is released by those who approved before the contest.
    await later(story, 3 * day, ...others);
    expect(await newcomer.poll()).toMatchObject({ state: "collecting", shares: 0, contested: true, approvals: 0, needed: 4 });
    // Nobody is told that they have done their part: what they approved without it on the screen counts for nothing now.
    expect(must(await ben.engine.trusteeships())[0]?.cases).toMatchObject([
      { contested: true, state: "collecting", approvals: 0, needed: 4, approvedByMe: false },
    ]);

    // They hear of it, call her again, and go on.
    await approve(newcomer, ben, chi);
    await world.settle(...others);
    expect(await newcomer.poll()).toMatchObject({ state: "collecting", approvals: 2, needed: 4 });
    expect(must(await ben.engine.trusteeships())[0]?.cases).toMatchObject([{ approvals: 2, approvedByMe: true }]);
    await approve(newcomer, dee, ede);
    await world.settle(...others);
    await later(story, 6 * day, ...others);
    expect(await newcomer.poll()).toMatchObject({ shares: 0 });
    await later(story, 25 * hour, ...others);
    const phone = await become(newcomer);
    must(await phone.engine.sync());
    await world.settle(...trustees);
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", contested: true, succeeded: 6 });
    await later(story, 8 * day, phone, ...others);
    const [peer] = peers as [Device];
    for (const one of others) expect(await successionAt(one)).toMatchObject({ state: "counted" });
    must(await phone.engine.send("peer 1", "I am back"));
    await world.settle(phone, ...others);
    expect(await lastWords(peer, "Ana")).toMatchObject({ body: "I am back", unconfirmed: false, quarantined: false });

    // R8: the old phone is retired; what it writes is shown apart, and it reads nothing new.
    await thief.engine.send("peer 1", "send me money");
    await thief.engine.sync();
    must(await peer.engine.send("Ana", "welcome back"));
    await world.settle(peer, phone);
    await thief.engine.sync();
    expect(await lastWords(phone, "peer 1")).toMatchObject({ body: "welcome back" });
    expect(must(await thief.engine.read("peer 1")).map(({ body }) => body)).not.toContain("welcome back");
    for (const { body, quarantined } of must(await peer.engine.read("Ana")))
      if (body === "send me money") expect(quarantined).toBe(true);
  });

  test("R5: contests at the peers alone, once the succession has come: they wait for the second key", async () => {
    story = await guarded();
    const { world, ana: thief, trustees, others, peers } = story;
    const [ben, chi] = trustees as [Device, Device];
    const phone = await recoverWith(story, ben, chi);
    const [peer] = peers as [Device];
    expect(await successionAt(peer)).toMatchObject({ state: "pending" });
    must(await thief.engine.sync());
    expect(must(await thief.engine.recoveryNotices())[0]?.arrivedFrom).toContain("peer 1");
    must(await thief.engine.contest());
    await world.settle(thief, ...others);
    expect(await successionAt(peer)).toMatchObject({ state: "contested" });
    expect(must(await peer.engine.contacts())[0]).toMatchObject({ state: "contested" });
    await later(story, 4 * day, phone, ...others);
    expect(await successionAt(peer)).toMatchObject({ state: "contested" });
    // The new phone hears of it on the plan queue, and asks all three for the second key.
    const newcomerCase = must(await ben.engine.trusteeships())[0]?.cases[0];
    expect(newcomerCase).toMatchObject({ contested: true });
  });
});

describe("trustees who mean ill", () => {
  test("R3: two of three who skip the delay gain nothing at the peers, who wait for themselves and hear a contest", async () => {
    story = await guarded();
    const { world, ana, trustees, others, peers } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const [peer] = peers as [Device];
    const newcomer = await world.recover("somebody else's phone");
    await approve(newcomer, ben, chi);
    await world.settle(ben, chi);
    for (const one of [ben, chi]) await setAhead(one, 3 * day);
    for (let round = 0; round < 3; round++) for (const one of [ben, chi]) must(await one.engine.sync());
    const phone = await become(newcomer);
    must(await phone.engine.sync());
    for (const one of [ben, chi]) must(await one.engine.sync());
    must(await phone.engine.sync());
    must(await phone.engine.sync());
    await world.settle(dee, peer);
    expect(await successionAt(peer)).toMatchObject({ state: "pending" });
    must(await peer.engine.send("Ana", "are you there?"));
    await later(story, 40 * hour, dee, peer);
    expect(await successionAt(peer)).toMatchObject({ state: "pending" });
    must(await ana.engine.sync());
    must(await ana.engine.contest({ reason: "still-here" }));
    await world.settle(ana, dee, peer);
    expect(await successionAt(peer)).toMatchObject({ state: "contested" });
    // Nobody brings the second key: after its days it is over, and Ana goes on.
    await later(story, 16 * day, ana, dee, peer);
    expect(await successionAt(peer)).toMatchObject({ state: "refused" });
    must(await ana.engine.send("peer 1", "that was not me"));
    await world.settle(ana, peer);
    expect(await lastWords(peer, "Ana")).toMatchObject({ body: "that was not me", quarantined: false });
    expect(must(await ana.engine.read("peer 1")).map(({ body }) => body)).toContain("are you there?");
    expect(others.length).toBe(4);
  });
});
