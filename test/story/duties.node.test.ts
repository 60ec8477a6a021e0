/**
 * What must happen although nobody types (spec/09-engine.md, "Duties"), where neither the session nor a recovery is about it:
 * each of these is found in the store, whichever command looks next.
 */
import { equalBytes, ok } from "@photon/protocol/codec";
import { liveLeaves } from "@photon/protocol/lineage";
import {
  Crash,
  day,
  type Device,
  makeWorld,
  type MemoryRelay,
  memoryRelay,
  minute,
  must,
  texts,
  type World,
} from "@photon/testkit";
import { memoryVault } from "@photon/testkit/memory-vault";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sparesLeft } from "../../packages/engine/src/circle/devices.ts";
import { openPhone, viewOf } from "../adversary/open-phone.ts";

let world: World;
let relay: MemoryRelay;
/** Deposits into this inbox vanish, and their sender is told that they arrived. */
let lostAt: Uint8Array | undefined;
let ana: Device;
let ben: Device;
beforeEach(async () => {
  relay = memoryRelay();
  lostAt = undefined;
  world = await makeWorld({
    network: { transport: relay, blobs: memoryVault() },
    wrap: (inner) => ({
      ...inner,
      call: async (origin, kind, value) =>
        kind === "append" && lostAt !== undefined && "sendId" in value && equalBytes(value.sendId, lostAt)
          ? (ok({ kind: "appended", value: { seq: 1 } }) as never)
          : inner.call(origin, kind, value),
    }),
  });
  ana = await world.person("phone");
  ben = await world.person("Ben's laptop");
});
afterEach(() => world.close());

const inboxOf = async (device: Device, who: string): Promise<Uint8Array | undefined> =>
  (await viewOf(device, who)).mine.state.inbox?.sendId;
/** How many devices Ben believes to be Ana's. */
const devicesAtBen = async (): Promise<number> => {
  const { peer } = await viewOf(ben, "Ana");
  return peer === undefined ? 0 : liveLeaves(peer.state).length;
};

describe("gap", () => {
  test("a message that waits for an earlier one for more than ten minutes is sealed anew, with the one that is missing", async () => {
    await world.befriend(ana, "Ben", ben, "Ana");
    lostAt = await inboxOf(ben, "Ana");
    must(await ana.engine.send("Ben", "lost on the way"));
    must(await ana.engine.sync());
    lostAt = undefined;
    must(await ana.engine.send("Ben", "came without it"));
    await world.settle(ana, ben);
    expect(await texts(ben, "Ana")).toEqual([]);
    world.advance(9 * minute);
    await world.settle(ana, ben);
    expect(await texts(ben, "Ana"), "it may still come").toEqual([]);
    world.advance(2 * minute);
    await world.settle(ben, ana);
    expect(await texts(ben, "Ana")).toEqual(["lost on the way", "came without it"]);
    expect(must(await ana.engine.read("Ben")).map(({ state }) => state)).toEqual(["delivered", "delivered"]);
  });
});

describe("claim", () => {
  test("an invitation that was accepted and is unanswered for 20 days is claimed again", async () => {
    const invitation = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ana.engine.sync());
    must(await ben.engine.accept(invitation.link, { petname: "Ana" }));
    must(await ben.engine.sync());
    relay.discard();
    for (const [days, state] of [
      [19, "waiting"],
      [2, "confirm"],
    ] as const) {
      world.advance(days * day);
      must(await ben.engine.sync());
      must(await ana.engine.sync());
      expect(must(await ana.engine.contacts())).toMatchObject([{ state }]);
    }
    must(await ana.engine.confirm(invitation.contact, { petname: "Ben" }));
    must(await ben.engine.send("Ana", "at last"));
    await world.settle(ana, ben);
    expect(await texts(ana, "Ben")).toEqual(["at last"]);
  });
});

describe("redeposit", () => {
  test("R13: a message that is unacknowledged for 20 days is deposited again, before its relay has forgotten it for long", async () => {
    await world.befriend(ana, "Ben", ben, "Ana");
    // In a generation in which Ben was not heard, so that healing makes no other.
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "forgotten by the relay"));
    must(await ana.engine.sync());
    relay.discard();
    for (const [days, arrived] of [
      [19, []],
      [2, ["forgotten by the relay"]],
    ] as const) {
      world.advance(days * day);
      must(await ana.engine.sync());
      must(await ben.engine.sync());
      expect(await texts(ben, "Ana")).toEqual(arrived);
    }
    await world.settle(ana, ben);
    expect(must(await ana.engine.read("Ben"))).toMatchObject([{ state: "delivered" }]);
  });

  test("R13: so is what changed at a side, though nobody has written a word", async () => {
    await world.befriend(ana, "Ben", ben, "Ana");
    await world.addDevice(ana, "tablet");
    must(await ana.engine.sync());
    relay.discard();
    for (const [days, devices] of [
      [19, 1],
      [2, 2],
    ] as const) {
      world.advance(days * day);
      must(await ana.engine.sync());
      must(await ben.engine.sync());
      expect(await devicesAtBen()).toBe(devices);
    }
  });
});

describe("spares", () => {
  test("a pool that runs low is filled, so that a sibling which is offline is in each new relationship from its beginning", async () => {
    const tablet = await world.addDevice(ana, "tablet");
    await world.settle(ana, tablet);
    const pool = async (): Promise<number> => {
      const [own, sibling] = [await openPhone(ana), await openPhone(tablet)];
      return sparesLeft(own.work, sibling.work.self.device, own.work.self.device);
    };
    for (let left = await pool(); left > 3; left--) must(await ana.engine.meet({ petname: `friend ${left}` }));
    expect(await pool()).toBe(3);
    await world.settle(ana, tablet);
    expect(await pool()).toBe(8);
  });
});

describe("reconcile", () => {
  test("a retirement that died half-way is finished in every relationship by the next command, whatever it is", async () => {
    await world.befriend(ana, "Ben", ben, "Ana");
    const laptop = await world.addDevice(ana, "laptop");
    await world.settle(ana, laptop, ben);
    expect(await devicesAtBen()).toBe(2);
    const { id } = await viewOf(laptop, "Ben");
    await laptop.reopenThrough((store) => ({
      ...store,
      commit: async (writes, expected) => {
        if (writes.some(({ key }) => key.startsWith(`st/${id}/`))) throw new Crash("before the relationship's turn");
        return store.commit(writes, expected);
      },
    }));
    await expect(laptop.engine.retire("phone", "lost")).rejects.toBeInstanceOf(Crash);
    await laptop.restart();
    expect(await stateOfPhone(laptop)).toBe("retired");
    await world.settle(ben);
    expect(await devicesAtBen(), "the circle knows, and Ben does not").toBe(2);
    must(await laptop.engine.sync());
    must(await ben.engine.sync());
    expect(await devicesAtBen()).toBe(1);
  });
});

const stateOfPhone = async (device: Device): Promise<unknown> =>
  must(await device.engine.devices()).find(({ name }) => name === "phone")?.state;
