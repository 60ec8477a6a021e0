/**
 * A recovery by two of three trustees through the whole engine, with so many relationships: what the new device, a trustee and a peer
 * compute, and what is sent. Servers are in memory, and their part is counted with whoever asks them. Beside each figure for one
 * relationship stands that of the size before: the growth must be linear. Times are of the processor, on one core.
 * `npm run bench recovery`; with `--whole`, 10,000 relationships too.
 */
import type { Transport } from "@photon/engine/ports";
import { rotationKeys, readKeyOf } from "@photon/protocol/queue";
import { type Device, hour, memoryRelay, must } from "@photon/testkit";
import { approve, become, type Guarded, guarded } from "@photon/testkit/guarded";
import { memoryVault } from "@photon/testkit/memory-vault";
import { profileSchema, selfOf } from "../packages/engine/src/profile/profile.ts";
import { parseRow, Work } from "../packages/engine/src/storage/core.ts";
import { madeUpRelationship } from "./engine/made-up.ts";
import { isQuick, processorTime, reporter } from "./measure.ts";

const report = reporter("recovery");
const sizes = isQuick ? [1, 20, 100] : process.argv.includes("--whole") ? [1, 20, 1000, 10_000] : [1, 20, 1000];

interface Recovered {
  readonly size: number;
  readonly device: number;
  readonly trustee: number;
  readonly peer: number;
  readonly bytes: { readonly device: number; readonly trustee: number };
}

let before: Recovered | undefined;
for (const size of sizes) {
  const now = await recover(size);
  const name = `${size.toLocaleString("en-GB")} ${size === 1 ? "relationship" : "relationships"}`;
  report({ what: `the new device, ${name}`, value: now.device, unit: "s of CPU" });
  report({ what: `a trustee, ${name}`, value: now.trustee, unit: "s of CPU" });
  report({ what: `a peer, told by somebody with ${name}`, value: now.peer, unit: "s of CPU" });
  report({ what: `sent by the new device, ${name}`, value: now.bytes.device / 1024, unit: "KiB" });
  report({ what: `sent by a trustee, ${name}`, value: now.bytes.trustee / 1024, unit: "KiB" });
  if (before !== undefined && before.size >= 20) {
    const each = (one: Recovered): number => (1000 * one.device) / one.size;
    report({ what: `the new device, for each of ${name}`, value: each(now), unit: "ms of CPU", beside: each(before) });
  }
  before = now;
}

async function recover(size: number): Promise<Recovered> {
  const relay = memoryRelay({ checks: false });
  let sent = 0;
  const counted: Transport = {
    ...relay,
    call: (url, kind, value, ...rest) => {
      const { body, bundle } = value as { readonly body?: Uint8Array; readonly bundle?: Uint8Array };
      sent += (body?.length ?? 0) + (bundle?.length ?? 0);
      return relay.call(url, kind, value, ...rest);
    },
  };
  const story = await guarded({ peers: 1, world: { network: { transport: counted, blobs: memoryVault() } } });
  const { world, trustees, peers } = story;
  const [ben, chi] = trustees as [Device, Device];
  const [peer] = peers as [Device];
  await addRelationships(story, size - story.others.length);
  const newcomer = await world.recover("Ana's new phone");
  await approve(newcomer, ben, chi);
  await world.settle(ben, chi);
  world.advance(49 * hour);
  for (const one of [ben, chi]) must(await one.engine.sync());
  const total = { device: 0, trustee: 0, peer: 0 };
  const bytes = { device: 0, trustee: 0 };
  const measured = async <T>(who: "device" | "trustee" | "peer", work: () => Promise<T>): Promise<T> => {
    const [began, sentBefore] = [processorTime(), sent];
    const outcome = await work();
    total[who] += processorTime() - began;
    if (who !== "peer") bytes[who] += sent - sentBefore;
    return outcome;
  };
  const phone = await measured("device", () => become(newcomer));
  await measured("device", () => phone.engine.sync());
  await measured("trustee", () => ben.engine.sync());
  must(await chi.engine.sync());
  await measured("device", () => phone.engine.sync());
  const progress = must(await phone.engine.recoveryProgress());
  const expected = Math.max(size, story.others.length);
  if (progress?.phase !== "done" || progress.succeeded !== expected) throw new Error(`not done: ${JSON.stringify(progress)}`);
  await measured("peer", () => peer.engine.sync());
  await world.close();
  return { size: expected, ...total, bytes };
}

/** Ana meets that many more people, who are made up; their inboxes are at the relay. */
async function addRelationships({ world, ana }: Guarded, count: number): Promise<void> {
  if (count <= 0) return;
  const row = await ana.store.get("meta", "profile");
  if (row === undefined) throw new Error("no profile");
  const work = new Work(ana.ports, selfOf(parseRow(profileSchema, row.value)), new Map());
  for (let made = 0; made < count; made++) {
    const { receiveId, sendId, readSeed, root } = await madeUpRelationship(work, world.url, `made up ${made}`);
    const keys = { readKey: readKeyOf(readSeed), writeKeys: [rotationKeys(root, 0).writeKey] };
    await ana.ports.transport.call(world.url, "create", { receiveId, sendId, ...keys });
    await work.commit();
    work.relationships.clear();
  }
  await ana.restart();
  for (let pass = 0; pass < 2; pass++) must(await ana.engine.sync());
}
