/**
 * Ana and Ben with two devices each, real engines over stores in memory and a relay in memory; and one message at a time from
 * its text to its deposits, and from its deposit to its text: the whole path of the engine but storage.
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
import { type ClockedStore, clockedStore } from "./store-clock.ts";

export interface Talk {
  /** Seconds that the stores took so far. */
  storeTime(): number;
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
  const [sender, receiver] = [await workOf(ana), await workOf(ben)];
  const [id = ""] = (await relationshipIds(sender.work)).filter((one) => one !== "circle");
  const body = expectOk(encodeText("a short text, as most are, of about two hundred bytes. ".repeat(4).slice(0, 200)));
  return {
    storeTime: () => (sender.store.spent() + receiver.store.spent()) / 1000,
    send: async (count) => {
      const { work } = sender;
      const relationship = await loadRelationship(work, id);
      const own = await ownLeaf(work, relationship);
      if (own === undefined) throw new Error("no leaf to speak with");
      for (let sent = 0; sent < count; sent++) {
        const content = await newContent(work, relationship, "text", body);
        await keepMessage(work, relationship, content, { who: "me", leaf: own.id, quarantined: false });
        await postUntilAcked(work, relationship, content);
        await work.commit();
      }
      await flush(work, { relationship: id, onMoved: followBundle });
    },
    open: async () => (await drain(receiver.work)).messages,
    forget: async () => {
      relay.discard();
      for (const { work } of [sender, receiver]) {
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

async function workOf(device: Device): Promise<{ readonly work: Work; readonly store: ClockedStore }> {
  const store = clockedStore(device.store);
  const row = await store.get("meta", "profile");
  if (row === undefined) throw new Error("no profile");
  const work = new Work({ ...device.ports, store }, selfOf(parseRow(profileSchema, row.value)), new Map());
  return { work, store };
}
