import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signBlobPut } from "@photon/protocol/archive";
import { asBytes, toHex } from "@photon/protocol/codec";
import { describe, expect, test } from "vitest";
import { random, server } from "./people.ts";
import { blobOf, headAfter, headOf, newKey, storedBlob, vaultOutcome } from "./vault-people.ts";

const fileOf = (data: string, hash: Uint8Array): string => join(data, "blobs", toHex(hash).slice(0, 2), toHex(hash));

describe("heads", () => {
  test("the first is trusted, each next one follows it by number, hash and key", async () => {
    const { url } = await server();
    const [register, device, thief] = [random(16), newKey(), newKey()];
    const first = headAfter(undefined, register, device);
    expect(await vaultOutcome(url, "headPut", first)).toBe("accepted");
    expect(await vaultOutcome(url, "headPut", first)).toBe("accepted");
    expect(await vaultOutcome(url, "headPut", headAfter(undefined, register, thief))).toBe("forbidden");
    expect(await vaultOutcome(url, "headPut", headAfter(first, register, thief))).toBe("forbidden");
    const second = headAfter(first, register, device);
    expect(await vaultOutcome(url, "headPut", { ...second, body: random(100) })).toBe("forbidden");
    expect(await vaultOutcome(url, "headPut", second)).toBe("accepted");
    expect(await headOf(url, register)).toEqual(second);
    expect(await headOf(url, register, 1)).toEqual(first);
    expect(await headOf(url, random(16))).toBeUndefined();
  });

  test("going back is refused: an older head, and a number that skips ahead", async () => {
    const { url } = await server();
    const [register, device] = [random(16), newKey()];
    const first = headAfter(undefined, register, device);
    const second = headAfter(first, register, device);
    for (const head of [first, second]) await vaultOutcome(url, "headPut", head);
    expect(await vaultOutcome(url, "headPut", first)).toBe("conflict");
    expect(await vaultOutcome(url, "headPut", headAfter(first, register, device))).toBe("conflict");
    expect(await vaultOutcome(url, "headPut", headAfter({ ...second, seq: 5 }, register, device))).toBe("conflict");
    expect(await headOf(url, register)).toEqual(second);
  });

  test("of many devices that write at once, one wins and the others learn it", async () => {
    const { url } = await server();
    const [register, device] = [random(16), newKey()];
    const first = headAfter(undefined, register, device);
    await vaultOutcome(url, "headPut", first);
    const rivals = Array.from({ length: 12 }, () => headAfter(first, register, device));
    const outcomes = await Promise.all(rivals.map((head) => vaultOutcome(url, "headPut", head)));
    expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "conflict")).toHaveLength(11);
    expect(await headOf(url, register)).toEqual(rivals[outcomes.indexOf("accepted")]);
  });

  test("the key that signs can be handed on; the old one may then do nothing", async () => {
    const { url } = await server();
    const [register, old, next] = [random(16), newKey(), newKey()];
    const first = headAfter(undefined, register, old, { nextKey: next.key });
    expect(await vaultOutcome(url, "headPut", first)).toBe("accepted");
    expect(await vaultOutcome(url, "headPut", headAfter(first, register, old))).toBe("forbidden");
    expect(await vaultOutcome(url, "blobPut", signBlobPut(old.seed, { register, body: random(10) }))).toBe("forbidden");
    expect(await vaultOutcome(url, "blobPut", signBlobPut(next.seed, { register, body: random(10) }))).toBe("stored");
    expect(await vaultOutcome(url, "headPut", headAfter(first, register, next))).toBe("accepted");
  });

  test("a head names only blobs that are there: the first none, since it makes the register", async () => {
    const { url } = await server();
    const [register, device, body] = [random(16), newKey(), random(500)];
    const hash = asBytes(createHash("sha256").update(body).digest());
    expect(await vaultOutcome(url, "headPut", headAfter(undefined, register, device, { keeps: [hash] }))).toBe("not-found");
    const first = headAfter(undefined, register, device);
    expect(await vaultOutcome(url, "headPut", first)).toBe("accepted");
    expect(await vaultOutcome(url, "headPut", headAfter(first, register, device, { keeps: [hash] }))).toBe("not-found");
    expect(await storedBlob(url, register, device, body)).toEqual(hash);
    expect(await vaultOutcome(url, "headPut", headAfter(first, register, device, { keeps: [hash] }))).toBe("accepted");
  });
});

describe("blobs", () => {
  test("are stored under their hash, by whoever may write to the register, and read by whoever knows the hash", async () => {
    const { url, data } = await server();
    const [register, device, body] = [random(16), newKey(), random(100_000)];
    await vaultOutcome(url, "headPut", headAfter(undefined, register, device));
    const hash = await storedBlob(url, register, device, body);
    expect(await storedBlob(url, register, device, body)).toEqual(hash);
    expect(await blobOf(url, hash)).toEqual(body);
    expect(await blobOf(url, random(32))).toBe("not-found: no such blob");
    expect(new Uint8Array(readFileSync(fileOf(data, hash)))).toEqual(body);
    expect(await vaultOutcome(url, "blobPut", signBlobPut(newKey().seed, { register, body }))).toBe("forbidden");
    expect(await vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register: random(16), body }))).toBe("forbidden");
  });

  test.each([
    ["truncated", (path: string) => truncateSync(path, 100)],
    ["swapped", (path: string) => writeFileSync(path, random(2000))],
    ["missing", (path: string) => rmSync(path)],
  ])("a %s blob is named as damaged, never handed out, and heals when it is put again", async (_name, damage) => {
    const { url, data } = await server();
    const [register, device, body] = [random(16), newKey(), random(2000)];
    await vaultOutcome(url, "headPut", headAfter(undefined, register, device));
    const hash = await storedBlob(url, register, device, body);
    damage(fileOf(data, hash));
    expect(await blobOf(url, hash)).toBe("not-found: the blob was here and is damaged");
    await storedBlob(url, register, device, body);
    expect(await blobOf(url, hash)).toEqual(body);
  });

  test("count against their register's quota, and against no other's", async () => {
    const { url, data } = await server({ "vault.quotaBytes": 1024 * 1024 });
    const device = newKey();
    const [full, other] = [random(16), random(16)];
    for (const register of [full, other]) await vaultOutcome(url, "headPut", headAfter(undefined, register, device));
    const large = random(900_000);
    await storedBlob(url, full, device, large);
    const more = random(200_000);
    expect(await vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register: full, body: more }))).toBe("quota-exceeded");
    expect(existsSync(fileOf(data, createHash("sha256").update(more).digest()))).toBe(false);
    // What is there already costs nothing again.
    expect(await vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register: full, body: large }))).toBe("stored");
    expect(await vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register: other, body: more }))).toBe("stored");
  });
});

test("two blobs that arrive at once cannot share what is left of a quota", async () => {
  const { url } = await server({ "vault.quotaBytes": 1024 * 1024 });
  const [register, device] = [random(16), newKey()];
  await vaultOutcome(url, "headPut", headAfter(undefined, register, device));
  const puts = [1, 2, 3].map(() => vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register, body: random(600_000) })));
  expect((await Promise.all(puts)).toSorted()).toEqual(["quota-exceeded", "quota-exceeded", "stored"]);
});

test("what a crash left on the disk without a row is cleared away at the next start", async () => {
  const { url, data, close } = await server();
  const [register, device] = [random(16), newKey()];
  await vaultOutcome(url, "headPut", headAfter(undefined, register, device));
  const hash = await storedBlob(url, register, device);
  const folder = join(data, "blobs", toHex(hash).slice(0, 2));
  await close();
  const orphan = `${toHex(hash).slice(0, 2)}${toHex(random(31))}`;
  writeFileSync(join(folder, orphan), random(10));
  writeFileSync(join(folder, `${toHex(hash)}.0011.part`), random(10));
  const again = await server({ data });
  await again.sweep();
  expect(readdirSync(folder)).toEqual([toHex(hash)]);
  expect(typeof (await blobOf(again.url, hash))).toBe("object");
});
