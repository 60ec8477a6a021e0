import { day, type Device, hour, must } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later } from "@photon/testkit/guarded";
import { afterEach, test } from "vitest";
let story: Guarded;
afterEach(() => story.world.close());
const successionAt = async (peer: Device) =>
  must(await peer.engine.contacts()).find(({ petname }) => petname === "Ana")?.succession;
test("late contest, then all three approve again", { timeout: 900_000 }, async () => {
  story = await guarded();
  const { world, ana: thief, trustees, others, peers } = story;
  const [ben, chi, dee] = trustees as [Device, Device, Device];
  const newcomer = await world.recover("Ana's new phone");
  await approve(newcomer, ben, chi);
  await world.settle(ben, chi);
  await later(story, 49 * hour, ben, chi);
  const phone = await become(newcomer);
  must(await phone.engine.sync());
  await world.settle(...trustees);
  await world.settle(phone, ...others);
  const [peer] = peers as [Device];
  must(await thief.engine.sync());
  must(await thief.engine.contest());
  await world.settle(thief, ...others);
  const show = async (what: string) =>
    console.log(
      what,
      JSON.stringify([
        await successionAt(peer),
        must(await phone.engine.recoveryProgress()),
        must(await ben.engine.trusteeships())[0]?.cases.map(({ state, approvals, needed, contested }) => ({ state, approvals, needed, contested })),
      ]),
    );
  await show("PROBE contest");
  await approve(newcomer, ben, chi, dee);
  await world.settle(...others);
  await show("PROBE approved again");
  await later(story, 8 * day, phone, ...others);
  await world.settle(phone, ...others);
  await show("PROBE 8 days later");
  await later(story, 8 * day, phone, ...others);
  await show("PROBE 16 days later");
});
