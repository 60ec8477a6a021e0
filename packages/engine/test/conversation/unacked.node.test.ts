/** Ana says things to Ben, who has not acknowledged them yet; her outbox tells what was sealed, in which order and in what. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { equalBytes, expectOk } from "@photon/protocol/codec";
import { type Content, encodeText } from "@photon/protocol/queue";
import { makeWorld, memoryRelay, must, texts, type Device, type World } from "@photon/testkit";
import { memoryVault } from "@photon/testkit/memory-vault";
import { newContent } from "../../src/conversation/content.ts";
import { found, generationToSend } from "../../src/conversation/founding.ts";
import { keepMessage, sentState } from "../../src/conversation/messages.ts";
import { postUntilAcked } from "../../src/conversation/post.ts";
import { keepUntilAcked, unacked } from "../../src/conversation/unacked.ts";
import { outboxItems } from "../../src/delivery/outbox.ts";
import { profileSchema, selfOf } from "../../src/profile/profile.ts";
import { setStatus } from "../../src/relationship/generations.ts";
import type { Relationship } from "../../src/relationship/model.ts";
import { loadRelationship, ownLeaf, relationshipIds } from "../../src/relationship/relationship.ts";
import { circleId } from "../../src/relationship/records.ts";
import { parseRow, Work } from "../../src/storage/core.ts";

let world: World;
let ana: Device;
let ben: Device;
let work: Work;
let relationship: Relationship;

beforeEach(async () => {
  world = await makeWorld({ network: { transport: memoryRelay(), blobs: memoryVault() } });
  [ana, ben] = [await world.person("phone"), await world.person("laptop")];
  await world.befriend(ana, "Ben", ben, "Ana");
  await open();
});
afterEach(() => world.close());

/** What is on Ana's disk, in a unit of its own. */
async function open(): Promise<void> {
  const row = await ana.store.get("meta", "profile");
  if (row === undefined) throw new Error("no profile");
  work = new Work(ana.ports, selfOf(parseRow(profileSchema, row.value)), new Map());
  const [id = ""] = (await relationshipIds(work)).filter((one) => one !== circleId);
  relationship = await loadRelationship(work, id);
}

async function deliver(): Promise<void> {
  await work.commit();
  await ana.restart();
  await world.settle(ana, ben);
  await open();
}

async function said(text: string): Promise<Content> {
  const own = await ownLeaf(work, relationship);
  if (own === undefined) throw new Error("no leaf to speak with");
  const content = await newContent(work, relationship, "text", expectOk(encodeText(text)));
  await keepMessage(work, relationship, content, { who: "me", leaf: own.id, quarantined: false });
  return content;
}

async function send(text: string): Promise<Content> {
  const content = await said(text);
  await postUntilAcked(work, relationship, content);
  return content;
}

/** Which of these are on their way to Ben, in the order in which they were sealed; one that was sealed twice, twice. */
async function sealed(...contents: readonly Content[]): Promise<readonly Content[]> {
  const messages = (await outboxItems(work)).flatMap(({ operation }) =>
    operation.kind === "append" && operation.value.target === "peer" ? (operation.value.message ?? []) : [],
  );
  const found = messages.map((message) => contents.find(({ id }) => equalBytes(id, message)));
  // Others are the first word of a leaf in a generation.
  return found.filter((content) => content !== undefined);
}

const sealedIn = async (): Promise<readonly string[]> => (await unacked(work, relationship.id)).map((row) => row.sealedIn);

describe("what is kept until it is acknowledged", () => {
  test("a message that waits unsealed is sealed with the next one, and before it", async () => {
    const one = await send("one");
    // As the message of a device that was retired, which is ours to send again.
    const two = await said("two");
    keepUntilAcked(work, relationship, two);
    expect(await sentState(work, relationship.id, one)).toBe("queued");
    expect(await sentState(work, relationship.id, two)).toBe("queued");
    const three = await send("three");
    expect(await sealed(one, two, three)).toEqual([one, two, three]);
    await deliver();
    expect(await texts(ben, "Ana")).toEqual(["one", "two", "three"]);
    for (const content of [one, two, three]) expect(await sentState(work, relationship.id, content)).toBe("delivered");
  });

  test("what was sealed in a generation that is no longer sent in is sealed again with the next message, and before it", async () => {
    const one = await send("one");
    const first = await generationToSend(work, relationship);
    const second = await found(work, relationship);
    if (first === undefined || second === undefined) throw new Error("nobody to seal to");
    const two = await send("two");
    expect(await sealedIn()).toEqual([second.id, second.id]);
    // This disk turned out to be older than what was sent from it. Ben may have erased what came before: a third one is founded.
    setStatus(work, relationship, second, "tainted");
    const three = await send("three");
    const third = await generationToSend(work, relationship);
    expect([first.id, second.id]).not.toContain(third?.id);
    expect(await sealedIn()).toEqual([third?.id, third?.id, third?.id]);
    expect(await sealed(one, two, three)).toEqual([one, one, two, one, two, three]);
    await deliver();
    expect(await texts(ben, "Ana")).toEqual(["one", "two", "three"]);
    must(await ana.engine.send("Ben", "four"));
    await world.settle(ana, ben);
    expect((await texts(ben, "Ana")).at(-1)).toBe("four");
  });
});
