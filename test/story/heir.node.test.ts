/** The duty `heir` (spec/09-engine.md, "Duties"): time alone decides about a succession, and what follows is found in the store. */
import { day, type Device, hour, must } from "@photon/testkit";
import { guarded, type Guarded, recoverWith } from "@photon/testkit/guarded";
import { afterEach, expect, test } from "vitest";
import { openPhone, viewOf } from "../adversary/open-phone.ts";

let story: Guarded;
afterEach(() => story.world.close());

/** How often the keys of this person's inbox towards Ana were changed. */
const rotationOf = async (device: Device): Promise<number | undefined> => (await viewOf(device, "Ana")).mine.state.inbox?.rotation;

test("a succession that waits is looked at by each command, and once it counts: acknowledged, new keys, what waited is sealed anew", async () => {
  story = await guarded();
  const { world, peers, trustees } = story;
  const [peer] = peers as [Device];
  const phone = await recoverWith(story, ...trustees.slice(0, 2));
  must(await peer.engine.send("Ana", "are you there?"));
  await world.settle(peer, phone);
  const before = await rotationOf(peer);
  const waits = async (): Promise<number> => (await (await openPhone(peer)).work.list("duty", "heir/")).length;
  expect(await waits()).toBe(1);
  expect(must(await phone.engine.recoveryProgress())).toMatchObject({ acknowledged: 0 });
  expect(must(await phone.engine.read("peer 1")).map(({ body }) => body)).not.toContain("are you there?");

  world.advance(47 * hour);
  must(await peer.engine.sync());
  expect(await waits()).toBe(1);
  expect(await rotationOf(peer)).toBe(before);

  // Nobody says anything, and the program was not running when the time came.
  await peer.restart();
  world.advance(2 * day);
  must(await peer.engine.sync());
  expect(await waits()).toBe(0);
  await world.settle(peer, phone);
  expect(await rotationOf(peer)).toBe((before ?? 0) + 1);
  expect(must(await phone.engine.recoveryProgress())).toMatchObject({ acknowledged: 1 });
  expect(must(await phone.engine.read("peer 1")).at(-1)).toMatchObject({ from: "peer", body: "are you there?" });
});
