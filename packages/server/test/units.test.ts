import { describe, expect, test } from "vitest";
import { appendMac, verifyRead, signRead, readInput } from "@photon/protocol/queue";
import { blobPutInput } from "@photon/protocol/archive";
import { type Bytes, concat } from "@photon/protocol/codec";
import { ed25519 } from "@noble/curves/ed25519.js";
import { createHash } from "node:crypto";
import { appendMacWriter, macKeys } from "../src/crypto/append-mac.ts";
import { blobInput } from "../src/crypto/blob-input.ts";
import { ed25519Verifier } from "../src/crypto/ed25519.ts";
import { dayClock, longestLeap } from "../src/day.ts";
import { groupCommitter } from "../src/db/committer.ts";
import { storageFailure } from "../src/db/failure.ts";
import { addressLimiter } from "../src/limits/addresses.ts";
import { tokenBuckets } from "../src/limits/token-buckets.ts";
import { keyedLock } from "../src/vault/keyed-lock.ts";
import { random } from "./people.ts";

const observer = { committed: () => undefined, failed: () => undefined };
const day = 86_400_000;

describe("native proofs are those of the protocol", () => {
  test("the MAC of an append, under any of the keys and no other", () => {
    const keys = [random(32), random(32), random(32)] as const;
    const fields = { sendId: random(16), appendId: random(16), body: random(4096) };
    const writer = (key: Bytes) => appendMacWriter(macKeys(concat(...keys)), { ...fields, mac: appendMac(key, fields) });
    expect(keys.map(writer)).toEqual([0, 1, 2]);
    expect(writer(random(32))).toBeUndefined();
    const changed = { ...fields, body: random(4096), mac: appendMac(keys[0], fields) };
    expect(appendMacWriter(macKeys(concat(...keys)), changed)).toBeUndefined();
  });

  test("what a blob's signature covers", () => {
    const [register, body] = [random(16), random(3000)];
    expect(blobInput(register, createHash("sha256").update(body).digest())).toEqual(blobPutInput({ register, body }));
  });

  test("a read's signature; bytes that are no key verify nothing", () => {
    const verify = ed25519Verifier();
    const seed = random(32);
    const key = new Uint8Array(ed25519.getPublicKey(seed));
    const read = signRead(seed, { receiveId: random(16), after: 3, limit: 9 });
    expect(verifyRead(key, read)).toBe(true);
    expect(verify(key, readInput(read), read.signature)).toBe(true);
    expect(verify(key, readInput({ ...read, after: 4 }), read.signature)).toBe(false);
    for (const nonsense of [new Uint8Array(32), new Uint8Array(32).fill(255), random(32)]) {
      expect(verify(nonsense, readInput(read), read.signature)).toBe(false);
    }
  });
});

describe("the committer", () => {
  test("writes that arrive during a commit are committed together in the next, in order", async () => {
    const groups: number[][] = [];
    const committer = groupCommitter<number, number>(
      async (writes) => {
        groups.push([...writes]);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return writes.map((write) => write * 10);
      },
      { maxBacklog: 100, maxGroup: 8, observer },
    );
    const first = committer.submit(1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const later = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((write) => committer.submit(write));
    expect(await first).toEqual({ kind: "committed", value: 10 });
    expect(await Promise.all(later)).toEqual(later.map((_, i) => ({ kind: "committed", value: (i + 2) * 10 })));
    expect(groups.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(groups.length).toBeLessThanOrEqual(4);
    for (const group of groups) expect(group.length).toBeLessThanOrEqual(8);
  });

  test("two groups under way: in their order, none forgotten whenever it comes, and a failure is of its own group", async () => {
    const groups: number[][] = [];
    let underWay = 0;
    let most = 0;
    let last: Promise<unknown> = Promise.resolve();
    const committer = groupCommitter<number, number>(
      async (writes) => {
        groups.push([...writes]);
        most = Math.max(most, ++underWay);
        const turn = last.then(() => new Promise((resolve) => setTimeout(resolve, 1)));
        last = turn;
        await turn;
        underWay -= 1;
        if (writes.includes(7)) throw new Error("not this one");
        return writes;
      },
      { maxBacklog: 1_000, maxGroup: 4, underWay: 2, observer },
    );
    const answers: number[] = [];
    const sent: Promise<void>[] = [];
    for (let write = 0; write < 200; write++) {
      sent.push(committer.submit(write).then(({ kind }) => void (kind === "committed" && answers.push(write))));
      // At all places of the turn of a loop, and once some were answered.
      if (write % 3 === 0) await Promise.resolve();
      if (write % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (write % 41 === 0) await Promise.all(sent);
    }
    await Promise.all(sent);
    const failed = groups.find((group) => group.includes(7)) ?? [];
    expect(groups.flat()).toEqual(Array.from({ length: 200 }, (_, write) => write));
    expect(answers).toEqual(groups.flat().filter((write) => !failed.includes(write)));
    expect(most).toBe(2);
    expect(committer.backlog).toBe(0);
  });

  test("a group that fails is refused whole, and the next one goes on", async () => {
    let broken = true;
    const full = Object.assign(new Error("no space"), { code: "SQLITE_FULL" });
    const committer = groupCommitter<number, number>(
      async (writes) => {
        if (broken) throw full;
        return writes;
      },
      { maxBacklog: 100, maxGroup: 8, observer },
    );
    const refused = await Promise.all([committer.submit(1), committer.submit(2)]);
    expect(refused).toEqual([1, 2].map(() => ({ kind: "failed", failure: "disk-full" })));
    broken = false;
    expect(await committer.submit(3)).toEqual({ kind: "committed", value: 3 });
  });

  test("beyond its backlog it refuses at once; draining finishes what it has and takes nothing more", async () => {
    const committer = groupCommitter<number, number>(async (writes) => writes, { maxBacklog: 3, maxGroup: 8, observer });
    const waiting = [1, 2, 3, 4, 5].map((write) => committer.submit(write));
    const drained = committer.drain();
    const late = committer.submit(6);
    await drained;
    const kinds = (await Promise.all([...waiting, late])).map((result) => result.kind);
    expect(kinds).toEqual(["committed", "committed", "committed", "failed", "failed", "failed"]);
    expect(committer.backlog).toBe(0);
  });
});

describe("limits in memory", () => {
  test("a bucket gives its burst, then its rate, and says how long to wait", () => {
    let now = 0;
    const buckets = tokenBuckets({ perSecond: 10, burst: 30, maxKeys: 10, now: () => now });
    expect([buckets.take("a", 20), buckets.take("a", 10), buckets.take("a", 1), buckets.take("b", 1)]).toEqual([0, 0, 1, 0]);
    now += 2_000;
    expect([buckets.take("a", 25), buckets.take("a", 20), buckets.take("a", 1)]).toEqual([1, 0, 1]);
  });

  test("more keys than it may hold do not grow it, and never refuse the innocent", () => {
    const buckets = tokenBuckets({ perSecond: 1, burst: 1, maxKeys: 100, now: () => 0 });
    for (let i = 0; i < 10_000; i++) expect(buckets.take(`key ${i}`, 1)).toBe(0);
  });

  test("an IPv6 network is one address; sockets are counted and given back", () => {
    const limiter = addressLimiter({ requestsPerSecond: 1, requestBurst: 1, sockets: 3, socketsPerAddress: 2 }, () => 0);
    expect([limiter.request("2001:db8::1"), limiter.request("2001:db8:0:0:9::1"), limiter.request("2001:db8:0:1::1")]).toEqual([
      0, 1, 0,
    ]);
    expect([limiter.connect("10.0.0.1"), limiter.connect("10.0.0.1"), limiter.connect("10.0.0.1")]).toEqual([true, true, false]);
    expect([limiter.connect("10.0.0.2"), limiter.connect("10.0.0.3")]).toEqual([true, false]);
    limiter.disconnect("10.0.0.1");
    expect(limiter.connect("10.0.0.3")).toBe(true);
  });
});

describe("the day", () => {
  test("never runs backwards, and a leap of years is not believed", () => {
    let now = 1000 * day;
    const clock = dayClock(() => now, 1000);
    expect([clock.today(), clock.suspect()]).toEqual([1000, false]);
    now = 1400 * day;
    expect([clock.today(), clock.suspect()]).toEqual([1400, false]);
    now = 1300 * day;
    expect([clock.today(), clock.suspect()]).toEqual([1400, true]);
    now = (1400 + longestLeap + 1) * day;
    expect([clock.today(), clock.suspect()]).toEqual([1400, true]);
    now = 1401 * day;
    expect([clock.today(), clock.suspect()]).toEqual([1401, false]);
  });
});

test("only a full disk is called a full disk", () => {
  const failing = (code: string) => storageFailure(Object.assign(new Error("?"), { code }));
  expect(["SQLITE_FULL", "ENOSPC", "EDQUOT"].map(failing)).toEqual(["disk-full", "disk-full", "disk-full"]);
  expect(["SQLITE_CORRUPT", "EIO", ""].map(failing)).toEqual(["internal", "internal", "internal"]);
});

test("what concerns one key happens one at a time, also after a failure", async () => {
  const lock = keyedLock();
  const events: string[] = [];
  const slow = (name: string) => async (): Promise<void> => {
    events.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`${name} ends`);
    if (name === "put") throw new Error("failed");
  };
  const key = random(32);
  const put = lock.run(key, slow("put"));
  const remove = lock.run(key, slow("remove"));
  await expect(put).rejects.toThrow("failed");
  await remove;
  expect(events).toEqual(["put begins", "put ends", "remove begins", "remove ends"]);
});
