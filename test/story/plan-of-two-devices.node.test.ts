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
  await acceptAll();
});
afterEach(() => world.close());

const isProtected = async (device: Device): Promise<boolean | undefined> => must(await device.engine.planStatus())?.protected;
const alarmsAt = async (device: Device): Promise<readonly string[]> => must(await device.engine.planStatus())?.alarms ?? [];
const acceptAll = async (): Promise<void> => {
  for (const trustee of trustees) {
    must(await trustee.engine.answerTrustee("Ana", true));
    await world.settle(trustee);
  }
};

test("both hear at once that all have agreed: the one that asked deals, and all hold", async () => {
  await Promise.all([phone.engine.sync(), laptop.engine.sync()].map(async (synced) => must(await synced)));
  await world.settle(phone, laptop, ...trustees);
  expect(boards).toBe(1);
  for (const device of [phone, laptop]) expect(await isProtected(device)).toBe(true);
});

test("the one that asked is away: nobody deals in its place, however long, and the other says who will", async () => {
  for (const days of [0, 1, 30]) {
    world.advance(days * day);
    await world.settle(laptop, ...trustees);
    expect(boards).toBe(0);
    expect(await isProtected(laptop)).toBe(false);
    expect(await alarmsAt(laptop)).toContain("All have agreed. phone hands out the shares when it is next in use.");
  }
  await world.settle(phone, laptop, ...trustees);
  await world.settle(phone, laptop, ...trustees);
  expect(boards).toBe(1);
  for (const device of [phone, laptop]) expect(await isProtected(device)).toBe(true);
});

test("the one that asked is retired: the owner is told, and makes the plan anew", async () => {
  must(await laptop.engine.retire("phone", "lost"));
  await world.settle(laptop, ...trustees);
  expect(boards).toBe(0);
  expect((await alarmsAt(laptop)).join(" ")).toContain("make the plan anew");
  must(await laptop.engine.planTrustees({ trustees: names, threshold: 2 }));
  await world.settle(laptop, ...trustees);
  await acceptAll();
  await world.settle(laptop, ...trustees);
  expect(boards).toBe(1);
  expect(await isProtected(laptop)).toBe(true);
});

test("both make a plan before they hear of each other: neither says that it protects while it does not, and the next one does", async () => {
  await world.settle(phone, laptop, ...trustees);
  for (const device of [phone, laptop])
    must(await device.engine.planTrustees({ trustees: names, threshold: 2, hint: device.name }));
  await Promise.all([phone, laptop, ...trustees].map(async ({ engine }) => must(await engine.sync())));
  await acceptAll();
  // Each hears the last yes before it hears of the other's plan.
  await Promise.all([phone, laptop].map(async ({ engine }) => must(await engine.sync())));
  await world.settle(phone, laptop, ...trustees);
  world.advance(day);
  await world.settle(phone, laptop, ...trustees);
  const both = [must(await phone.engine.planStatus()), must(await laptop.engine.planStatus())];
  // Both keep one and the same, dealt once and held, or it protects at neither.
  expect(both[0]?.hint).toBe(both[1]?.hint);
  expect(both[0]?.protected).toBe(both[1]?.protected);
  must(await phone.engine.planTrustees({ trustees: names, threshold: 2 }));
  await world.settle(phone, laptop, ...trustees);
  await acceptAll();
  await world.settle(phone, laptop, ...trustees);
  for (const device of [phone, laptop]) expect(await isProtected(device)).toBe(true);
});

test("one of two plans under one number is dealt: both devices go by what was dealt", async () => {
  await world.settle(phone, laptop, ...trustees);
  must(await phone.engine.planTrustees({ trustees: names, threshold: 2, hint: "phone", delayHours: 72 }));
  await world.settle(phone, ...trustees);
  must(await laptop.engine.planTrustees({ trustees: names, threshold: 2, hint: "laptop", delayHours: 24 }));
  await acceptAll();
  await world.settle(phone, ...trustees);
  await world.settle(phone, laptop, ...trustees);
  const [one, other] = [must(await phone.engine.planStatus()), must(await laptop.engine.planStatus())];
  expect(one?.protected).toBe(true);
  expect(other).toMatchObject({ protected: true, hint: one?.hint, delayHours: one?.delayHours });
});

test("the very first plan, made at both before they hear of each other, keeps neither of them from syncing", async () => {
  const fresh = await makeWorld({ network: { transport: memoryRelay({ checks: false }), blobs: memoryVault() } });
  const one = await fresh.person("phone");
  const friends: Device[] = [];
  for (const name of names) {
    const friend = await fresh.person(`${name}'s phone`);
    await fresh.befriend(one, name, friend, "Ana");
    friends.push(friend);
  }
  const other = await fresh.addDevice(one, "laptop");
  await fresh.settle(one, other, ...friends);
  for (const device of [one, other]) must(await device.engine.planTrustees({ trustees: names, threshold: 2 }));
  for (let pass = 0; pass < 3; pass++) {
    await Promise.all([one, other, ...friends].map(async ({ engine }) => must(await engine.sync())));
    for (const friend of friends) await friend.engine.answerTrustee("Ana", true);
  }
  await fresh.settle(one, other, ...friends);
  const both = [must(await one.engine.planStatus()), must(await other.engine.planStatus())];
  expect(both[0]?.protected).toBe(both[1]?.protected);
  await fresh.close();
});
