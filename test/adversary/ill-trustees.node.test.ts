/** Trustees who mean ill, and servers that keep things back. */
import {
  certifyPseudonym,
  combineOpener,
  combinePartials,
  dealRecovery,
  hashSuccessions,
  openerShareOf,
  pseudonymKey,
  parseVerification,
  signPartials,
  verifyPartials,
} from "@photon/protocol/trustees";
import { decode, expectOk, toHex, utf8 } from "@photon/protocol/codec";
import { appendMac, readKeyOf, sealDeposit } from "@photon/protocol/queue";
import { decodeRequest, readReply, type RecoveryRequest, requestDigest, sealReply } from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { type RecoveryRow, recoverySchema, replyRow } from "../../packages/engine/src/recovery/records.ts";
import { parseRow, Work } from "../../packages/engine/src/storage/core.ts";
import { restoreWithIdentity } from "../../packages/engine/src/archive/restore.ts";
import { openerIdentity } from "../../packages/protocol/src/trustees/opener.ts";
import { makeScalar, numberOf } from "../../packages/protocol/src/trustees/scalars.ts";
import { type Device, hour, memoryRelay, must, type Newcomer } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later } from "@photon/testkit/guarded";
import { memoryVault } from "@photon/testkit/memory-vault";
import { afterEach, describe, expect, test } from "vitest";
import { packetsOf, tamper } from "./packets.ts";

let story: Guarded;
afterEach(() => story.world.close());

describe("one malicious trustee", () => {
  test("cannot block, is named with a bad share and with bad signatures, and frames nobody", async () => {
    story = await guarded({ trustees: 4, peers: 0 });
    const { world, trustees, others } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const [another] = await packetsOf(chi);
    if (another === undefined) throw new Error("a trustee without a packet");
    // Ben's shares are another's, under his own index: they fit nothing.
    await tamper(ben, (packet) => ({ ...packet, shares: { ...another.shares, index: packet.shares.index } }));
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...others);
    await later(story, 49 * hour, ...others);
    const step = await newcomer.poll();
    expect(step).toMatchObject({ state: "waiting", shares: 2 });
    expect("warnings" in step && step.warnings.join(" ")).toContain("a share that is not good");
    await approve(newcomer, dee);
    await world.settle(...others);
    await later(story, 49 * hour, ...others);
    const phone = await become(newcomer);
    must(await phone.engine.sync());
    await world.settle(...others);
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", succeeded: 4, blamed: ["Ben"] });
  });

  test("is named for a bad share although enough others opened the archive at once, and for bad signatures is not counted as a signer", async () => {
    story = await guarded({ trustees: 4, peers: 0 });
    const { world, trustees, others } = story;
    const [ben, chi, dee, ede] = trustees as [Device, Device, Device, Device];
    const [another] = await packetsOf(dee);
    if (another === undefined) throw new Error("a trustee without a packet");
    // Ben's share of the opener is bad, and his signatures are good; with Chi it is the other way round.
    await tamper(ben, (packet) => ({ ...packet, shares: { ...packet.shares, opener: another.shares.opener } }));
    await tamper(chi, (packet) => ({ ...packet, shares: { ...packet.shares, uncontested: another.shares.uncontested } }));
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi, dee);
    await world.settle(...others);
    await later(story, 49 * hour, ...others);
    const phone = await become(newcomer);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ blamed: ["Ben"] });
    must(await phone.engine.sync());
    for (const one of [chi, dee]) must(await one.engine.sync());
    must(await phone.engine.sync());
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "signing", signers: 1, blamed: ["Ben", "Chi"] });
    await approve(newcomer, ede);
    await world.settle(...trustees);
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", succeeded: 4, blamed: ["Ben", "Chi"] });
  });
});

describe("one trustee who answers for many, under a plan of their own", () => {
  test("is not believed: only whom the person has heard counts, and a plan of which nobody was heard is not opened beside another", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees, others } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    const code = { recognised: "voice", contacted: "i-reached-them", code: newcomer.recovery.spoken } as const;
    // Ben has dealt a plan to himself, and answers as nine trustees of it, and with their shares.
    const forged = dealRecovery({ trustees: 9, threshold: 2 }, (length) => ben.ports.random.bytes(length));
    const dealerSeed = ben.ports.random.bytes(32);
    const found = expectOk(decodeRequest(await requestOf(newcomer)));
    const digest = requestDigest(await requestOf(newcomer));
    for (const shares of forged.shares) {
      const seed = ben.ports.random.bytes(32);
      const name = { plan: new Uint8Array(32), version: 1 };
      const certificate = certifyPseudonym(dealerSeed, { ...name, role: "trustee", key: pseudonymKey(seed) });
      const author = { ...name, dealerKey: pseudonymKey(dealerSeed), signer: ed25519Signer(seed), certificate };
      const places = [{ vault: world.url, register: new Uint8Array(16), sequence: 1 }];
      const approval = { level: 0, threshold: 2, contested: 5, delayHours: 0, hint: "", seen: 9, readyAt: 0, contestedNow: 0 };
      await reply(ben, found, digest, author, {
        kind: "approval",
        value: { ...approval, index: shares.index, verification: forged.verification.data, places },
      });
      await reply(ben, found, digest, author, { kind: "release", value: { share: openerShareOf(shares), places } });
    }
    // Alone, it would be opened, if there were an archive: nine of two.
    expect(await newcomer.recovery.poll()).toMatchObject({ ok: false, error: { code: "archive-damaged" } });
    // She has called Chi and Dee, who have read their words back to her.
    const answers: string[] = [];
    for (const trustee of [chi, dee]) {
      answers.push(must(await trustee.engine.approveRecovery("Ana", code)).answer ?? "");
      await world.settle(...others);
    }
    expect(await newcomer.poll()).toMatchObject({ state: "waiting", heard: 0 });
    await later(story, 49 * hour, ...others);
    const step = await newcomer.poll();
    expect("warnings" in step && step.warnings.join(" ")).toContain("three words");
    for (const words of answers) expect(must(await newcomer.recovery.heard(words.toUpperCase()))).toBe(true);
    expect(must(await newcomer.recovery.heard("abandon abandon abandon"))).toBe(false);
    const phone = await become(newcomer);
    expect(must(await phone.engine.contacts()).map(({ petname }) => petname)).toEqual(["Ben", "Chi", "Dee"]);
    // And nothing of the others is left.
    const theirs = (await Promise.all([chi, dee].map(packetsOf))).flat().map(({ pseudonymSeed }) => pseudonymKey(pseudonymSeed));
    expect(new Set(await authorsOf(phone, digest))).toEqual(new Set(theirs.map(toHex)));
  });
});

describe("somebody who has overheard the code", () => {
  test("fills the queue of the answers, and speaks as trustees whom they made up: the trustees are heard, and nobody else is", async () => {
    const network = { transport: memoryRelay({ limits: { entries: 200, bytes: 64 * 1024 * 1024 } }), blobs: memoryVault() };
    story = await guarded({ peers: 0, world: { network } });
    const { world, trustees, others } = story;
    const [ben, chi] = trustees as [Device, Device];
    const stranger = await world.person("somebody's phone");
    const newcomer = await world.recover("Ana's new phone");
    const request = await requestOf(newcomer);
    const found = expectOk(decodeRequest(request));
    for (let number = 0; number < 200; number++) await deposit(stranger, found, stranger.ports.random.bytes(64));
    await expect(deposit(stranger, found, stranger.ports.random.bytes(64))).rejects.toThrow("queue-full");
    await newcomer.poll();
    await approve(newcomer, ben, chi);
    await world.settle(...others);
    expect(await newcomer.poll()).toMatchObject({ state: "waiting", approvals: 2 });
    await later(story, 49 * hour, ...others);
    const phone = await become(newcomer);
    // As many as it takes say that it is contested, under another dealer, and under hers without being certified.
    const [packet] = await packetsOf(ben);
    if (packet === undefined) throw new Error("a trustee without a packet");
    for (const dealer of [undefined, packet.dealer]) {
      const dealerSeed = stranger.ports.random.bytes(32);
      for (let number = 0; number < 3; number++) {
        const seed = stranger.ports.random.bytes(32);
        const name = { plan: packet.plan, version: packet.version };
        const certificate = certifyPseudonym(dealerSeed, { ...name, role: "trustee", key: pseudonymKey(seed) });
        const author = { ...name, dealerKey: dealer ?? pseudonymKey(dealerSeed), signer: ed25519Signer(seed), certificate };
        const approval = { level: 1, threshold: 2, contested: 3, delayHours: 48, hint: "", seen: 3, readyAt: 0, contestedNow: 1 };
        await reply(stranger, found, requestDigest(request), author, {
          kind: "approval",
          value: { ...approval, index: packet.shares.index, verification: packet.verification, places: [] },
        });
      }
    }
    must(await phone.engine.sync());
    await world.settle(...others);
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", contested: false, succeeded: 3 });
  });
});

describe("a share that gave way before anybody was heard", () => {
  test("comes again from a trustee who approves once more", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees } = story;
    const [ben, chi] = trustees as [Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...trustees);
    await later(story, 49 * hour, ...trustees);
    must(await newcomer.recovery.heard("abandon abandon abandon"));
    const work = new Work(newcomer.ports, { device: "", node: new Uint8Array(8), name: "" }, new Map());
    const replies = await work.list("meta", "reply/");
    expect(replies.length).toBeGreaterThanOrEqual(4);
    for (const { key } of replies) work.delete("meta", key);
    await work.commit();
    expect(await newcomer.poll()).toMatchObject({ state: "collecting", approvals: 0 });
    await approve(newcomer, ben, chi);
    await world.settle(...trustees);
    expect(must(await (await become(newcomer)).engine.contacts())).toHaveLength(3);
  });
});

describe("a relay that has lost what was answered", () => {
  test("is read from its beginning again", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...trustees);
    expect(await newcomer.poll()).toMatchObject({ approvals: 2 });
    const { reply, relay, request } = await recoveryOf(newcomer);
    const { writeKey } = expectOk(decodeRequest(request)).reply;
    const { transport } = newcomer.ports;
    const signature = new Uint8Array(64);
    expect(await transport.call(relay, "delete", { receiveId: reply.receiveId, signature })).toMatchObject({ ok: true });
    const { receiveId, sendId, readSeed } = reply;
    const made = { receiveId, sendId, readKey: readKeyOf(readSeed), writeKeys: [writeKey], adminKey: undefined };
    expect(await transport.call(relay, "create", made)).toMatchObject({ ok: true });
    await approve(newcomer, dee);
    await world.settle(...trustees);
    expect(await newcomer.poll()).toMatchObject({ approvals: 3 });
  });
});

describe("words that are typed while the device looks for answers", () => {
  test("wait for it, and both count", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees } = story;
    const [ben] = trustees as [Device];
    const newcomer = await world.recover("Ana's new phone");
    const how = { code: newcomer.recovery.spoken, recognised: "voice", contacted: "i-reached-them" } as const;
    const { answer = "" } = must(await ben.engine.approveRecovery("Ana", how));
    await world.settle(ben);
    const [step, heard, again] = await Promise.all([
      newcomer.recovery.poll(),
      newcomer.recovery.heard(answer),
      newcomer.recovery.poll(),
    ]);
    expect(must(step)).toMatchObject({ state: "collecting", approvals: 1 });
    expect(must(heard)).toBe(true);
    expect(must(again)).toMatchObject({ state: "restoring" });
    expect(await newcomer.poll()).toMatchObject({ approvals: 1, heard: 1 });
    expect(await authorsOf(newcomer, requestDigest(await requestOf(newcomer)))).toHaveLength(1);
  });
});

/** Who wrote the answers that lie on a device's disk, in hex. */
async function authorsOf({ ports }: Device | Newcomer, digest: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
  const work = new Work(ports, { device: "", node: new Uint8Array(8), name: "" }, new Map());
  const rows = await work.list("meta", "reply/");
  return rows.map(({ value }) => toHex(expectOk(readReply(digest, parseRow(replyRow, value).opened)).author));
}

/** The recovery, as it lies on the new device's disk. */
async function recoveryOf({ ports }: Newcomer): Promise<RecoveryRow> {
  const row = await ports.store.get("meta", "recovery");
  if (row === undefined) throw new Error("no recovery");
  return expectOk(decode(recoverySchema, row.value, 64 * 1024));
}

const requestOf = async (newcomer: Newcomer): Promise<Uint8Array<ArrayBuffer>> => (await recoveryOf(newcomer)).request;

/** Laid into the reply queue, as whoever has heard the code can. */
async function reply(
  from: Device,
  request: RecoveryRequest,
  digest: Uint8Array<ArrayBuffer>,
  author: Parameters<typeof sealReply>[1],
  body: Parameters<typeof sealReply>[2],
): Promise<void> {
  const inner = await sealReply({ digest, recipient: request.recipient }, author, body);
  return deposit(from, request, inner);
}

async function deposit(from: Device, request: RecoveryRequest, inner: Uint8Array<ArrayBuffer>): Promise<void> {
  const { relay, sendId, writeKey, sealKey } = request.reply;
  const fields = {
    sendId,
    appendId: from.ports.random.bytes(16),
    body: expectOk(sealDeposit(sealKey, inner, from.ports.random.bytes(24))),
  };
  const answer = await from.ports.transport.call(relay, "append", { ...fields, mac: appendMac(writeKey, fields) });
  if (!answer.ok) throw new Error(answer.error.code === "refused" ? answer.error.refusal : answer.error.code);
}

describe("too few trustees, with everything that servers store", () => {
  test("nothing opens and no signature can be made, however their shares are put together", async () => {
    story = await guarded({ trustees: 3, threshold: 2, peers: 0 });
    const { ana, trustees } = story;
    const [ben] = trustees as [Device];
    const [packet] = await packetsOf(ben);
    if (packet === undefined) throw new Error("a trustee without a packet");
    const verification = expectOk(parseVerification(packet.verification));
    const random = (length: number) => ana.ports.random.bytes(length);
    const share = openerShareOf(packet.shares);
    expect(combineOpener(verification, [share, share], random)).toMatchObject({ ok: false });
    // By hand, past every check: as if one share were the secret, or twice the share, or its product with the index.
    const { vault, register } = packet.archives[0] ?? { vault: "", register: new Uint8Array(16) };
    const guesses = [numberOf(share.opener), numberOf(share.opener) * 2n, numberOf(share.opener) * numberOf(share.index)];
    const order = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
    for (const guess of guesses) {
      const { identity } = openerIdentity(makeScalar(guess % order));
      expect(await restoreWithIdentity(ana.ports, { vault, register }, identity)).toMatchObject({ ok: false });
    }
    const header = {
      suite: "ed25519-xwing-aes256gcm-sha512",
      threshold: 0,
      request: random(32),
      notBefore: 20_000,
      expiry: 20_014,
    } as const;
    const batch = hashSuccessions(header, [random(48)]);
    const partials = signPartials(packet.shares, batch, random);
    const verified = expectOk(verifyPartials(verification, packet.shares.index, batch, partials, random));
    expect(combinePartials(verification, batch, [verified])).toMatchObject({ ok: false });
    expect(combinePartials(verification, batch, [verified, verified])).toMatchObject({ ok: false });
  });

  test("a packet names no other trustee, no relationship and no petname", async () => {
    story = await guarded({ trustees: 3, threshold: 2, peers: 1 });
    const { trustees } = story;
    const all = await Promise.all(trustees.map((trustee) => packetsOf(trustee)));
    const [first, second] = all.map(([packet]) => packet);
    if (first === undefined || second === undefined) throw new Error("trustees without packets");
    const bytes = Buffer.from(
      JSON.stringify(first, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value)),
    );
    for (const secret of [
      second.shares.index,
      second.certificate,
      second.pseudonymSeed,
      second.queues[0]?.writeKey ?? utf8("none"),
    ])
      expect(bytes.includes(Buffer.from(secret).toString("hex"))).toBe(false);
    for (const name of ["Ben", "Chi", "Dee", "peer 1"]) expect(bytes.includes(name)).toBe(false);
  });
});

describe("two operators of one plan queue", () => {
  test("who compare find no writer by the place of a key", async () => {
    const inner = memoryRelay({ checks: false });
    const laid: (readonly string[])[] = [];
    const transport = {
      ...inner,
      call: ((relay, kind, value, ...rest) => {
        if (kind === "create" && "adminKey" in value && value.adminKey !== undefined) laid.push(value.writeKeys.map(toHex));
        return inner.call(relay, kind, value, ...rest);
      }) as typeof inner.call,
    };
    const network = { transport, blobs: memoryVault() };
    story = await guarded({ trustees: 7, threshold: 3, peers: 0, mirror: "https://mirror.example", world: { network } });
    expect(laid.map((keys) => keys.length)).toEqual([24, 24]);
    const packets = (await Promise.all(story.trustees.map(packetsOf))).flat();
    const places = laid.map((keys, at) =>
      packets.map(({ queues }) => keys.indexOf(toHex(queues[at]?.writeKey ?? new Uint8Array(0)))),
    );
    for (const some of places) expect(new Set(some.filter((place) => place >= 0)).size).toBe(7);
    expect(places[0]).not.toEqual(places[1]);
  });
});

describe("servers that keep notices back", () => {
  test("one operator of the plan queue and the person's own relay suppress every notice: the contest still reaches the trustees", async () => {
    const inner = memoryRelay({ checks: false });
    let suppressed = false;
    // The first operator is Ana's own relay as well: it swallows what her old phone writes, and shows nothing of it.
    const transport = {
      ...inner,
      call: ((relay, kind, value) => {
        const isMirror = relay === "https://mirror.example";
        if (suppressed && !isMirror && kind === "append")
          return Promise.resolve({ ok: true, value: { kind: "appended", value: { seq: 1 } } });
        return inner.call(relay, kind, value);
      }) as typeof inner.call,
    };
    const direct = memoryVault();
    story = await guarded({ mirror: "https://mirror.example", world: { network: { transport, blobs: direct } } });
    const { world, ana, trustees } = story;
    const [ben, chi] = trustees as [Device, Device];
    const newcomer = await world.recover("somebody's phone");
    await approve(newcomer, ben, chi);
    await world.settle(ana, ...trustees);
    suppressed = true;
    must(await ana.engine.contest());
    must(await ana.engine.sync());
    suppressed = false;
    await later(story, 50 * hour, ben, chi);
    expect(must(await ben.engine.trusteeships())[0]?.cases).toMatchObject([{ contested: true, state: "collecting" }]);
    expect(await newcomer.poll()).toMatchObject({ shares: 0 });
  });

  test("a trustee that can read neither operator waits, however long", async () => {
    const inner = memoryRelay({ checks: false });
    let boards: ReadonlySet<string> = new Set();
    const transport = {
      ...inner,
      call: ((relay, kind, value) => {
        const reads = kind === "read" ? (value as readonly { readonly receiveId: Uint8Array }[]) : [];
        if (reads.some(({ receiveId }) => boards.has(Buffer.from(receiveId).toString("hex"))))
          return Promise.resolve({ ok: false, error: { code: "unreachable", detail: "cut off" } });
        return inner.call(relay, kind, value);
      }) as typeof inner.call,
    };
    story = await guarded({ mirror: "https://mirror.example", world: { network: { transport, blobs: memoryVault() } } });
    const { world, trustees } = story;
    const [ben, chi] = trustees as [Device, Device];
    const [packet] = await packetsOf(ben);
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...trustees);
    boards = new Set((packet?.queues ?? []).map(({ receiveId }) => Buffer.from(receiveId).toString("hex")));
    expect(boards.size).toBe(2);
    await later(story, 10 * 24 * hour, ben, chi);
    expect(await newcomer.poll()).toMatchObject({ shares: 0 });
    // One of the two comes back: after three days of waiting for the other, they go on.
    boards = new Set([...boards].slice(0, 1));
    await later(story, hour, ben, chi);
    await become(newcomer);
  });
});

describe("a new phone that dies at any moment", () => {
  test("goes on where it was, with the same request and the same successions", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees, others } = story;
    const [ben, chi] = trustees as [Device, Device];
    const newcomer = await world.recover("Ana's new phone");
    const { spoken } = newcomer.recovery;
    await newcomer.restart();
    expect(newcomer.recovery.spoken).toBe(spoken);
    await approve(newcomer, ben);
    await newcomer.poll();
    await newcomer.restart();
    await ben.restart();
    await approve(newcomer, chi);
    await world.settle(...trustees);
    for (const one of trustees) await one.restart();
    await later(story, 49 * hour, ...trustees);
    await newcomer.restart();
    const phone = await become(newcomer);
    await phone.restart();
    must(await phone.engine.sync());
    await phone.restart();
    for (const one of trustees) {
      await one.restart();
      must(await one.engine.sync());
      await one.restart();
    }
    await world.settle(...trustees);
    await phone.restart();
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", succeeded: 3, signers: 2 });
    for (const one of others)
      expect(must(await one.engine.history("Ana")).filter(({ kind, side }) => kind === "succeed" && side === "peer")).toHaveLength(
        1,
      );
  });
});
