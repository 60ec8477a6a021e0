/**
 * The relay beside a bare `ws` echo without storage, on this machine, in one run. Prints a JSON line for each figure.
 * Servers and load generator are processes of their own; everything is on loopback. Times are of the clock on the wall, so that
 * whatever else runs shows: in the milliseconds most, in the ratios least. `npm run bench relay`
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isQuick, median, reporter } from "./measure.ts";
import { child, measured, urlOf } from "./relay/processes.ts";

const report = reporter("relay");
const data = mkdtempSync(join(tmpdir(), "photon-bench-"));
const settings = JSON.stringify({
  data,
  "limits.requestsPerSecond": 0,
  "limits.socketsPerAddress": 10_000,
  "relay.queueBytesPerSecond": 10_000_000_000,
  "relay.queueBurstBytes": 10_000_000_000,
  "relay.queueEntries": 10_000_000,
  "relay.queueBytes": 100_000_000_000,
});
/** Room for what is in flight, so that the collector does not copy it about; the same for both. See docs/guide/operating.md. */
const nodeFlags = ["--max-semi-space-size=64"];
const relay = child("../../packages/testkit/src/server-main.ts", settings, nodeFlags);
const echo = child("echo.ts", "", nodeFlags);
const bare = { known: child("bare.ts", "known", nodeFlags), any: child("bare.ts", "any", nodeFlags) };

const sizes = [
  { size: 1024, count: 60_000 },
  { size: 4096, count: 60_000 },
  { size: 16384, count: 16_000 },
];
const window = 128;
const connections = 8;
const queues = 16;
const rounds = isQuick ? 1 : 5;

try {
  const relayUrl = await urlOf(relay);
  const echoUrl = await urlOf(echo);
  const bareUrls = { known: urlOf(bare.known), any: urlOf(bare.any) };
  const append = async (size: number, count: number): Promise<number> =>
    (await measured({ what: "append", url: relayUrl, size, count, connections, window, queues }))["perSecond"] ?? Number.NaN;
  const echoed = async (size: number, count: number): Promise<number> =>
    (await measured({ what: "echo", url: echoUrl, size, count, connections, window }))["perSecond"] ?? Number.NaN;
  await append(4096, 5_000);
  await echoed(4096, 5_000);
  for (const { size, count } of sizes) {
    const pairs: { appended: number; echoed: number }[] = [];
    // In turns, so that a noisy moment of the machine meets both.
    for (let round = 0; round < rounds; round++)
      pairs.push({ echoed: await echoed(size, count), appended: await append(size, count) });
    const beside = median(pairs.map((pair) => pair.echoed));
    report({ what: `ws echo, ${size / 1024} KiB`, value: beside, unit: "/s" });
    report({
      what: `durable appends over the watch connection, ${size / 1024} KiB`,
      value: median(pairs.map((pair) => pair.appended)),
      unit: "/s",
      beside,
    });
  }
  const atFour = { size: 4096, count: 60_000, connections, window };
  const stored = async (which: "known" | "any"): Promise<number> =>
    (await measured({ what: "bare", url: await bareUrls[which], ...atFour }))["perSecond"] ?? Number.NaN;
  const triples: Readonly<Record<"echo" | "known" | "any", number>>[] = [];
  for (let round = 0; round < rounds; round++)
    triples.push({ echo: await echoed(4096, 60_000), known: await stored("known"), any: await stored("any") });
  const middle = (which: "echo" | "known" | "any"): number => median(triples.map((one) => one[which]));
  report({ what: "storing alone, 4 KiB", value: middle("any"), unit: "/s", beside: middle("echo") });
  report({ what: "storing what was not stored before, 4 KiB", value: middle("known"), unit: "/s", beside: middle("echo") });
  const http = await measured({ what: "http", url: relayUrl, size: 4096, count: 8_000, connections: 64, queues });
  report({ what: "durable appends over HTTP, 4 KiB", value: http["perSecond"] ?? Number.NaN, unit: "/s" });
  const delivery = await measured({
    what: "delivery",
    url: relayUrl,
    size: 4096,
    pairs: 4,
    perPair: isQuick ? 100 : 500,
    everyMs: 10,
  });
  report({ what: "acknowledged delivery, 4 pairs, p50", value: delivery["p50"] ?? Number.NaN, unit: "ms" });
  report({ what: "acknowledged delivery, 4 pairs, p99", value: delivery["p99"] ?? Number.NaN, unit: "ms" });

  const before = residentKiB(relay.pid);
  const idle = child("load.ts", JSON.stringify({ what: "idle", url: relayUrl, sockets: 5_000 }));
  const { open } = await idle.line();
  report({ what: "idle sockets", value: Number(open), unit: "open" });
  report({ what: "memory per idle socket", value: (residentKiB(relay.pid) - before) / Number(open), unit: "KiB" });
  idle.tell("done");
  await idle.line();
  await idle.ended();
} finally {
  await relay.ended();
  await echo.ended();
  for (const one of Object.values(bare)) await one.ended();
  rmSync(data, { recursive: true, force: true });
}

/** Resident memory of a process, from Linux. */
function residentKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
