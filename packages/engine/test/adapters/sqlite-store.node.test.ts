import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { checkSqliteStore, openSqliteStore } from "@photon/engine/adapters/sqlite";
import { type Store, StoreFailure } from "@photon/engine/ports";
import { expectOk, utf8 } from "@photon/protocol/codec";
import { startChild } from "./child.ts";

const root = mkdtempSync(join(tmpdir(), "photon-sqlite-"));
const freshFile = (): string => join(mkdtempSync(join(root, "profile-")), "profile.db");
afterAll(() => rmSync(root, { recursive: true }));

const padded = (number: number): string => String(number).padStart(8, "0");

async function fill(store: Store, rows: number): Promise<void> {
  const writes = Array.from({ length: rows }, (_, index) => {
    return { table: "message", key: padded(index), value: new Uint8Array(1_000).fill(index & 0xff) } as const;
  });
  expectOk(await store.commit(writes));
}

async function filledFile(rows: number): Promise<string> {
  const file = freshFile();
  const store = expectOk(await openSqliteStore(file));
  await fill(store, rows);
  await store.close();
  return file;
}

const codeOf = async (file: string): Promise<string> => {
  const opened = await openSqliteStore(file);
  if (!opened.ok) return opened.error.code;
  await opened.value.close();
  return "ok";
};

describe("the SQLite store's files", () => {
  test("are readable by their owner only, whatever the umask, also when they were not", async () => {
    const before = process.umask(0);
    try {
      const file = freshFile();
      const store = expectOk(await openSqliteStore(file));
      await fill(store, 10);
      const folder = join(file, "..");
      expect(readdirSync(folder).toSorted()).toEqual(["profile.db", "profile.db-shm", "profile.db-wal"]);
      for (const name of readdirSync(folder)) expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
      await store.close();
      chmodSync(file, 0o644);
      await expectOk(await openSqliteStore(file)).close();
      expect(statSync(file).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  test("hold nothing of a value that was deleted or written over, once closed", async () => {
    const file = freshFile();
    const store = expectOk(await openSqliteStore(file));
    const secret = utf8("a ratchet that must be gone");
    const large = new Uint8Array(20_000).fill(0x5a);
    large.set(secret, 10_000);
    expectOk(
      await store.commit([
        { table: "generation", key: "a", value: secret },
        { table: "generation", key: "b", value: large },
      ]),
    );
    expectOk(
      await store.commit([
        { table: "generation", key: "a", value: utf8("new") },
        { table: "generation", key: "b", value: undefined },
      ]),
    );
    await store.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
    expect(readFileSync(file).includes(Buffer.from(secret))).toBe(false);
  });
});

describe("a damaged profile", () => {
  test("`store-corrupt` for a file that is no database, another program's database, or empty", async () => {
    const text = freshFile();
    writeFileSync(text, "Ana's shopping list\n".repeat(500));
    expect(await codeOf(text)).toBe("store-corrupt");
    const foreign = freshFile();
    new Database(foreign).exec("CREATE TABLE notes (text)").close();
    expect(await codeOf(foreign)).toBe("store-corrupt");
    const empty = freshFile();
    writeFileSync(empty, "");
    expect(await codeOf(empty)).toBe("store-corrupt");
  });

  test("`store-corrupt` for a file that was cut short", async () => {
    const file = await filledFile(500);
    for (const size of [statSync(file).size - 4_096, 40_960, 4_096, 100, 1]) {
      const cut = freshFile();
      copyFileSync(file, cut);
      truncateSync(cut, size);
      expect([size, await codeOf(cut)]).toEqual([size, "store-corrupt"]);
    }
  });

  test("`store-corrupt` for a database that is gone while its log is there, and the log is kept", async () => {
    const file = await filledFile(5);
    rmSync(file);
    writeFileSync(`${file}-wal`, "log");
    expect(await codeOf(file)).toBe("store-corrupt");
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(`${file}-wal`, "utf8")).toBe("log");
  });

  test("a page overwritten anywhere is never mistaken for data: refused at opening, or the rows are whole", async () => {
    const file = await filledFile(300);
    const pages = statSync(file).size / 4_096;
    const untouched = expectOk(await openSqliteStore(file));
    const whole = await untouched.list("message");
    await untouched.close();
    let refused = 0;
    for (let page = 0; page < pages; page += 3) {
      const damaged = freshFile();
      const bytes = readFileSync(file);
      bytes.fill(0xa5, page * 4_096 + 8, page * 4_096 + 512);
      writeFileSync(damaged, bytes);
      const opened = await openSqliteStore(damaged);
      if (!opened.ok) {
        expect(opened.error.code).toBe("store-corrupt");
        refused += 1;
        continue;
      }
      const rows = await opened.value.list("message").catch((error: unknown) => error);
      if (!(rows instanceof StoreFailure)) expect(rows).toEqual(whole);
      await opened.value.close();
    }
    expect(refused).toBeGreaterThan(pages / 6);
  });

  test("damage in a profile too large to be checked at opening is a typed error wherever it is met", async () => {
    const file = freshFile();
    const written = expectOk(await openSqliteStore(file));
    for (let row = 0; row < 34; row++) {
      expectOk(await written.commit([{ table: "message", key: padded(row), value: new Uint8Array(1_048_576) }]));
    }
    await written.close();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 64 * 4_096);
    writeFileSync(file, bytes);
    const store = expectOk(await openSqliteStore(file));
    await expect(store.list("message")).rejects.toThrow(StoreFailure);
    await expect(store.get("message", padded(7))).rejects.toMatchObject({ error: { code: "store-corrupt" } });
    const committed = await store.commit([{ table: "message", key: padded(7), value: utf8("x") }]);
    expect(committed).toMatchObject({ ok: false, error: { code: "store-corrupt" } });
    await store.close();
    expect(await checkSqliteStore(file)).toMatchObject({ ok: false, error: { code: "store-corrupt" } });
  });

  test("a whole profile passes the check", async () => {
    expect(await checkSqliteStore(await filledFile(100))).toEqual({ ok: true, value: undefined });
  });

  test("`store-format` for an older and a newer format, and not one byte is changed", async () => {
    for (const found of [0, 2, 77]) {
      const file = await filledFile(5);
      const database = new Database(file);
      database.pragma(`user_version = ${found}`);
      database.close();
      const before = readFileSync(file);
      expect(await openSqliteStore(file)).toEqual({ ok: false, error: { code: "store-format", found, supported: 1 } });
      expect(readFileSync(file).equals(before)).toBe(true);
    }
  });
});

describe("a full disk", () => {
  test("`store-full`, nothing half written, what was there stays, and smaller writes go on", async () => {
    const file = freshFile();
    const small = expectOk(await openSqliteStore(file, { maxPages: 100 }));
    await fill(small, 50);
    const batch = [
      { table: "cursor", key: "c", value: utf8("moved") },
      { table: "message", key: "large", value: new Uint8Array(1_000_000) },
    ] as const;
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await small.commit(batch, [{ table: "cursor", key: "c", version: 0 }])).toMatchObject({
        ok: false,
        error: { code: "store-full" },
      });
    }
    expect(await small.get("cursor", "c")).toBeUndefined();
    expect((await small.list("message")).length).toBe(50);
    expectOk(await small.commit([{ table: "cursor", key: "c", value: utf8("later") }]));
    await small.close();
    const roomy = expectOk(await openSqliteStore(file));
    expect((await roomy.get("cursor", "c"))?.version).toBe(1);
    expectOk(await roomy.commit(batch));
    expect((await roomy.list("message")).length).toBe(51);
    await roomy.close();
  });
});

/** How many rounds: a few seconds of them in `npm test`, 200 in `npm run soak` (scripts/soak-store.ts). */
const soakRounds = Number(process.env["PHOTON_SOAK_ROUNDS"] ?? 0);

describe("kill -9 in mid-commit", () => {
  const name = "what was confirmed is there, what was not is whole or absent, and the store opens";
  test(name, { timeout: 60_000 + soakRounds * 10_000 }, async () => {
    const file = freshFile();
    const started = performance.now();
    const goesOn = (round: number): boolean =>
      soakRounds > 0 ? round < soakRounds : round < 8 && (round === 0 || performance.now() - started < 8_000);
    let confirmed = 0;
    for (let round = 0; goesOn(round); round++) {
      const child = startChild("./committing.child.ts", file);
      // From one confirmed commit to a few dozen, so that the log is met in many states.
      for (let lines = 0; lines <= (round * 37) % 50; lines++) confirmed = Number(await child.nextLine());
      child.process.kill("SIGKILL");
      for (let line = await child.nextLine(); line !== undefined; line = await child.nextLine()) confirmed = Number(line);
      await child.ended;

      const store = expectOk(await openSqliteStore(file));
      const version = (await store.get("generation", "ratchet"))?.version ?? 0;
      expect(version === confirmed || version === confirmed + 1).toBe(true);
      const messages = await store.list("message");
      expect(messages.map(({ key }) => key)).toEqual(Array.from({ length: version }, (_, index) => padded(index + 1)));
      expect((await store.list("outbox")).map(({ key }) => key)).toEqual([padded(version)]);
      expect(messages.every(({ value }, index) => value.length === 3_000 && value.every((byte) => byte === (index & 0xff)))).toBe(
        true,
      );
      await store.close();
      expect(await checkSqliteStore(file)).toEqual({ ok: true, value: undefined });
    }
    expect(confirmed).toBeGreaterThan(0);
  });
});
