/** What the terminal says of the backup, and of what waits to be deleted there. */
import { describe, expect, test } from "vitest";
import { noon } from "./support/fake-engine.ts";
import { fakePhoton } from "./support/fake-world.ts";

const day = 86_400_000;
const lost = { version: "7", relationships: 3, records: 0, until: noon + 42 * day };

describe("photon backup status", () => {
  test("says what waits to be deleted, until when, and how to bring it back", async () => {
    const { photon } = fakePhoton({ pendingDeletion: lost });
    const done = await photon("backup", "status");
    expect(done.code).toBe(0);
    expect(done.out).toContain("can return   3 relationships that were closed or renamed, and 0 missing entries, until 2025-04-25");
    expect(done.err).toContain("photon backup undo");
    const json = await photon("backup", "status", "--json");
    expect(json.json).toMatchObject({
      pendingDeletion: { version: "7", relationships: 3, records: 0, until: "2025-04-25T12:00:00.000Z" },
    });
  });

  test("says nothing of it where nothing is lost", async () => {
    const { photon } = fakePhoton();
    expect((await photon("backup", "status")).out).not.toContain("can return");
    expect((await photon("backup", "status", "--json")).json).toMatchObject({ pendingDeletion: null });
  });
});

describe("photon backup vaults", () => {
  test("lists, adds and gives up, and says what becomes of what is there", async () => {
    const { photon, state } = fakePhoton();
    expect((await photon("backup", "vaults")).out).toContain("https://relay.example  stored just now");
    expect((await photon("backup", "vaults", "list", "--json")).json).toMatchObject({
      vaults: [{ vault: "https://relay.example", sequence: 3, pendingChanges: 0 }],
    });
    const added = await photon("backup", "vaults", "add", "https://vault.example/");
    expect([added.code, state.calls.includes("addVault https://vault.example")]).toEqual([0, true]);
    const removed = await photon("backup", "vaults", "remove", "vault.example");
    expect([removed.code, state.calls.includes("removeVault https://vault.example")]).toEqual([0, true]);
    expect(removed.err).toContain("What is there stays there");
    expect((await photon("backup", "vaults", "add", "https://known.example")).code).toBe(2);
    expect((await photon("backup", "vaults", "remove", "https://unknown.example")).code).toBe(2);
    expect((await photon("backup", "vaults", "add", "not an address")).code).toBe(2);
    expect((await photon("backup", "vaults", "nonsense")).code).toBe(2);
  });

  test("photon init takes up to three", async () => {
    const made: unknown[] = [];
    const { photon, engine } = fakePhoton(
      {},
      {
        profile: false,
        home: {
          create: async (options) => {
            made.push(options);
            return { ok: true, value: { engine, unlock: () => undefined, isWanted: () => false, close: async () => undefined } };
          },
        },
      },
    );
    const vaults = ["--vault", "https://a.example", "--vault", "b.example", "--vault", "https://a.example"];
    const done = await photon("init", "--relay", "https://relay.example", ...vaults, "--device", "laptop", "--no-input", "--json");
    expect(made).toEqual([
      { device: "laptop", relay: "https://relay.example", vault: "https://a.example", moreVaults: ["https://b.example"] },
    ]);
    expect(done.json).toMatchObject({ vault: "https://a.example", vaults: ["https://a.example", "https://b.example"] });
    await photon("init", "--relay", "https://relay.example", "--device", "laptop", "--no-input");
    expect(made[1]).toEqual({ device: "laptop", relay: "https://relay.example", vault: "https://relay.example", moreVaults: [] });
  });
});

describe("photon backup undo", () => {
  test("brings back what can be undone, tells the servers, and says what it was", async () => {
    const { photon, state } = fakePhoton({ pendingDeletion: lost });
    const done = await photon("backup", "undo", "--json");
    expect(done.json).toMatchObject({ schema: 1, version: "7", relationships: 3, records: 4 });
    expect(state.calls.slice(-3)).toEqual(["undoBackup ", "sync", "close"]);
    expect((await photon("backup", "undo")).err).toContain("3 relationships are as in state 7, and 4 entries have come back.");
  });

  test("goes to a state that --list names", async () => {
    const { photon, state } = fakePhoton();
    const listed = await photon("backup", "undo", "--list");
    expect(listed.out.split("\n").slice(0, 2)).toEqual([
      "7  written on 2025-03-11, kept until 2025-04-25, 3 relationships, opened by the device laptop",
      "9  written on 2025-03-14, the newest, opened by the device laptop",
    ]);
    expect((await photon("backup", "undo", "--list", "--json")).json).toMatchObject({
      versions: [
        { version: "7", relationships: 3 },
        { version: "9", until: null, relationships: null },
      ],
    });
    expect((await photon("backup", "undo", "--to", "9")).code).toBe(0);
    expect(state.calls).toContain("undoBackup 9");
    expect((await photon("backup", "undo", "--to", "99")).code).toBe(2);
  });

  test("with nothing to undo says so, and with --dry-run changes nothing", async () => {
    const { photon, state } = fakePhoton();
    const done = await photon("backup", "undo");
    expect([done.code, done.err.includes("Nothing of the backup waits to be deleted")]).toEqual([1, true]);
    const before = state.calls.filter((call) => call.startsWith("undoBackup")).length;
    expect((await photon("backup", "undo", "--dry-run")).code).toBe(0);
    expect(state.calls.filter((call) => call.startsWith("undoBackup")).length).toBe(before);
  });
});
