/** The scripting contract, field by field: other programs are written against it. */
import { photonError } from "@photon/engine/errors";
import { describe, expect, test } from "vitest";
import { change, contact, message, quietSync } from "./support/fake-engine.ts";
import { fakePhoton } from "./support/fake-world.ts";

const noonText = "2025-03-14T12:00:00.000Z";

describe("with --json each command prints one object with a schema", () => {
  test("init says where the profile is", async () => {
    const { photon } = fakePhoton({}, { profile: false });
    const done = await photon("init", "--json", "--no-input", "--relay", "http://127.0.0.1:9", "--device", "laptop");
    expect(done.code).toBe(0);
    expect(done.json).toMatchObject({ schema: 1, device: "laptop", relay: "http://127.0.0.1:9" });
  });

  test("meet gives {link, words, expires}", async () => {
    const done = await fakePhoton().photon("meet", "--json", "--no-input", "--petname", "Ben");
    expect(done.code).toBe(0);
    expect(done.json).toEqual({
      schema: 1,
      link: "https://relay.example/i#abc",
      words: "relay.example one two",
      expires: "2025-03-21T12:00:00.000Z",
      contact: "c1",
    });
  });

  test("meet --wait prints a line at once, and one when someone has accepted", async () => {
    const { photon } = fakePhoton({ contacts: [contact({ state: "confirm" })] });
    const done = await photon("meet", "--json", "--wait");
    expect(done.code).toBe(0);
    expect(done.lines).toMatchObject([
      { schema: 1, link: "https://relay.example/i#abc" },
      { schema: 1, accepted: { id: "c1", state: "confirm" } },
    ]);
  });

  test("accept takes the link, or the words as words, and gives the contact", async () => {
    const { photon, state } = fakePhoton();
    const done = await photon("accept", "relay.example", "one", "two", "--petname", "Ana", "--json", "--no-input");
    expect(done.json).toMatchObject({ schema: 1, id: "c1", petname: "Ana", state: "waiting", verified: null, changes: [] });
    expect(state.calls).toContain("accept relay.example one two Ana");
  });

  test("accept on an empty profile makes one with the inviter's relay", async () => {
    const made: string[] = [];
    const { photon, engine } = fakePhoton(
      {},
      {
        profile: true,
        home: {
          present: () => made.length > 0,
          create: async ({ relay, vault, device }) => {
            made.push(relay, vault, device);
            return { ok: true, value: { engine, isWanted: () => false, unlock: () => undefined, close: async () => undefined } };
          },
        },
      },
    );
    const done = await photon("accept", "https://relay.example/i#abc", "--petname", "Ana", "--no-input");
    expect(done.code).toBe(0);
    expect(made).toEqual(["https://relay.example", "https://relay.example", "laptop"]);
    expect(done.err).toContain("You have a profile now");
  });

  test("contacts gives {contacts: [{id, petname, state, verified, custody, changes}]}", async () => {
    const { photon } = fakePhoton({
      contacts: [contact({ verified: { how: "in-person", at: Date.parse(noonText) }, changes: [change()] })],
    });
    const done = await photon("contacts", "--json");
    expect(done.json).toEqual({
      schema: 1,
      contacts: [
        {
          id: "c1",
          petname: "Ben",
          state: "active",
          verified: { how: "in-person", at: noonText },
          custody: "device (software)",
          changes: [{ at: noonText, kind: "retire", grade: "continuous", words: "retired a device (lost)", side: "peer" }],
        },
      ],
    });
  });

  test("contacts confirm ID --petname NAME gives the contact", async () => {
    const { photon } = fakePhoton({ contacts: [contact({ petname: "", state: "confirm" })] });
    const done = await photon("contacts", "confirm", "c1", "--petname", "Ben", "--json", "--no-input");
    expect(done.json).toMatchObject({ schema: 1, id: "c1", petname: "Ben", state: "active" });
  });

  test("contacts confirm ID alone takes the petname that the invitation was made with", async () => {
    const { photon, state } = fakePhoton({ contacts: [contact({ state: "confirm" })] });
    const done = await photon("contacts", "confirm", "c1", "--json", "--no-input");
    expect(done.json).toMatchObject({ petname: "Ben", state: "active" });
    expect(state.calls).toContain("confirm c1 Ben");
  });

  test("contacts history NAME gives {history}", async () => {
    const done = await fakePhoton().photon("contacts", "history", "Ben", "--json");
    expect(done.json).toMatchObject({ schema: 1, history: [{ at: noonText, grade: "continuous" }] });
  });

  test("contacts verify NAME gives the words, and records with --how", async () => {
    const { photon, state } = fakePhoton();
    expect((await photon("contacts", "verify", "Ben", "--json")).json).toMatchObject({
      digits: "12345 67890",
      pictures: ["anchor", "boat"],
      verified: null,
    });
    expect(state.calls.some((call) => call.startsWith("verify"))).toBe(false);
    expect((await photon("contacts", "verify", "Ben", "--how", "words-compared", "--json")).json).toMatchObject({
      verified: { how: "words-compared" },
    });
  });

  test("send gives {id, state} as of after the flush", async () => {
    const { photon } = fakePhoton({ syncs: [quietSync, { ...quietSync, sent: 1 }] });
    expect((await photon("send", "Ben", "hello", "--json")).json).toEqual({ schema: 1, id: "m2", state: "deposited" });
  });

  test("read gives {messages: [{id, from, body, sent, state}]}", async () => {
    const done = await fakePhoton().photon("read", "Ben", "--json");
    expect(done.json).toEqual({
      schema: 1,
      messages: [{ id: "m1", from: "peer", body: "hello", sent: noonText, state: "received" }],
    });
  });

  test("read --after gives what is newer, and refuses an id that is none", async () => {
    const { photon } = fakePhoton({ messages: [message(), message({ id: "m2", body: "newer" })] });
    expect((await photon("read", "Ben", "--after", "m1", "--json")).json).toMatchObject({ messages: [{ id: "m2" }] });
    expect((await photon("read", "Ben", "--after", "m2", "--json")).json).toMatchObject({ messages: [] });
    const refused = await photon("read", "Ben", "--after", "m7", "--json");
    expect(refused.code).toBe(2);
    expect(refused.json).toMatchObject({ error: { code: "unknown-message", detail: "m7" } });
  });

  test("read keeps the text for programs and is harmless on a screen", async () => {
    const body = "a\u001B[31m\u202Eb\u009Bc\u200B";
    const done = await fakePhoton({ messages: [message({ body })] }).photon("read", "Ben", "--json");
    expect(done.out).not.toMatch(/[\u001B\u009B\u202E\u200B]/u);
    expect(done.json).toMatchObject({ messages: [{ body }] });
  });

  test("devices gives {devices: [{name, state, lastSeen, thisOne}]}", async () => {
    const done = await fakePhoton().photon("devices", "--json");
    expect(done.json).toEqual({
      schema: 1,
      devices: [
        { name: "laptop", state: "live", lastSeen: noonText, thisOne: true },
        { name: "phone", state: "live", lastSeen: "2025-03-13T12:00:00.000Z", thisOne: false },
      ],
    });
  });

  test("devices add prints a line with the code, then one when the device has joined", async () => {
    const done = await fakePhoton().photon("devices", "add", "--json", "--no-input");
    expect(done.code).toBe(0);
    expect(done.lines).toMatchObject([
      { schema: 1, code: "abc-def" },
      { schema: 1, joined: "tablet" },
    ]);
  });

  test("devices retire NAME without a terminal needs no more than the name", async () => {
    const { photon, state } = fakePhoton();
    const done = await photon("devices", "retire", "phone", "--reason", "taken", "--json", "--no-input");
    expect(done.code).toBe(0);
    expect(done.json).toEqual({ schema: 1, retired: "phone", relationships: [{ petname: "Ben", state: "re-keyed" }] });
    expect(state.calls).toContain("retire phone taken");
  });

  test("sync gives {received, sent, pending, duties}", async () => {
    const { photon } = fakePhoton({
      syncs: [
        {
          ...quietSync,
          received: 2,
          sent: 1,
          duties: [{ kind: "refound", dueAt: Date.parse(noonText), words: "new keys for Ben" }],
        },
      ],
    });
    expect((await photon("sync", "--json")).json).toEqual({
      schema: 1,
      received: 2,
      sent: 1,
      pending: 0,
      duties: [{ kind: "refound", dueAt: noonText, words: "new keys for Ben" }],
    });
  });
});

describe("failures are told in the same form", () => {
  test("as {error: {code, message, remedy, detail}} on standard output, with the documented exit code", async () => {
    const done = await fakePhoton().photon("send", "Dee", "hello", "--json");
    expect(done.code).toBe(2);
    expect(done.json).toMatchObject({
      schema: 1,
      error: { code: "unknown-contact", message: "You have no contact by that name.", detail: "Dee" },
    });
    expect(done.err).toBe("");
  });

  test("usage errors too, wherever --json stands", async () => {
    const done = await fakePhoton().photon("send", "--json");
    expect(done.code).toBe(2);
    expect(done.json).toMatchObject({ schema: 1, error: { code: "usage" } });
  });

  test("after --, --json is text", async () => {
    const { photon, state } = fakePhoton();
    const done = await photon("send", "Ben", "--", "--json");
    expect(state.calls).toContain("send Ben --json");
    expect(done.out).toBe("");
  });

  test.each([
    ["no-profile", 10],
    ["profile-locked", 11],
    ["profile-corrupt", 1],
    ["profile-format", 1],
  ] as const)("%s exits with %i", async (code, exit) => {
    const { photon } = fakePhoton({}, { home: { open: async () => ({ ok: false, error: photonError(code) }) } });
    for (const command of [["contacts"], ["devices"], ["read", "Ben"], ["send", "Ben", "x"], ["sync"], ["backup", "status"]]) {
      const done = await photon(...command, "--json", "--no-input");
      expect(done.code).toBe(exit);
      expect(done.json).toMatchObject({ schema: 1, error: { code } });
    }
  });

  test("a relay that cannot be reached is partial: what was done is printed, with what is left, and exit code 3", async () => {
    const away = { ...quietSync, pending: 1, problems: [photonError("relay-unreachable", "connect ECONNREFUSED")] };
    const { photon } = fakePhoton({ syncs: [away] });
    const done = await photon("send", "Ben", "hello", "--json");
    expect(done.code).toBe(3);
    expect(done.json).toMatchObject({
      schema: 1,
      id: "m2",
      state: "queued",
      pending: 1,
      problems: [{ code: "relay-unreachable" }],
    });
    const told = await photon("contacts");
    expect(told.code).toBe(3);
    expect(told.out).toContain("Ben");
    expect(told.err).toContain("The relay cannot be reached.");
  });

  test("a retired device is told so, and reads nothing more", async () => {
    const { photon } = fakePhoton({ syncs: [{ ...quietSync, problems: [photonError("device-retired")] }] });
    for (const command of [["read", "Ben"], ["send", "Ben", "x"], ["sync"], ["contacts"], ["watch"]]) {
      const done = await photon(...command, "--json");
      expect(done.code).toBe(1);
      expect(done.lines.at(-1)).toMatchObject({ error: { code: "device-retired" } });
    }
  });

  test("a mistake of our own is a failure with words, not a trace", async () => {
    const { photon, engine } = fakePhoton();
    Object.assign(engine, { contacts: async () => Promise.reject(new Error("impossible")) });
    const done = await photon("contacts", "--json");
    expect(done.code).toBe(1);
    expect(done.json).toMatchObject({ error: { code: "bug", detail: "impossible" } });
  });

  test("Ctrl-C ends with 130", async () => {
    const cancel = new AbortController();
    const { photon, engine } = fakePhoton({}, { cancel: cancel.signal });
    Object.assign(engine, {
      waitForHint: async () => {
        cancel.abort();
      },
    });
    const done = await photon("watch", "--json");
    expect(done.code).toBe(130);
    expect(done.lines.at(-1)).toMatchObject({ error: { code: "interrupted" } });
  });
});
