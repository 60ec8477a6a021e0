/** The two other sides of a recovery: an old device that hears of one in its own name, and a peer whose contact was recovered. */
import { describe, expect, test } from "vitest";
import { contact, message, noon, notice, progress, quietSync, recoveryCase, trusteeship } from "./support/fake-engine.ts";
import { fakePhoton, scriptedAsk } from "./support/fake-world.ts";

const day = 86_400_000;
const noonText = "2025-03-14T12:00:00.000Z";
const pending = { state: "pending", until: noon + 2 * day, firstSeen: noon } as const;
const contested = { state: "contested", until: undefined, firstSeen: noon } as const;
const evil = "x\u001B[2J\u202Ey\r\nz\u200B";
const noticeShape = {
  request: "3f9a11c2".repeat(8),
  device: "new phone",
  approvedBy: ["Ben"],
  firstSeen: noonText,
  contested: false,
  arrivedFrom: [],
};

describe("an old device hears of a recovery in its own name", () => {
  test("sync, contacts and devices say so first, and what to do", async () => {
    const { photon } = fakePhoton({ notices: [notice({ arrivedFrom: ["Chi"] })] });
    for (const line of ["sync", "contacts", "devices"]) {
      const done = await photon(line);
      expect(done.code).toBe(0);
      expect(done.err, line).toMatch(
        /^Somebody recovers in your name:\n {2}3f9a11c2 {2}on a device that calls itself “new phone”/u,
      );
      expect(done.err).toContain("approved by “Ben”; “Chi” has been told");
      expect(done.err.trimEnd().split("\n").at(-1)).toBe("Next: `photon contest` if that is not you.");
    }
  });

  test("only sync has it in its JSON", async () => {
    const { photon } = fakePhoton({ notices: [notice()] });
    expect((await photon("sync", "--json")).json).toEqual({
      schema: 1,
      received: 0,
      sent: 0,
      pending: 0,
      duties: [],
      recoveries: [noticeShape],
    });
    expect(Object.keys((await photon("contacts", "--json")).json)).toEqual(["schema", "contacts"]);
    expect(Object.keys((await photon("devices", "--json")).json)).toEqual(["schema", "devices"]);
  });

  test("once it is contested there is nothing more to ask for", async () => {
    const done = await fakePhoton({ notices: [notice({ contested: true })] }).photon("contacts");
    expect(done.err).toContain("You have objected.");
    expect(done.err).not.toContain("Next: `photon contest`");
  });
});

describe("photon contest", () => {
  test("objects to everything that is open; scripts need no more than the word", async () => {
    const { photon, state } = fakePhoton({ notices: [notice()] });
    const done = await photon("contest", "--json", "--no-input");
    expect(done.code).toBe(0);
    expect(done.json).toEqual({ schema: 1, recoveries: [{ ...noticeShape, contested: true }] });
    expect(state.calls).toContain('contest {"reason":"not-me"}');
  });

  test("--request takes the first characters, --reason the reason", async () => {
    const other = notice({ request: "77aa".repeat(16), device: "tablet" });
    const { photon, state } = fakePhoton({ notices: [notice(), other] });
    expect((await photon("contest", "--request", "77A", "--reason", "still-here")).code).toBe(0);
    expect(state.calls).toContain(`contest {"request":"${other.request}","reason":"still-here"}`);
    expect(state.notices.map((one) => one.contested)).toEqual([false, true]);
    expect(await photon("contest", "--request", "beef", "--json")).toMatchObject({
      code: 1,
      json: { error: { code: "no-notice" } },
    });
    expect((await photon("contest", "--reason", "bored")).code).toBe(2);
  });

  test("on a terminal it asks whether that is you", async () => {
    const me = fakePhoton({ notices: [notice()] }, { terminal: true, ask: scriptedAsk("me") });
    expect((await me.photon("contest")).code).toBe(1);
    expect(me.state.calls.some((call) => call.startsWith("contest"))).toBe(false);
    const here = fakePhoton({ notices: [notice()] }, { terminal: true, ask: scriptedAsk("still-here") });
    const done = await here.photon("contest");
    expect(done.code).toBe(0);
    expect(here.state.calls).toContain('contest {"reason":"still-here"}');
    expect(done.err).toContain("You have objected.");
    expect(done.err.trimEnd().split("\n").at(-1)).toMatch(/^Next: Call your trustees/u);
  });

  test("nothing to object to", async () => {
    expect(await fakePhoton().photon("contest", "--json")).toMatchObject({ code: 1, json: { error: { code: "no-notice" } } });
    const twice = fakePhoton({ notices: [notice({ contested: true })] });
    expect((await twice.photon("contest", "--json")).json).toMatchObject({ recoveries: [{ contested: true }] });
    expect(twice.state.calls.some((call) => call.startsWith("contest"))).toBe(false);
  });

  test("--dry-run objects to nothing", async () => {
    const { photon, state } = fakePhoton({ notices: [notice()] });
    expect((await photon("contest", "--dry-run", "--json")).json).toMatchObject({ dryRun: true });
    expect(state.calls.filter((call) => call !== "close")).toEqual([]);
  });
});

describe("contacts shows a recovered side, graded", () => {
  test("pending: unconfirmed until a date, and no longer verified", async () => {
    const { photon } = fakePhoton({
      contacts: [contact({ succession: pending, verified: { how: "in-person", at: noon - day }, note: "recovered" })],
    });
    const done = await photon("contacts");
    expect(done.err).not.toContain("“Ben”: recovered");
    expect(done.out).toContain("unconfirmed");
    expect(done.out).toContain("not verified");
    expect(done.err).toMatch(/“Ben” was recovered by trustees on 2025-03-1\d; unconfirmed until 2025-03-1\d \d\d:\d\d\./u);
    expect(done.err).toContain("`photon contacts confirm Ben`, or `photon contacts refuse Ben`");
    expect((await photon("contacts", "--json")).json).toMatchObject({
      contacts: [{ succession: { state: "pending", until: "2025-03-16T12:00:00.000Z", firstSeen: noonText } }],
    });
  });

  test("contested, counted and refused", async () => {
    const words = async (parts: Parameters<typeof contact>[0]): Promise<string> => {
      const done = await fakePhoton({ contacts: [contact(parts)] }).photon("contacts");
      return done.out + done.err;
    };
    expect(await words({ state: "contested", succession: contested })).toContain("trust neither until you have spoken");
    const counted = { state: "counted", until: noon, firstSeen: noon } as const;
    expect(await words({ succession: counted })).toContain("You have not verified “Ben” since.");
    expect(await words({ succession: counted, verified: { how: "words-compared", at: noon + 1 } })).not.toContain("recovered");
    expect(await words({ succession: { state: "refused", until: undefined, firstSeen: noon } })).toContain("it was refused");
  });

  test("confirm accepts it, with how one made sure", async () => {
    const { photon, state } = fakePhoton({ contacts: [contact({ succession: pending })] });
    const done = await photon("contacts", "confirm", "Ben", "--how", "known-channel", "--json");
    expect(done.code).toBe(0);
    expect(done.json).toMatchObject({ succession: { state: "counted" }, verified: { how: "known-channel" } });
    expect(state.calls).toContain("decideSuccession Ben accept known-channel");
  });

  test("confirm without --how: asked on a terminal, left open elsewhere", async () => {
    const scripted = fakePhoton({ contacts: [contact({ succession: pending })] });
    expect((await scripted.photon("contacts", "confirm", "c1", "--json", "--no-input")).json).toMatchObject({ verified: null });
    expect(scripted.state.calls).toContain("decideSuccession c1 accept");
    const asked = fakePhoton({ contacts: [contact({ succession: pending })] }, { terminal: true, ask: scriptedAsk("in-person") });
    expect((await asked.photon("contacts", "confirm", "Ben")).code).toBe(0);
    expect(asked.state.calls).toContain("decideSuccession Ben accept in-person");
    const not = fakePhoton({ contacts: [contact({ succession: contested })] }, { terminal: true, ask: scriptedAsk("no") });
    expect((await not.photon("contacts", "confirm", "Ben")).code).toBe(1);
    expect(not.state.calls.some((call) => call.startsWith("decideSuccession"))).toBe(false);
  });

  test("confirm is otherwise what it was: who accepted an invitation", async () => {
    const { photon, state } = fakePhoton({ contacts: [contact({ petname: "", state: "confirm" })] });
    const done = await photon("contacts", "confirm", "c1", "--petname", "Ben", "--how", "in-person", "--json");
    expect(done.json).toMatchObject({ state: "active", verified: { how: "in-person" } });
    expect(state.calls).toContain("confirm c1 Ben");
  });

  test("refuse wants the name, or --yes", async () => {
    const { photon, state } = fakePhoton({ contacts: [contact({ succession: pending })] });
    expect((await photon("contacts", "refuse", "Ben", "--no-input")).code).toBe(2);
    expect((await photon("contacts", "refuse", "Ben", "--yes", "--json")).json).toMatchObject({ succession: { state: "refused" } });
    expect(state.calls.filter((call) => call.startsWith("decideSuccession"))).toEqual(["decideSuccession Ben refuse"]);
    const typed = fakePhoton({ contacts: [contact({ succession: pending })] }, { terminal: true, ask: scriptedAsk("Chi") });
    expect((await typed.photon("contacts", "refuse", "Ben")).code).toBe(1);
  });

  test("nothing to refuse", async () => {
    const { photon } = fakePhoton();
    expect(await photon("contacts", "refuse", "Ben", "--yes", "--json")).toMatchObject({
      code: 1,
      json: { error: { code: "nothing-to-decide" } },
    });
    expect(await photon("contacts", "refuse", "Eli", "--yes", "--json")).toMatchObject({ code: 2 });
  });
});

describe("writing to and reading a recovered side", () => {
  test("what is sent waits, with exit code 22 and why", async () => {
    const { photon } = fakePhoton({ contacts: [contact({ succession: pending })] });
    expect(await photon("send", "Ben", "hello", "--json")).toMatchObject({
      code: 22,
      json: { id: "m2", state: "queued", held: true },
    });
    const done = await photon("send", "Ben", "hello");
    expect(done.err).toContain("Your message waits here. “Ben” was recovered by trustees");
    expect(done.err).toContain("`--to new`");
  });

  test("--to says for whom it is", async () => {
    const { photon, state } = fakePhoton({
      contacts: [contact({ succession: pending })],
      syncs: [quietSync, { ...quietSync, sent: 1 }],
    });
    expect(await photon("send", "Ben", "hello", "--to", "new", "--json")).toMatchObject({ code: 0, json: { state: "deposited" } });
    expect(state.calls).toContain("send Ben hello new");
    expect((await photon("send", "Ben", "hello", "--to", "both")).code).toBe(2);
  });

  test("a contested side is written to only with --to", async () => {
    const { photon } = fakePhoton({ contacts: [contact({ state: "contested", succession: contested })] });
    expect(await photon("send", "Ben", "hello", "--json")).toMatchObject({ code: 21, json: { error: { code: "contested" } } });
    expect((await photon("send", "Ben", "hello", "--to", "old")).code).toBe(0);
  });

  test("read marks what nobody has confirmed", async () => {
    const { photon } = fakePhoton({
      contacts: [contact({ succession: pending })],
      messages: [message(), message({ id: "m2", body: "it is me", unconfirmed: true })],
    });
    const done = await photon("read", "Ben");
    expect(done.out).toMatch(/hello\n.*it is me {2}\[from a recovered side that nobody has confirmed\]/u);
    expect(done.err).toContain("`photon contacts confirm Ben`");
    const read = (await photon("read", "Ben", "--json")).json["messages"] as { unconfirmed?: boolean }[];
    expect(read.map(({ unconfirmed }) => unconfirmed)).toEqual([undefined, true]);
  });
});

describe("watch tells of recoveries", () => {
  test("in one's own name, of those whose trustee one is, and of contacts; each once, and again when it changes", async () => {
    const cancel = new AbortController();
    const { photon, state, engine } = fakePhoton({}, { cancel: cancel.signal });
    let round = 0;
    Object.assign(engine, {
      waitForHint: async () => {
        round += 1;
        if (round === 1) {
          state.notices = [notice()];
          state.trusteeships = [trusteeship({ state: "asked" })];
          state.contacts = [contact({ succession: pending })];
          state.progress = progress();
        }
        if (round === 3) {
          state.notices = [notice({ contested: true })];
          state.trusteeships = [trusteeship({ cases: [recoveryCase()] })];
          state.contacts = [contact({ succession: { ...pending, state: "counted" } })];
        }
        if (round === 4) cancel.abort();
      },
    });
    const done = await photon("watch", "--json");
    expect(done.lines.filter((line) => "event" in line)).toMatchObject([
      { event: "watching" },
      { event: "recovery", recovery: noticeShape },
      { event: "recovered", recovery: { state: "recovered", phase: "signing" } },
      { event: "trustee", petname: "Ben", state: "asked" },
      { event: "succession", contact: { petname: "Ben" }, succession: { state: "pending" } },
      { event: "recovery", recovery: { contested: true } },
      { event: "trustee", state: "holding" },
      { event: "case", petname: "Ben", case: { device: "new phone", state: "collecting" } },
      { event: "succession", succession: { state: "counted" } },
    ]);
  });

  test("in words, harmlessly", async () => {
    const cancel = new AbortController();
    const { photon, state, engine } = fakePhoton({}, { cancel: cancel.signal });
    let round = 0;
    Object.assign(engine, {
      waitForHint: async () => {
        round += 1;
        if (round === 2) cancel.abort();
        state.notices = [notice({ device: evil, approvedBy: [evil], arrivedFrom: [evil] })];
        state.trusteeships = [trusteeship({ petname: evil, cases: [recoveryCase({ device: evil })] })];
        state.contacts = [contact({ petname: evil, succession: pending })];
        state.progress = progress({ blamed: [evil] });
      },
    });
    const done = await photon("watch");
    expect(done.out).toContain("Somebody recovers in your name:");
    expect(done.out).toContain("somebody recovers in the name of");
    expect(done.out + done.err).not.toMatch(/[\u001B\u202E\r\u200B]/u);
  });
});

test("hostile names in notices and successions are shown harmlessly", async () => {
  const { photon } = fakePhoton({
    contacts: [contact({ petname: evil, succession: pending })],
    notices: [notice({ device: evil, approvedBy: [evil], arrivedFrom: [evil], request: evil })],
  });
  const lines = [
    ["contacts"],
    ["devices"],
    ["sync"],
    ["read", "c1"],
    ["send", "c1", "x"],
    ["contacts", "confirm", "c1"],
    ["contest"],
  ];
  for (const line of lines) {
    const done = await photon(...line);
    expect(done.out + done.err, line.join(" ")).not.toMatch(/[\u001B\u202E\r\u200B]/u);
  }
});
