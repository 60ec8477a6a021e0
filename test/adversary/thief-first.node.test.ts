/**
 * Whoever holds Ana's phone acts while nobody knows: Ben believes it, as he must. Once her laptop has retired the phone and Ben
 * has heard of it, all is as if the phone had said nothing since; and what Ben sent meanwhile reaches her.
 */
import { makeQueueKeys, signDelete } from "@photon/protocol/queue";
import { ed25519Signer, makeLeafId } from "@photon/protocol/statement";
import { day, type Device, hour, makeWorld, must, texts, type World } from "@photon/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { queueKeys, writeSide } from "../../packages/engine/src/delivery/inboxes.ts";
import { type OpenPhone, liveIds, openPhone, viewOf } from "./open-phone.ts";

let world: World;
let phone: Device;
let laptop: Device;
let ben: Device;
let thief: OpenPhone;

beforeEach(async () => {
  world = await makeWorld();
  phone = await world.person("phone");
  ben = await world.person("ben");
  laptop = await world.addDevice(phone, "laptop");
  await world.befriend(phone, "Ben", ben, "Ana");
  must(await phone.engine.send("Ben", "before"));
  await world.settle(phone, laptop, ben);
  thief = await openPhone(phone);
}, 60_000);
afterEach(() => world.close());

describe("a thief who acts before the retirement is heard", () => {
  test("a leaf, an inbox and a plan of the thief's: believed until Ben hears, then gone, and nothing that Ben sent is lost", async () => {
    const withBen = await thief.relationship("Ben");
    const { inbox, plan, custody } = withBen.mine.state;
    const to = withBen.peer?.state.inbox;
    if (inbox === undefined || custody === undefined || to === undefined) throw new Error("an empty relationship");
    const { work } = thief;
    const seed = work.random(32);
    const id = makeLeafId(ed25519Signer(seed).publicKey);
    const leaf = { id, lastResort: (await work.session.makeKeyPackage({ id, seed })).public };
    const trap = { relay: inbox.relay, ...makeQueueKeys(work.random(128)), created: 0 };
    await work.ports.transport.call(inbox.relay, "create", {
      receiveId: trap.receiveId,
      sendId: trap.sendId,
      ...queueKeys(trap, 0),
    });
    const admit = await thief.sign(withBen, "admit", { leaves: [leaf], proof: "device" });
    const move = await thief.sign(withBen, "move", { inbox: writeSide(trap, 0) }, { heads: [admit.id] });
    const changed = await thief.sign(
      withBen,
      "plan",
      { custody, plan: { ...plan, version: 1, admissionKeys: [id] } },
      { heads: [move.id] },
    );
    const statements = [admit, move, changed].map(({ bytes }) => bytes);
    expect(await thief.append(to, { kind: "lineage", value: { statements } })).toBe("appended");
    must(await ben.engine.sync());
    must(await ben.engine.send("Ana", "in good faith"));
    expect((await viewOf(ben, "Ana")).peer?.state.inbox?.sendId).toEqual(trap.sendId);
    expect(await thief.readInbox(trap)).not.toHaveLength(0);

    world.advance(hour);
    must(await laptop.engine.retire("phone", "taken"));
    await world.settle(laptop, ben);
    const seen = (await viewOf(ben, "Ana")).peer;
    const mine = (await viewOf(laptop, "Ben")).mine;
    expect(liveIds(seen?.state ?? mine.state)).toEqual(liveIds(mine.state));
    expect(liveIds(mine.state)).toHaveLength(1);
    expect(seen?.state.inbox?.sendId).toEqual(mine.state.inbox?.sendId);
    expect(seen?.state.plan.version).toBe(0);
    world.advance(15 * day);
    must(await laptop.engine.send("Ben", "that was not me"));
    await world.settle(laptop, ben);
    expect((await viewOf(ben, "Ana")).peer?.state.plan.version).toBe(0);
    expect(await texts(laptop, "Ben")).toEqual(["before", "in good faith", "that was not me"]);
    expect(await texts(ben, "Ana")).toEqual(["before", "in good faith", "that was not me"]);
  });

  test("a thief who deletes every queue that it can read keeps nobody from retiring the phone, nor from going on", async () => {
    const { transport } = thief.work.ports;
    for (const { relay, receiveId, readSeed } of await thief.inboxes())
      expect(await transport.call(relay, "delete", signDelete(readSeed, { receiveId }))).toMatchObject({ ok: true });
    must(await ben.engine.send("Ana", "is anybody there?"));
    must(await laptop.engine.sync());
    world.advance(hour);
    must(await laptop.engine.retire("phone", "taken"));
    world.advance(2 * hour);
    await world.settle(laptop, ben);
    must(await laptop.engine.send("Ben", "I am"));
    await world.settle(laptop, ben);
    expect(await texts(laptop, "Ben")).toEqual(["before", "is anybody there?", "I am"]);
    expect(await texts(ben, "Ana")).toEqual(["before", "is anybody there?", "I am"]);
    expect(must(await laptop.engine.sync()).pending).toBe(0);
  });

  test("a thief who floods Ben with statements until no more are taken in does not keep the laptop from being heard", async () => {
    const withBen = await thief.relationship("Ben");
    const to = withBen.peer?.state.inbox;
    const { inbox } = withBen.mine.state;
    if (to === undefined || inbox === undefined) throw new Error("an empty relationship");
    const signed = [];
    for (let index = 0; index < 2100; index++)
      signed.push((await thief.sign(withBen, "move", { inbox: { ...inbox, rotation: 1 + index } })).bytes);
    for (let at = 0; at < signed.length; at += 60)
      await thief.append(to, { kind: "lineage", value: { statements: signed.slice(at, at + 60) } });
    const started = process.cpuUsage();
    must(await ben.engine.sync());
    must(await laptop.engine.retire("phone", "taken"));
    await world.settle(laptop, ben);
    expect(liveIds((await viewOf(ben, "Ana")).peer?.state ?? withBen.mine.state)).toHaveLength(1);
    expect((await viewOf(ben, "Ana")).peer?.statements.size).toBeLessThan(2100);
    must(await ben.engine.send("Ana", "still there"));
    await world.settle(laptop, ben);
    expect((await texts(laptop, "Ben")).at(-1)).toBe("still there");
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(40);
  }, 120_000);
});
