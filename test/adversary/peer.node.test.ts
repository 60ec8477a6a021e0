/**
 * Ben is who he says, and means ill: whatever he puts into Ana's inbox, her engine never fails, shows nothing twice or out
 * of order for it, and keeps no more than a bounded amount. What he does to himself is his loss.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { openOffer, parseInvitation } from "@photon/protocol/meeting";
import { asBytes, type Bytes, expectOk, utf8 } from "@photon/protocol/codec";
import { encodeBody, type Envelope } from "@photon/protocol/queue";
import { ed25519Signer, type LeafId, parseStatement, signStatement } from "@photon/protocol/statement";
import { day, type Device, makeWorld, must, type World } from "@photon/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outboxItems } from "../../packages/engine/src/delivery/outbox.ts";
import { announceToPeer, unackedStatements } from "../../packages/engine/src/relationship/speaking.ts";
import { liveMembers, type Relationship } from "../../packages/engine/src/relationship/model.ts";
import { type Attacker, attackerWith } from "./attacker.ts";
import { openPhone, type OpenPhone, viewOf } from "./open-phone.ts";
import { everyStoredBody } from "./server-rows.ts";

const year = 365 * day;

let world: World;
let ana: Device;
let attacker: Attacker;
let ben: OpenPhone;
let withAna: Relationship;

beforeAll(async () => {
  world = await makeWorld();
  ana = await world.person("ana");
  const device = await world.person("ben");
  await world.befriend(ana, "Ben", device, "Ana");
  must(await device.engine.send("Ana", "good day"));
  await world.settle(ana, device);
  attacker = await attackerWith(device, "Ana");
  ({ phone: ben, relationship: withAna } = attacker);
}, 120_000);
afterAll(() => world.close());

/** Ana's engine takes in what lies there: it may report, and must not fail. */
const taken = async () => must(await ana.engine.sync());
const shown = async (): Promise<readonly string[]> => must(await ana.engine.read("Ben")).map(({ body }) => body);
const rowsOf = (table: string): number => {
  for (const [name, rows] of ana.store.snapshot()) if (name === table) return rows.size;
  return 0;
};
const anaJoined = async (): Promise<number> =>
  [...(await viewOf(ana, "Ben")).generations.values()].filter(({ row }) => row.status === "joined").length;

describe("a peer who means ill: generations", () => {
  test("no generation number can be used to block another: the largest there is, told as history or as a founding", async () => {
    const highest = await attacker.foundAs({ number: 0xffff_ffff });
    await attacker.put(highest, { kind: "lineage", value: { statements: [highest.value.statement] } });
    await taken();
    const before = await anaJoined();
    world.advance(8 * day);
    // Healing founds the next one.
    expect(must(await ana.engine.send("Ben", "still here")).state).toBe("deposited");
    await taken();
    const view = await viewOf(ana, "Ben");
    expect(Math.max(...[...view.generations.values()].map(({ statement }) => statement.body.number))).toBeLessThan(10_000);
    expect(await anaJoined()).toBeGreaterThanOrEqual(before);
  });

  test("numbers that skip, members that are not live, a Welcome of another hash, and Welcomes that do not open are not joined", async () => {
    const before = await anaJoined();
    const [top] = [...withAna.generations.values()].toSorted((a, b) => b.statement.body.number - a.statement.body.number);
    const number = (top?.statement.body.number ?? 0) + 1;
    const wrongHash = await attacker.foundAs({ welcome: asBytes(sha256(utf8("another"))) });
    const stranger = ben.work.random(32) as LeafId;
    await attacker.put(
      await attacker.foundAs({ number: number + 5 }),
      await attacker.foundAs({ number: number + 1, parents: [] }),
      await attacker.foundAs({ members: [...liveMembers(withAna), stranger] }),
      await attacker.foundAs({ members: liveMembers(withAna).slice(0, 1) }),
      wrongHash,
      await attacker.foundAs({}, utf8("no welcome at all")),
      await attacker.foundAs({}, ben.work.random(4000)),
      await attacker.foundAs({}, new Uint8Array(0)),
    );
    await taken();
    expect(await anaJoined()).toBe(before);
    expect(must(await ana.engine.contacts())).toMatchObject([{ state: "active" }]);
  });

  test("as many generations as he likes: rows and time stay bounded", async () => {
    const many: Bytes[] = [];
    for (let index = 0; index < 300; index++) many.push((await historyOf(index)).value.statement);
    for (let at = 0; at < many.length; at += 60)
      await attacker.put({ kind: "lineage", value: { statements: many.slice(at, at + 60) } });
    await taken();
    expect((await viewOf(ana, "Ben")).generations.size).toBeLessThan(300);
  });
});

/** A cheap one: its group was never founded. */
const historyOf = (index: number) => attacker.foundAs({ number: 2 + (index % 50), parents: [] }, utf8("x"));

describe("a peer who means ill: messages", () => {
  test("what cannot be decoded, or is of a kind that nobody knows, is left aside or kept as from a newer version", async () => {
    const before = (await shown()).length;
    await attacker.put(
      await attacker.said("", { kind: "hologram", body: ben.work.random(100) }),
      await attacker.said("", { kind: "ack", body: utf8("not a list") }),
      await attacker.said("", { kind: "key-package", body: ben.work.random(300) }),
      await attacker.said("", {
        kind: "change",
        body: encodeBody("change", [{ key: "rel/x/record", hlc: (await ben.newContent(withAna, "", utf8(""))).sent }]),
      }),
      await attacker.said("", { kind: "confirm", body: utf8("?") }),
      await attacker.said("", { kind: "text", body: Uint8Array.of(0xff, 0xfe, 0x80) }),
      await attacker.said("", { kind: "text", body: new Uint8Array(60 * 1024).fill(65) }),
      await attacker.said("the last"),
    );
    await taken();
    const messages = must(await ana.engine.read("Ben")).slice(before);
    expect(messages.at(-1)).toMatchObject({ body: "the last" });
    expect(messages.find(({ kind }) => kind === "hologram")).toMatchObject({ body: "", from: "peer" });
  });

  test("one id is shown once, whatever time it is given, and never takes the place of what Ana said", async () => {
    const sent = must(await ana.engine.send("Ben", "what Ana said"));
    await taken();
    const own = [...ana.store.snapshot()]
      .flatMap(([table, rows]) => (table === "state" ? [...rows.keys()] : []))
      .find((key) => key.startsWith("msg/") && key.endsWith(sent.id));
    const content = await ben.newContent(withAna, "text", utf8("first"));
    const hlc = { wall: Number.parseInt(own?.split("/")[2]?.slice(0, 12) ?? "", 16), counter: 0, node: content.sent.node };
    const id = Uint8Array.from(Buffer.from(sent.id, "hex"));
    await attacker.put(
      await ben.sealContent(withAna, content),
      await ben.sealContent(withAna, {
        ...content,
        sent: { ...content.sent, wall: content.sent.wall + 1000 },
        body: utf8("second"),
      }),
      await ben.sealContent(withAna, {
        ...content,
        sent: { ...content.sent, wall: content.sent.wall - 1000 },
        body: utf8("third"),
      }),
      await attacker.said("forged", { id, sent: hlc }),
    );
    await taken();
    const messages = must(await ana.engine.read("Ben"));
    expect(messages.filter(({ body }) => ["first", "second", "third"].includes(body))).toHaveLength(1);
    expect(messages.filter(({ from, id: one }) => from === "me" && one === sent.id)).toMatchObject([{ body: "what Ana said" }]);
  });

  test("times ten years ahead, or at the beginning of time, neither drag Ana's clock nor spoil the order", async () => {
    const now = world.now();
    const { sent } = await ben.newContent(withAna, "text", utf8(""));
    await attacker.put(
      await attacker.said("from the future", { sent: { ...sent, wall: now + 10 * year } }),
      await attacker.said("from 1970", { sent: { ...sent, wall: 0 } }),
    );
    await taken();
    world.advance(60_000);
    must(await ana.engine.send("Ben", "an answer to that"));
    await attacker.put(await attacker.said("and on we go", { sent: { ...sent, wall: world.now() } }));
    await taken();
    const all = await shown();
    expect(all.indexOf("from the future")).toBeLessThan(all.indexOf("an answer to that"));
    expect(all.at(-1)).toBe("and on we go");
    const latest = Math.max(
      ...must(await ana.engine.read("Ben"))
        .filter(({ from }) => from === "me")
        .map(({ sent: at }) => at),
    );
    expect(latest).toBeLessThan(now + day);
  });

  test("acknowledging what he never got costs him the message, and Ana nothing else", async () => {
    const { id } = must(await ana.engine.send("Ben", "he will say he has it"));
    const invented = Array.from({ length: 1000 }, () => ben.work.random(16));
    const before = rowsOf("state");
    await attacker.put(
      await attacker.said("", { kind: "ack", body: encodeBody("ack", [Uint8Array.from(Buffer.from(id, "hex")), ...invented]) }),
    );
    await taken();
    expect(must(await ana.engine.read("Ben")).find((one) => one.id === id)).toMatchObject({ state: "delivered" });
    expect(rowsOf("state") - before).toBeLessThan(100);
    must(await ana.engine.send("Ben", "and on"));
    await taken();
  });
});

describe("a peer who means ill: floods", () => {
  test("what builds on nothing is parked up to a bound, in rows and in bytes, and in time", async () => {
    const generation = ben.work.random(32) as never;
    const one = (size: number): Envelope => ({ kind: "message", value: { generation, message: ben.work.random(size) } });
    const started = process.cpuUsage();
    for (let round = 0; round < 24; round++) await Promise.all(Array.from({ length: 50 }, () => attacker.put(one(60))));
    await attacker.put(...Array.from({ length: 20 }, () => one(60_000)));
    await taken();
    await attacker.put(await attacker.said("after the flood"));
    await taken();
    expect((await shown()).at(-1)).toBe("after the flood");
    expect(rowsOf("pending")).toBeLessThanOrEqual(1000);
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(20);
  });

  test("statements of other sides, of strangers in his name, and of strangers in hers are not kept", async () => {
    const before = rowsOf("state");
    const stranger = ed25519Signer(ben.work.random(32));
    const close = async (side: Relationship["mine"]["side"], heads = withAna.mine.state.heads): Promise<Bytes> =>
      (await signStatement({ type: "close", side, heads, claimedAt: ben.work.now(), body: { reason: "goodbye" } }, stranger)).bytes;
    const statements: Bytes[] = [];
    for (let index = 0; index < 20; index++) {
      statements.push(await close(ben.work.random(32) as never));
      statements.push(await close(withAna.mine.side));
      statements.push(await close(withAna.peer?.side ?? withAna.mine.side, withAna.peer?.state.heads));
    }
    await attacker.put({ kind: "lineage", value: { statements } });
    await taken();
    expect(rowsOf("state") - before).toBeLessThan(10);
    expect(must(await ana.engine.contacts())).toMatchObject([{ state: "active" }]);
  });

  test("statements that follow what nobody has are kept up to a bound", async () => {
    const before = rowsOf("state");
    for (let round = 0; round < 6; round++) {
      const statements: Bytes[] = [];
      for (let index = 0; index < 60; index++) {
        const draft = {
          type: "close",
          side: withAna.mine.side,
          heads: [ben.work.random(32) as never],
          claimedAt: 0,
          body: { reason: "goodbye" },
        } as const;
        statements.push((await signStatement(draft, attacker.signer)).bytes);
      }
      await attacker.put({ kind: "lineage", value: { statements } });
    }
    await taken();
    expect(rowsOf("state") - before).toBeLessThan(2 * 300);
    expect(must(await ana.engine.contacts())).toMatchObject([{ state: "active" }]);
  });

  test("asking again and again for what he has is answered ten times an hour", async () => {
    const heads: never[] = [];
    const need: Envelope = { kind: "need", value: { side: withAna.peer?.side ?? withAna.mine.side, heads } };
    await Promise.all(Array.from({ length: 60 }, () => attacker.put(need)));
    const entries = (await everyStoredBody(world.data)).length;
    expect(entries).toBeGreaterThan(0);
    await taken();
    expect((await everyStoredBody(world.data)).length - entries).toBeLessThan(20);
  });

  test("who never acknowledges is told again, however much there is to tell", async () => {
    const phone = await openPhone(ana);
    const relationship = await phone.relationship("Ben");
    const own = [...relationship.mine.statements.values()];
    const history = [...relationship.generations.values()].map(({ statement }) => statement);
    const before = (await outboxItems(phone.work)).length;
    await announceToPeer(phone.work, relationship, Array.from({ length: 50 }, () => [...own, ...history]).flat());
    expect((await outboxItems(phone.work)).length).toBeGreaterThan(before + 1);
    // What a founding says of itself waits for no acknowledgement: nobody gives one.
    const waiting = await unackedStatements(phone.work, relationship.id);
    expect(waiting.map(({ statement }) => expectOk(parseStatement(statement)).type)).not.toContain("generation");
  });
});

describe("a peer who means ill: meeting and leaves", () => {
  test("a thousand claims on one invitation: sixteen are shown, others' statements never, and nothing fails", async () => {
    const invitation = must(await ana.engine.meet({ petname: "Chi" }));
    const { work } = ben;
    const parsed = expectOk(parseInvitation(invitation.link));
    const drop = await work.ports.transport.call(parsed.relay, "get", { dropId: parsed.dropId });
    if (!drop.ok) throw new Error("no offer");
    const offer = expectOk(openOffer(parsed, drop.value.value.body));
    const found = offer.statements.map((bytes) => expectOk(parseStatement(bytes)))[0];
    if (found?.type !== "found") throw new Error("no found");
    const claim = (statements: readonly Bytes[]): Promise<string> =>
      ben.append(found.body.inbox, { kind: "claim", value: { invitation: parsed.id, statements } });
    const someone = async (lastResort: Bytes): Promise<Bytes> => {
      const signer = ed25519Signer(work.random(32));
      const leaf = { id: signer.publicKey as LeafId, lastResort };
      const draft = {
        type: "found",
        side: work.random(32) as never,
        heads: [],
        claimedAt: 0,
        body: { ...found.body, leaf },
      } as const;
      return (await signStatement(draft, signer)).bytes;
    };
    await claim([found.bytes]);
    await claim([await someone(utf8("x")), await someone(utf8("y"))]);
    await claim([utf8("no statement at all")]);
    await claim([
      await someone(work.random(8000)),
      ...(await Promise.all(Array.from({ length: 60 }, () => someone(work.random(8000))))),
    ]);
    const crowd = await Promise.all(Array.from({ length: 50 }, () => someone(utf8("no key package"))));
    for (let round = 0; round < 20; round++) await Promise.all(crowd.map((one) => claim([one])));
    const before = rowsOf("state");
    await taken();
    const claims = must(await ana.engine.contacts()).filter(({ petname }) => petname === "Chi");
    expect(claims).toHaveLength(16);
    expect(rowsOf("state") - before).toBeLessThan(50);
    // One of these people is confirmed all the same: nobody can be spoken to through a leaf like that, and nothing fails.
    must(await ana.engine.confirm(claims[0]?.id ?? "", { petname: "Chi" }));
    expect(must(await ana.engine.send("Chi", "hello?"))).toMatchObject({ state: "queued" });
    await taken();
  }, 90_000);

  test("a leaf that nothing can be sealed to stops what is said to him, and neither a retirement nor another relationship", async () => {
    const tablet = await world.addDevice(ana, "tablet");
    await world.settle(ana, tablet);
    const signer = ed25519Signer(ben.work.random(32));
    const leaf = { id: signer.publicKey as LeafId, lastResort: utf8("no key package") };
    const admit = await ben.sign(withAna, "admit", { leaves: [leaf], proof: "device" });
    await attacker.put({ kind: "lineage", value: { statements: [admit.bytes] } });
    await taken();
    expect(must(await ana.engine.send("Ben", "can you hear me?"))).toMatchObject({ state: "queued" });
    world.advance(8 * day);
    await taken();
    must(await ana.engine.retire("tablet", "lost"));
    await taken();
    expect((await viewOf(ana, "Ben")).mine.state.changes.map(({ kind }) => kind)).toContain("retire");
    expect(liveMembers(await (await openPhone(ana)).circle())).toHaveLength(1);
  });
});
