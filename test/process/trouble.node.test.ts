/**
 * Wrong server, full disk, profile locked, profile corrupted, older or newer format, wrong passphrase, by real commands: a
 * clear error that names the remedy, exit code as documented, nothing lost. (A clock ten years off: test/story.)
 */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, open, readFile, rm, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { encryptedStore, nodeKeyStore } from "@photon/engine/adapters/node";
import { openSqliteStore, acquireProfileLock } from "@photon/engine/adapters/sqlite";
import type { Store } from "@photon/engine/ports";
import { decode, encode, uint, struct, bytes, text, asBytes } from "@photon/protocol/codec";
import { askPhoton, runPhoton, startPhoton, webPage } from "@photon/testkit";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bodies, did, playScene, type Scene, told } from "./scene.ts";

let scene: Scene;
beforeAll(async () => {
  scene = await playScene();
}, 120_000);
afterAll(() => scene.close());

const databaseOf = (home: string): string => join(home, "profile.db");

describe("wrong server", { timeout: 120_000 }, () => {
  test("init at a web page, and at a port where nothing listens: says which, makes no profile, and works at the right address", async () => {
    const chi = join(scene.folder, "chi");
    scene.proxy.instead = webPage;
    const page = told(await askPhoton(chi, "init", "--relay", scene.proxy.url), 1);
    scene.proxy.instead = undefined;
    expect(page).toMatchObject({ code: "wrong-server", remedy: expect.stringContaining("address") as string });
    const closed = told(await askPhoton(chi, "init", "--relay", `http://127.0.0.1:${await closedPort()}`), 3);
    expect(closed.code).toBe("relay-unreachable");
    expect(told(await askPhoton(chi, "contacts"), 10).remedy).toContain("photon init");
    expect((await askPhoton(chi, "init", "--relay", scene.url)).code).toBe(0);
  });

  test("the server turns into a web page: the message is kept, the problem named, and it is sent when the server is back", async () => {
    scene.proxy.instead = webPage;
    const sent = await askPhoton(scene.ana, "send", "Ben", "while a page was there");
    scene.proxy.instead = undefined;
    expect(sent.code).toBe(3);
    expect(sent.object).toMatchObject({ state: "queued" });
    expect(sent.object["problems"]).toContainEqual(expect.objectContaining({ code: "wrong-server" }));
    await untilSent(scene.ana);
    expect(await bodies(scene.ben, "Ana")).toContain("while a page was there");
  });

  test("doctor says so, and shows nothing of what the page would do to a terminal", async () => {
    scene.proxy.instead = webPage;
    const doctor = await runPhoton(scene.ana, ["doctor", "--no-input"]);
    scene.proxy.instead = undefined;
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/no Photon server[^]*Check the address/u);
    expect(doctor.stdout).not.toMatch(/[\u001B\u202E]/u);
  });
});

describe("clock ten years off", { timeout: 120_000 }, () => {
  for (const [way, off] of [
    ["ahead", -3653 * 24 * 3_600_000],
    ["behind", 3653 * 24 * 3_600_000],
  ] as const) {
    test(`${way}: doctor finds it by the server's Date and says what to do`, async () => {
      scene.proxy.clockOff = off;
      const { code, object } = await askPhoton(scene.ana, "doctor");
      scene.proxy.clockOff = 0;
      expect(code).toBe(1);
      const findings = object["findings"] as readonly Record<string, string>[];
      const clock = findings.find(({ check }) => check === "clock");
      expect(clock).toMatchObject({ state: "problem", remedy: "Set the date and time of this device." });
      expect(clock?.["words"]).toMatch(/3,65[23] days apart/u);
    });
  }
});

/** A small disk of its own, where this machine lets us mount one. */
const disk = await mountDisk();

describe("full disk", { timeout: 120_000 }, () => {
  const note = disk === undefined ? " (not tried: this machine mounts no disk for us; test/story/full-disk stands for it)" : "";
  test(`a disk that is really full: says so, loses nothing, goes on when there is space${note}`, async () => {
    if (disk === undefined) return;
    try {
      const dee = join(disk, "dee");
      await did(dee, "init", "--relay", scene.url, "--device", "phone");
      await did(dee, "meet", "--petname", "Ana");
      const filler = join(disk, "filler");
      await fill(filler);
      const full = told(await askPhoton(dee, "meet", "--petname", "Ben"), 1);
      expect(full).toMatchObject({ code: "disk-full", remedy: expect.stringContaining("Free some space") as string });
      await unlink(filler);
      await did(dee, "meet", "--petname", "Ben");
      const { contacts } = await did(dee, "contacts");
      expect((contacts as readonly { readonly petname: string }[]).map(({ petname }) => petname)).toEqual(["Ana", "Ben"]);
    } finally {
      await promisify(execFile)("umount", ["-l", disk]);
      await rm(disk, { recursive: true });
    }
  });
});

describe("profile locked", { timeout: 180_000 }, () => {
  test("by another process: exit 11 with its remedy, and everything is there when it is free", async () => {
    const lock = await acquireProfileLock(scene.ana);
    if (lock === undefined) throw new Error("nobody else should hold it");
    const answer = await askPhotonWith(scene.ana, { PHOTON_LOCK_WAIT: "1" }, "read", "Ben");
    expect(told(answer, 11)).toMatchObject({ code: "profile-locked", remedy: expect.stringContaining("Wait") as string });
    lock.release();
    expect(await bodies(scene.ana, "Ben")).toContain("before the trouble");
  });

  test("a running watch never makes another command fail: ten at once beside it", async () => {
    const watching = startPhoton(scene.ben, ["watch", "--json", "--no-input"]);
    const commands = [
      ["contacts"],
      ["devices"],
      ["read", "Ana"],
      ["sync"],
      ["backup", "status"],
      ["contacts", "history", "Ana"],
      ["send", "Ana", "beside the watch 1"],
      ["send", "Ana", "beside the watch 2"],
      ["send", "Ana", "beside the watch 3"],
      ["contacts", "verify", "Ana"],
    ];
    const answers = await Promise.all(
      commands.map(async (words) => askPhotonWith(scene.ben, { PHOTON_LOCK_WAIT: "60" }, ...words)),
    );
    watching.signal("SIGINT");
    expect((await watching.ended).code).toBe(130);
    expect(answers.map(({ code }) => code)).toEqual(commands.map(() => 0));
    const seen = await bodies(scene.ana, "Ben");
    for (const number of [1, 2, 3]) expect(seen.filter((body) => body === `beside the watch ${number}`)).toHaveLength(1);
  });
});

describe("profile corrupted", { timeout: 120_000 }, () => {
  const damages: Readonly<Record<string, (file: string) => Promise<void>>> = {
    "overwritten in the middle": async (file) => {
      const handle = await open(file, "r+");
      const { size } = await handle.stat();
      for (let at = 4096; at < size; at += 4096) await handle.write(Buffer.alloc(600, 0x5a), 0, 600, at);
      await handle.close();
    },
    "cut in half": async (file) => truncate(file, Math.floor((await stat(file)).size / 2)),
    emptied: (file) => truncate(file, 0),
    "replaced by something else": (file) => writeFile(file, "a shopping list\n".repeat(1000)),
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`database ${name}: says so, changes nothing, names the remedy`, async () => {
      const home = await scene.copyOfAna(`damaged ${name}`);
      await damage(databaseOf(home));
      const before = await readFile(databaseOf(home));
      for (const words of [["read", "Ben", "--offline"], ["sync"]]) {
        const error = told(await askPhoton(home, ...words), 1);
        expect(error.code).toBe("profile-corrupt");
        expect(error.remedy).toContain("photon devices add");
      }
      expect(findingsOf(await askPhoton(home, "doctor"))).toContain("database");
      expect((await readFile(databaseOf(home))).equals(before), "left as it was").toBe(true);
      await writeFile(databaseOf(home), await readFile(databaseOf(scene.ana)));
      expect(await bodies(home, "Ben", "--offline")).toContain("before the trouble");
    });
  }

  test("doctor finds nothing wrong with a sound profile, and a device key that others can read", async () => {
    const home = await scene.copyOfAna("open key");
    expect((await askPhoton(home, "doctor")).object).toMatchObject({ healthy: true });
    await chmod(join(home, "device.key"), 0o644);
    expect(findingsOf(await askPhoton(home, "doctor"))).toContain("permissions");
  });

  test("the device key is gone, or another's: says so, and the right one opens it again", async () => {
    const home = await scene.copyOfAna("keyless");
    const file = join(home, "device.key");
    const key = await readFile(file);
    await unlink(file);
    expect(told(await askPhoton(home, "read", "Ben", "--offline"), 1).code).toBe("profile-corrupt");
    await rm(file, { force: true });
    await writeFile(file, await readFile(join(scene.ben, "device.key")), { mode: 0o600 });
    expect(told(await askPhoton(home, "read", "Ben", "--offline"), 1).code).toBe("profile-corrupt");
    await writeFile(file, key, { mode: 0o600 });
    expect(await bodies(home, "Ben", "--offline")).toContain("before the trouble");
  });

  test("a row that somebody changed or swapped is found, not believed", async () => {
    const home = await scene.copyOfAna("one row");
    const database = new Database(databaseOf(home));
    database.exec(`UPDATE state SET value = (SELECT value FROM state WHERE key LIKE 'inbox/%' LIMIT 1) WHERE key LIKE 'msg/%'`);
    database.close();
    expect(told(await askPhoton(home, "read", "Ben", "--offline"), 1).code).toBe("profile-corrupt");
  });
});

describe("older or newer format", { timeout: 120_000 }, () => {
  test("of the database: says which it has, changes nothing", async () => {
    const home = await scene.copyOfAna("other database format");
    for (const [version, found] of [
      [0, "format 0"],
      [2, "format 2"],
    ] as const) {
      setUserVersion(databaseOf(home), version);
      const error = told(await askPhoton(home, "read", "Ben", "--offline"), 1);
      expect(error).toMatchObject({ code: "profile-format", remedy: expect.stringContaining("Update Photon") as string });
      expect(error.detail).toContain(found);
    }
    setUserVersion(databaseOf(home), 1);
    expect(await bodies(home, "Ben", "--offline")).toContain("before the trouble");
  });

  test("of the profile, also with fields that this version does not know", async () => {
    const home = await scene.copyOfAna("other profile format");
    const fields = {
      device: [2, bytes(8)],
      name: [3, text(64)],
      relay: [4, text(256)],
      vault: [5, text(256)],
      created: [6, uint()],
    } as const;
    const today = struct({ format: [1, uint()], ...fields });
    const tomorrow = struct({ format: [1, uint()], ...fields, colour: [7, text(16)] });
    const original = await onProfileRow(home, (row) => {
      const record = decode(today, row, 4096);
      if (!record.ok) throw new Error(record.error.detail);
      return encode(tomorrow, { ...record.value, format: 2, colour: "green" });
    });
    expect(told(await askPhoton(home, "read", "Ben", "--offline"), 1)).toMatchObject({
      code: "profile-format",
      detail: expect.stringContaining("format 2") as string,
    });
    await onProfileRow(home, () => original);
    expect(await bodies(home, "Ben", "--offline")).toContain("before the trouble");
  });
});

describe("wrong passphrase", { timeout: 120_000 }, () => {
  test("on import: exit 12, nothing changed; a damaged file says that it is one", async () => {
    const [file, right, wrong] = ["out.age", "right", "wrong"].map((name) => join(scene.folder, name)) as [string, string, string];
    await writeFile(right, "four words and more\n", { mode: 0o600 });
    await writeFile(wrong, "four other words\n", { mode: 0o600 });
    expect((await askPhotonWith(scene.ana, { PHOTON_SECRET_FILE: right }, "export", "relationships", "--to", file)).code).toBe(0);
    const refused = told(await askPhotonWith(scene.ben, { PHOTON_SECRET_FILE: wrong }, "import", file), 12);
    expect(refused).toMatchObject({ code: "wrong-secret", remedy: expect.stringContaining("nothing was changed") as string });
    await truncate(file, (await stat(file)).size - 20);
    expect(told(await askPhotonWith(scene.ben, { PHOTON_SECRET_FILE: right }, "import", file), 2).code).toBe("bad-import");
    const { contacts } = (await askPhoton(scene.ben, "contacts")).object;
    expect(contacts).toHaveLength(1);
  });
});

async function askPhotonWith(home: string, environment: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const ran = await runPhoton(home, [...words, "--no-input", "--json"], { environment });
  return { code: ran.code, object: JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown> };
}

/** What doctor calls a problem. */
const findingsOf = ({ object }: { readonly object: Record<string, unknown> }): readonly string[] =>
  (object["findings"] as readonly { readonly check: string; readonly state: string }[])
    .filter(({ state }) => state === "problem")
    .map(({ check }) => check);

/** Items that were refused wait a moment before they are tried again. */
async function untilSent(home: string): Promise<void> {
  for (let pass = 0; pass < 20; pass++) if ((await askPhoton(home, "sync")).object["pending"] === 0) return;
  throw new Error("it was never sent");
}

function closedPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function setUserVersion(file: string, version: number): void {
  const database = new Database(file);
  database.pragma(`user_version = ${version}`);
  database.close();
}

/** Rewrites `meta/profile`. @returns what was there. */
async function onProfileRow(home: string, change: (row: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) {
  const file = await openSqliteStore(databaseOf(home));
  if (!file.ok) throw new Error(file.error.code);
  const opened = await encryptedStore(file.value, nodeKeyStore(home));
  if (!opened.ok) throw new Error(opened.error.code);
  const store: Store = opened.value;
  const row = await store.get("meta", "profile");
  if (row === undefined) throw new Error("no profile row");
  await store.commit([{ table: "meta", key: "profile", value: asBytes(change(row.value)) }]);
  await store.close();
  return row.value;
}

async function mountDisk(): Promise<string | undefined> {
  const path = await mkdtemp(join(tmpdir(), "photon-disk-"));
  try {
    await promisify(execFile)("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", path]);
    return path;
  } catch {
    await rm(path, { recursive: true });
    return undefined;
  }
}

/** Writes a file until there is no space left at all. */
async function fill(path: string): Promise<void> {
  const handle = await open(path, "w");
  try {
    for (;;) await handle.write(Buffer.alloc(4096, 1));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
  } finally {
    await handle.close();
  }
}
