/**
 * Nothing that one device signs destroys a backup within 45 days. Ana's phone was stolen, unlocked: the thief holds the
 * key that writes to her register.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { signBlobPut } from "@photon/protocol/archive";
import { type Bytes, toHex } from "@photon/protocol/codec";
import { describe, expect, test } from "vitest";
import { random, server } from "./people.ts";
import { blobOf, headAfter, headOf, headsOf, newKey, storedBlob, type TestKey, vaultOutcome } from "./vault-people.ts";

const day = 86_400_000;
const mebibyte = 1024 * 1024;

interface Scene {
  readonly url: string;
  readonly data: string;
  readonly register: Bytes;
  readonly device: TestKey;
  /** What the good head keeps. */
  readonly wanted: Bytes;
  readonly good: ReturnType<typeof headAfter>;
  /** So many days pass, each with its sweep. */
  pass(days: number): Promise<void>;
  /** The clock is set so many days ahead (or back), and the vault looks at it. */
  leap(days: number): Promise<void>;
}

async function scene(flags: Readonly<Record<string, number>> = {}): Promise<Scene> {
  let now = 20_000 * day;
  const { url, data, sweep } = await server(flags, { now: () => now });
  const [register, device] = [random(16), newKey()];
  const empty = headAfter(undefined, register, device);
  await vaultOutcome(url, "headPut", empty);
  const wanted = await storedBlob(url, register, device);
  const good = headAfter(empty, register, device, { keeps: [wanted] });
  expect(await vaultOutcome(url, "headPut", good)).toBe("accepted");
  const leap = async (days: number): Promise<void> => {
    now += days * day;
    await sweep();
  };
  const pass = async (days: number): Promise<void> => {
    for (let one = 0; one < days; one++) await leap(1);
  };
  await pass(50);
  return { url, data, register, device, wanted, good, pass, leap };
}

describe("nothing that one device signs destroys a backup within 45 days", () => {
  test("a superseded head and what it keeps stay for 45 days, then go; what the newest keeps stays", async () => {
    const { url, data, register, device, wanted, good, pass } = await scene();
    const kept = await storedBlob(url, register, device);
    const wiped = headAfter(good, register, device, { keeps: [kept] });
    expect(await vaultOutcome(url, "headPut", wiped)).toBe("accepted");
    await pass(45);
    expect(await headOf(url, register, 2)).toEqual(good);
    expect(typeof (await blobOf(url, wanted))).toBe("object");
    await pass(1);
    expect(await headOf(url, register, 2)).toBeUndefined();
    await pass(46);
    expect(await blobOf(url, wanted)).toBe("not-found: no such blob");
    expect(existsSync(join(data, "blobs", toHex(wanted).slice(0, 2), toHex(wanted)))).toBe(false);
    expect(typeof (await blobOf(url, kept))).toBe("object");
    expect(await headOf(url, register)).toEqual(wiped);
  });

  test("a head that keeps nothing, and a thousand after it, leave the good one and its blobs in place", async () => {
    const { url, register, device, wanted, good, pass } = await scene();
    let last = headAfter(good, register, device);
    for (let more = 0; more < 200; more++) {
      expect(await vaultOutcome(url, "headPut", last)).toBe("accepted");
      last = headAfter(last, register, device);
    }
    await pass(44);
    expect(await headOf(url, register, 2)).toEqual(good);
    expect(typeof (await blobOf(url, wanted))).toBe("object");
  });

  test("a head that hands the register to another key locks the owner out of writing, not out of reading", async () => {
    const { url, register, device, wanted, good, pass } = await scene();
    const thief = newKey();
    const stolen = headAfter(good, register, device, { nextKey: thief.key });
    expect(await vaultOutcome(url, "headPut", stolen)).toBe("accepted");
    expect(await vaultOutcome(url, "headPut", headAfter(stolen, register, device))).toBe("forbidden");
    expect(await vaultOutcome(url, "headPut", headAfter(stolen, register, thief))).toBe("accepted");
    await pass(45);
    expect(await headsOf(url, register)).toEqual({ newest: 4, kept: [{ from: 2, to: 3, left: 0 }] });
    expect(await headOf(url, register, 2)).toEqual(good);
    expect(typeof (await blobOf(url, wanted))).toBe("object");
  });

  test("a register that was filled to its quota evicts nothing, and does not keep its owner from beginning another", async () => {
    const { url, register, device, wanted, good, pass } = await scene({ "vault.quotaBytes": mebibyte });
    let filled = 0;
    for (let size = 500_000; size > 10; size = Math.floor(size / 2)) {
      while ((await vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register, body: random(size) }))) === "stored")
        filled += size;
    }
    expect(filled).toBeGreaterThan(900_000);
    expect(await vaultOutcome(url, "headPut", headAfter(good, register, device))).toBe("quota-exceeded");
    expect(await headOf(url, register)).toEqual(good);
    expect(typeof (await blobOf(url, wanted))).toBe("object");
    const [next, owner] = [random(16), newKey()];
    const begun = headAfter(undefined, next, owner);
    expect(await vaultOutcome(url, "headPut", begun)).toBe("accepted");
    const again = await storedBlob(url, next, owner, random(600_000));
    expect(await vaultOutcome(url, "headPut", headAfter(begun, next, owner, { keeps: [again] }))).toBe("accepted");
    // What no head names lapses, and the owner can write to the old one again, too.
    await pass(46);
    expect(await vaultOutcome(url, "headPut", headAfter(good, register, device, { keeps: [wanted] }))).toBe("accepted");
  });

  test("a register that exists is never begun anew: not by another key, not by its own", async () => {
    const { url, register, device, good, pass } = await scene();
    expect(await vaultOutcome(url, "headPut", headAfter(undefined, register, newKey()))).toBe("forbidden");
    expect(await vaultOutcome(url, "headPut", headAfter(undefined, register, device))).toBe("conflict");
    // Left alone for years it is still there: the newest head is not superseded.
    await pass(100);
    expect(await vaultOutcome(url, "headPut", headAfter(undefined, register, newKey()))).toBe("forbidden");
    expect(await headOf(url, register)).toEqual(good);
  });

  test("a clock that jumps, ahead by years or to and fro, takes no day off the 45", async () => {
    const { url, register, device, wanted, good, pass, leap } = await scene();
    const wiped = headAfter(good, register, device);
    expect(await vaultOutcome(url, "headPut", wiped)).toBe("accepted");
    await leap(400);
    await leap(-400);
    await leap(20_000);
    await leap(-20_000);
    expect(await headOf(url, register, 2)).toEqual(good);
    // Two jumps ahead, two days: what was kept for 45 is kept for 43 more, each of which has to begin.
    await pass(43);
    expect(await headOf(url, register, 2)).toEqual(good);
    expect(typeof (await blobOf(url, wanted))).toBe("object");
    await pass(1);
    expect(await headOf(url, register, 2)).toBeUndefined();
  });
});

describe("which heads are kept", () => {
  test("is listed by day, with how long they stay", async () => {
    const { url, register, device, good, pass } = await scene();
    expect(await headsOf(url, register)).toEqual({ newest: 2, kept: [] });
    const third = headAfter(good, register, device);
    const fourth = headAfter(third, register, device);
    for (const head of [third, fourth]) await vaultOutcome(url, "headPut", head);
    await pass(10);
    const fifth = headAfter(fourth, register, device);
    await vaultOutcome(url, "headPut", fifth);
    await pass(5);
    expect(await headsOf(url, register)).toEqual({
      newest: 5,
      kept: [
        { from: 2, to: 3, left: 30 },
        { from: 4, to: 4, left: 40 },
      ],
    });
    expect(await headOf(url, register, 3)).toEqual(third);
  });

  test("is not said of a register that does not exist", async () => {
    const { url } = await scene();
    expect(await headsOf(url, random(16))).toBeUndefined();
    expect(await vaultOutcome(url, "headList", { register: random(16) })).toBe("not-found");
  });
});
