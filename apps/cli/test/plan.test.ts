/** `photon plan trustees`: choosing people, and being told plainly what the choice means. */
import { photonError } from "@photon/engine/errors";
import { describe, expect, test } from "vitest";
import { plan } from "./support/fake-engine.ts";
import { fakePhoton, scriptedAsk } from "./support/fake-world.ts";

const noonText = "2025-03-14T12:00:00.000Z";

describe("photon plan trustees show", () => {
  test("--json gives the plan, with ISO times", async () => {
    const done = await fakePhoton({ plan: plan() }).photon("plan", "trustees", "show", "--json");
    expect(done.code).toBe(0);
    expect(done.json).toEqual({
      schema: 1,
      version: 1,
      threshold: 2,
      contested: 3,
      delayHours: 48,
      hint: "Ask Ben first",
      operators: ["https://relay.example"],
      members: [
        { petname: "Ben", state: "holding", since: noonText },
        { petname: "Chi", state: "accepted", since: noonText },
        { petname: "Dee", state: "asked", since: "2025-03-13T12:00:00.000Z" },
      ],
      protected: false,
      announced: 1,
      inForce: 0,
      relationships: 3,
      alarms: ["2 of 3 have accepted: not protected."],
    });
  });

  test("`photon plan` and `photon plan trustees` show it too", async () => {
    const { photon } = fakePhoton({ plan: plan() });
    for (const line of [["plan"], ["plan", "trustees"]])
      expect((await photon(...line, "--json")).json).toMatchObject({ version: 1 });
    expect(await photon("plan", "trustees", "nonsense")).toMatchObject({ code: 2 });
  });

  test("who has accepted, who could act as you, and whether it protects you", async () => {
    const done = await fakePhoton({ plan: plan() }).photon("plan");
    expect(done.out).toMatch(/^trustees {6}Ben {2}holds a share/u);
    expect(done.out).toContain("it takes      2 of 3; 3 if one of your old devices objects");
    expect(done.err.match(/2 of 3 have accepted: not protected\./gu)).toHaveLength(1);
    expect(done.err).toContain("Who could act as you: any 2 of these 3 together, in the open");
    expect(done.err).toContain("could read your backup without anybody seeing it");
  });

  test("a plan that protects, with its alarms", async () => {
    const members = ["Ben", "Chi", "Dee"].map((petname) => ({ petname, state: "holding" as const, since: 0 }));
    const done = await fakePhoton({
      plan: plan({ protected: true, members, alarms: ["Dee has not been heard for a while."] }),
    }).photon("plan");
    expect(done.err).toContain("Protected: 3 of 3 trustees hold their share.");
    expect(done.err).toContain("With 3 people it is not in force yet, but 14 days after they heard of it, or 28 if it replaces");
    expect(done.err).toContain("Dee has not been heard for a while.");
  });

  test("without a plan it fails with how to make one", async () => {
    const done = await fakePhoton().photon("plan", "--json");
    expect(done).toMatchObject({ code: 1, json: { error: { code: "no-plan" } } });
  });
});

describe("photon plan trustees set", () => {
  test("asks them, and says that nobody has accepted yet", async () => {
    const { photon, state } = fakePhoton();
    const done = await photon("plan", "trustees", "set", "Ben", "Chi", "Dee", "--hint", "Ask Ben first");
    expect(done.code).toBe(0);
    expect(state.calls).toContain('planTrustees {"trustees":["Ben","Chi","Dee"],"hint":"Ask Ben first"}');
    expect(done.err).toContain("“Ben”, “Chi”, “Dee” were asked.");
    expect(done.err).toContain("0 of 3 have accepted: not protected.");
  });

  test("numbers are handed on as numbers, the mirror as an address", async () => {
    const { photon, state } = fakePhoton();
    const line = ["--threshold", "2", "--delay", "72", "--mirror", "mirror.example"];
    expect((await photon("plan", "trustees", "set", "Ben", "Chi", "Dee", ...line, "--json")).json).toMatchObject({
      threshold: 2,
      delayHours: 72,
      operators: ["https://relay.example", "https://mirror.example"],
    });
    expect(state.calls).toContain(
      'planTrustees {"trustees":["Ben","Chi","Dee"],"threshold":2,"delayHours":72,"mirror":"https://mirror.example"}',
    );
  });

  test.each([
    ["--threshold", "0"],
    ["--threshold", "two"],
    ["--delay", "-1"],
    ["--delay", "1.5"],
    ["--mirror", "ftp://mirror.example"],
  ])("%s %s is a usage error", async (option, value) => {
    const { photon, state } = fakePhoton();
    expect(await photon("plan", "trustees", "set", "Ben", "Chi", `${option}=${value}`, "--json")).toMatchObject({
      code: 2,
      json: { error: { code: "usage" } },
    });
    expect(state.calls.some((call) => call.startsWith("planTrustees"))).toBe(false);
  });

  test("what the engine refuses is told with its code", async () => {
    expect(await fakePhoton().photon("plan", "trustees", "set", "Ben", "--json")).toMatchObject({
      code: 2,
      json: { error: { code: "plan-too-few" } },
    });
    expect(photonError("plan-threshold").exit).toBe(2);
  });

  test("a delay of 0 and a threshold of 1 are explained, and asked once more on a terminal", async () => {
    const ask = scriptedAsk("stop");
    const { photon, state } = fakePhoton({}, { terminal: true, ask });
    const done = await photon("plan", "trustees", "set", "Ben", "Chi", "Dee", "--delay", "0", "--threshold", "1");
    const told = done.err.replaceAll(/\s+/gu, " ");
    expect(told).toContain("A delay of 0 means: whoever brings together one trustee is you at once");
    expect(told).toContain("A threshold of 1 means: any one trustee alone");
    expect(done.code).toBe(1);
    expect(state.calls.some((call) => call.startsWith("planTrustees"))).toBe(false);

    const agreed = fakePhoton({}, { terminal: true, ask: scriptedAsk("go") });
    const made = await agreed.photon("plan", "trustees", "set", "Ben", "Chi", "Dee", "--delay", "0");
    expect(made.code).toBe(0);
    expect(made.err.replaceAll(/\s+/gu, " ")).toContain("any 2 of these 3 together, at once, before you can object");
  });

  test("of two trustees one is enough, and that is said", async () => {
    const { photon } = fakePhoton({}, { terminal: true, ask: scriptedAsk(undefined) });
    const done = await photon("plan", "trustees", "set", "Ben", "Chi");
    expect(done.code).toBe(130);
    expect(done.err).toContain("A threshold of 1 means");
  });

  test("--no-input and --json never ask", async () => {
    const { photon } = fakePhoton({}, { terminal: true, ask: scriptedAsk() });
    expect((await photon("plan", "trustees", "set", "Ben", "Chi", "Dee", "--delay", "0", "--json")).code).toBe(0);
    expect((await photon("plan", "trustees", "set", "Ben", "Chi", "Dee", "--delay", "0", "--no-input")).code).toBe(0);
  });

  test("--dry-run asks nobody", async () => {
    const { photon, state } = fakePhoton();
    expect((await photon("plan", "trustees", "set", "Ben", "Chi", "--dry-run", "--json")).json).toMatchObject({ dryRun: true });
    expect(state.calls.filter((call) => call !== "close")).toEqual([]);
  });
});

describe("photon plan trustees replace", () => {
  test("says what changes, and that the old trustees stay for 28 days; delay, hint and mirror stay", async () => {
    const before = plan({ delayHours: 72, operators: ["http://127.0.0.1:1", "https://mirror.example"] });
    const { photon, state } = fakePhoton({ plan: before });
    const done = await photon("plan", "trustees", "replace", "Ben", "Chi", "Eli");
    expect(done.code).toBe(0);
    expect(state.calls).toContain(
      'planTrustees {"delayHours":72,"hint":"Ask Ben first","mirror":"https://mirror.example","trustees":["Ben","Chi","Eli"]}',
    );
    expect(done.err).toContain("What changes: new: “Eli”; no longer: “Dee”.");
    expect(done.err).toContain("28 days after they hear of it; until then the old trustees can.");
  });

  test("needs a plan to replace", async () => {
    expect(await fakePhoton().photon("plan", "trustees", "replace", "Ben", "Chi", "--json")).toMatchObject({
      code: 1,
      json: { error: { code: "no-plan" } },
    });
  });
});

test("hostile petnames and hints are shown harmlessly", async () => {
  const evil = "x\u001B[2J\u202Ey\r\nz\u200B";
  const members = [
    { petname: evil, state: "refused" as const, since: 0 },
    { petname: "Chi", state: "asked" as const, since: 0 },
  ];
  const { photon } = fakePhoton({ plan: plan({ hint: evil, operators: [evil], alarms: [evil], members }) });
  for (const line of [["plan"], ["plan", "trustees", "replace", "Chi", evil]]) {
    const done = await photon(...line);
    expect(done.out + done.err).not.toMatch(/[\u001B\u202E\r\u200B]/u);
  }
});
