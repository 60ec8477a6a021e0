/**
 * Ana's phone was stolen, unlocked, and copied. She retires it from her laptop. The thief then tries everything that the
 * phone knew against Ben, against her other devices, and against the archive, while Ben has not heard of it and after.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, expectOk, toHex } from "@photon/protocol/codec";
import { headHash, openSegment, signBlobPut, signHeadPut, unwrapEpochKeys } from "@photon/protocol/archive";
import { makeQueueKeys } from "@photon/protocol/queue";
import { ed25519Signer, idKey, makeLeafId, signStatement, type Statement } from "@photon/protocol/statement";
import { day, type Device, makeWorld, must, type World } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeSide } from "../../packages/engine/src/delivery/inboxes.ts";
import { followBundle } from "../../packages/engine/src/conversation/receive.ts";
import { epochKeysOf, inForce, writeKeyOf } from "../../packages/engine/src/archive/location.ts";
import { leafKeys } from "../../packages/engine/src/relationship/leaves.ts";
import type { Relationship } from "../../packages/engine/src/relationship/model.ts";
import { loadRelationship, ownLeaf } from "../../packages/engine/src/relationship/relationship.ts";
import { liveIds, openPhone, type OpenPhone, viewOf } from "./open-phone.ts";
import { everyBlob, everyStoredBody } from "./server-rows.ts";

const heard = async (device: Device, who: string): Promise<readonly string[]> =>
  must(await device.engine.read(who))
    .filter(({ quarantined }) => !quarantined)
    .map(({ from, body }) => `${from}: ${body}`);

/** Statements by which a thief would stay, or end it all: each can be signed by the phone's leaf. */
async function lies(thief: OpenPhone, relationship: Relationship, claimedAt?: number): Promise<readonly Statement[]> {
  const { work } = thief;
  const seed = work.random(32);
  const id = makeLeafId(ed25519Signer(seed).publicKey);
  const leaf = { id, lastResort: (await work.session.makeKeyPackage({ id, seed })).public };
  const { inbox, plan, custody } = relationship.mine.state;
  if (inbox === undefined || custody === undefined) throw new Error("an empty side");
  const place = { relay: inbox.relay, ...makeQueueKeys(work.random(128)), created: 0 };
  const when = claimedAt === undefined ? {} : { claimedAt };
  return [
    await thief.sign(relationship, "admit", { leaves: [leaf], proof: "device" }, when),
    await thief.sign(relationship, "move", { inbox: writeSide(place, 0) }, when),
    await thief.sign(relationship, "plan", { custody, plan: { ...plan, version: 1, admissionKeys: [seed] } }, when),
    await thief.sign(relationship, "close", { reason: "goodbye" }, when),
  ];
}

describe("a retired device", () => {
  let world: World;
  let phone: Device;
  let laptop: Device;
  let tablet: Device;
  let ben: Device;
  let thief: OpenPhone;
  let bodiesBefore: ReadonlySet<string>;
  let blobsBefore: ReadonlySet<string>;
  let withBen: Relationship;

  beforeAll(async () => {
    world = await makeWorld();
    phone = await world.person("phone");
    ben = await world.person("ben");
    await world.befriend(phone, "Ben", ben, "Ana");
    laptop = await world.addDevice(phone, "laptop");
    tablet = await world.addDevice(laptop, "tablet");
    await world.settle(phone, laptop, tablet, ben);
    must(await phone.engine.send("Ben", "before"));
    await world.settle(phone, laptop, tablet, ben);
    thief = await openPhone(phone);
    withBen = await thief.relationship("Ben");
    bodiesBefore = new Set((await everyStoredBody(world.data)).map(({ body }) => toHex(sha256(body))));
    blobsBefore = new Set((await everyBlob(world.data)).map((blob) => toHex(sha256(blob))));
    world.advance(day);
    must(await laptop.engine.retire("phone", "taken"));
  }, 120_000);
  afterAll(() => world.close());

  test("is not believed by a peer who has not heard of it: its later statements count for nothing once he does", async () => {
    const benInbox = withBen.peer?.state.inbox;
    if (benInbox === undefined) throw new Error("no address of Ben's");
    for (const [index, statement] of [...(await lies(thief, withBen)), ...(await lies(thief, withBen, 1))].entries()) {
      // Before the laptop's word in Ben's queue there is nothing that the thief could still put; behind it, everything.
      expect(await thief.append(benInbox, { kind: "lineage", value: { statements: [statement.bytes] } }), `${index}`).toBe(
        "appended",
      );
    }
    await thief.append(benInbox, await thief.seal(withBen, "send me money"));
    const { work } = thief;
    const own = await ownLeaf(work, withBen);
    const keys = own === undefined ? undefined : await leafKeys(work, own.id);
    if (keys === undefined) throw new Error("no leaf");
    const benLeaves = [...(withBen.peer?.state.leaves.values() ?? [])].map(({ leaf }) => leaf.lastResort);
    const founded = expectOk(await work.session.found(work.random(32) as never, keys, benLeaves));
    const generation = await signStatement(
      {
        type: "generation",
        side: withBen.mine.side,
        heads: withBen.mine.state.heads,
        claimedAt: work.now(),
        body: {
          suite: "ed25519-xwing-aes256gcm-sha512",
          number: 1,
          parents: [],
          group: founded.generation.group,
          members: founded.generation.members,
          peerHeads: withBen.peer?.state.heads ?? [],
          welcome: asBytes(sha256(founded.welcome)),
          lastResort: [],
        },
      },
      ed25519Signer(keys.seed),
    );
    await thief.append(benInbox, { kind: "generation", value: { statement: generation.bytes, welcome: founded.welcome } });
    must(await ben.engine.sync());
    const seen = await viewOf(ben, "Ana");
    const mine = await viewOf(laptop, "Ben");
    expect(liveIds(seen.peer?.state ?? seen.mine.state)).toEqual(liveIds(mine.mine.state));
    expect(liveIds(mine.mine.state)).toHaveLength(2);
    expect(seen.peer?.state.inbox?.sendId).toEqual(mine.mine.state.inbox?.sendId);
    expect(seen.generations.get(idKey(generation.id))?.row.status ?? "known").toBe("known");
    expect(await heard(ben, "Ana")).toEqual(["peer: before"]);
    expect(must(await ben.engine.contacts())).toMatchObject([{ petname: "Ana", state: "active" }]);
  });

  test("is not believed by its siblings either, whichever old inbox it still reaches", async () => {
    const statements = [
      ...(await lies(thief, withBen)),
      ...(await lies(thief, withBen, 1)),
      ...(await lies(thief, await thief.circle())),
    ];
    const bytes = statements.map((one) => one.bytes);
    for (const to of await thief.addresses()) await thief.append(to, { kind: "lineage", value: { statements: bytes } });
    await world.settle(laptop, tablet, ben);
    for (const device of [laptop, tablet]) {
      expect(must(await device.engine.devices()).map(({ name, state }) => `${name} ${state}`)).toEqual([
        "phone retired",
        "laptop live",
        "tablet live",
      ]);
      expect(liveIds((await viewOf(device, "Ben")).mine.state)).toHaveLength(2);
      expect(must(await device.engine.contacts())).toMatchObject([{ petname: "Ben", state: "active" }]);
    }
  });

  test("cannot open anything sent after", async () => {
    must(await laptop.engine.send("Ben", "only for Ben"));
    must(await ben.engine.send("Ana", "only for Ana"));
    must(await tablet.engine.rename("Ben", "Benjamin"));
    await world.settle(laptop, tablet, ben);
    expect(await heard(tablet, "Benjamin")).toEqual(["me: before", "me: only for Ben", "peer: only for Ana"]);
    // By its own read keys it gets nothing new.
    for (const inbox of await thief.inboxes()) {
      const bodies = await thief.readInbox(inbox);
      if (typeof bodies === "string") continue;
      for (const body of bodies) if (!bodiesBefore.has(toHex(sha256(body)))) expect(await thief.open(body)).not.toBe("message");
    }
    // And if the relay gave it everything that it has: no message, neither of the relationship nor of the circle.
    const after = (await everyStoredBody(world.data)).filter(({ body }) => !bodiesBefore.has(toHex(sha256(body))));
    expect(after.length).toBeGreaterThan(10);
    for (const { body } of after) expect(await thief.open(body)).not.toBe("message");
    // What was there before does open: the test can fail.
    const opened = await Promise.all(
      (await everyStoredBody(world.data)).map(({ body }) =>
        bodiesBefore.has(toHex(sha256(body))) ? thief.open(body) : Promise.resolve("nothing" as const),
      ),
    );
    expect(opened).toContain("outer seal");
  });

  test("cannot append to any inbox that was moved, nor to one whose keys were changed", async () => {
    const envelope = await thief.seal(withBen, "let me in");
    const said = new Set<string>();
    for (const to of await thief.addresses()) said.add(await thief.append(to, envelope));
    expect([...said].toSorted()).toEqual(["forbidden", "moved"]);
  });

  test("learns nothing from what a moved inbox hands out", async () => {
    let handed = 0;
    for (const inbox of await thief.inboxes()) {
      const relationship = await loadRelationship(thief.work, inbox.relationship);
      const known = relationship.mine.statements.size + relationship.inboxes.size;
      const bundle = await thief.bundleOf(inbox);
      if (bundle === undefined) continue;
      handed += 1;
      expect(await followBundle(thief.work, relationship, "own", bundle)).toBe(false);
      expect(await followBundle(thief.work, relationship, "peer", bundle)).toBe(false);
      expect(relationship.mine.statements.size + relationship.inboxes.size).toBe(known);
    }
    expect(handed).toBe(2);
  });

  test("cannot change the archive, nor read what was archived after", async () => {
    const location = await thief.archive();
    const before = inForce(location);
    const body = thief.work.random(2048);
    const { blobs } = thief.work.ports;
    const put = await blobs.call(world.url, "blobPut", signBlobPut(before.writeSeed, { register: location.register, body }));
    expect(put).toMatchObject({ ok: false, error: { refusal: "forbidden" } });
    const newest = await blobs.call(world.url, "headGet", { register: location.register });
    if (!newest.ok) throw new Error("no head");
    const head = newest.value.value;
    const forged = signHeadPut(before.writeSeed, {
      ...head,
      seq: head.seq + 1,
      previous: headHash(head),
      writeKey: writeKeyOf(before),
      keeps: [],
    });
    expect(await blobs.call(world.url, "headPut", forged)).toMatchObject({ ok: false, error: { refusal: "forbidden" } });
    const keys = epochKeysOf(location);
    const readable = async (blob: Bytes): Promise<boolean> =>
      openSegment(keys, blob).ok || (await unwrapEpochKeys(blob, (file) => phone.keys.decryptAge(file))).ok;
    const all = await everyBlob(world.data);
    const old = all.filter((blob) => blobsBefore.has(toHex(sha256(blob))));
    const fresh = all.filter((blob) => !blobsBefore.has(toHex(sha256(blob))));
    // What it could read before stays readable to it; of Ben's archive and of what came after, nothing.
    expect((await Promise.all(old.map(readable))).filter((can) => can).length).toBeGreaterThan(0);
    expect(fresh.length).toBeGreaterThan(2);
    expect(await Promise.all(fresh.map(readable))).not.toContain(true);
  });
});
