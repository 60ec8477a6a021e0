import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { acquireProfileLock } from "@photon/engine/adapters/sqlite";
import { StoreFailure } from "@photon/engine/ports";
import { type Child, startChild } from "./child.ts";

const root = mkdtempSync(join(tmpdir(), "photon-lock-"));
const freshFolder = (): string => mkdtempSync(join(root, "profile-"));
afterAll(() => rmSync(root, { recursive: true }));

const children: Child[] = [];
const start = (what: string, folder: string): Child => {
  const child = startChild("./locking.child.ts", what, folder);
  children.push(child);
  return child;
};
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill9()));
});

describe("the profile lock", () => {
  test("kill -9 of its holder frees it", async () => {
    const folder = freshFolder();
    for (let round = 0; round < 3; round++) {
      const ana = start("hold", folder);
      expect(await ana.nextLine()).toBe("held");
      expect(await acquireProfileLock(folder, { waitMs: 100 })).toBeUndefined();
      await ana.kill9();
      const mine = await acquireProfileLock(folder, { waitMs: 0 });
      expect(mine).toBeDefined();
      mine?.release();
    }
  });

  test("the end of its holder frees it, released or not", async () => {
    const folder = freshFolder();
    const child = start("forget", folder);
    expect(await child.nextLine()).toBe("held");
    await child.ended;
    expect(await acquireProfileLock(folder, { waitMs: 0 })).toBeDefined();
  });

  test("two processes never hold it at once", async () => {
    const folder = freshFolder();
    const workers = [1, 2, 3].map(() => start("alone", folder));
    for (const worker of workers) {
      expect(await worker.nextLine()).toBe("alone");
      expect(await worker.ended).toBe(0);
    }
  });

  test("a running `watch`, which takes it in bursts, never makes another command fail", async () => {
    const folder = freshFolder();
    const watch = start("burst", folder);
    expect(await watch.nextLine()).toBe("burst");
    const waits: number[] = [];
    for (let command = 0; command < 25; command++) {
      const asked = performance.now();
      const mine = await acquireProfileLock(folder);
      waits.push(performance.now() - asked);
      expect(mine).toBeDefined();
      mine?.release();
    }
    // A burst is 40 ms: one that waits is served after the burst that it met, not after many.
    expect(Math.max(...waits)).toBeLessThan(1_000);
    // And `watch` is not starved in turn: it goes on.
    expect(await watch.nextLine()).toBe("burst");
  });

  test("its holder can see that another process waits, and when it does no more", async () => {
    const folder = freshFolder();
    const mine = await acquireProfileLock(folder);
    expect(mine?.isWanted()).toBe(false);
    expect(await acquireProfileLock(folder, { waitMs: 0 })).toBeUndefined();
    expect(mine?.isWanted()).toBe(false);
    const waiting = acquireProfileLock(folder, { waitMs: 20_000 });
    await expect.poll(() => mine?.isWanted()).toBe(true);
    mine?.release();
    const theirs = await waiting;
    expect(theirs?.isWanted()).toBe(false);
    theirs?.release();
  });

  test("while it waits the process stays responsive, and after the wait it says so", async () => {
    const folder = freshFolder();
    const mine = await acquireProfileLock(folder);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const asked = performance.now();
    expect(await acquireProfileLock(folder, { waitMs: 300 })).toBeUndefined();
    const waited = performance.now() - asked;
    clearInterval(timer);
    expect(waited).toBeGreaterThanOrEqual(299);
    expect(waited).toBeLessThan(2_000);
    expect(ticks).toBeGreaterThan(10);
    mine?.release();
  });

  test("asking again in the same process neither grants it twice nor loses it to other processes", async () => {
    const folder = freshFolder();
    const mine = await acquireProfileLock(folder);
    expect(await acquireProfileLock(folder, { waitMs: 20 })).toBeUndefined();
    expect(await start("try", folder).nextLine()).toBe("refused");
    mine?.release();
    expect(await start("try", folder).nextLine()).toBe("held");
  });

  test("a holder that forgets its handle keeps the lock", async () => {
    const folder = freshFolder();
    await acquireProfileLock(folder);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    for (let round = 0; round < 5; round++) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await acquireProfileLock(folder, { waitMs: 0 })).toBeUndefined();
  });

  test("releasing lets the next one in, and its files are readable by their owner only", async () => {
    const folder = freshFolder();
    for (let round = 0; round < 3; round++) {
      const mine = await acquireProfileLock(folder, { waitMs: 0 });
      expect(mine).toBeDefined();
      mine?.release();
    }
    for (const name of ["lock.db", "lock-turn.db"]) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  test("something else in its place is reported, not waited for", async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, "lock.db"), "no database ".repeat(100));
    await expect(acquireProfileLock(folder)).rejects.toThrow(StoreFailure);
  });
});
