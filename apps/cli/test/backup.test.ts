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
