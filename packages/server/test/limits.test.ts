import { signMove } from "@photon/protocol/queue";
import { describe, expect, test } from "vitest";
import { appendOf, call, createdQueue, createOf, good, newQueue, outcome, random, readBatch, server } from "./people.ts";
import { signBlobPut } from "@photon/protocol/archive";
import { appendMany } from "./watcher.ts";
import { headAfter, newKey, vaultOutcome } from "./vault-people.ts";

const post = (url: string, path: string, body: Uint8Array<ArrayBuffer> | string, type = "application/cbor"): Promise<Response> =>
  fetch(`${url}${path}`, { method: "POST", headers: { "content-type": type }, body });

describe("limits answer with a typed refusal", () => {
  test("a queue that is full refuses the sender, shows the owner a marker once, and still answers repeats", async () => {
    const { url } = await server({ "relay.queueEntries": 3 });
    const queue = await createdQueue(url);
    const appends = [appendOf(queue), appendOf(queue), appendOf(queue)];
    for (const append of appends) await good(url, "append", append);
    expect(await call(url, "append", appendOf(queue))).toMatchObject({ error: { refusal: "queue-full", retryAfter: 86_400 } });
    expect(await outcome(url, "append", appends[1] ?? appendOf(queue))).toBe("ok");
    expect((await readBatch(url, queue)).overflowed).toBe(true);
    expect((await readBatch(url, queue)).overflowed).toBe(false);
  });

  test("a queue is full by bytes as well", async () => {
    const { url } = await server({ "relay.queueBytes": 80_000 });
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue, 65536));
    expect(await outcome(url, "append", appendOf(queue, 16384))).toBe("queue-full");
    expect(await outcome(url, "append", appendOf(queue, 4096))).toBe("ok");
  });

  test("bytes per second into one queue; other queues are not held up", async () => {
    const { url } = await server({ "relay.queueBytesPerSecond": 1, "relay.queueBurstBytes": 65_536 });
    const [busy, other] = [await createdQueue(url), await createdQueue(url)];
    await good(url, "append", appendOf(busy, 65536));
    const answer = await call(url, "append", appendOf(busy));
    expect(answer).toMatchObject({ error: { refusal: "rate-limited" } });
    if (answer.ok || answer.error.code !== "refused") throw new Error("not refused");
    expect(answer.error.retryAfter).toBeGreaterThan(900);
    expect(await outcome(url, "append", appendOf(other))).toBe("ok");
  });

  test("requests per second of one address, with Retry-After in the header too", async () => {
    const { url } = await server({ "limits.requestsPerSecond": 1, "limits.requestBurst": 5 });
    const codes = await Promise.all(Array.from({ length: 8 }, () => outcome(url, "get", { dropId: random(32) })));
    expect(codes.filter((code) => code === "rate-limited")).toHaveLength(3);
    const response = await post(url, "/v1/relay", new Uint8Array([0]));
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("1");
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  test("a commit backlog that is full: overloaded, and nothing of it is stored", async () => {
    const { url } = await server({ "relay.backlog": 2 });
    const queue = await createdQueue(url);
    const { appended = 0, overloaded } = await appendMany(url, queue, 30);
    expect(appended).toBeLessThan(30);
    expect(overloaded).toBe(30 - appended);
    expect((await readBatch(url, queue)).last).toBe(appended);
  });

  test("bodies that are too long, for relay and vault", async () => {
    const { url } = await server();
    for (const path of ["/v1/relay", "/v1/vault"]) {
      const response = await post(url, path, new Uint8Array(2 * 1024 * 1024));
      expect(response.status).toBe(413);
      expect(response.headers.get("content-type")).toBe("application/cbor");
    }
  });

  test("a body of another type, or none", async () => {
    const { url } = await server();
    expect((await post(url, "/v1/relay", "{}", "application/json")).status).toBe(400);
    expect((await post(url, "/v1/relay", new Uint8Array(0))).status).toBe(400);
    expect((await fetch(`${url}/v1/relay`, { method: "POST" })).status).toBe(400);
  });
});

describe("creating a queue costs what the operator asks", () => {
  test("a token of the operator's", async () => {
    const { url } = await server({ "relay.create": "token", "relay.createTokens": "apple tree,stone" });
    const queue = createOf(newQueue());
    const paying = (token: string) => ({ ...queue, payment: new TextEncoder().encode(token) });
    expect(await outcome(url, "create", queue)).toBe("payment-required");
    expect(await outcome(url, "create", paying("pear tree"))).toBe("payment-required");
    expect(await outcome(url, "create", paying("stone"))).toBe("ok");
  });
});

describe("a full disk", () => {
  test("refuses what needs space as disk-full, keeps what was acknowledged, serves reads, and does nothing by halves", async () => {
    const { url } = await server({ "relay.queueBurstBytes": 1_000_000_000 }, { maxPages: 150 });
    const queue = await createdQueue(url);
    const stored: number[] = [];
    let refused = 0;
    for (let i = 0; i < 60 && refused < 5; i++) {
      const answer = await call(url, "append", appendOf(queue, 16384));
      if (answer.ok) stored.push(answer.value.kind === "appended" ? answer.value.value.seq : -1);
      else {
        expect(answer.error).toMatchObject({ code: "refused", refusal: "disk-full", retryAfter: 3600 });
        refused += 1;
      }
    }
    expect(refused).toBe(5);
    expect(stored.length).toBeGreaterThan(5);
    expect(stored).toEqual(stored.map((_, i) => i + 1));
    const batch = await readBatch(url, queue, 0, 1000);
    expect(batch.entries.map((entry) => entry.seq)).toEqual(stored);
    expect(batch.last).toBe(stored.length);
    expect(await outcome(url, "move", signMove(queue.readSeed, { receiveId: queue.receiveId, bundle: random(60_000) }))).toBe(
      "disk-full",
    );
    expect((await readBatch(url, queue)).bundle).toBeUndefined();
  });

  test("with less left than the operator wants free, nothing that grows is taken, and the server says it is not ready", async () => {
    const { url } = await server({ "limits.minFreeBytes": Number.MAX_SAFE_INTEGER });
    expect(await outcome(url, "create", createOf(newQueue()))).toBe("disk-full");
    expect(await outcome(url, "get", { dropId: random(32) })).toBe("not-found");
    const device = newKey();
    expect(await vaultOutcome(url, "headPut", headAfter(undefined, random(16), device))).toBe("disk-full");
    expect(await vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register: random(16), body: random(9) }))).toBe(
      "disk-full",
    );
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});
