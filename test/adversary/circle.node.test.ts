/**
 * Ana's phone is in other hands, and nobody knows yet: it is still a live device of her circle. What it plants there by its
 * leaf must do no harm, and must be gone with it.
 */
import { type Bytes, encode, type Hlc, text, toHex, uint, utf8 } from "@photon/protocol/codec";
import { type Change, encodeBody } from "@photon/protocol/queue";
import { ed25519Signer, idKey, type Leaf, leafSchema, makeLeafId } from "@photon/protocol/statement";
import { day, type Device, makeWorld, must, texts, type World } from "@photon/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { circleDevices, deviceSchema } from "../../packages/engine/src/circle/devices.ts";
import { mergeState } from "../../packages/engine/src/circle/merge.ts";
import { getState } from "../../packages/engine/src/circle/state.ts";
import { found } from "../../packages/engine/src/conversation/founding.ts";
import { keepMessage, loadMessages } from "../../packages/engine/src/conversation/messages.ts";
import { flush } from "../../packages/engine/src/delivery/flush.ts";
import { followBundle } from "../../packages/engine/src/conversation/receive.ts";
import type { Relationship } from "../../packages/engine/src/relationship/model.ts";
import { planKeys, planSchema } from "../../packages/engine/src/plan/records.ts";
import { circleId, keys, leafOfSchema, recordSchema } from "../../packages/engine/src/relationship/records.ts";
import { loadCircle, loadRelationship, ownLeaf, ownLeaves } from "../../packages/engine/src/relationship/relationship.ts";
import { admitSiblings } from "../../packages/engine/src/relationship/side.ts";
import { announceToOwn, announceToPeer } from "../../packages/engine/src/relationship/speaking.ts";
import { Work } from "../../packages/engine/src/storage/core.ts";
import { liveIds, openPhone, type OpenPhone, viewOf } from "./open-phone.ts";

let world: World;
let phone: Device;
let laptop: Device;
let tablet: Device;
let ben: Device;

beforeEach(async () => {
  world = await makeWorld();
  phone = await world.person("phone");
  ben = await world.person("ben");
  laptop = await world.addDevice(phone, "laptop");
  tablet = await world.addDevice(phone, "tablet");
  await world.settle(phone, laptop, tablet);
  await world.befriend(phone, "Ben", ben, "Ana");
  await world.settle(phone, laptop, tablet, ben);
}, 60_000);
afterEach(() => world.close());

const hlcOf = (thief: OpenPhone, wall = world.now()): Hlc => ({ wall, counter: 0, node: thief.work.self.node });

const plantedLeaf = async ({ work }: OpenPhone): Promise<Leaf> => {
  const seed = work.random(32);
  const id = makeLeafId(ed25519Signer(seed).publicKey);
  return { id, lastResort: (await work.session.makeKeyPackage({ id, seed })).public };
};

async function plantLeaf(thief: OpenPhone, relationship: Relationship): Promise<Leaf> {
  const leaf = await plantedLeaf(thief);
  const admit = await thief.sign(relationship, "admit", { leaves: [leaf], proof: "device" });
  const envelope = { kind: "lineage", value: { statements: [admit.bytes] } } as const;
  for (const to of await thief.addresses()) await thief.append(to, envelope);
  return leaf;
}

async function tellCircle(thief: OpenPhone, changes: readonly Change[]): Promise<void> {
  const circle = await thief.circle();
  const envelope = await thief.sealContent(circle, await thief.newContent(circle, "change", encodeBody("change", changes)));
  const said = [];
  const { inbox } = (await thief.circle()).mine.state;
  if (inbox === undefined) throw new Error("a circle without an inbox");
  for (const to of await thief.addresses())
    if (toHex(to.sendId) === toHex(inbox.sendId)) said.push(await thief.append(to, envelope));
  expect(said).toContain("appended");
}

const devicesOf = async (device: Device): Promise<readonly string[]> =>
  must(await device.engine.devices()).map(({ name, state }) => `${name} ${state}`);

/** The engine's own parts over the device's real disk; the engine is opened again after. */
async function by(device: Device, act: (work: Work) => Promise<void>): Promise<void> {
  const { work } = await openPhone(device);
  await act(new Work(device.ports, work.self, new Map()));
  await device.restart();
}

describe("a live device in other hands", () => {
  test("leaves that it admitted are shown, and are retired with it, in the circle and in every relationship", async () => {
    const thief = await openPhone(phone);
    await plantLeaf(thief, await thief.circle());
    const planted = await plantLeaf(thief, await thief.relationship("Ben"));
    await world.settle(laptop, tablet, ben);
    expect(await devicesOf(laptop)).toEqual(["phone live", "laptop live", "tablet live", "unknown device live"]);
    expect(liveIds((await viewOf(laptop, "Ben")).mine.state)).toContain(idKey(planted.id));
    must(await laptop.engine.retire("phone", "taken"));
    await world.settle(laptop, tablet, ben);
    for (const device of [laptop, tablet]) {
      expect(await devicesOf(device)).toEqual(["phone retired", "laptop live", "tablet live"]);
      expect(liveIds((await viewOf(device, "Ben")).mine.state)).toHaveLength(2);
    }
    expect(liveIds((await viewOf(ben, "Ana")).peer?.state ?? (await viewOf(ben, "Ana")).mine.state)).toHaveLength(2);
    must(await ben.engine.send("Ana", "only for Ana"));
    await world.settle(laptop, tablet, ben);
    for (const device of [laptop, tablet]) expect(await texts(device, "Ben")).toEqual(["only for Ana"]);
  }, 60_000);

  test("a leaf put under a sibling's name is retired by that sibling, who has no key of it", async () => {
    const thief = await openPhone(phone);
    const withBen = await thief.relationship("Ben");
    const planted = await plantLeaf(thief, withBen);
    const device = (await openPhone(laptop)).work.self.device;
    const value = encode(leafOfSchema, { device, from: [] });
    await tellCircle(thief, [{ key: keys.leafOf(withBen.id, planted.id), hlc: hlcOf(thief), value }]);
    await world.settle(laptop, tablet, ben);
    must(await tablet.engine.retire("phone", "taken"));
    await world.settle(tablet, laptop, ben);
    world.advance(2 * day);
    await world.settle(tablet, laptop, ben, tablet, laptop);
    for (const one of [laptop, tablet]) expect(liveIds((await viewOf(one, "Ben")).mine.state)).not.toContain(idKey(planted.id));
    expect(liveIds((await viewOf(laptop, "Ben")).mine.state)).toHaveLength(2);
  }, 60_000);

  test("entries that do not fit are left aside, and stop nobody", async () => {
    const thief = await openPhone(phone);
    const withBen = await thief.relationship("Ben");
    const hlc = hlcOf(thief);
    const junk = utf8("junk");
    const id = toHex(thief.work.random(32));
    await tellCircle(thief, [
      { key: keys.petname(withBen.id), hlc, value: encode(uint(), 7) },
      { key: keys.record(withBen.id), hlc, value: junk },
      { key: keys.inbox(withBen.id, thief.work.random(16)), hlc, value: junk },
      { key: keys.record(withBen.id), hlc },
      { key: `leafof/${withBen.id}/${id}`, hlc, value: junk },
      { key: `fs/${withBen.id}/${id}`, hlc, value: junk },
      { key: `claim/${withBen.id}/${id}`, hlc, value: junk },
      { key: "dev/junk", hlc, value: junk },
      { key: "seen/junk", hlc, value: junk },
      { key: "arch/location", hlc, value: junk },
      { key: `st/${withBen.id}/${id}`, hlc, value: junk },
      { key: `msg/${withBen.id}/junk`, hlc, value: junk },
      { key: `ack/${withBen.id}/${id}`, hlc, value: encode(uint(), 1) },
      { key: keys.looked(withBen.id), hlc: hlcOf(thief, 2 ** 48 - 1), value: encode(uint(), 1) },
      { key: "newer/thing", hlc, value: junk },
    ]);
    await world.settle(laptop, tablet, ben);
    await laptop.restart();
    must(await laptop.engine.send("Ben", "as before"));
    await world.settle(laptop, tablet, ben);
    expect(await texts(ben, "Ana")).toEqual(["as before"]);
    expect(must(await laptop.engine.contacts())).toMatchObject([{ petname: "Ben", state: "active" }]);
    expect(await devicesOf(laptop)).toEqual(["phone live", "laptop live", "tablet live"]);
    const { work } = await openPhone(laptop);
    for (const key of [`st/${withBen.id}/${id}`, `msg/${withBen.id}/junk`, `ack/${withBen.id}/${id}`, keys.looked(withBen.id)])
      expect(await getState(work, key), key).toBeUndefined();
    expect(await getState(work, "newer/thing"), "a prefix of a newer Photon is stored").toEqual(junk);
  }, 60_000);

  test("a statement from the archive has to verify", async () => {
    const { work } = await openPhone(laptop);
    const { id, mine } = await viewOf(laptop, "Ben");
    const [statement] = mine.statements.values();
    if (statement === undefined) throw new Error("no statement");
    const forged = statement.bytes.slice();
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const hlc = { wall: world.now() + day, counter: 0, node: work.self.node };
    const at = (value: Bytes): Change => ({ key: keys.statement(id, statement.id), hlc, value });
    expect(await mergeState(work, [at(forged)], "archive")).toEqual([]);
    expect(await mergeState(work, [at(statement.bytes)], "archive")).toHaveLength(1);
  }, 60_000);

  test("nobody speaks for another device: spares, sightings, records; and whose a leaf is stays as it was first said", async () => {
    const { work } = await openPhone(tablet);
    const thief = await openPhone(phone);
    const sender = (await ownLeaf(thief.work, await thief.circle()))?.id;
    const circle = await loadCircle(work);
    const devices = await circleDevices(work);
    const recordOf = (name: string) => {
      const record = devices.find((one) => one.name === name);
      if (record === undefined) throw new Error(name);
      return record;
    };
    const [itself, other] = [recordOf("phone"), recordOf("laptop")];
    const hlc = hlcOf(thief, world.now() + 60_000);
    const leaf = await plantedLeaf(thief);
    const me = work.self.device;
    const spare = (owner: string): Change => ({
      key: `spare/${owner}/${me}/${toHex(leaf.id)}`,
      hlc,
      value: encode(leafSchema, leaf),
    });
    const seen = (device: string): Change => ({ key: `seen/${device}`, hlc, value: encode(uint(), 5) });
    const record = (device: string, circleLeaf = leaf.id): Change => ({
      key: `dev/${device}`,
      hlc,
      value: encode(deviceSchema, { name: "x", leaf: circleLeaf, recipient: other.recipient, added: 1 }),
    });
    const taken = async (change: Change): Promise<boolean> => (await mergeState(work, [change], "circle", sender)).length === 1;
    for (const change of [spare(other.device), seen(other.device), record(other.device), record("00", other.leaf)])
      expect(await taken(change), change.key).toBe(false);
    for (const change of [spare(itself.device), seen(itself.device), record("01")])
      expect(await taken(change), change.key).toBe(true);
    const broken = { ...leaf, lastResort: encode(text(64), "no package") };
    expect(await taken({ ...spare(itself.device), hlc: { ...hlc, counter: 1 }, value: encode(leafSchema, broken) })).toBe(false);
    const { id } = await viewOf(tablet, "Ben");
    const withBen = await loadRelationship(work, id);
    const own = (await ownLeaf(work, withBen))?.id ?? leaf.id;
    const whose = (device: string): Change => ({
      key: keys.leafOf(id, own),
      hlc,
      value: encode(leafOfSchema, { device, from: [] }),
    });
    expect(await taken(whose(itself.device))).toBe(false);
    expect(await mergeState(work, [whose(itself.device)], "archive")).toEqual([]);
    expect(await taken(whose(me))).toBe(true);
    // A leaf of the circle is not put under the name of a device that has another.
    const posing = encode(leafOfSchema, { device: other.device, from: [] });
    expect(await taken({ key: keys.leafOf(circleId, leaf.id), hlc, value: posing })).toBe(false);
    // No number of a plan is used up, and no plan is told under another's.
    const planned = (version: number): Uint8Array<ArrayBuffer> =>
      encode(planSchema, {
        plan: thief.work.random(32),
        version,
        threshold: 1,
        contested: 2,
        delayHours: 0,
        hint: "",
        created: 0,
        members: [id, circleId],
        operators: ["https://relay.example"],
      });
    for (const [key, version] of [
      [4_294_967_295, 4_294_967_295],
      [2, 1],
    ] as const)
      expect(await taken({ key: planKeys.record(key), hlc, value: planned(version) })).toBe(false);
    expect(await taken({ key: planKeys.record(1), hlc, value: planned(1) })).toBe(true);
    const record2 = encode(recordSchema, { ...circle.record, mine: withBen.mine.side });
    expect(await taken({ key: keys.record(circleId), hlc, value: record2 })).toBe(false);
  }, 60_000);
});

test("two siblings admit one device at once: it goes on with one of the two leaves, and the other is retired", async () => {
  for (const sibling of [phone, laptop]) {
    await by(sibling, async (work) => {
      const { id } = await viewOf(sibling, "Ben");
      const relationship = await loadRelationship(work, id);
      const target = (await circleDevices(work)).filter(({ name }) => name === "tablet");
      const { admit } = await admitSiblings(work, relationship, target);
      if (admit === undefined) throw new Error("no spare");
      await announceToPeer(work, relationship, [admit]);
      await announceToOwn(work, relationship, [admit]);
      await found(work, relationship);
      await work.commit();
      await flush(work, { onMoved: followBundle });
    });
  }
  await world.settle(phone, laptop, tablet, ben);
  const view = await viewOf(tablet, "Ben");
  const { work } = await openPhone(tablet);
  const own = await ownLeaves(work, await loadRelationship(work, view.id));
  expect(own.filter(({ live }) => live).length).toBeGreaterThan(1);
  const smallest = own
    .filter(({ live }) => live)
    .map(({ id }) => toHex(id))
    .toSorted()[0];
  expect(toHex((await ownLeaf(work, await loadRelationship(work, view.id)))?.id ?? new Uint8Array(0))).toBe(smallest);
  must(await ben.engine.send("Ana", "one"));
  must(await tablet.engine.send("Ben", "two"));
  await world.settle(phone, laptop, tablet, ben);
  world.advance(2 * day);
  await world.settle(phone, laptop, tablet, ben);
  must(await tablet.engine.send("Ben", "three"));
  await world.settle(phone, laptop, tablet, ben);
  for (const device of [phone, laptop, tablet]) {
    expect(await texts(device, "Ben"), device.name).toEqual(["one", "two", "three"]);
    expect(liveIds((await viewOf(device, "Ben")).mine.state), device.name).toHaveLength(3);
    expect(liveIds((await viewOf(device, "Ben")).mine.state)).toContain(smallest);
  }
  expect(await texts(ben, "Ana")).toEqual(["one", "two", "three"]);
}, 90_000);

test("a quarantined copy does not keep the genuine message out, here or in the archive", async () => {
  const { work, newContent, relationship: find } = await openPhone(laptop);
  const relationship = await loadRelationship(work, (await viewOf(laptop, "Ben")).id);
  const content = await newContent(await find("Ben"), "text", utf8("genuine"));
  const leaf = (await ownLeaf(work, relationship))?.id;
  if (leaf === undefined) throw new Error("no leaf");
  const keep = (quarantined: boolean, body: string) =>
    keepMessage(work, relationship, { ...content, body: utf8(body) }, { who: "me", leaf, quarantined });
  const key = keys.message(relationship.id, content, "me");
  const stored = async () => (await loadMessages(work, relationship.id)).map(({ body }) => new TextDecoder().decode(body));
  expect(await keep(true, "zzz a copy")).toBe(true);
  const copy = await getState(work, key);
  expect(await keep(false, "genuine")).toBe(true);
  expect(await stored()).toEqual(["genuine"]);
  const genuine = await getState(work, key);
  if (copy === undefined || genuine === undefined) throw new Error("not kept");
  expect(await keep(true, "zzz a copy")).toBe(false);
  expect(await keep(false, "zzz another")).toBe(false);
  await mergeState(work, [{ key, hlc: content.sent, value: copy }], "archive");
  expect(await stored()).toEqual(["genuine"]);
}, 60_000);
