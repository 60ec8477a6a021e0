/**
 * kill -9 of a real server process while Ana's queues are written to, round after round on the same files. Afterwards everything
 * that was acknowledged must be there once, under the number it was given, with no gap.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Head, signBlobPut } from "@photon/protocol/archive";
import { asBytes, type Bytes, toHex } from "@photon/protocol/codec";
import type { AppendRequest } from "@photon/protocol/queue";
import { appendOf, call, createdQueue, good, random, readAll, type TestQueue } from "./people.ts";
import { blobOf, headAfter, headOf, newKey, vaultOutcome } from "./vault-people.ts";

export interface ServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Resolves when it is gone. Rejects where it was gone before, and SIGKILL met nobody. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** As it was built: from source it takes twice as long to start. */
const main = fileURLToPath(new URL("../../testkit/dist/server-main.js", import.meta.url));

export async function serverProcess(data: string, flags: Readonly<Record<string, string | number>> = {}): Promise<ServerProcess> {
  const settings = JSON.stringify({ data, "limits.requestsPerSecond": 0, "relay.queueBurstBytes": 1_000_000_000, ...flags });
  const child = spawn(process.execPath, [main, settings], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Error("the server did not start");
  const { url } = JSON.parse(first.value) as { readonly url: string };
  return {
    url,
    process: child,
    kill: async (signal) => {
      child.kill(signal);
      await gone;
      if (signal === "SIGKILL" && child.signalCode !== signal)
        throw new Error(`the server had ended by itself, with ${child.exitCode}, before it could be killed`);
    },
  };
}

export interface CrashReport {
  /** Rounds in which a living server was killed. */
  readonly killed: number;
  readonly acknowledged: number;
  readonly blobs: number;
}

interface Acknowledged {
  readonly seq: number;
  readonly append: AppendRequest;
}

/** @throws when a promise is broken, naming it. */
export async function crashRounds(
  data: string,
  rounds: number,
  flags: Readonly<Record<string, string | number>> = {},
): Promise<CrashReport> {
  let server = await serverProcess(data, flags);
  const queues = await Promise.all([1, 2, 3].map(() => createdQueue(server.url)));
  const acknowledged = new Map<TestQueue, Acknowledged[]>(queues.map((queue) => [queue, []]));
  const [register, device] = [random(16), newKey()];
  let head: Head = headAfter(undefined, register, device);
  await vaultOutcome(server.url, "headPut", head);
  const blobs: { readonly hash: Bytes; readonly body: Bytes }[] = [];
  let killed = 0;
  for (let round = 0; round < rounds; round++) {
    const { url } = server;
    let dead = false;
    const writers = queues.flatMap((queue) =>
      [1, 2].map(async () => {
        let pending: AppendRequest | undefined;
        while (!dead) {
          // Whatever was not answered is sent again, the very same bytes, as a client would.
          pending ??= appendOf(queue, 4096);
          const answer = await call(url, "append", pending);
          if (!answer.ok) continue;
          if (answer.value.kind !== "appended") throw new Error(`an append was answered ${answer.value.kind}`);
          acknowledged.get(queue)?.push({ seq: answer.value.value.seq, append: pending });
          pending = undefined;
        }
        return pending === undefined ? undefined : { queue, append: pending };
      }),
    );
    const archive = (async () => {
      while (!dead) {
        const body = random(20_000);
        const hash = asBytes(createHash("sha256").update(body).digest());
        if ((await vaultOutcome(url, "blobPut", signBlobPut(device.seed, { register, body }))) !== "stored") continue;
        blobs.push({ hash, body });
        const next = headAfter(head, register, device, { keeps: [hash] });
        const outcome = await vaultOutcome(url, "headPut", next);
        if (outcome === "accepted") head = next;
        else if (outcome !== "unreachable") throw new Error(`a head was answered ${outcome}`);
        else return next;
      }
      return undefined;
    })();
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 250));
    const dying = server.kill("SIGKILL");
    dead = true;
    await dying;
    killed += 1;
    const unanswered = await Promise.all(writers);
    const unansweredHead = await archive;
    server = await serverProcess(data, flags);
    // A repeat after the restart settles what the crash left open: stored before, or stored now, once either way.
    for (const open of unanswered) {
      if (open === undefined) continue;
      const answer = await good(server.url, "append", open.append);
      if (answer.kind === "appended") acknowledged.get(open.queue)?.push({ seq: answer.value.seq, append: open.append });
    }
    if (unansweredHead !== undefined) {
      const outcome = await vaultOutcome(server.url, "headPut", unansweredHead);
      if (outcome !== "accepted") throw new Error(`a head repeated after the crash was answered ${outcome}`);
      head = unansweredHead;
    }
    await check(server.url, acknowledged);
    const newest = await headOf(server.url, register);
    if (newest?.seq !== head.seq) throw new Error(`the newest head is ${newest?.seq}, acknowledged was ${head.seq}`);
  }
  for (const { hash, body } of blobs) {
    const found = await blobOf(server.url, hash);
    if (typeof found === "string" || !Buffer.from(found).equals(body)) throw new Error("an acknowledged blob was lost");
  }
  await server.kill("SIGTERM");
  return { killed, acknowledged: [...acknowledged.values()].reduce((sum, list) => sum + list.length, 0), blobs: blobs.length };
}

async function check(url: string, acknowledged: ReadonlyMap<TestQueue, readonly Acknowledged[]>): Promise<void> {
  for (const [queue, list] of acknowledged) {
    const stored = new Map<number, string>();
    for (const { seq, body } of await readAll(url, queue)) {
      if (seq !== stored.size + 1) throw new Error(`a gap: entry ${seq} follows ${stored.size}`);
      stored.set(seq, toHex(body));
    }
    const bodies = new Set(stored.values());
    if (bodies.size !== stored.size) throw new Error("an entry was stored twice");
    for (const { seq, append } of list) {
      if (stored.get(seq) !== toHex(append.body)) throw new Error(`the acknowledged entry ${seq} is lost, or has another number`);
    }
    if (stored.size !== list.length) throw new Error(`${stored.size} entries are stored, ${list.length} were acknowledged`);
  }
}
