/** Recoveries that somebody does not want, or should not get. Rules as in the design; each test names those it is about. */
import { type Bytes, fromHex } from "@photon/protocol/codec";
import { encodeTalk, signEntry } from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { day, type Device, hour, must } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later, recoverWith, setAhead } from "@photon/testkit/guarded";
import { afterEach, describe, expect, test } from "vitest";
import { deviceAuthor, ownBoards } from "../../packages/engine/src/plan/board.ts";
import { isDealt, loadPlans } from "../../packages/engine/src/plan/records.ts";
import { loadReplies } from "../../packages/engine/src/recovery/answers.ts";
import { loadRecovery } from "../../packages/engine/src/recovery/records.ts";
import { openPhone } from "./open-phone.ts";

let story: Guarded;
afterEach(() => story.world.close());

const successionAt = async (peer: Device) =>
  must(await peer.engine.contacts()).find(({ petname }) => petname === "Ana")?.succession;
/** How many parts of trustees' signatures a new device keeps. */
async function signaturesAt(device: Device): Promise<number> {
  const { work } = await openPhone(device);
  const row = await loadRecovery(work);
  if (row === undefined) throw new Error("no recovery");
  return (await loadReplies(work, row)).filter(({ body }) => body.kind === "partials").length;
}
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

  test("R5: objects at one peer alone, to whom it speaks directly: that peer tells the new phone, and the second key decides there", async () => {
    story = await guarded();
    const { world, ana: thief, trustees, others, peers } = story;
    const [peer] = peers as [Device];
    const phone = await recoverWith(story, ...trustees.slice(0, 2));
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", contested: false, succeeded: 4 });
    expect(await signaturesAt(phone)).toBe(2);
    must(await thief.engine.sync());
    await objectAt(thief, "peer 1");
    // From here on the thief is silent: neither the plan queue nor any trustee hears of it from the old phone.
    await later(story, 40 * hour, peer);
    expect(await successionAt(peer)).toMatchObject({ state: "contested" });
    await later(story, 9 * hour, phone, ...others);
    const [ben] = trustees as [Device];
    expect(await successionAt(ben)).toMatchObject({ state: "counted" });
    // Signatures for the first batch take no room from those for the second.
    expect(await signaturesAt(phone)).toBe(0);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "signing", contested: true, needed: 3 });
    expect(must(await ben.engine.trusteeships())[0]?.cases).toMatchObject([{ contested: true, approvals: 0, needed: 3 }]);

    const spoken = must(await phone.engine.recoveryProgress())?.spoken ?? "";
    for (const trustee of trustees)
      must(await trustee.engine.approveRecovery("Ana", { code: spoken, recognised: "voice", contacted: "i-reached-them" }));
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "signing", spoken: undefined });
    await later(story, 7 * day + hour, phone, ...others);
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", contested: true, succeeded: 4 });
    await later(story, 3 * day, phone, ...others);
    for (const one of others) expect(await successionAt(one)).toMatchObject({ state: "counted" });
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ acknowledged: 4 });
    for (const [index, one] of others.entries()) {
      const name = [...story.names, "peer 1"][index] ?? "";
      must(await phone.engine.send(name, `still me, ${name}`));
      must(await one.engine.send("Ana", "welcome"));
    }
    await world.settle(phone, ...others);
    for (const [index, one] of others.entries()) {
      const name = [...story.names, "peer 1"][index] ?? "";
      expect(must(await one.engine.read("Ana"))).toContainEqual(
        expect.objectContaining({ body: `still me, ${name}`, quarantined: false, unconfirmed: false }),
      );
      expect(await lastWords(phone, name)).toMatchObject({ body: "welcome" });
    }
  });

  test("R5: objects to one trustee alone: the others hear of it too, and it cannot be made up", async () => {
    story = await guarded();
    const { world, ana: thief, trustees, others } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(ben, chi);
    const copy = await openPhone(thief);
    const known = (await loadPlans(copy.work)).find(isDealt);
    if (known === undefined) throw new Error("no plan");
    const request = requestDigestOf(must(await ben.engine.trusteeships())[0]?.cases[0]?.request);
    const body = { kind: "contest", value: { request, reason: "not-me" } } as const;
    const good = await signEntry(ownBoards(known), deviceAuthor(known), world.now(), body);
    const forged = await signEntry(ownBoards(known), { ...deviceAuthor(known), signer: ed25519Signer(copy.work.random(32)) }, world.now(), body); // prettier-ignore
    for (const [entry, contested] of [
      [forged, false],
      [good, true],
    ] as const) {
      const withChi = await copy.relationship("Chi");
      const talk = encodeTalk("trustee-contest", { plan: known.plan.plan, version: known.plan.version, entry });
      const inbox = withChi.peer?.state.inbox;
      if (inbox === undefined) throw new Error("no address");
      await copy.append(inbox, await copy.sealContent(withChi, await copy.newContent(withChi, "trustee-contest", talk)));
      await world.settle(chi);
      await later(story, hour, ...others);
      for (const one of [ben, chi]) expect(must(await one.engine.trusteeships())[0]?.cases).toMatchObject([{ contested }]);
    }
    await later(story, 3 * day, ...others);
    expect(await newcomer.poll()).toMatchObject({ state: "collecting", contested: true, shares: 0, needed: 3 });
    expect(dee).toBeDefined();
  });
});

/** Says so to that person, by hand, and to nobody else. */
async function objectAt(thief: Device, petname: string): Promise<void> {
  const copy = await openPhone(thief);
  const relationship = await copy.relationship(petname);
  const succession = relationship.mine.state.successions.at(-1);
  const inbox = relationship.peer?.state.inbox;
  if (succession === undefined || inbox === undefined) throw new Error("nothing to object to");
  const body = { request: succession.request, succession: succession.statement, reason: "still-here" } as const;
  const contest = await copy.sign(relationship, "contest", body);
  await copy.append(inbox, { kind: "lineage", value: { statements: [contest.bytes] } });
}

function requestDigestOf(hex: string | undefined): Bytes {
  const digest = fromHex(hex ?? "");
  if (digest === undefined) throw new Error("no request");
  return digest;
}

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
    await later(story, 23 * day, ana, dee, peer);
    expect(await successionAt(peer)).toMatchObject({ state: "refused" });
    must(await ana.engine.send("peer 1", "that was not me"));
    await world.settle(ana, peer);
    expect(await lastWords(peer, "Ana")).toMatchObject({ body: "that was not me", quarantined: false });
    expect(must(await ana.engine.read("peer 1")).map(({ body }) => body)).toContain("are you there?");
    expect(others.length).toBe(4);
  });
});
