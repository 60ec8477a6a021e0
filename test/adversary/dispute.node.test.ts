/**
 * Ana's phone is in other hands, and whoever holds it retires her laptop: at the same moment as she retires the phone, before
 * her, or long before. In a relationship both are frozen as the rules say; in the circle each goes on without the other.
 */
import { toHex } from "@photon/protocol/codec";
import { hour, type Device, makeWorld, must, type World } from "@photon/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Statement } from "@photon/protocol/statement";
import { addStatements } from "../../packages/engine/src/relationship/relationship.ts";
import { liveIds, openPhone, viewOf } from "./open-phone.ts";

let world: World;
let phone: Device;
let laptop: Device;
let ben: Device;

beforeEach(async () => {
  world = await makeWorld();
  phone = await world.person("phone");
  ben = await world.person("ben");
  laptop = await world.addDevice(phone, "laptop");
  await world.befriend(phone, "Ben", ben, "Ana");
  await world.settle(phone, laptop, ben);
}, 60_000);
afterEach(() => world.close());

const devicesOf = async (device: Device): Promise<readonly string[]> =>
  must(await device.engine.devices()).map(({ name, state }) => `${name} ${state}`);
const codeOf = (
  outcome: { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: { readonly code: string } },
) => (outcome.ok ? "done" : outcome.error.code);

/** The laptop's and the phone's leaves in the relationship, as Ben sees them. */
async function benSees(): Promise<{ readonly state: string; readonly live: number; readonly inbox: string }> {
  const { peer } = await viewOf(ben, "Ana");
  const [contact] = must(await ben.engine.contacts());
  return {
    state: contact?.state ?? "",
    live: peer === undefined ? -1 : liveIds(peer.state).length,
    inbox: toHex(peer?.state.inbox?.sendId ?? new Uint8Array(0)),
  };
}

/** The laptop's word reaches Ben by another way than his inbox, of which it no longer has the keys. */
async function tellBen(statements: readonly Statement[]): Promise<void> {
  const { inboxes, addresses, append, relationship } = await openPhone(ben);
  const { id } = await relationship("Ana");
  const own = (await inboxes()).filter((inbox) => inbox.relationship === id).map(({ sendId }) => toHex(sendId));
  for (const to of await addresses())
    if (own.includes(toHex(to.sendId)))
      await append(to, { kind: "lineage", value: { statements: statements.map(({ bytes }) => bytes) } });
}
const retiresOf = async (device: Device): Promise<readonly Statement[]> =>
  [...(await viewOf(device, "Ben")).mine.statements.values()].filter(({ type }) => type === "retire");

describe("two devices that retire each other", () => {
  test("at the same moment: both are frozen with the peer, nobody founds or is believed; in the circle each goes on without the other", async () => {
    const inbox = (await benSees()).inbox;
    must(await phone.engine.retire("laptop", "taken"));
    must(await laptop.engine.retire("phone", "taken"));
    await world.settle(ben);
    expect(await benSees()).toEqual({ state: "frozen", live: 0, inbox });
    expect(codeOf(await ben.engine.send("Ana", "who are you?"))).toBe("relationship-frozen");
    const generations = (await viewOf(ben, "Ana")).generations.size;
    for (const device of [phone, laptop, ben, phone, laptop, ben]) must(await device.engine.sync());
    world.advance(8 * 24 * hour);
    for (const device of [phone, laptop, ben]) must(await device.engine.sync());
    expect((await viewOf(ben, "Ana")).generations.size).toBe(generations);
    expect(
      must(await ben.engine.contacts())[0]?.changes.filter(({ kind, grade }) => kind === "retire" && grade === "unproven"),
    ).toHaveLength(2);
    expect(await devicesOf(laptop)).toEqual(["phone retired", "laptop live"]);
    expect(await devicesOf(phone)).toEqual(["phone live", "laptop retired"]);
    const chi = await world.person("chi");
    await world.befriend(laptop, "Chi", chi, "Ana");
    must(await chi.engine.send("Ana", "good that you are still there"));
    await world.settle(chi, laptop);
    expect(must(await laptop.engine.read("Chi"))).toMatchObject([{ body: "good that you are still there" }]);
  });

  test("the thief first, Ana within 72 hours: the laptop that was shut out objects, and both are frozen", async () => {
    must(await phone.engine.retire("laptop", "lost"));
    expect(must(await laptop.engine.sync()).problems).toMatchObject([{ code: "device-retired" }]);
    expect(codeOf(await laptop.engine.send("Ben", "it was not me"))).toBe("device-retired");
    world.advance(24 * hour);
    must(await laptop.engine.retire("phone", "taken"));
    expect(await devicesOf(laptop)).toEqual(["phone retired", "laptop live"]);
    expect(must(await laptop.engine.sync()).problems.filter(({ code }) => code === "device-retired")).toEqual([]);
    await world.settle(ben);
    expect(await benSees()).toMatchObject({ state: "frozen", live: 0 });
  });

  test("the thief first, and tells the laptop so: it is retired until it objects, and then sees the circle without the phone", async () => {
    must(await phone.engine.retire("laptop", "lost"));
    const said = [...(await (await openPhone(phone)).circle()).mine.statements.values()];
    const told = await openPhone(laptop);
    await addStatements(told.work, await told.circle(), said);
    await told.work.commit();
    await laptop.restoreDisk(told.snapshot());
    expect(await devicesOf(laptop)).toEqual(["phone live", "laptop retired"]);
    expect(codeOf(await laptop.engine.meet({ petname: "Chi" }))).toBe("device-retired");
    must(await laptop.engine.retire("phone", "taken"));
    expect(await devicesOf(laptop)).toEqual(["phone retired", "laptop live"]);
    await laptop.restart();
    expect(await devicesOf(laptop)).toEqual(["phone retired", "laptop live"]);
    must(await laptop.engine.meet({ petname: "Chi" }));
    must(await laptop.engine.sync());
  });

  test("the thief first, and Ben hears the laptop 73 hours later: evidence only, and shown as what it is", async () => {
    must(await phone.engine.retire("laptop", "lost"));
    await world.settle(ben);
    expect(await benSees()).toMatchObject({ state: "active", live: 1 });
    world.advance(73 * hour);
    must(await laptop.engine.retire("phone", "taken"));
    await tellBen(await retiresOf(laptop));
    await world.settle(ben);
    expect(await benSees()).toMatchObject({ state: "active", live: 1 });
    const changes = must(await ben.engine.contacts())[0]?.changes.filter(({ kind }) => kind === "retire") ?? [];
    expect(changes.map(({ grade }) => grade).toSorted()).toEqual(["continuous", "unproven"]);
    for (const device of [phone, laptop, ben]) must(await device.engine.sync());
    expect(await devicesOf(laptop)).toEqual(["phone retired", "laptop live"]);
  });
});
