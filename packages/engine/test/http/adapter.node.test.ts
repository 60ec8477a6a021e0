import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { httpBlobStore, httpTransport, makeSilence } from "@photon/engine/adapters/http";
import { nodeSocket } from "@photon/engine/adapters/http/node";
import { signRead } from "@photon/protocol/queue";
import { noHead, signBlobPut, signHeadPut, vaultRequestSchema } from "@photon/protocol/archive";
import { asBytes, encode } from "@photon/protocol/codec";
import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, onTestFinished, test } from "vitest";
import { appendOf, createdQueue, createOf, good, newQueue, random, server } from "../../../server/test/people.ts";

const get = { dropId: random(32) };

async function listening(answer: Server): Promise<string> {
  await new Promise<void>((resolve) => answer.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void answer.close());
  return `http://127.0.0.1:${(answer.address() as AddressInfo).port}`;
}
const webServer = (status: number, type: string, body: string | Uint8Array): Promise<string> =>
  listening(createServer((_request, response) => response.writeHead(status, { "content-type": type }).end(body)));

describe("a transport never rejects, and says what is wrong", () => {
  test("nobody listens: unreachable", async () => {
    const { url, close } = await server();
    await close();
    expect(await httpTransport().call(url, "get", get)).toMatchObject({ ok: false, error: { code: "unreachable" } });
  });

  test("no answer in time: unreachable", async () => {
    const url = await listening(createServer(() => undefined));
    const answer = await httpTransport({ timeout: 100 }).call(url, "get", get);
    expect(answer).toMatchObject({ ok: false, error: { code: "unreachable", detail: "no answer in time" } });
  });

  test("a web server that is not Photon: wrong-server", async () => {
    const url = await webServer(200, "text/html", "<h1>Welcome</h1>");
    expect(await httpTransport().call(url, "get", get)).toMatchObject({ ok: false, error: { code: "wrong-server" } });
    expect(await httpBlobStore().call(url, "blobGet", { hash: random(32) })).toMatchObject({ error: { code: "wrong-server" } });
  });

  test("CBOR that is none of Photon's: wrong-server", async () => {
    const url = await webServer(200, "application/cbor", new Uint8Array([0xa0]));
    expect(await httpTransport().call(url, "get", get)).toMatchObject({ ok: false, error: { code: "wrong-server" } });
  });

  test("a redirect elsewhere is not followed: wrong-server", async () => {
    const { url } = await server();
    const elsewhere = await listening(
      createServer((_request, response) => response.writeHead(307, { location: `${url}/v1/relay` }).end()),
    );
    expect(await httpTransport().call(elsewhere, "get", get)).toMatchObject({ ok: false, error: { code: "wrong-server" } });
  });

  test("a proxy whose server is away: unreachable", async () => {
    const url = await webServer(502, "text/html", "Bad gateway");
    expect(await httpTransport().call(url, "get", get)).toMatchObject({ ok: false, error: { code: "unreachable" } });
  });

  test("a service of another protocol: wrong-server", async () => {
    const other = createTcpServer((socket) => socket.on("error", () => undefined).end("SSH-2.0-OpenSSH_9.9\r\n"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const answer = await httpTransport().call(`http://127.0.0.1:${(other.address() as AddressInfo).port}`, "get", get);
    expect(answer).toMatchObject({ ok: false, error: { code: "wrong-server" } });
  });

  test("an address that is none: wrong-server", async () => {
    for (const address of ["", "relay.example", "file:///etc", "javascript:1"]) {
      expect(await httpTransport().call(address, "get", get)).toMatchObject({ ok: false, error: { code: "wrong-server" } });
    }
  });

  test("a server without this role: wrong-server", async () => {
    const { url } = await server({ roles: "relay" });
    expect(await httpBlobStore().call(url, "blobGet", { hash: random(32) })).toMatchObject({ error: { code: "wrong-server" } });
  });

  test("an endless answer is cut off: wrong-server", async () => {
    const url = await listening(
      createServer((_request, response) => {
        response.writeHead(200, { "content-type": "application/cbor" });
        const piece = Buffer.alloc(1024 * 1024);
        const more = (): void => {
          if (!response.destroyed) response.write(piece, () => setImmediate(more));
        };
        more();
      }),
    );
    expect(await httpTransport().call(url, "get", get)).toMatchObject({ ok: false, error: { code: "wrong-server" } });
  });

  test("a refusal carries its code and when to come back", async () => {
    const { url } = await server({ "relay.queueEntries": 1 });
    const queue = await createdQueue(url);
    await good(url, "append", appendOf(queue));
    expect(await httpTransport().call(url, "append", appendOf(queue))).toMatchObject({
      ok: false,
      error: { code: "refused", refusal: "queue-full", retryAfter: 86_400 },
    });
  });
});

describe("a server that never answers", () => {
  /** Takes every request, counts it, and says nothing. */
  async function silent(): Promise<{ readonly url: string; readonly asked: () => number }> {
    let count = 0;
    const url = await listening(
      createServer((request) => {
        count += 1;
        request.resume();
      }),
    );
    return { url, asked: () => count };
  }

  test("the waiting ends when whoever asked has no more time, long before the time-out", async () => {
    const { url } = await silent();
    const began = performance.now();
    const signal = AbortSignal.timeout(100);
    for (const answer of [
      await httpTransport().call(url, "get", get, { signal }),
      await httpBlobStore().call(url, "blobGet", { hash: random(32) }, { signal }),
    ])
      expect(answer).toMatchObject({ ok: false, error: { code: "unreachable", detail: "no answer in time" } });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("it is asked once, and then left alone by all who share what is known of it; another server is asked as ever", async () => {
    const { url, asked } = await silent();
    const silence = makeSilence();
    const transport = httpTransport({ timeout: 1_100, silence });
    const blobs = httpBlobStore({ timeout: 1_100, silence });
    const unreachable = { ok: false, error: { code: "unreachable", detail: "no answer in time" } };
    expect(await transport.call(url, "get", get)).toMatchObject(unreachable);
    const began = performance.now();
    for (let number = 0; number < 5; number++) {
      expect(await transport.call(url, "get", get)).toMatchObject(unreachable);
      expect(await blobs.call(url, "blobGet", { hash: random(32) })).toMatchObject(unreachable);
    }
    expect(asked()).toBe(1);
    expect(performance.now() - began).toBeLessThan(1_000);
    const other = await server();
    expect(await transport.call(other.url, "get", get)).toMatchObject({ error: { code: "refused", refusal: "not-found" } });
  });

  test("one that refuses connections is tried again at once: nobody waited for it", async () => {
    const { url, close } = await server();
    const transport = httpTransport();
    await close();
    expect(await transport.call(url, "get", get)).toMatchObject({ error: { code: "unreachable" } });
    const back = await server({ "listen.port": new URL(url).port });
    expect(back.url).toBe(url);
    expect(await transport.call(url, "get", get)).toMatchObject({ error: { code: "refused" } });
  });
});

test("a proof of work is done when the relay asks for one", async () => {
  const { url } = await server({ "relay.create": "hashcash", "relay.hashcashBits": 8 });
  expect(await httpTransport().call(url, "create", createOf(newQueue()))).toMatchObject({ ok: true, value: { kind: "done" } });
  const unpaid = { ...createOf(newQueue()), payment: new Uint8Array(8) };
  expect(await httpTransport().call(url, "create", unpaid)).toMatchObject({ error: { refusal: "payment-required" } });
});

describe("a watch", () => {
  const transport = httpTransport({ socket: nodeSocket });
  const readOf = (queue: ReturnType<typeof newQueue>) =>
    signRead(queue.readSeed, { receiveId: queue.receiveId, after: 0, limit: 1 });
  /** Resolves with each hint in turn. */
  const hints = (): { onHint: () => void; next: () => Promise<void> } => {
    let waiting: (() => void) | undefined;
    let count = 0;
    return {
      onHint: () => {
        count += 1;
        waiting?.();
      },
      next: async () => {
        if (count === 0) await new Promise<void>((resolve) => (waiting = resolve));
        waiting = undefined;
        count = 0;
      },
    };
  };

  test("hints when something is appended, and when something was there already", async () => {
    const { url } = await server();
    const [early, late] = [await createdQueue(url), await createdQueue(url)];
    await good(url, "append", appendOf(early));
    const { onHint, next } = hints();
    const watch = transport.watch(url, [readOf(early), readOf(late)], onHint);
    await next();
    await good(url, "append", appendOf(late));
    await next();
    watch.close();
    await watch.ended;
  });

  test("ends when the server goes, when nobody listens, and when there is no socket to be had", async () => {
    const running = await server();
    const queue = await createdQueue(running.url);
    await good(running.url, "append", appendOf(queue));
    const { onHint, next } = hints();
    const watch = transport.watch(running.url, [readOf(queue)], onHint);
    await next();
    await running.close();
    await watch.ended;
    await transport.watch(running.url, [readOf(queue)], onHint).ended;
    await httpTransport({
      socket: () => {
        throw new Error("no sockets here");
      },
    }).watch(running.url, [readOf(queue)], onHint).ended;
  });

  test("hints at a queue that may not be watched, so that reading can say why", async () => {
    const { url } = await server();
    const { onHint, next } = hints();
    const watch = transport.watch(url, [readOf(newQueue())], onHint);
    await next();
    watch.close();
  });
});

test("a blob that is not what its hash says is refused by the client, whatever the vault claims", async () => {
  const real = await server();
  const store = httpBlobStore();
  const seed = random(32);
  const writeKey = asBytes(ed25519.getPublicKey(seed));
  const register = random(16);
  const head = signHeadPut(seed, { register, seq: 1, previous: noHead, body: random(10), writeKey, nextKey: undefined, keeps: [] });
  expect(await store.call(real.url, "headPut", head)).toMatchObject({ ok: true });
  const [one, other] = [random(500), random(500)];
  const hashes = [];
  for (const body of [one, other]) {
    const put = await store.call(real.url, "blobPut", signBlobPut(seed, { register, body }));
    if (!put.ok) throw new Error(put.error.detail);
    hashes.push(put.value.value.hash);
  }
  const [wanted, swapped] = hashes;
  if (wanted === undefined || swapped === undefined) throw new Error("nothing was stored");
  expect(await store.call(real.url, "blobGet", { hash: wanted })).toMatchObject({ value: { value: { body: one } } });
  // A vault that answers every question about a blob with another one.
  const lying = httpBlobStore({
    fetch: (input, init) =>
      fetch(input, { ...init, body: encode(vaultRequestSchema, { kind: "blobGet", value: { hash: swapped } }) }),
  });
  expect(await lying.call(real.url, "blobGet", { hash: wanted })).toMatchObject({ ok: false, error: { refusal: "not-found" } });
});
