/** Ana loses everything, by the scripting contract, with the real program and a real server. Each test goes on where the last one ended. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, type JsonLine, Machine } from "./program.ts";

const machine = new Machine();
let relay = "";
beforeAll(async () => {
  relay = (await machine.serve()).url;
});
afterAll(() => machine.close());

const trustees = ["Ben", "Chi", "Dee"] as const;
const homeOf = (name: string): string => name.toLowerCase();
const list = (finished: Finished, field: string): readonly JsonLine[] => finished.json[field] as readonly JsonLine[];
const bodies = async (home: string, who: string): Promise<readonly unknown[]> =>
  list(await machine.photon(home, "read", who), "messages").map(({ body }) => body);

/** Everybody's device syncs, as it does by itself. */
async function syncAll(...homes: readonly string[]): Promise<void> {
  for (const home of homes) expect((await machine.photon(home, "sync")).code, home).toBeLessThanOrEqual(3);
}

describe("Ana and her trustees", { timeout: 300_000 }, () => {
  test("three people who know Ana", async () => {
    expect((await machine.photon("phone", "init", "--relay", relay, "--device", "phone")).code).toBe(0);
    for (const name of trustees) {
      const { link } = (await machine.photon("phone", "meet", "--petname", name)).json;
      expect((await machine.photon(homeOf(name), "accept", String(link), "--petname", "Ana")).code).toBe(0);
    }
    for (const { id } of list(await machine.photon("phone", "contacts"), "contacts"))
      expect((await machine.photon("phone", "contacts", "confirm", String(id))).json).toMatchObject({ state: "active" });
    await syncAll(...trustees.map(homeOf));
    expect((await machine.photon("phone", "send", "Ben", "before the loss")).code).toBe(0);
  });

  test("they are asked, accept, and hold shares; until then the plan says that it does not protect", async () => {
    const asked = await machine.photon("phone", "plan", "trustees", "set", ...trustees, "--delay", "0", "--hint", "Ben first");
    expect(asked.code).toBe(0);
    expect(asked.json).toMatchObject({ threshold: 2, delayHours: 0, protected: false });
    for (const name of trustees) {
      expect(list(await machine.photon(homeOf(name), "trustee"), "trusteeships")).toMatchObject([
        { petname: "Ana", state: "asked" },
      ]);
      expect((await machine.photon(homeOf(name), "trustee", "accept", "Ana")).json).toMatchObject({ state: "accepted" });
    }
    await syncAll("phone", ...trustees.map(homeOf), "phone");
    expect((await machine.photon("phone", "plan")).json).toMatchObject({ protected: true, hint: "Ben first" });
  });

  let spoken = "";
  test("on a new device she needs to remember nothing: Ben reads her words; the request is there at once, and again", async () => {
    const { words } = (await machine.photon("ben", "trustee", "help", "Ana")).json;
    const begun = await machine.photon(
      "new",
      "recover",
      "trustees",
      "--from",
      ...String(words).split(" "),
      "--device",
      "new phone",
    );
    expect(begun.code).toBe(0);
    expect(begun.json).toMatchObject({ schema: 1, request: expect.any(String) as string });
    spoken = String(begun.json["spoken"]);
    expect(spoken).toMatch(/^127\.0\.0\.1:\d+( [a-z]+){12}$/u);
    expect((await machine.photon("new", "recover", "trustees")).json).toMatchObject({ spoken, recovery: { state: "collecting" } });
  });

  test("until people have approved, every command exits with 20", async () => {
    expect(await machine.photon("new", "sync")).toMatchObject({ code: 20, json: { recovery: { approvals: 0, needed: null } } });
    expect(await machine.photon("new", "contacts")).toMatchObject({ code: 20, json: { error: { code: "recovery-waiting" } } });
    expect(await machine.photon("new", "init", "--relay", relay)).toMatchObject({ code: 20 });
  });

  test("two approve what she speaks; a mistyped code is refused", async () => {
    const wrong = spoken.replace(/ [a-z]+$/u, " zzz");
    expect(await machine.photon("ben", "trustee", "approve", "Ana", "--code", wrong)).toMatchObject({
      code: 2,
      json: { error: { code: "bad-request-code" } },
    });
    expect((await machine.photon("ben", "trustee", "approve", "Ana", "--code", ...spoken.split(" "))).json).toMatchObject({
      device: "new phone",
      approvals: 1,
      needed: 2,
      approvedByMe: true,
    });
    expect((await machine.photon("new", "sync")).json).toMatchObject({ recovery: { approvals: 1, needed: 2, hint: "Ben first" } });
    const how = ["--recognised", "in-person", "--contacted", "i-reached-them"];
    expect((await machine.photon("chi", "trustee", "approve", "Ana", ...how, "--code", spoken)).code).toBe(0);
  });

  test("her relationships come back, and she is announced", async () => {
    let last = await machine.photon("new", "sync");
    for (let round = 0; round < 20 && last.code === 20; round++) {
      await syncAll(...trustees.map(homeOf));
      last = await machine.photon("new", "sync");
    }
    expect(last.code).toBe(0);
    expect(last.json).toMatchObject({ recovery: { state: "recovered", relationships: 3, succeeded: 3, blamed: [] } });
    expect(await bodies("new", "Ben")).toEqual(["before the loss"]);
    expect((await machine.photon("new", "recover", "status")).json).toMatchObject({ recovery: { state: "recovered" } });
  });

  test("the old phone, wherever it is, hears of it", async () => {
    const done = await machine.photon("phone", "sync");
    expect(list(done, "recoveries")).toMatchObject([{ device: "new phone", approvedBy: ["Ben", "Chi"], contested: false }]);
  });

  test("Ben sees her unconfirmed; what he writes waits; he confirms, and they go on", async () => {
    expect((await machine.photon("new", "send", "Ben", "it is me")).code).toBe(0);
    expect(list(await machine.photon("ben", "contacts"), "contacts")).toMatchObject([
      { petname: "Ana", verified: null, succession: { state: "pending" } },
    ]);
    expect(list(await machine.photon("ben", "read", "Ana"), "messages").at(-1)).toMatchObject({
      body: "it is me",
      unconfirmed: true,
    });
    expect(await machine.photon("ben", "send", "Ana", "is it you?")).toMatchObject({ code: 22, json: { held: true } });
    expect((await machine.photon("ben", "contacts", "confirm", "Ana", "--how", "known-channel")).json).toMatchObject({
      verified: { how: "known-channel" },
      succession: { state: "counted" },
    });
    await syncAll("ben", "new");
    expect(await bodies("new", "Ben")).toEqual(["before the loss", "it is me", "is it you?"]);
  });

  test("Dee does not believe it, and stays with the old phone", async () => {
    await syncAll("dee");
    expect((await machine.photon("dee", "contacts", "refuse", "Ana")).code).toBe(2);
    expect((await machine.photon("dee", "contacts", "refuse", "Ana", "--yes")).json).toMatchObject({
      succession: { state: "refused" },
    });
  });

  test("the phone objects; Chi, who has not decided, sees a contested side and sends nothing by mistake", async () => {
    expect((await machine.photon("phone", "contest")).json).toMatchObject({ recoveries: [{ contested: true }] });
    await syncAll("chi");
    expect(list(await machine.photon("chi", "contacts"), "contacts")).toMatchObject([{ state: "contested" }]);
    expect(await machine.photon("chi", "send", "Ana", "hello")).toMatchObject({ code: 21, json: { error: { code: "contested" } } });
  });
});
