/**
 * Ana and Ben with two devices each, real engines over stores in memory and a relay in memory; and one message at a time from
 * its text to its deposits, and from its deposit to its text: the whole path of the engine but storage and the network.
 */
import { expectOk } from "@photon/protocol/codec";
import { encodeText } from "@photon/protocol/queue";
import { day, type Device, makeWorld, memoryRelay, must } from "@photon/testkit";
import { memoryVault } from "@photon/testkit/memory-vault";
import { newContent } from "../../packages/engine/src/conversation/content.ts";
import { drain } from "../../packages/engine/src/conversation/drain.ts";
import { keepMessage } from "../../packages/engine/src/conversation/messages.ts";
import { postUntilAcked } from "../../packages/engine/src/conversation/post.ts";
import { followBundle } from "../../packages/engine/src/conversation/receive.ts";
import { flush } from "../../packages/engine/src/delivery/flush.ts";
import { profileSchema, selfOf } from "../../packages/engine/src/profile/profile.ts";
import { loadRelationship, ownLeaf, relationshipIds } from "../../packages/engine/src/relationship/relationship.ts";
import { parseRow, Work } from "../../packages/engine/src/storage/core.ts";
import { clockedStore, clockedTransport, type Stopwatch, stopwatch, trustingStore } from "./outside.ts";

export interface Talk {
  /** Seconds that the stores and the relay took so far. */
  outside(): number;
  /** So many messages of one device are kept until acknowledged, sealed, and deposited for the peer and for the own other device. */
  send(count: number): Promise<void>;
  /** One device of the peer's reads, opens and keeps all that is there. @returns how many messages it was. */
  open(): Promise<number>;
  /** Clears away what was said, deposited and waits: as if it were acknowledged, archived and read. What is held is storage's matter. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export async function startTalk(): Promise<Talk> {
  const relay = memoryRelay({ checks: false });
  const world = await makeWorld({ network: { transport: relay, blobs: memoryVault() } });
  const [ana, ben] = [await world.person("ana 1"), await world.person("ben 1")];
  await world.befriend(ana, "Ben", ben, "Ana");
  const [ana2, ben2] = [await world.addDevice(ana, "ana 2"), await world.addDevice(ben, "ben 2")];
  await world.settle(ana, ana2, ben, ben2);
  // Everybody speaks once, so that everybody has been heard in the generation that is measured.
  for (const [device, who] of [
    [ana, "Ben"],
    [ana2, "Ben"],
    [ben, "Ana"],
    [ben2, "Ana"],
  ] as const) {
    must(await device.engine.send(who, "hello"));
    await world.settle(ana, ana2, ben, ben2);
  }
  world.advance(day);
  const clock = stopwatch();
  const [sender, receiver] = [await workOf(ana, clock), await workOf(ben, clock)];
  const [id = ""] = (await relationshipIds(sender)).filter((one) => one !== "circle");
  const body = expectOk(encodeText("a short text, as most are, of about two hundred bytes. ".repeat(4).slice(0, 200)));
  return {
    outside: () => clock.spent() / 1000,
    send: async (count) => {
      const relationship = await loadRelationship(sender, id);
      const own = await ownLeaf(sender, relationship);
      if (own === undefined) throw new Error("no leaf to speak with");
      for (let sent = 0; sent < count; sent++) {
        const content = await newContent(sender, relationship, "text", body);
        await keepMessage(sender, relationship, content, { who: "me", leaf: own.id, quarantined: false });
        await postUntilAcked(sender, relationship, content);
        await sender.commit();
      }
      await flush(sender, { relationship: id, onMoved: followBundle });
    },
    open: async () => (await drain(receiver)).messages,
    forget: async () => {
      relay.discard();
      for (const work of [sender, receiver]) {
        for (const [table, prefix] of said) for (const { key } of await work.list(table, prefix)) work.delete(table, key);
        await work.commit();
      }
    },
    close: () => world.close(),
  };
}

/** Where messages lie: kept, to be acknowledged, to be archived, to be watched over. */
const said = [
  ["state", "msg/"],
  ["outbox", "u/"],
  ["change", "a/msg/"],
  ["delivered", "due/"],
  ["delivered", "sib/"],
] as const;

async function workOf(device: Device, clock: Stopwatch): Promise<Work> {
  const store = clockedStore(trustingStore(device.store.snapshot()), clock);
  const transport = clockedTransport(device.ports.transport, clock);
  const row = await store.get("meta", "profile");
  if (row === undefined) throw new Error("no profile");
  return new Work({ ...device.ports, store, transport }, selfOf(parseRow(profileSchema, row.value)), new Map());
}
