/**
 * The engine: a message from its text to its deposits and back, storage and network apart, beside the session alone, libsignal and
 * matrix-sdk-crypto; and retiring a device. Times are of the processor. Prints a JSON line for each figure.
 * `npm run bench engine`
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeSessionCrypto } from "@photon/engine/adapters/node";
import { makeSession } from "@photon/protocol/session";
import { startTalk } from "./engine/conversation.ts";
import type { Retired } from "./engine/many.ts";
import { isQuick, median, processorTime, quietest, reporter } from "./measure.ts";
import { peers } from "./session/peers.ts";
import { makeConversation } from "./session/photon.ts";

const report = reporter("engine");

await talking();
retiring(isQuick ? [10, 100] : [10, 100, 1000]);

/** What differs between the peers is said in `peers-session.ts`; theirs are sessions alone, without an engine around them. */
async function talking(): Promise<void> {
  const talk = await startTalk();
  const sessions = [
    { name: "the session alone", once: await makeConversation(await makeSession(nodeSessionCrypto), 4), times: [] as number[] },
  ];
  for (const { name, make } of peers) sessions.push({ name, once: await make(), times: [] });
  const batch = 64;
  /** Of so many batches: long enough for each to have its share of garbage collected. */
  const batches = 10;
  const rounds = isQuick ? { warm: 2, counted: 10 } : { warm: 3, counted: 30 };
  const [seal, open, outside]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds.warm + rounds.counted; round++) {
    const sum = { seal: 0, open: 0, outside: 0 };
    for (let at = 0; at < batches; at++) {
      const [began, outsideBegan] = [processorTime(), talk.outside()];
      await talk.send(batch);
      const [between, outsideBetween] = [processorTime(), talk.outside()];
      const opened = await talk.open();
      const [ended, outsideEnded] = [processorTime(), talk.outside()];
      if (opened !== batch) throw new Error(`${opened} of ${batch} messages were opened`);
      await talk.forget();
      sum.seal += between - began - (outsideBetween - outsideBegan);
      sum.open += ended - between - (outsideEnded - outsideBetween);
      sum.outside += outsideEnded - outsideBegan;
    }
    const pairs = batch * batches;
    // In turns with the others, so that a noisy moment of the machine meets all. Fewer: Megolm's session ends at 10,000.
    const fewer = 3 * batch;
    for (const { once, times } of sessions) {
      const began = processorTime();
      for (let pair = 0; pair < fewer; pair++) await once();
      if (round >= rounds.warm) times.push((processorTime() - began) / fewer);
    }
    if (round < rounds.warm) continue;
    seal.push(sum.seal / pairs);
    open.push(sum.open / pairs);
    outside.push(sum.outside / pairs);
  }
  await talk.close();
  const value = 1 / (quietest(seal) + quietest(open));
  for (const { name, times } of sessions) {
    const what = `seal and open through the engine, 2+2 devices, storage and network apart, beside ${name}`;
    report({ what, value, unit: "pairs/s of CPU", beside: 1 / quietest(times) });
  }
  report({
    what: "text to deposits for the peer and the own devices, per message",
    value: 1000 * quietest(seal),
    unit: "ms of CPU",
  });
  report({ what: "deposit to text, per message", value: 1000 * quietest(open), unit: "ms of CPU" });
  report({ what: "stores and relay in memory, per pair, not counted above", value: 1000 * median(outside), unit: "ms" });
}

/** In processes of their own. */
function retiring(sizes: readonly number[]): void {
  let before: Retired | undefined;
  for (const size of sizes) {
    const folder = mkdtempSync(join(tmpdir(), "photon-bench-many-"));
    try {
      many("make", folder, String(size));
      const retired = JSON.parse(many("retire", folder)) as Retired;
      if (retired.relationships !== size) throw new Error(`${retired.relationships} of ${size} relationships`);
      const name = `retire a device, ${size.toLocaleString("en-GB")} relationships`;
      report({ what: name, value: retired.cpuSeconds, unit: "s of CPU" });
      report({ what: `${name}: held in memory`, value: retired.peakMiB, unit: "MiB" });
      report({ what: `${name}: sent, per relationship`, value: retired.bytes / size / 1024, unit: "KiB" });
      if (before !== undefined) {
        report({
          what: `${name}: CPU per relationship, beside ${before.relationships}`,
          value: (1000 * retired.cpuSeconds) / size,
          unit: "ms of CPU",
          beside: (1000 * before.cpuSeconds) / before.relationships,
        });
      }
      before = retired;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function many(...words: readonly string[]): string {
  const program = fileURLToPath(new URL("engine/many.ts", import.meta.url));
  return execFileSync(process.execPath, [...process.execArgv, program, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
