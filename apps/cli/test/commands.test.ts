/** What a person sees and is asked. */
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { photonError } from "@photon/engine/errors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { change, contact, message, noon, quietSync } from "./support/fake-engine.ts";
import { fakePhoton, scriptedAsk } from "./support/fake-world.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "photon-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("data on standard output, talk on standard error", () => {
  test("contacts: a table and what to do next", async () => {
    const { photon } = fakePhoton({
      contacts: [contact(), contact({ id: "c2", petname: "", state: "confirm", note: "two people claim this invitation" })],
    });
    const done = await photon("contacts");
    expect(done.out).toMatch(/^id {2}name/u);
    expect(done.out).toContain("waiting for you");
    expect(done.err).toContain("c2: two people claim this invitation");
    expect(done.err).toMatch(/Next: `photon contacts confirm c2 --petname NAME`/u);
  });

  test("a duty that is the same for many people is said once, with when the first is due", async () => {
    const words = "A change waits for a contact's acknowledgement.";
    const duties = [2, 1, 3].map((hours) => ({ kind: "acknowledgement", dueAt: noon + hours * 3_600_000, words }));
    const one = { kind: "reconcile", dueAt: noon, words: "Something else." };
    const done = await fakePhoton({ syncs: [{ ...quietSync, duties: [...duties, one] }] }).photon("sync");
    expect(done.err.match(/To be done.*/gu)).toEqual([
      expect.stringMatching(/:\d\d: A change waits for a contact's acknowledgement\. \(3 times\)$/u),
      expect.stringMatching(/:\d\d: Something else\.$/u),
    ]);
  });

  test("--quiet leaves the data and drops the talk", async () => {
    const done = await fakePhoton().photon("contacts", "--quiet");
    expect(done.out).toContain("Ben");
    expect(done.err).toBe("");
  });

  test("no colour without a terminal, with NO_COLOR, or with --no-color", async () => {
    const coloured = /\u001B\[/u;
    expect((await fakePhoton({}, { terminal: true }).photon("contacts")).out).toMatch(coloured);
    expect((await fakePhoton().photon("contacts")).out).not.toMatch(coloured);
    expect((await fakePhoton({}, { terminal: true, env: { NO_COLOR: "1" } }).photon("contacts")).out).not.toMatch(coloured);
    expect((await fakePhoton({}, { terminal: true }).photon("contacts", "--no-color")).out).not.toMatch(coloured);
  });

  test("a QR code only on a terminal", async () => {
    expect((await fakePhoton({}, { terminal: true }).photon("meet")).err).toMatch(/[█▀▄]/u);
    expect((await fakePhoton().photon("meet")).err).not.toMatch(/[█▀▄]/u);
  });

  test("every message to a person ends with the next step", async () => {
    const { photon } = fakePhoton();
    const lines = [
      ["contacts"],
      ["devices"],
      ["read", "Ben"],
      ["send", "Ben", "x"],
      ["meet"],
      ["sync"],
      ["backup", "status"],
      ["contacts", "history", "Ben"],
      ["send", "Dee", "x"],
      ["nonsense"],
    ];
    for (const line of lines) expect((await photon(...line)).err.trimEnd().split("\n").at(-1), line.join(" ")).toMatch(/^Next: /u);
  });
});

describe("a message, a petname and a file name are shown harmlessly", () => {
  const evil = "x\u001B[2J\u202Ey\r\n2025-03-14 12:00  you: fake\u200B";

  test("a message cannot pass for another one", async () => {
    const done = await fakePhoton({ messages: [message({ body: evil }), message({ id: "m2", body: "real" })] }).photon(
      "read",
      "Ben",
    );
    expect(done.out).not.toMatch(/[\u001B\u202E\r\u200B]/u);
    expect(done.out.split("\n").filter((line) => /^\S/u.test(line))).toHaveLength(2);
    expect(done.out).toContain("\n    2025-03-14 12:00  you: fake");
  });

  test("a petname stays on its line", async () => {
    const done = await fakePhoton({ contacts: [contact({ petname: evil, changes: [change({ words: evil })] })] }).photon(
      "contacts",
    );
    expect(done.out + done.err).not.toMatch(/[\u001B\u202E\r\u200B]/u);
    expect(done.out.trimEnd().split("\n")).toHaveLength(2);
  });

  test("a file name in a failure", async () => {
    const done = await fakePhoton().photon("import", evil);
    expect(done.code).toBe(1);
    expect(done.err).not.toMatch(/[\u001B\u202E\r\u200B]/u);
  });

  test("10 MB of text is refused with a reason", async () => {
    const piped = await fakePhoton({}, { stdin: "a".repeat(10_000_000) }).photon("send", "Ben", "-", "--json");
    expect(piped.code).toBe(2);
    expect(piped.json).toMatchObject({ error: { code: "usage", detail: expect.stringContaining("longer than") as string } });
    const typed = await fakePhoton().photon("send", "Ben", "a".repeat(10_000_000), "--json");
    expect(typed.json).toMatchObject({ error: { code: "message-too-long" } });
  });

  test("a 10 MB message that came anyway is cut", async () => {
    const done = await fakePhoton({ messages: [message({ body: "a".repeat(10_000_000) })] }).photon("read", "Ben");
    expect(done.out.length).toBeLessThan(50_000);
    expect(done.out).toContain("more characters");
  });

  test("bytes that are no text are refused", async () => {
    const done = await fakePhoton({}, { stdin: Uint8Array.of(0xff, 0xfe) }).photon("send", "Ben", "-");
    expect(done.code).toBe(2);
    expect(done.err).toContain("not UTF-8");
  });
});

describe("irreversible acts ask for the name", () => {
  test("devices retire: the right name goes on, another one does not", async () => {
    const right = scriptedAsk("phone");
    const { photon, state } = fakePhoton({}, { terminal: true, ask: right });
    expect((await photon("devices", "retire", "phone")).code).toBe(0);
    expect(right.asked).toEqual(["Type “phone” to confirm"]);
    expect(state.calls).toContain("retire phone lost");

    const wrong = fakePhoton({}, { terminal: true, ask: scriptedAsk("laptop") });
    const done = await wrong.photon("devices", "retire", "phone");
    expect(done.code).toBe(1);
    expect(done.err).toContain("Nothing was done");
    expect(wrong.state.calls.some((call) => call.startsWith("retire"))).toBe(false);
  });

  test("contacts close: without a terminal only with --yes", async () => {
    const { photon, state } = fakePhoton();
    const refused = await photon("contacts", "close", "Ben", "--no-input");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("Add --yes");
    expect((await photon("contacts", "close", "Ben", "--no-input", "--yes")).code).toBe(0);
    expect(state.calls.filter((call) => call === "close Ben")).toHaveLength(1);
  });

  test("--no-input never asks, even on a terminal", async () => {
    const { photon } = fakePhoton({}, { terminal: true, ask: scriptedAsk() });
    expect((await photon("devices", "retire", "phone", "--no-input")).code).toBe(0);
    expect((await photon("accept", "https://relay.example/i#abc", "--no-input")).code).toBe(2);
    expect((await photon("backup", "passphrase", "--no-input")).code).toBe(2);
  });
});

describe("--dry-run does nothing, --offline uses no network", () => {
  test("dry run", async () => {
    const { photon, state } = fakePhoton();
    const lines = [
      ["send", "Ben", "x"],
      ["meet"],
      ["accept", "https://relay.example/i#abc", "--petname", "Ana"],
      ["devices", "retire", "phone"],
      ["contacts", "close", "Ben"],
      ["contacts", "rename", "Ben", "Benjamin"],
      ["contacts", "confirm", "c1"],
      ["devices", "add"],
      ["sync"],
      ["watch"],
    ];
    for (const line of lines) {
      const done = await photon(...line, "--dry-run", "--json");
      expect(done.code, line.join(" ")).toBe(0);
      expect(done.json).toMatchObject({ dryRun: true });
    }
    expect(state.calls.filter((call) => call !== "close")).toEqual([]);
  });

  test("offline", async () => {
    const { photon, state } = fakePhoton();
    const done = await photon("send", "Ben", "x", "--offline", "--json");
    expect(done.code).toBe(0);
    expect(done.json).toMatchObject({ state: "queued" });
    expect(state.calls).not.toContain("sync");
  });
});

describe("first run: three doors", () => {
  test("I am new", async () => {
    const ask = scriptedAsk("new", "relay.example", "my laptop");
    const done = await fakePhoton({}, { profile: false, terminal: true, ask }).photon("init");
    expect(done.code).toBe(0);
    expect(done.err).toContain("“my laptop”");
  });

  test("I have used Photon before: the code of the other device is asked for", async () => {
    const done = await fakePhoton({}, { profile: false, terminal: true, ask: scriptedAsk("before", "wrong") }).photon("init");
    expect(done.code).toBe(2);
    expect(done.err).toContain("photon devices add");
  });

  test("I have no device: an honest answer", async () => {
    const done = await fakePhoton({}, { profile: false, terminal: true, ask: scriptedAsk("hosted") }).photon("init");
    expect(done.code).toBe(1);
    expect(done.err).toContain("cannot use a host yet");
  });

  test("a relay that is away: there is nothing that a sync could send, and it is not said that there is", async () => {
    const away = { ok: false, error: photonError("relay-unreachable", "gone") } as const;
    for (const [line, home] of [
      [["init"], { create: async () => away }],
      [["init", "--join", "abc"], { join: async () => away }],
      [["accept", "https://relay.example/i#abc", "--petname", "Ana"], { create: async () => away }],
    ] as const) {
      const done = await fakePhoton({}, { profile: false, home }).photon(...line, "--json", "--no-input");
      expect(done.code).toBe(3);
      expect(done.json["error"]).toMatchObject({ remedy: expect.stringMatching(/^No(thing| profile) was/u) as string });
    }
    const { photon, engine } = fakePhoton();
    Object.assign(engine, { meet: async () => away, accept: async () => away, addDevice: async () => away });
    for (const line of [["meet"], ["accept", "https://relay.example/i#abc", "--petname", "Ana"], ["devices", "add"]])
      expect((await photon(...line, "--json", "--no-input")).json["error"]).toMatchObject({
        remedy: expect.stringMatching(/^No(thing| invitation| code) was/u) as string,
      });
  });

  test("accept in a folder that a failed command left makes a profile there", async () => {
    const { engine } = fakePhoton();
    const made: unknown[] = [];
    const done = await fakePhoton(
      {},
      {
        home: {
          open: async () =>
            made.length === 0
              ? { ok: false, error: photonError("no-profile") }
              : { ok: true, value: { engine, isWanted: () => false, unlock: () => undefined, close: async () => undefined } },
          create: async ({ accepting }) => {
            made.push(accepting);
            return { ok: true, value: { engine, isWanted: () => false, unlock: () => undefined, close: async () => undefined } };
          },
        },
      },
    ).photon("accept", "https://relay.example/i#abc", "--petname", "Ana", "--no-input");
    expect(done.code).toBe(0);
    expect(made).toEqual([{ invitation: "https://relay.example/i#abc", petname: "Ana" }]);
  });

  test.each(["ftp://relay.example", "https://ana:pw@relay.example", "https://relay.example/path", "http://"])(
    "the relay address %s is refused",
    async (relay) => {
      expect((await fakePhoton({}, { profile: false }).photon("init", "--relay", relay)).code).toBe(2);
    },
  );

  test("a relay without https across a network is refused, and one on this machine needs none", async () => {
    const { photon } = fakePhoton({}, { profile: false });
    const refused = await photon("init", "--relay", "http://relay.example");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("must begin with https://");
    expect((await photon("init", "--relay", "127.0.0.1:7740", "--json")).json).toMatchObject({ relay: "http://127.0.0.1:7740" });
  });
});

describe("verify", () => {
  test("words that differ exit with 22 and say what it means", async () => {
    const { photon, state } = fakePhoton({}, { terminal: true, ask: scriptedAsk("differ") });
    const done = await photon("contacts", "verify", "Ben");
    expect(done.code).toBe(22);
    expect(done.err).toContain("not talking to “Ben” alone");
    expect(state.calls.some((call) => call.startsWith("verify"))).toBe(false);
  });
});

describe("export and import", () => {
  const secret = { PHOTON_SECRET_COMMAND: "printf 'correct horse battery\\n'" };

  test("a file is written whole, for its owner alone, and not over another", async () => {
    const file = join(folder, "out.age");
    const { photon } = fakePhoton({}, { env: secret });
    const done = await photon("export", "contacts", "--to", file, "--format", "jscontact", "--json");
    expect(done.json).toMatchObject({ kind: "contacts-jscontact", file });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toBe("age-encryption.org/v1 contacts-jscontact");
    expect((await photon("export", "contacts", "--to", file, "--json")).json).toMatchObject({ error: { code: "file-exists" } });
    expect((await photon("export", "relationships", "--to", file, "--force")).code).toBe(0);
    expect(await readFile(file, "utf8")).toBe("age-encryption.org/v1 relationships");
  });

  test("encrypted bytes go to a pipe, not to a terminal", async () => {
    expect((await fakePhoton({}, { env: secret }).photon("export", "contacts", "--to", "-", "--quiet")).out).toContain(
      "age-encryption.org",
    );
    expect((await fakePhoton({}, { env: secret, terminal: true }).photon("export", "contacts", "--to", "-")).code).toBe(2);
  });

  test("a wrong passphrase exits with 12", async () => {
    const file = join(folder, "in.age");
    await writeFile(file, "x");
    expect((await fakePhoton({}, { env: { PHOTON_SECRET_COMMAND: "echo wrong" } }).photon("import", file)).code).toBe(12);
    const done = await fakePhoton({}, { env: secret }).photon("import", file, "--json");
    expect(done.json).toEqual({ schema: 1, kind: "relationships", contacts: 2, messages: 5, skipped: 1 });
  });
});

describe("watch", () => {
  test("tells what is new, once, gives the lock up while it waits, and outlives a relay that goes away", async () => {
    const cancel = new AbortController();
    const away = { ...quietSync, problems: [photonError("relay-unreachable", "gone")] };
    const { photon, state, engine, locks } = fakePhoton({ syncs: [quietSync, away, away, quietSync] }, { cancel: cancel.signal });
    let round = 0;
    Object.assign(engine, {
      waitForHint: async () => {
        expect(locks.at(-1)).toBe("unlock");
        round += 1;
        if (round === 1) state.messages.push(message({ id: "m2", body: "first" }));
        if (round === 3) {
          state.messages.push(message({ id: "m3", body: "second" }));
          state.contacts = [contact({ changes: [change()] })];
        }
        if (round === 4) cancel.abort();
      },
    });
    const done = await photon("watch", "--json");
    const events = done.lines
      .filter((line) => "event" in line)
      .map((line) => [line["event"], (line["message"] as { body?: string } | undefined)?.body]);
    expect(events).toEqual([
      ["watching", undefined],
      ["message", "first"],
      ["problem", undefined],
      ["change", undefined],
      ["message", "second"],
      ["connected", undefined],
    ]);
    expect(done.lines.every(({ schema }) => schema === 1)).toBe(true);
    expect(done.code).toBe(130);
  });

  test("another command in the way is waited for", async () => {
    const cancel = new AbortController();
    let tries = 0;
    const { photon } = fakePhoton(
      {},
      {
        cancel: cancel.signal,
        home: {
          open: async () => {
            tries += 1;
            if (tries === 3) cancel.abort();
            return { ok: false, error: photonError("profile-locked") };
          },
        },
      },
    );
    expect((await photon("watch")).code).toBe(130);
    expect(tries).toBe(3);
  });
});

describe("doctor", () => {
  test("without a profile it exits with 10 and says what to do", async () => {
    const done = await fakePhoton({}, { profile: false, folder: join(folder, "none") }).photon("doctor");
    expect(done.code).toBe(10);
    expect(done.out).toContain("photon init");
  });

  test("in an empty folder nothing is said to work, whatever else there is to say of it", async () => {
    const home = await mkdtemp(join(folder, "empty-"));
    for (const mode of [0o700, 0o755]) {
      await chmod(home, mode);
      for (const options of [
        { profile: false },
        // What a command left that made no profile in the end.
        { home: { open: async () => ({ ok: false, error: photonError("no-profile") }) as const } },
      ]) {
        const done = await fakePhoton({}, { ...options, folder: home }).photon("doctor");
        expect(done.code).toBe(10);
        expect(done.out).toMatch(/problem .*no (Photon )?profile/u);
        expect(done.err).toContain("1 problem found");
      }
    }
  });

  test("a device that was retired is a problem, and not one's only device", async () => {
    const home = await mkdtemp(join(folder, "retired-"));
    const devices = [
      { name: "laptop", state: "retired", lastSeen: noon, thisOne: true },
      { name: "phone", state: "live", lastSeen: noon, thisOne: false },
    ] as const;
    const done = await fakePhoton({ devices: [...devices] }, { folder: home }).photon("doctor", "--json");
    expect(done.code).toBe(1);
    expect(done.json["findings"]).toContainEqual(
      expect.objectContaining({
        check: "devices",
        state: "problem",
        remedy: expect.stringContaining("photon devices retire NAME") as string,
      }),
    );
  });

  test("a folder that others can read, and a damaged database", async () => {
    const home = await mkdtemp(join(folder, "home-"));
    await writeFile(join(home, "profile.db"), "x", { mode: 0o600 });
    await chmod(join(home, "profile.db"), 0o644);
    const { photon } = fakePhoton(
      {},
      { folder: home, home: { checkDatabase: async () => ({ ok: false, error: photonError("profile-corrupt", "page 3") }) } },
    );
    const done = await photon("doctor", "--json");
    expect(done.code).toBe(1);
    expect(done.json).toMatchObject({ healthy: false });
    const findings = done.json["findings"] as { check: string; state: string; remedy: string }[];
    expect(findings.find(({ check }) => check === "permissions")).toMatchObject({
      state: "problem",
      remedy: expect.stringContaining("chmod") as string,
    });
    expect(findings.find(({ check }) => check === "database")).toMatchObject({ state: "problem" });
  });

  test("a relay that does not answer is a problem with a remedy", async () => {
    const home = await mkdtemp(join(folder, "home-"));
    await chmod(home, 0o700);
    const done = await fakePhoton({}, { folder: home }).photon("doctor", "--json");
    const findings = done.json["findings"] as { check: string; state: string; remedy: string }[];
    expect(findings.find(({ check }) => check === "relay")).toMatchObject({
      state: "problem",
      remedy: expect.stringContaining("Nothing is lost") as string,
    });
    expect(done.code).toBe(1);
  });
});
