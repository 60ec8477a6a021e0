/** Recoveries that take their time, and devices that die in the middle of them. */
import { Crash, crashingStore, day, type Device, hour, makeChance, must } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later, plan, recoverWith } from "@photon/testkit/guarded";
import { afterEach, describe, expect, test } from "vitest";

let story: Guarded;
afterEach(() => story.world.close());

const anaAt = async (peer: Device) => must(await peer.engine.contacts()).find(({ petname }) => petname === "Ana");

describe("a peer away for a year", () => {
  test("R7: through two changes of trustees and a recovery, ends with the right keys and the right warning", async () => {
    story = await guarded({ trustees: 5, threshold: 2, peers: 1 });
    const { world, ana, trustees, peers } = story;
    const [ben, chi, dee, ede, fay] = trustees as [Device, Device, Device, Device, Device];
    const [peer] = peers as [Device];
    must(await peer.engine.verify("Ana", "words-compared"));
    expect((await anaAt(peer))?.verified).toMatchObject({ how: "words-compared" });
    // The peer goes away. Ana changes her trustees twice, and loses everything.
    const here: Guarded = { ...story, others: trustees };
    await plan(here, { trustees: ["Chi", "Dee", "Ede"], threshold: 2 }, [chi, dee, ede]);
    world.advance(100 * day);
    await world.settle(ana, ...trustees);
    await plan(here, { trustees: ["Dee", "Ede", "Fay"], threshold: 2 }, [dee, ede, fay]);
    world.advance(100 * day);
    await world.settle(ana, ...trustees);
    const phone = await recoverWith(here, dee, fay);
    await later(here, 3 * day, phone, ...trustees);
    must(await phone.engine.send("peer 1", "I lost my phone in spring"));
    for (let month = 0; month < 5; month++) await later(here, 30 * day, phone, ...trustees);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", succeeded: 6 });

    // Back: everything at once. The newest plan has to be believed first; then the succession waits in its turn.
    await world.settle(phone, peer);
    await later(here, hour, phone, peer);
    expect((await anaAt(peer))?.succession).toMatchObject({ state: "pending" });
    expect(must(await peer.engine.read("Ana")).at(-1)).toMatchObject({ body: "I lost my phone in spring", unconfirmed: true });
    for (let week = 0; week < 9; week++) await later(here, 7 * day, phone, peer);
    const seen = await anaAt(peer);
    expect(seen).toMatchObject({ state: "active", succession: { state: "counted" }, verified: undefined });
    must(await peer.engine.send("Ana", "I was away for a year"));
    await world.settle(phone, peer);
    expect(must(await phone.engine.read("peer 1")).at(-1)).toMatchObject({ body: "I was away for a year" });
    expect(must(await peer.engine.read("Ana")).at(-2)).toMatchObject({ unconfirmed: false });
    expect([ben].length).toBe(1);
  });
});

describe("a crash at any commit", () => {
  test("of the new phone or of a trustee: the recovery goes on where it was, and comes to the same end", async () => {
    const chance = makeChance(11);
    const rounds = Number(process.env["PHOTON_CRASHES"] ?? "24");
    story = await guarded({ peers: 0 });
    const { world, trustees, others } = story;
    const [ben, chi] = trustees as [Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    const dieIn = async (device: Device): Promise<void> => {
      let left = 1 + chance.below(9);
      const when = chance.pick(["before", "after"] as const);
      await device.reopenThrough((store) => crashingStore(store, () => (--left === 0 ? when : undefined)));
      try {
        must(await device.engine.sync());
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      } finally {
        await device.restart();
      }
    };
    await world.settle(...trustees);
    world.advance(49 * hour);
    for (let round = 0; round < rounds / 3; round++) {
      await dieIn(chance.pick(trustees));
      // However many rounds there are: what is ready may be answered for fourteen days.
      world.advance(Math.floor((24 * hour) / rounds));
    }
    await world.settle(...trustees);
    await newcomer.restart();
    const phone = await become(newcomer);
    for (let round = 0; round < rounds; round++) {
      await dieIn(chance.pick([phone, phone, ben, chi]));
      world.advance(Math.floor((6 * hour) / rounds));
    }
    world.advance(2 * hour);
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", relationships: 3, succeeded: 3 });
    for (const one of others) {
      const changes = must(await one.engine.history("Ana")).filter(({ kind, side }) => kind === "succeed" && side === "peer");
      expect(changes).toHaveLength(1);
    }
    await later(story, 50 * hour, phone, ...others);
    for (const one of others) expect(await anaAt(one)).toMatchObject({ succession: { state: "counted" }, state: "active" });
  });
});
