/**
 * What the session duties promise (spec/04-session.md, spec/09-engine.md, decision 0009): when a generation is followed by
 * the next, by which packages, what is erased, and when a message counts as delivered.
 */
import { asBytes, equalBytes, expectOk } from "@photon/protocol/codec";
import { decodeText, encodeText, openDeposit } from "@photon/protocol/queue";
import { idKey } from "@photon/protocol/statement";
import { day, type Device, hour, makeWorld, memoryRelay, must, texts, type World } from "@photon/testkit";
import { type MemoryVault, memoryVault } from "@photon/testkit/memory-vault";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { keepMessage, loadMessages } from "../../packages/engine/src/conversation/messages.ts";
import { postUntilAcked } from "../../packages/engine/src/conversation/post.ts";
import { receive, retryParked } from "../../packages/engine/src/conversation/receive.ts";
import { type GenerationEntry, sendingGeneration } from "../../packages/engine/src/relationship/generations.ts";
import type { Relationship } from "../../packages/engine/src/relationship/model.ts";
import { ownLeaf } from "../../packages/engine/src/relationship/relationship.ts";
import { openPhone, type OpenPhone, viewOf } from "../adversary/open-phone.ts";

let world: World;
let vault: MemoryVault;
let ana: Device;
let ben: Device;
beforeEach(async () => {
  vault = memoryVault();
  world = await makeWorld({ network: { transport: memoryRelay(), blobs: vault } });
  ana = await world.person("phone");
  ben = await world.person("Ben's laptop");
});
afterEach(() => world.close());

/** The generation that a device sends in now. */
async function current(device: Device, who: string): Promise<GenerationEntry> {
  const entry = sendingGeneration(await viewOf(device, who));
  if (entry === undefined) throw new Error(`${device.name} sends in no generation`);
  return entry;
}
const numberAt = async (device: Device, who: string): Promise<number> => (await current(device, who)).statement.body.number;

/** Both have met, and everybody was heard in the generation that both send in. */
async function talking(): Promise<number> {
  await world.befriend(ana, "Ben", ben, "Ana");
  must(await ana.engine.send("Ben", "hello Ben"));
  must(await ben.engine.send("Ana", "hello Ana"));
  await world.settle(ana, ben);
  return numberAt(ana, "Ben");
}

/** Ana's leaf says so many things, as her program would, but all in one go. @returns her view of it. */
async function sayMany(phone: OpenPhone, count: number): Promise<Relationship> {
  const relationship = await phone.relationship("Ben");
  const own = await ownLeaf(phone.work, relationship);
  if (own === undefined) throw new Error("no leaf to speak with");
  for (let number = 0; number < count; number++) {
    const content = await phone.newContent(relationship, "text", expectOk(encodeText(`message ${number}`)));
    await keepMessage(phone.work, relationship, content, { who: "me", leaf: own.id, quarantined: false });
    await postUntilAcked(phone.work, relationship, content);
  }
  return relationship;
}

describe("healing: a generation has its time", () => {
  test("after seven days the next message founds the next generation, and not before", async () => {
    const first = await talking();
    world.advance(7 * day - hour);
    must(await ana.engine.send("Ben", "within the week"));
    await world.settle(ben, ana);
    expect(await numberAt(ana, "Ben")).toBe(first);
    world.advance(2 * hour);
    must(await ana.engine.sync());
    expect(await numberAt(ana, "Ben"), "lazily: only before a message").toBe(first);
    must(await ana.engine.send("Ben", "after a week"));
    expect(await numberAt(ana, "Ben")).toBe(first + 1);
    expect((await current(ana, "Ben")).statement.body.lastResort, "by packages that were published in the one before").toEqual([]);
    await world.settle(ben, ana);
    expect(await numberAt(ben, "Ana")).toBe(first + 1);
    expect(await texts(ben, "Ana")).toEqual(["hello Ben", "hello Ana", "within the week", "after a week"]);
  });

  test("after 1,000 messages, sealed and opened together, and not before", async () => {
    await talking();
    const phone = await openPhone(ana);
    const before = sendingGeneration(await phone.relationship("Ben"));
    if (before === undefined) throw new Error("no generation");
    const done = before.row.messages;
    const relationship = await sayMany(phone, 1000 - done);
    expect(sendingGeneration(relationship)?.id).toBe(before.id);
    await sayMany(phone, 1);
    const after = sendingGeneration(relationship);
    expect(after?.statement.body.number).toBe(before.statement.body.number + 1);
    expect(relationship.generations.get(before.id)?.row.messages).toBe(1000);
  });

  test("only once somebody else was heard in it: neither weeks nor messages make another of the same packages", async () => {
    const first = await talking();
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "Ben is away"));
    expect(await numberAt(ana, "Ben")).toBe(first + 1);
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "and still away"));
    expect(await numberAt(ana, "Ben")).toBe(first + 1);
    const phone = await openPhone(ana);
    const alone = await sayMany(phone, 1001);
    expect(sendingGeneration(alone)?.statement.body.number).toBe(first + 1);
    await world.settle(ben, ana);
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "Ben is back"));
    expect(await numberAt(ana, "Ben")).toBe(first + 2);
  });

  test("a copied device reads nothing after two generations", async () => {
    const first = await talking();
    const copy = await openPhone(ana);
    const say = async (text: string): Promise<void> => {
      must(await ben.engine.send("Ana", text));
      await world.settle(ana, ben);
    };
    await say("in the generation of the copy");
    world.advance(8 * day);
    await say("in the next");
    expect((await current(ben, "Ana")).statement.body).toMatchObject({ number: first + 1, lastResort: [] });
    world.advance(8 * day);
    await say("in the one after that");
    await say("and whatever follows");
    expect((await current(ben, "Ana")).statement.body).toMatchObject({ number: first + 2, lastResort: [] });
    world.advance(8 * day);
    await say("for ever");
    expect(await overheard(copy)).toEqual(["hello Ben", "hello Ana", "in the generation of the copy", "in the next"]);
    // Nobody noticed anything: it is Ana's phone as it was, with every key, and the relay gave it all.
    expect((await texts(ana, "Ben")).slice(-3)).toEqual(["in the one after that", "and whatever follows", "for ever"]);
  });
});

/** What a copy of Ana's phone that only listens can make of everything in the inboxes it knew. */
async function overheard(copy: OpenPhone): Promise<readonly string[]> {
  const { id } = await copy.relationship("Ben");
  const seals = (await copy.addresses()).map(({ sealKey }) => sealKey);
  for (const inbox of await copy.inboxes()) {
    if (inbox.relationship !== id) continue;
    const bodies = await copy.readInbox(inbox);
    if (typeof bodies === "string") throw new Error(`the copy may not read: ${bodies}`);
    for (const body of bodies) {
      const inner = openDeposit(seals, asBytes(body));
      if (inner.ok) await receive(copy.work, id, inner.value);
    }
    await retryParked(copy.work, id);
  }
  return (await loadMessages(copy.work, id)).map(({ body }) => expectOk(decodeText(body)));
}

describe("packages: what a generation is founded with", () => {
  test("a founding that had to use a last-resort package is founded again at the first reply, by its founder", async () => {
    const invitation = must(await ana.engine.meet({ petname: "Ben" }));
    must(await ben.engine.accept(invitation.link, { petname: "Ana" }));
    must(await ana.engine.sync());
    must(await ana.engine.confirm(invitation.contact, { petname: "Ben" }));
    const founding = await current(ana, "Ben");
    const leafOfAna = await ownLeaf((await openPhone(ana)).work, await viewOf(ana, "Ben"));
    expect(founding.statement.body).toMatchObject({ number: 1, lastResort: [leafOfAna?.id] });
    must(await ben.engine.sync());
    const again = await current(ben, "Ana");
    expect(again.statement.body).toMatchObject({ number: 2, lastResort: [] });
    expect(equalBytes(again.statement.signer, founding.statement.signer)).toBe(true);
    await world.settle(ana, ben);
    expect(await numberAt(ana, "Ben"), "and once is enough").toBe(2);
  });

  test("a device that joins a generation and has nothing to say is introduced in it all the same", async () => {
    await talking();
    const tablet = await world.addDevice(ana, "tablet");
    await world.settle(ana, tablet, ben);
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "the tablet only listens"));
    must(await ana.engine.sync());
    await world.settle(ben, ana);
    const founded = await current(ana, "Ben");
    const leaf = await ownLeaf((await openPhone(tablet)).work, await viewOf(tablet, "Ben"));
    const isHeard = ({ row }: GenerationEntry): boolean => row.heard.some((one) => idKey(one) === idKey(leaf?.id ?? one));
    expect(isHeard(founded)).toBe(false);
    // Ben has acknowledged all there is: the tablet owes nobody a word.
    await world.settle(tablet, ana, ben);
    expect((await current(ana, "Ben")).id).toBe(founded.id);
    expect(isHeard(await current(ana, "Ben"))).toBe(true);
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "founded with the tablet's own package"));
    expect((await current(ana, "Ben")).statement.body).toMatchObject({
      number: founded.statement.body.number + 1,
      lastResort: [],
    });
  });
});

/** Hex ids of the generations of which a device holds ratchets, or the private packages that it made on joining them. */
async function held(device: Device, what: "ratchets" | "packages"): Promise<readonly string[]> {
  const { id } = await viewOf(device, device === ben ? "Ana" : "Ben");
  const [table, prefix] = what === "ratchets" ? (["generation", `moving/${id}/`] as const) : (["secret", `kp/${id}/`] as const);
  return (await device.store.list(table, { prefix })).map(({ key }) => key.slice(prefix.length));
}
describe("erasing: nobody who takes a device later reads what was said before", () => {
  test("ratchets of old generations are erased once everybody was heard in a newer one, and not before", async () => {
    await talking();
    const tablet = await world.addDevice(ana, "tablet");
    await world.settle(ana, tablet, ben);
    const old = await current(ana, "Ben");
    expect(await held(ana, "ratchets")).toEqual([old.id]);
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "while the tablet sleeps"));
    await world.settle(ben, ana);
    const next = await current(ana, "Ben");
    expect(next.id).not.toBe(old.id);
    for (const device of [ana, ben]) expect((await held(device, "ratchets")).toSorted()).toEqual([old.id, next.id].toSorted());
    await world.settle(tablet, ana, ben);
    for (const device of [ana, ben, tablet]) {
      expect(await held(device, "ratchets"), device.name).toEqual([next.id]);
      const view = await viewOf(device, device === ben ? "Ana" : "Ben");
      expect(view.generations.get(old.id)?.row.status, device.name).toBe("erased");
    }
    // Nor the private packages by which one could join again what is over.
    world.advance(8 * day);
    must(await ana.engine.send("Ben", "one more generation"));
    await world.settle(ben, ana, tablet);
    for (const device of [ana, ben, tablet]) expect(await held(device, "packages"), device.name).not.toContain(old.id);
  });
});

describe("delivered: what that word is worth", () => {
  test("a message is acknowledged only once it is archived", async () => {
    await talking();
    const state = async (): Promise<unknown> => must(await ben.engine.read("Ana")).at(-1)?.state;
    vault.fault = () => "cut";
    must(await ben.engine.send("Ana", "keep this"));
    for (let pass = 0; pass < 3; pass++) {
      await world.settle(ana, ben);
      world.advance(2 * hour);
      expect((await texts(ana, "Ben")).at(-1), "it is read").toBe("keep this");
      expect(await state(), "and would be lost with the phone").toBe("deposited");
    }
    vault.fault = () => undefined;
    await world.settle(ana, ben);
    expect(await state()).toBe("delivered");
  });
});
