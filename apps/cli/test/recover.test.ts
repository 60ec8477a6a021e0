/** `photon recover`: Ana has lost everything. Without a profile, on a new device. */
import { photonError } from "@photon/engine/errors";
import { describe, expect, test } from "vitest";
import { contact, noon, progress } from "./support/fake-engine.ts";
import type { FakeState } from "./support/fake-engine.ts";
import { collecting, fakeRecovery } from "./support/fake-recovery.ts";
import { type FakeOptions, fakePhoton, scriptedAsk } from "./support/fake-world.ts";

const flat = (text: string): string => text.replaceAll(/\s+/gu, " ");
const request = {
  request: "https://relay.example/r#abc",
  spoken: "relay.example one two",
  script: ["It is me. I have lost all my devices.", "Please type the words that I say."],
};
const noAnswer = {
  state: "collecting",
  approvals: 0,
  needed: null,
  hint: null,
  until: null,
  contested: false,
  shares: 0,
  heard: 0,
  warnings: [],
};
const waiting = collecting({ state: "waiting", approvals: 2, needed: 2, until: noon + 172_800_000, shares: 1 });

function recovery(
  steps: Parameters<typeof fakeRecovery>[1],
  found: "nothing" | "recovery" | "over" = "nothing",
  state: Partial<FakeState> = {},
  options: FakeOptions = {},
) {
  const back = fakeRecovery(() => fake.engine, steps, found);
  const fake = fakePhoton(state, { ...options, home: back.home });
  return { ...fake, calls: back.calls };
}

describe("photon recover lists every way back, truthfully", () => {
  test("each with what it needs and gives, and what to type; without a profile", async () => {
    const { photon } = fakePhoton({}, { profile: false });
    const done = await photon("recover", "--json");
    expect(done.code).toBe(0);
    const routes = done.json["routes"] as { route: string; needs: string; gives: string; commands: string[] }[];
    expect(routes.map(({ route }) => route)).toEqual(["circle", "trustees", "export", "new"]);
    for (const route of routes) {
      expect(route.needs).not.toBe("");
      expect(route.gives).not.toBe("");
      expect(route.commands.length).toBeGreaterThan(0);
    }
  });

  test("no route ends in a command that is not there", async () => {
    const { photon } = fakePhoton({}, { profile: false });
    const { out } = await photon("recover");
    const lines = [...out.matchAll(/`photon ([^`]+)`/gu)].map(([, line = ""]) =>
      line.split(" ").filter((word) => /^[a-z]/u.test(word) && word !== "relationships"),
    );
    expect(lines.length).toBeGreaterThan(5);
    for (const words of lines) expect((await photon("help", ...words)).code, words.join(" ")).toBe(0);
  });

  test("it says what is in the folder already", async () => {
    expect((await fakePhoton().photon("recover")).err).toContain("There is a profile in this folder already");
    const { photon } = recovery([collecting()], "recovery");
    expect((await photon("recover")).err).toContain("Next: `photon recover status`");
    expect((await photon("recover", "nonsense")).code).toBe(2);
  });
});

describe("photon recover trustees", () => {
  test("--json prints {request, spoken, script} at once, without waiting for anybody", async () => {
    const { photon, calls } = recovery([collecting()]);
    const done = await photon("recover", "trustees", "--relay", "relay.example", "--json", "--no-input");
    expect(done.code).toBe(0);
    expect(done.json).toEqual({ schema: 1, ...request });
    expect(calls).toEqual(["recover laptop https://relay.example", "lock", "unlock"]);
  });

  test("the code and the call script; a QR code on a terminal only", async () => {
    const { photon } = recovery([collecting()]);
    const done = await photon("recover", "trustees", "--relay", "relay.example");
    expect(done.out).toBe("relay.example one two\nhttps://relay.example/r#abc\n");
    expect(done.err).toContain("  It is me. I have lost all my devices.");
    expect(done.err).not.toMatch(/[█▀▄]/u);
    const seen = recovery([collecting()], "nothing", {}, { terminal: true, ask: scriptedAsk("") });
    expect((await seen.photon("recover", "trustees", "--relay", "relay.example")).err).toMatch(/[█▀▄]/u);
  });

  test("a relay, a trustee's words, or the relay on this machine, which is said", async () => {
    const said = recovery([collecting()]);
    await said.photon("recover", "trustees", "--from", "relay.example", "three", "four", "--device", "borrowed");
    expect(said.calls[0]).toBe("recover borrowed relay.example three four");

    const asked = recovery([collecting()], "nothing", {}, { terminal: true, ask: scriptedAsk("relay.example three four") });
    await asked.photon("recover", "trustees");
    expect(asked.calls[0]).toBe("recover laptop relay.example three four");

    const plain = recovery([collecting()]);
    const done = await plain.photon("recover", "trustees", "--no-input");
    expect(plain.calls[0]).toBe("recover laptop http://127.0.0.1:7740");
    expect(done.err).toContain("trustees elsewhere cannot reach it");

    expect((await recovery([collecting()]).photon("recover", "trustees", "--relay", "r.example", "--from", "x")).code).toBe(2);
    expect((await recovery([collecting()]).photon("recover", "trustees", "--relay", "ftp://r.example")).code).toBe(2);
    expect((await recovery([collecting()]).photon("recover", "trustees", "--offline")).code).toBe(2);
  });

  test("run again it shows the same request, and how it stands", async () => {
    const { photon, calls } = recovery([collecting({ approvals: 1, needed: 2, hint: "Ask Ben first" })], "recovery");
    expect((await photon("recover", "trustees", "--json")).json).toEqual({
      schema: 1,
      ...request,
      recovery: { ...noAnswer, approvals: 1, needed: 2, hint: "Ask Ben first" },
    });
    const done = await photon("recover", "trustees");
    expect(done.code).toBe(0);
    expect(done.err).toContain("1 of 2 trustees needed has approved.");
    expect(done.err).toContain("What you wrote for this day: Ask Ben first");
    expect(calls.some((call) => call.startsWith("recover"))).toBe(false);
  });

  test("begun at one relay, it does not move to another: that is said, with the way out", async () => {
    const { photon } = recovery([collecting()], "recovery");
    expect((await photon("recover", "trustees", "--relay", "other.example")).err).toContain("point PHOTON_HOME at an empty folder");
    const away = recovery([photonError("relay-unreachable")], "recovery");
    expect((await away.photon("recover", "trustees", "--relay", "other.example", "--json")).json).toMatchObject({
      error: { code: "relay-unreachable", remedy: expect.stringContaining("PHOTON_HOME") as string },
    });
  });

  test("one that is over gives way to a new one, at the relay that is given; until then it is said to be over", async () => {
    const { photon, calls } = recovery([collecting()], "over");
    for (const command of [["sync"], ["recover", "status"]])
      expect((await photon(...command, "--json")).json).toMatchObject({
        error: { code: "request-expired", remedy: expect.stringContaining("photon recover trustees") as string },
      });
    const done = await photon("recover", "trustees", "--relay", "other.example", "--json");
    expect(done).toMatchObject({ code: 0, json: request });
    expect(calls).toContain("recover laptop https://other.example");
  });

  test("a relay that is away: nothing was begun, and that is what is said", async () => {
    const { photon } = fakePhoton(
      {},
      { profile: false, home: { recover: async () => ({ ok: false, error: photonError("relay-unreachable") }) } },
    );
    expect((await photon("recover", "trustees", "--relay", "r.example", "--json")).json).toMatchObject({
      error: { code: "relay-unreachable", remedy: expect.stringContaining("Nothing was begun") as string },
    });
  });

  test("where there is a profile it is refused", async () => {
    expect(await fakePhoton().photon("recover", "trustees", "--json")).toMatchObject({
      code: 1,
      json: { error: { code: "profile-exists" } },
    });
  });

  test("--dry-run makes nothing", async () => {
    const { photon, calls } = recovery([collecting()]);
    expect((await photon("recover", "trustees", "--dry-run", "--json")).json).toMatchObject({ dryRun: true });
    expect(calls).toEqual([]);
  });

  test("--wait prints the request, a line for each change, and at last what sync prints; the lock is free between looks", async () => {
    const { photon, calls } = recovery(
      [
        collecting(),
        collecting(),
        photonError("relay-unreachable", "gone"),
        collecting({ approvals: 1, needed: 2 }),
        waiting,
        { state: "restoring", progress: 0.5 },
        { state: "recovered", problems: [] },
      ],
      "nothing",
      { progress: progress({ phase: "announcing" }) },
    );
    const done = await photon("recover", "trustees", "--wait", "--json");
    expect(done.code).toBe(0);
    expect(done.lines).toMatchObject([
      { schema: 1, ...request },
      { schema: 1, recovery: noAnswer },
      { schema: 1, recovery: { state: "collecting", approvals: 1, needed: 2 } },
      { schema: 1, recovery: { state: "waiting", until: "2025-03-16T12:00:00.000Z", shares: 1 } },
      { schema: 1, received: 0, recovery: { state: "recovered", phase: "announcing" } },
    ]);
    expect(calls.slice(1, 7)).toEqual(["lock", "poll", "unlock", "lock", "poll", "unlock"]);
  });

  test("Ctrl-C stops the waiting, not the recovery", async () => {
    const cancel = new AbortController();
    const { photon, calls } = recovery([collecting()], "recovery", {}, { cancel: cancel.signal });
    const done = photon("recover", "trustees", "--wait", "--json");
    cancel.abort();
    expect(await done).toMatchObject({ code: 130 });
    expect(calls.filter((call) => call === "lock")).toHaveLength(calls.filter((call) => call === "unlock").length);
  });

  test("what does not pass by itself ends the waiting", async () => {
    const { photon } = recovery([photonError("request-expired")], "recovery");
    const done = await photon("recover", "trustees", "--wait", "--json");
    expect(done.code).toBe(1);
    expect(done.lines.at(-1)).toMatchObject({ error: { code: "request-expired" } });
  });
});

describe("photon sync goes on with a recovery", () => {
  test("while people are waited for: exit code 20, and how it stands", async () => {
    const { photon } = recovery([collecting()], "recovery");
    const done = await photon("sync", "--json");
    expect(done.code).toBe(20);
    expect(done.json).toEqual({ schema: 1, received: 0, sent: 0, pending: 0, duties: [], recovery: noAnswer });
    const told = await photon("sync");
    expect(told.code).toBe(20);
    expect(told.err).toContain("No trustee has approved yet.");
  });

  test("while the delay runs, and when it is contested", async () => {
    const waits = await recovery([waiting], "recovery").photon("sync");
    expect(waits.err).toContain("1 share of 2 is here.");
    expect(waits.err).toMatch(/nothing is given out before 2025-03-16/u);
    const contested = await recovery([collecting({ contested: true, warnings: ["Ben does not fit."] })], "recovery").photon("sync");
    expect(contested.code).toBe(20);
    expect(contested.err).toContain("It is contested");
    expect(contested.err).toContain("Ben does not fit.");
  });

  test("once recovered it goes on with a normal sync", async () => {
    const { photon, state } = recovery([{ state: "recovered", problems: [] }], "recovery", {
      progress: progress({ phase: "announcing", acknowledged: 1, blamed: ["Mal"] }),
    });
    const done = await photon("sync", "--json");
    expect(done.code).toBe(0);
    expect(done.json).toMatchObject({
      received: 0,
      recovery: { state: "recovered", phase: "announcing", relationships: 3, acknowledged: 1, blamed: ["Mal"] },
    });
    expect(state.calls).toContain("sync");
    expect((await photon("contacts", "--json")).code).toBe(0);
  });

  test("while trustees sign it still waits for people; parts of the backup that are missing are partial", async () => {
    const { photon } = recovery([{ state: "recovered", problems: [] }], "recovery", { progress: progress() });
    const done = await photon("sync");
    expect(done.code).toBe(20);
    expect(done.err).toContain("This device is yours again");
    expect(done.err).toContain("Your trustees sign for this device: 1 of 2 have.");
    const damaged = recovery([{ state: "recovered", problems: [photonError("archive-damaged")] }], "recovery");
    expect(await damaged.photon("sync", "--json")).toMatchObject({ code: 3, json: { problems: [{ code: "archive-damaged" }] } });
  });

  test("--dry-run polls nothing, and failures are told", async () => {
    const { photon, calls } = recovery([photonError("relay-unreachable")], "recovery");
    expect((await photon("sync", "--dry-run", "--json")).json).toMatchObject({ dryRun: true });
    expect(calls).toEqual([]);
    expect(await photon("sync", "--json")).toMatchObject({ code: 3, json: { error: { code: "relay-unreachable" } } });
    expect(calls.at(-1)).toBe("unlock");
  });

  test("every other command says that a recovery is under way", async () => {
    const { photon } = recovery([collecting()], "recovery");
    for (const line of [
      ["contacts"],
      ["devices"],
      ["send", "Ben", "x"],
      ["read", "Ben"],
      ["watch"],
      ["plan"],
      ["trustee"],
      ["contest"],
    ]) {
      const done = await photon(...line, "--json");
      expect(done.code, line.join(" ")).toBe(20);
      expect(done.json).toMatchObject({
        error: { code: "recovery-waiting", remedy: expect.stringContaining("photon sync") as string },
      });
    }
  });
});

describe("photon recover status", () => {
  test("while it waits, when it is over, and where there is none", async () => {
    const open = recovery([collecting()], "recovery");
    expect(await open.photon("recover", "status", "--json")).toMatchObject({
      code: 20,
      json: { request: request.request, spoken: request.spoken, recovery: noAnswer },
    });
    expect((await open.photon("recover", "status", "--offline", "--json")).json).toMatchObject({ recovery: null });
    const done = await fakePhoton({ progress: progress({ phase: "done", acknowledged: 3 }) }).photon("recover", "status", "--json");
    expect(done).toMatchObject({ code: 0, json: { recovery: { state: "recovered", phase: "done", acknowledged: 3 } } });
    expect((await fakePhoton({ progress: progress() }).photon("recover", "status")).code).toBe(20);
    const again = progress({ contested: true, signers: 0, needed: 3, spoken: "river candle orbit" });
    const contested = await fakePhoton({ progress: again }).photon("recover", "status");
    expect(contested).toMatchObject({ code: 20 });
    expect(contested.err).toContain("3 of them have to approve it again");
    expect(contested.err).toContain("river candle orbit");
    expect((await fakePhoton({ progress: again }).photon("recover", "status", "--json")).json).toMatchObject({
      recovery: { contested: true, spoken: "river candle orbit" },
    });
    for (const profile of [true, false])
      expect(await fakePhoton({}, { profile }).photon("recover", "status", "--json")).toMatchObject({
        code: 1,
        json: { error: { code: "no-recovery" } },
      });
  });
});

test("on a recovered device sync tells how far it is, until it is done", async () => {
  const { photon, state } = fakePhoton({ progress: progress({ phase: "announcing", acknowledged: 2 }), contacts: [contact()] });
  expect((await photon("sync")).err).toContain("2 of the people you know have taken this device so far");
  state.progress = progress({ phase: "done", acknowledged: 2 });
  expect((await photon("sync")).err).toContain("2 of the people you know have taken this device so far");
  state.progress = progress({ phase: "done", acknowledged: 3 });
  expect((await photon("sync")).err).not.toContain("You are back");
  expect((await photon("sync", "--json")).json).toMatchObject({ recovery: { state: "recovered", phase: "done" } });
});

test("hostile hints, scripts and names are shown harmlessly", async () => {
  const evil = "x\u001B[2J\u202Ey\r\nz\u200B";
  const { photon } = recovery([collecting({ hint: evil, warnings: [evil], needed: 2 })], "recovery");
  for (const line of [["sync"], ["recover", "trustees"], ["recover", "status"]]) {
    const done = await photon(...line);
    expect(flat(done.out + done.err), line.join(" ")).toContain("x");
    expect(done.out + done.err, line.join(" ")).not.toMatch(/[\u001B\u202E\r\u200B]/u);
  }
  const blamed = await fakePhoton({ progress: progress({ blamed: [evil] }) }).photon("recover", "status");
  expect(blamed.err).not.toMatch(/[\u001B\u202E\r\u200B]/u);
});
