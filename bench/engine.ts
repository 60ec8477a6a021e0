/**
 * The engine. Times are of the processor. Prints a JSON line for each figure.
 * `npx tsx --conditions photon-source bench/engine.ts`
 */
import { nodeSessionCrypto } from "@photon/engine/adapters/node";
import { makeSession } from "@photon/protocol/session";
import { startTalk } from "./engine/conversation.ts";
import { median, report } from "./engine/measure.ts";
import { makeConversation } from "./session/photon.ts";

const talk = await startTalk();
const batch = 200;
const rounds = { warm: 3, counted: 9 };
const figures: { readonly seal: number; readonly open: number; readonly store: number; readonly session: number }[] = [];
const bare = await makeConversation(await makeSession(nodeSessionCrypto), 4);
for (let round = 0; round < rounds.warm + rounds.counted; round++) {
  const [began, storeBegan] = [processorTime(), talk.storeTime()];
  await talk.send(batch);
  const [between, storeBetween] = [processorTime(), talk.storeTime()];
  const opened = await talk.open();
  const [ended, storeEnded] = [processorTime(), talk.storeTime()];
  if (opened !== batch) throw new Error(`${opened} of ${batch} messages were opened`);
  talk.relay.discard();
  // In turns with the session by itself, so that a noisy moment of the machine meets both.
  const bareBegan = processorTime();
  for (let pair = 0; pair < batch; pair++) await bare();
  const session = (processorTime() - bareBegan) / batch;
  if (round < rounds.warm) continue;
  figures.push({
    seal: (between - began - (storeBetween - storeBegan)) / batch,
    open: (ended - between - (storeEnded - storeBetween)) / batch,
    store: (storeEnded - storeBegan) / batch,
    session,
  });
}
await talk.close();
const seal = median(figures.map((figure) => figure.seal));
const open = median(figures.map((figure) => figure.open));
const session = median(figures.map((figure) => figure.session));
report({
  what: "seal and open through the engine, 2+2 devices, storage apart",
  value: 1000 / (seal + open),
  unit: "pairs/s of CPU",
  beside: 1000 / session,
});
report({ what: "seal, keep, deposit for the peer and the own devices", value: seal, unit: "ms of CPU" });
report({ what: "read, open, keep", value: open, unit: "ms of CPU" });
report({ what: "store in memory, per pair", value: median(figures.map((figure) => figure.store)), unit: "ms of CPU" });

/** Milliseconds of processor time of this process so far. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
