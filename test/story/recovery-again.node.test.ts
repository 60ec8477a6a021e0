/** A request that came to nothing ties its folder to nothing. */
import { openProfile, openRecovery, type Ports, recoverProfile } from "@photon/engine";
import { memoryKeyStore, memoryStore } from "@photon/engine/adapters/memory";
import { day, makeWorld, must, type World } from "@photon/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const nobodyThere = "http://127.0.0.1:9";
let world: World;
let ports: Ports;
beforeEach(async () => {
  world = await makeWorld();
  const { ports: some } = await world.person("somebody's");
  ports = { ...some, store: memoryStore(), keys: memoryKeyStore(some.random) };
});
afterEach(() => world.close());

describe("a request for a recovery", () => {
  test("that could not be laid down leaves nothing: it is begun at another relay in the same folder", async () => {
    expect(await recoverProfile(ports, { device: "new phone", relay: nobodyThere })).toMatchObject({
      ok: false,
      error: { code: "relay-unreachable" },
    });
    expect(must(await openRecovery(ports))).toBeUndefined();
    expect(await openProfile(ports)).toMatchObject({ ok: false, error: { code: "no-profile" } });
    const begun = must(await recoverProfile(ports, { device: "new phone", relay: world.url }));
    expect(begun.spoken).toContain(world.url.replace("http://", ""));
    expect(must(await begun.poll())).toMatchObject({ state: "collecting" });
  });

  test("that was begun is gone on with, wherever it is begun again", async () => {
    const begun = must(await recoverProfile(ports, { device: "new phone", relay: world.url }));
    world.advance(29 * day);
    const again = must(await recoverProfile(ports, { device: "new phone", relay: nobodyThere }));
    expect([again.spoken, again.isOver]).toEqual([begun.spoken, false]);
    expect(must(await openRecovery(ports))?.spoken).toBe(begun.spoken);
  });

  test("that nobody approved in its thirty days is over: it says so, and is begun anew", async () => {
    const begun = must(await recoverProfile(ports, { device: "new phone", relay: world.url }));
    world.advance(31 * day);
    const late = must(await openRecovery(ports));
    expect(late).toMatchObject({ spoken: begun.spoken, isOver: true });
    expect(await late?.poll()).toMatchObject({ ok: false, error: { code: "request-expired" } });
    const anew = must(await recoverProfile(ports, { device: "new phone", relay: world.url }));
    expect(anew.spoken).not.toBe(begun.spoken);
    expect(must(await anew.poll())).toMatchObject({ state: "collecting", approvals: 0 });
    expect(must(await openRecovery(ports))).toMatchObject({ spoken: anew.spoken, isOver: false });
  });
});
