/** A person with two devices makes a plan: one of them deals it, whichever hears first that all trustees have agreed. */
import { day, type Device, makeWorld, memoryRelay, must, type World } from "@photon/testkit";
import { memoryVault } from "@photon/testkit/memory-vault";
import { afterEach, beforeEach, expect, test } from "vitest";

const names = ["Ben", "Chi", "Dee"] as const;
let world: World;
let phone: Device;
let laptop: Device;
let trustees: readonly Device[];
/** How many plan queues were made. */
let boards = 0;

beforeEach(async () => {
  boards = 0;
  world = await makeWorld({
    network: { transport: memoryRelay({ checks: false }), blobs: memoryVault() },
    wrap: (inner) => ({
      ...inner,
      call: (relay, kind, request) => {
        if (kind === "create" && "adminKey" in request && request.adminKey !== undefined) boards += 1;
        return inner.call(relay, kind, request);
      },
    }),
  });
  phone = await world.person("phone");
  const made: Device[] = [];
  for (const name of names) {
    const trustee = await world.person(`${name}'s phone`);
    await world.befriend(phone, name, trustee, "Ana");
    made.push(trustee);
  }
  trustees = made;
  laptop = await world.addDevice(phone, "laptop");
  await world.settle(phone, laptop, ...trustees);
  must(await phone.engine.planTrustees({ trustees: names, threshold: 2 }));
  await world.settle(phone, laptop, ...trustees);
  for (const trustee of trustees) {
    must(await trustee.engine.answerTrustee("Ana", true));
    await world.settle(trustee);
  }
});
afterEach(() => world.close());

const isProtected = async (device: Device): Promise<boolean | undefined> => must(await device.engine.planStatus())?.protected;

test("both hear at once that all have agreed: the one that asked deals, and all hold", async () => {
  await Promise.all([phone.engine.sync(), laptop.engine.sync()].map(async (synced) => must(await synced)));
  await world.settle(phone, laptop, ...trustees);
  expect(boards).toBe(1);
  for (const device of [phone, laptop]) expect(await isProtected(device)).toBe(true);
});

test("the one that asked is away: another deals a day later, and the first, back, does not deal again", async () => {
  await world.settle(laptop, ...trustees);
  expect(boards).toBe(0);
  expect(await isProtected(laptop)).toBe(false);
  world.advance(day);
  await world.settle(laptop, ...trustees);
  expect(boards).toBe(1);
  expect(await isProtected(laptop)).toBe(true);
  await world.settle(phone, laptop, ...trustees);
  expect(boards).toBe(1);
  expect(await isProtected(phone)).toBe(true);
});

test("the one that asked is retired: another deals at once", async () => {
  must(await laptop.engine.retire("phone", "lost"));
  await world.settle(laptop, ...trustees);
  expect(boards).toBe(1);
  expect(await isProtected(laptop)).toBe(true);
});
