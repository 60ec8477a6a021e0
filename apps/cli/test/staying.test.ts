/** Commands that stay: other commands work beside them, and none waits without an end. */
import { photonError } from "@photon/engine/errors";
import { err, ok } from "@photon/protocol/codec";
import { describe, expect, test } from "vitest";
import { contact, noon, quietSync } from "./support/fake-engine.ts";
import { fakePhoton } from "./support/fake-world.ts";

const week = 7 * 86_400_000;

describe("meet --wait", () => {
  test("the profile is free between two looks", async () => {
    const { photon, engine, state, locks } = fakePhoton({ contacts: [contact({ state: "waiting" })] });
    let rounds = 0;
    Object.assign(engine, {
      waitForHint: async () => {
        expect(locks.at(-1)).toBe("unlock");
        rounds += 1;
        if (rounds === 2) state.contacts = [contact({ state: "confirm" })];
      },
    });
    const done = await photon("meet", "--json", "--wait");
    expect(done.code).toBe(0);
    expect(done.lines).toMatchObject([{ link: "https://relay.example/i#abc" }, { accepted: { id: "c1", state: "confirm" } }]);
    expect(rounds).toBe(2);
    expect(locks.filter((what) => what === "lock").length).toBe(locks.filter((what) => what === "unlock").length);
  });

  test("ends when the invitation does, and says how to make a new one", async () => {
    let now = noon;
    const { photon, engine } = fakePhoton({ contacts: [contact({ state: "waiting" })] }, { now: () => now });
    Object.assign(engine, {
      waitForHint: async (timeout: number) => {
        expect(timeout).toBeLessThanOrEqual(noon + week - now);
        now += week / 2;
      },
    });
    const done = await photon("meet", "--json", "--wait");
    expect(done.code).toBe(1);
    expect(done.lines.at(-1)).toMatchObject({ error: { code: "invitation-expired", remedy: "`photon meet` makes a new one." } });
  });

  test("a device that is retired meanwhile is told so", async () => {
    const retired = { ...quietSync, problems: [photonError("device-retired")] };
    const { photon } = fakePhoton({ contacts: [contact({ state: "waiting" })], syncs: [quietSync, quietSync, retired] });
    expect((await photon("meet", "--json", "--wait")).lines.at(-1)).toMatchObject({ error: { code: "device-retired" } });
  });
});

describe("devices add", () => {
  test("the profile is free until the other device has answered, and between the steps that let it in", async () => {
    const held: boolean[] = [];
    const { photon, state, locks } = fakePhoton(
      {},
      {
        pause: async () => {
          held.push(locks.at(-1) === "lock");
        },
      },
    );
    const done = await photon("devices", "add", "--json", "--no-input");
    expect(done.code).toBe(0);
    expect(done.lines).toMatchObject([{ code: "abc-def" }, { joined: "tablet" }]);
    expect(held).toEqual([false, false]);
    expect(state.calls.filter((call) => call.startsWith("addDevice"))).toEqual(["addDevice", "addDevice again", "addDevice again"]);
    expect(state.calls).not.toContain("withdraw");
  });

  test("a code that nobody has used is taken back when the command is interrupted, or its day is over", async () => {
    const cancel = new AbortController();
    const interrupted = fakePhoton({ answersAfter: 1_000 }, { cancel: cancel.signal, pause: async () => cancel.abort() });
    expect((await interrupted.photon("devices", "add", "--json")).code).toBe(130);
    expect(interrupted.state.calls).toContain("withdraw");
    let now = noon;
    const late = fakePhoton(
      { answersAfter: 1_000 },
      {
        now: () => now,
        pause: async () => {
          now += 400_000;
        },
      },
    );
    const done = await late.photon("devices", "add", "--json");
    expect(done.code).toBe(1);
    expect(done.lines.at(-1)).toMatchObject({ error: { code: "code-expired" } });
    expect(late.state.calls).toContain("withdraw");
  });

  test("a relay that is away for a moment ends nothing", async () => {
    const { photon, engine } = fakePhoton();
    const { addDevice } = engine;
    let asked = 0;
    Object.assign(engine, {
      addDevice: async (...begun: Parameters<typeof addDevice>) => {
        const made = await addDevice(...begun);
        if (!made.ok) return made;
        const isAnswered = async () => ((asked += 1) === 1 ? err(photonError("relay-unreachable")) : made.value.isAnswered());
        return ok({ ...made.value, isAnswered });
      },
    });
    expect((await photon("devices", "add", "--json")).code).toBe(0);
  });
});

describe("init --join", () => {
  const joining = (steps: readonly ("waiting" | "away" | "joined")[]) => {
    const left = [...steps];
    let closed = 0;
    const { engine } = fakePhoton();
    Object.assign(engine, { deviceName: "phone 2" });
    const profile = { engine, isWanted: () => false, unlock: () => undefined, close: async () => undefined };
    const waits: number[] = [];
    const { photon } = fakePhoton(
      {},
      {
        profile: false,
        env: { PHOTON_JOIN_WAIT: "2" },
        pause: async (milliseconds) => void waits.push(milliseconds),
        home: {
          join: async () =>
            ok({
              poll: async () => {
                const step = left.length > 1 ? left.shift() : left[0];
                if (step === "away") return err(photonError("relay-unreachable"));
                return step === "joined"
                  ? ok({ state: "joined" as const, profile, problems: [] })
                  : ok({ state: "waiting" as const, progress: 0 });
              },
              close: async () => void (closed += 1),
            }),
        },
      },
    );
    return { photon, waited: () => waits.reduce((sum, one) => sum + one, 0), closed: () => closed };
  };
  const words = ["init", "--join", "abc", "--device", "phone"];

  test("says what it waits for, and gives up after a while: the code is good no more", async () => {
    const { photon, waited, closed } = joining(["waiting"]);
    const done = await photon(...words);
    expect(done.code).toBe(1);
    expect(done.err).toMatch(/Waiting for your other device[^]*Nothing waits under that code[^]*photon devices add/u);
    expect(waited()).toBe(2_000);
    expect(closed()).toBe(1);
    expect((await joining(["waiting"]).photon(...words, "--json")).json).toMatchObject({ error: { code: "code-expired" } });
  });

  test("a relay that is away is waited for as long, and then told", async () => {
    expect((await joining(["away", "waiting", "joined"]).photon(...words)).code).toBe(0);
    expect((await joining(["away"]).photon(...words, "--json")).json).toMatchObject({ error: { code: "relay-unreachable" } });
  });

  test("prints the name that the device got, where its own was taken", async () => {
    const done = await joining(["joined"]).photon(...words, "--json");
    expect(done.json).toMatchObject({ joined: true, device: "phone 2" });
  });
});
