/** Trustees who mean ill, and servers that keep things back. */
import {
  combineOpener,
  combinePartials,
  hashSuccessions,
  openerShareOf,
  parseVerification,
  signPartials,
  verifyPartials,
} from "@photon/protocol/trustees";
import { expectOk, utf8 } from "@photon/protocol/codec";
import { restoreWithIdentity } from "../../packages/engine/src/archive/restore.ts";
import { openerIdentity } from "../../packages/protocol/src/trustees/opener.ts";
import { makeScalar, numberOf } from "../../packages/protocol/src/trustees/scalars.ts";
import { type Device, hour, memoryRelay, must } from "@photon/testkit";
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
});

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
    const batch = hashSuccessions(header, [random(32)]);
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
