/**
 * A person with a laptop, a phone, and many relationships, in a profile folder; the phone and the peers are made up, as far
 * as the laptop can tell real. `many.ts make FOLDER COUNT`, then in a process of its own `many.ts retire FOLDER`: so that the
 * peak of memory is that of retiring. Prints one JSON object.
 */
import { join } from "node:path";
import { createProfile, openProfile, type Ports } from "@photon/engine";
import { memoryKeyStore } from "@photon/engine/adapters/memory";
import {
  encryptedStore,
  nodeKeyStore,
  nodeQueueCrypto,
  nodeSessionCrypto,
  systemClock,
  systemRandom,
} from "@photon/engine/adapters/node";
import { openSqliteStore } from "@photon/engine/adapters/sqlite";
import type { Store } from "@photon/engine/ports";
import { encode, toHex } from "@photon/protocol/codec";
import { makeSession } from "@photon/protocol/session";
import { leafSchema } from "@photon/protocol/statement";
import { must } from "@photon/testkit";
import { keepDevice } from "../../packages/engine/src/circle/devices.ts";
import { setState } from "../../packages/engine/src/circle/state.ts";
import { found } from "../../packages/engine/src/conversation/founding.ts";
import { profileSchema, selfOf } from "../../packages/engine/src/profile/profile.ts";
import { loadCircle } from "../../packages/engine/src/relationship/relationship.ts";
import { admitSiblings } from "../../packages/engine/src/relationship/side.ts";
import { say } from "../../packages/engine/src/relationship/speaking.ts";
import { parseRow, Work } from "../../packages/engine/src/storage/core.ts";
import { agreeingServers } from "./agreeing-servers.ts";
import { madeUpLeaf, madeUpRelationship } from "./made-up.ts";

const [task, folder = "", count = "0"] = process.argv.slice(2);
const relayUrl = "https://memory.example";
const servers = agreeingServers();
const session = await makeSession(nodeSessionCrypto);
const ports = await openPorts();

if (task === "make") await make(Number(count));
else await retire();

async function openPorts(): Promise<Ports> {
  const keys = nodeKeyStore(folder);
  const file = await openSqliteStore(join(folder, "profile.db"));
  if (!file.ok) throw new Error(file.error.code);
  const store = await encryptedStore(file.value, keys);
  if (!store.ok) throw new Error(store.error.code);
  return {
    clock: systemClock,
    random: systemRandom,
    keys,
    store: store.value,
    transport: servers.relay,
    blobs: servers.vault,
    session,
    queueCrypto: nodeQueueCrypto,
  };
}

async function make(relationships: number): Promise<void> {
  const engine = must(await createProfile(ports, { device: "laptop", relay: relayUrl, vault: relayUrl }));
  const work = await openWork();
  const phone = toHex(systemRandom.bytes(8));
  const leaf = await madeUpLeaf(work);
  const circle = await loadCircle(work);
  await say(work, circle, "admit", { leaves: [leaf.leaf], proof: "device" });
  const { recipient } = await memoryKeyStore(systemRandom).open();
  await keepDevice(work, phone, { name: "phone", leaf: leaf.leaf.id, recipient, added: work.now() });
  await found(work, circle);
  await work.commit();
  for (let made = 0; made < relationships; made++) {
    await makeRelationship(work, phone, `peer ${made}`);
    await work.commit();
    // What was said on the way is none of retiring's business.
    for (const { key } of await work.list("outbox")) work.delete("outbox", key);
    work.relationships.clear();
  }
  await work.commit();
  for (let pass = 0; pass < 2; pass++) must(await engine.sync());
  await engine.close();
}

export interface Retired {
  readonly relationships: number;
  readonly cpuSeconds: number;
  /** What was held in memory at the peak, beyond what the process held before it opened the profile, in MiB. */
  readonly peakMiB: number;
  readonly requests: number;
  readonly bytes: number;
}

async function retire(): Promise<void> {
  const before = live();
  let peak = 0;
  let commits = 0;
  const { commit } = ports.store;
  const store: Store = {
    ...ports.store,
    commit: (writes, expected) => {
      if (commits++ % 50 === 0) peak = Math.max(peak, live());
      return commit(writes, expected);
    },
  };
  const engine = must(await openProfile({ ...ports, store }));
  const began = process.cpuUsage();
  const report = must(await engine.retire("phone", "lost"));
  const { user, system } = process.cpuUsage(began);
  if (report.relationships.some(({ state }) => state === "pending")) throw new Error("it was not finished");
  const retired: Retired = {
    relationships: report.relationships.length,
    cpuSeconds: (user + system) / 1e6,
    peakMiB: (peak - before) / 1024 / 1024,
    requests: servers.requests(),
    bytes: servers.bytes(),
  };
  process.stdout.write(`${JSON.stringify(retired)}\n`);
  await engine.close();
}

/** Bytes that are reachable: after a collection, so that it does not matter when the engine of JavaScript would have made one. */
function live(): number {
  if (globalThis.gc === undefined) throw new Error("run with --expose-gc");
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function openWork(): Promise<Work> {
  const row = await ports.store.get("meta", "profile");
  if (row === undefined) throw new Error("no profile");
  return new Work(ports, selfOf(parseRow(profileSchema, row.value)), new Map());
}

async function makeRelationship(work: Work, phone: string, petname: string): Promise<void> {
  await madeUpRelationship(work, relayUrl, petname, async (relationship) => {
    const spare = (await madeUpLeaf(work)).leaf;
    await setState(work, `spare/${phone}/${work.self.device}/${toHex(spare.id)}`, encode(leafSchema, spare));
    const sibling = { device: phone, name: "phone", leaf: spare.id, recipient: "", added: 0, status: "live" } as const;
    await admitSiblings(work, relationship, [sibling]);
  });
}
