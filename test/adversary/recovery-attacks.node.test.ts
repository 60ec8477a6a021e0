/** Attacks on a recovery and on what keeps it possible; each test names who attacks. */
import { type Bytes, bytes, decode, encode, equalBytes, expectOk, fromHex, sha256, struct, toHex } from "@photon/protocol/codec";
import { signEntry } from "@photon/protocol/recovery";
import { ed25519Signer, signStatement, type StatementId } from "@photon/protocol/statement";
import { type Device, hour, memoryRelay, must } from "@photon/testkit";
import { approve, become, guarded, type Guarded, later, plan, recoverWith } from "@photon/testkit/guarded";
import { memoryVault } from "@photon/testkit/memory-vault";
import { afterEach, describe, expect, test } from "vitest";
import { setState } from "../../packages/engine/src/circle/state.ts";
import { deviceAuthor, flushBoards, ownBoards, postEntry, readBoards, sightings } from "../../packages/engine/src/plan/board.ts";
import { partsFor } from "../../packages/engine/src/plan/announce.ts";
import { isDealt, loadPlans } from "../../packages/engine/src/plan/records.ts";
import { recoverySchema } from "../../packages/engine/src/recovery/records.ts";
import { requestFor } from "../../packages/engine/src/succession/requests.ts";
import { approve as engineApprove } from "../../packages/engine/src/trustee/approve.ts";
import { boardsOf } from "../../packages/engine/src/trustee/cases.ts";
import { activeTrusts } from "../../packages/engine/src/trustee/records.ts";
import { openPhone } from "./open-phone.ts";
import { packetsOf, pastEngine } from "./packets.ts";

let story: Guarded;
afterEach(() => story.world.close());

const planOf = async ({ work }: Awaited<ReturnType<typeof openPhone>>) => {
  const known = (await loadPlans(work)).find(isDealt);
  if (known === undefined) throw new Error("no plan");
  return known;
};

describe("a peer alone", () => {
  test("cannot object in the name of a stranger: no trustee is asked twice because of it", async () => {
    story = await guarded();
    const { world, trustees, others, peers } = story;
    const [peer] = peers as [Device];
    const phone = await recoverWith(story, ...trustees.slice(0, 2));
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", contested: false });
    const open = await openPhone(peer);
    const withAna = await open.relationship("Ana");
    const [succession] = withAna.peer?.state.successions ?? [];
    const inbox = [...(withAna.peer?.statements.values() ?? [])].find(({ type }) => type === "succeed");
    if (withAna.peer === undefined || succession === undefined || inbox?.type !== "succeed") throw new Error("no succession");
    const heads: readonly (readonly StatementId[])[] = [[], [open.work.random(32) as StatementId], withAna.peer.state.heads];
    for (const following of heads) {
      const forged = await signStatement(
        {
          type: "contest",
          side: withAna.peer.side,
          heads: following,
          claimedAt: open.work.now(),
          body: { request: succession.request, succession: succession.statement, reason: "not-me" },
        },
        ed25519Signer(open.work.random(32)),
      ).catch(() => undefined);
      if (forged !== undefined) await open.append(inbox.body.inbox, { kind: "lineage", value: { statements: [forged.bytes] } });
    }
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", contested: false });
    for (const trustee of trustees) {
      for (const one of must(await trustee.engine.trusteeships())[0]?.cases ?? []) expect(one).toMatchObject({ contested: false });
    }
  });
});

describe("a thief with the unlocked old phone", () => {
  test("objects at one peer, and had the new device hear of it before it announced anything: it is answered all the same", async () => {
    story = await guarded();
    const { world, ana: thief, trustees, others, peers } = story;
    const [ben, chi] = trustees as [Device, Device];
    const [peer] = peers as [Device];
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(...trustees);
    must(await thief.engine.sync());
    const digest = fromHex(must(await thief.engine.recoveryNotices())[0]?.request ?? "");
    const copy = await openPhone(thief);
    const relationship = await copy.relationship("peer 1");
    const inboxes = [relationship.peer?.state.inbox, relationship.mine.state.inbox];
    if (digest === undefined) throw new Error("no request");
    const request = requestFor(await planOf(copy), relationship.mine.side, 1, digest);
    const contest = await copy.sign(relationship, "contest", { request, reason: "still-here" });
    for (const inbox of inboxes)
      if (inbox !== undefined) await copy.append(inbox, { kind: "lineage", value: { statements: [contest.bytes] } });
    await later(story, 49 * hour, ...trustees);
    const phone = await become(newcomer);
    must(await phone.engine.sync());
    await world.settle(...trustees);
    await world.settle(phone, ...others);
    await later(story, hour, phone, ...others);
    expect(must(await peer.engine.contacts()).find(({ petname }) => petname === "Ana")?.succession).toMatchObject({
      state: "contested",
    });
    await later(story, hour, phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "signing", contested: true, needed: 3 });
  });

  test("pins registers that are none on the plan queue: the archive is found all the same", async () => {
    story = await guarded();
    const { world, ana: thief, trustees, others } = story;
    const { work } = await openPhone(thief);
    const known = await planOf(await openPhone(thief));
    const pin = (await sightings(work, ownBoards(known))).find(({ entry }) => entry.body.kind === "pin")?.entry.body;
    if (pin?.kind !== "pin") throw new Error("nothing was pinned");
    for (let number = 0; number < 12; number++) {
      const value = { ...pin.value, register: work.random(16), sequence: 1000 };
      await postEntry(work, ownBoards(known), deviceAuthor(known), { kind: "pin", value });
    }
    expect((await flushBoards(work, ownBoards(known))).pending).toBe(0);
    await later(story, 2 * hour, ...others);
    const phone = await recoverWith(story, ...trustees.slice(0, 2));
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", succeeded: 4 });
    await world.settle(phone);
  });

  test("asks for a plan to which people say yes only after the recovery: nobody deals it, and the next one has another number", async () => {
    story = await guarded({ peers: 0 });
    const { world, ana: thief, trustees } = story;
    const [ben, chi] = trustees as [Device, Device];
    must(await thief.engine.planTrustees({ trustees: ["Ben", "Chi"], threshold: 1, delayHours: 0 }));
    await world.settle(thief, ...trustees);
    const phone = await recoverWith(story, ben, chi);
    for (const trustee of [ben, chi]) must(await trustee.engine.answerTrustee("Ana", true));
    await world.settle(phone, ...trustees);
    const versions = async () => (await loadPlans((await openPhone(phone)).work)).map((one) => [one.plan.version, isDealt(one)]);
    expect(await versions()).toEqual([
      [1, true],
      [2, false],
    ]);
    for (const days of [30, 17]) await later(story, days * 24 * hour, phone, ...trustees);
    expect(await versions()).toEqual([
      [1, true],
      [2, false],
      [3, false],
    ]);
  });

  test("pins a head that is not there yet: the true ones are pinned all the same", async () => {
    story = await guarded({ peers: 0 });
    const { ana, trustees } = story;
    const { work } = await openPhone(ana);
    const known = await planOf(await openPhone(ana));
    const pins = async () =>
      (await sightings((await openPhone(ana)).work, ownBoards(known))).flatMap(({ entry }) =>
        entry.body.kind === "pin" ? [entry.body.value] : [],
      );
    const pin = (await pins()).toSorted((a, b) => a.sequence - b.sequence).at(-1);
    if (pin === undefined) throw new Error("nothing was pinned");
    const ahead = { ...pin, sequence: pin.sequence + 1_000_000 };
    await postEntry(work, ownBoards(known), deviceAuthor(known), { kind: "pin", value: ahead });
    expect((await flushBoards(work, ownBoards(known))).pending).toBe(0);
    must(await ana.engine.rename("Ben", "Benedict"));
    await later(story, 25 * hour, ana, ...trustees);
    await later(story, 25 * hour, ana, ...trustees);
    const sequences = (await pins()).map(({ sequence }) => sequence);
    expect(sequences).toContain(ahead.sequence);
    expect(Math.max(...sequences.filter((one) => one < ahead.sequence))).toBeGreaterThan(pin.sequence);
  });

  test("R7: re-deals to the very same trustees, who say yes: they act by the plan before as well, and the recovery goes by that", async () => {
    story = await guarded();
    const { world, ana: thief, trustees, others, names } = story;
    const [ben, chi] = trustees as [Device, Device];
    must(await thief.engine.planTrustees({ trustees: names, threshold: 2, delayHours: 0 }));
    await world.settle(thief, ...trustees);
    for (const trustee of trustees) must(await trustee.engine.answerTrustee("Ana", true));
    for (let round = 0; round < 2; round++) await world.settle(thief, ...others);
    expect(must(await thief.engine.planStatus())).toMatchObject({ version: 2, protected: true });
    const newcomer = await world.recover("Ana's new phone");
    await approve(newcomer, ben, chi);
    await world.settle(ben, chi);
    // By the thief's plan there is no delay, and its shares are here at once.
    await later(story, 2 * hour, ben, chi);
    expect(await newcomer.poll()).toMatchObject({ state: "waiting", approvals: 2, heard: 2 });
    await later(story, 47 * hour, ben, chi);
    const phone = await become(newcomer);
    must(await phone.engine.sync());
    await world.settle(ben, chi);
    await world.settle(phone, ...others);
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", succeeded: 4 });
    await later(story, 49 * hour, phone, ...others);
    for (const one of others) {
      const ana = must(await one.engine.contacts()).find(({ petname }) => petname === "Ana");
      expect(ana).toMatchObject({ state: "active", succession: { state: "counted" } });
    }
    // The thief knows the secrets of the later plan: nobody is told of it any more.
    await later(story, 20 * 24 * hour, phone, ...others);
    const plans = (await (await openPhone(ben)).relationship("Ana")).peer?.state.plan;
    expect(plans?.version).toBe(1);
    expect(must(await phone.engine.planStatus())).toMatchObject({ version: 2, protected: false });
    // She plans anew, under a number that nobody has used.
    await plan({ ...story, ana: phone }, { trustees: names, threshold: 2 });
    expect(must(await phone.engine.planStatus())).toMatchObject({ version: 3, protected: true });
  });

  test("fills all that the old phone may write onto the plan queue: the new device writes by a key that the phone never had", async () => {
    // Of a board, each writer has a twenty-fourth.
    const network = { transport: memoryRelay({ limits: { entries: 2400, bytes: 64 * 1024 * 1024 } }), blobs: memoryVault() };
    story = await guarded({ world: { network } });
    const { ana: thief, trustees, others } = story;
    const copy = await openPhone(thief);
    const [board] = ownBoards(await planOf(copy)).boards;
    if (board === undefined) throw new Error("no board");
    const junk = { kind: "lineage", value: { statements: [copy.work.random(64)] } } as const;
    const said: string[] = [];
    for (let number = 0; number < 110; number++) said.push(await copy.append(board, junk));
    expect(said.filter((one) => one === "appended").length).toBeGreaterThan(80);
    expect(said.at(-1)).toBe("queue-full");
    await later(story, 2 * hour, ...others);
    const phone = await recoverWith(story, ...trustees.slice(0, 2));
    expect(must(await phone.engine.recoveryProgress())).toMatchObject({ phase: "done", succeeded: 4 });
    // The old phone cannot read that key.
    const opened = await copy.work.ports.keys.decryptAge((await planOf(copy)).dealt.reserve ?? copy.work.random(64));
    expect(opened.ok).toBe(false);
  });

  test("says a great deal on the plan queue: an objection to what somebody has approved is kept all the same", async () => {
    story = await guarded({ peers: 0 });
    const { world, ana, trustees } = story;
    const [ben] = trustees as [Device];
    const newcomer = await world.recover("somebody else's phone");
    await approve(newcomer, ben);
    await world.settle(...trustees);
    await later(story, 2 * hour, ana);
    const copy = await openPhone(ana);
    const { work } = copy;
    const known = await planOf(copy);
    const digest = fromHex(must(await ana.engine.recoveryNotices())[0]?.request ?? "");
    if (digest === undefined) throw new Error("no request");
    const prefix = `${toHex(known.plan.plan).slice(0, 16)}-${known.plan.version}`;
    for (let number = 0; number < 512; number++) {
      const value = { request: work.random(32), reason: "not-me" } as const;
      const entry = await signEntry(ownBoards(known), deviceAuthor(known), number, { kind: "contest", value });
      await setState(
        work,
        `board/${prefix}/${toHex(sha256(entry))}`,
        encode(struct({ entry: [1, bytes({ max: 66_000 })] }), { entry }),
      );
    }
    const value = { request: digest, reason: "not-me" } as const;
    await postEntry(work, ownBoards(known), deviceAuthor(known), { kind: "contest", value });
    const kept = (await sightings(work, ownBoards(known))).filter(
      ({ entry: { body } }) => body.kind === "contest" && equalBytes(body.value.request, digest),
    );
    expect(kept).toHaveLength(1);
    // Once is enough.
    await postEntry(work, ownBoards(known), deviceAuthor(known), { kind: "contest", value });
    await postEntry(work, ownBoards(known), deviceAuthor(known), {
      kind: "contest",
      value: { request: work.random(32), reason: "not-me" },
    });
    expect((await sightings(work, ownBoards(known))).filter(({ entry }) => entry.body.kind === "contest")).toHaveLength(513);
  });

  test("has filled what a trustee keeps: an objection from before anybody approved is read again once somebody has", async () => {
    story = await guarded({ peers: 0 });
    const { world, ana, trustees } = story;
    const [ben, chi] = trustees as [Device, Device];
    const newcomer = await world.recover("somebody else's phone");
    const row = await newcomer.ports.store.get("meta", "recovery");
    if (row === undefined) throw new Error("no recovery");
    const { digest } = expectOk(decode(recoverySchema, row.value, 64 * 1024));
    const { work, ...copy } = await openPhone(ana);
    const known = await planOf({ work, ...copy });
    const prefix = `${toHex(known.plan.plan).slice(0, 16)}-${known.plan.version}`;
    const junk: Bytes[] = [];
    for (let number = 0; number < 512; number++) {
      const value = { request: work.random(32), reason: "not-me" } as const;
      junk.push(await signEntry(ownBoards(known), deviceAuthor(known), number, { kind: "contest", value }));
    }
    await pastEngine(chi, async (hers) => {
      for (const entry of junk)
        await setState(
          hers,
          `board/${prefix}/${toHex(sha256(entry))}`,
          encode(struct({ entry: [1, bytes({ max: 66_000 })] }), { entry }),
        );
    });
    await postEntry(work, ownBoards(known), deviceAuthor(known), { kind: "contest", value: { request: digest, reason: "not-me" } });
    await flushBoards(work, ownBoards(known));
    await later(story, 2 * hour, chi);
    await approve(newcomer, ben);
    await world.settle(ben);
    await later(story, 2 * hour, chi);
    await approve(newcomer, chi);
    expect(must(await chi.engine.trusteeships())[0]?.cases).toMatchObject([{ contested: true }]);
  });

  test("has no key by which the plan queue could be deleted", async () => {
    const relay = memoryRelay({ checks: false });
    const admins = new Set<string>();
    const transport: typeof relay = {
      ...relay,
      call: (origin, kind, value, options) => {
        const { adminKey } = value as { readonly adminKey?: Uint8Array };
        if (adminKey !== undefined) admins.add(toHex(adminKey));
        return relay.call(origin, kind, value, options);
      },
    };
    story = await guarded({ peers: 0, world: { network: { transport, blobs: memoryVault() } } });
    expect(admins.size).toBe(1);
    const { dealt } = await planOf(await openPhone(story.ana));
    const seeds = dealt.boards.flatMap((board) => Object.values(board)).filter((value) => value instanceof Uint8Array);
    expect(seeds.length).toBeGreaterThan(3);
    for (const seed of seeds) if (seed.length === 32) expect(admins).not.toContain(toHex(ed25519Signer(seed).publicKey));
  });
});

describe("a trustee who approves whatever comes to mind", () => {
  test("begins so many cases and no more, and keeps nobody else's approval out", async () => {
    story = await guarded({ peers: 0 });
    const { ana, trustees } = story;
    const { work } = await openPhone(ana);
    const known = await planOf(await openPhone(ana));
    const [ben, chi] = await Promise.all(trustees.map(async (trustee) => (await packetsOf(trustee))[0]));
    if (ben === undefined || chi === undefined) throw new Error("a trustee without a packet");
    const approveAny = (by: typeof ben): Promise<unknown> =>
      postEntry(
        work,
        ownBoards(known),
        { signer: ed25519Signer(by.pseudonymSeed), role: "trustee", certificate: by.certificate },
        { kind: "approve", value: { request: work.random(64), level: 0, recognised: "voice", contacted: "i-reached-them" } },
      );
    for (let number = 0; number < 40; number++) await approveAny(ben);
    const kept = async () => (await sightings(work, ownBoards(known))).filter(({ entry }) => entry.body.kind === "approve").length;
    expect(await kept()).toBe(32);
    await approveAny(chi);
    expect(await kept()).toBe(33);
  });
});

describe("a trustee who says without end that somebody is pressed", () => {
  test("fills up nothing that another one needs: neither before a request is approved nor after", async () => {
    story = await guarded({ peers: 0 });
    const { world, trustees } = story;
    const [ben, chi, dee] = trustees as [Device, Device, Device];
    const { work } = await openPhone(ben);
    const [trust] = await activeTrusts(work);
    if (trust === undefined) throw new Error("no trustee");
    const { jointSeed, jointCertificate } = trust.opened;
    const joint = { signer: ed25519Signer(jointSeed), role: "joint", certificate: jointCertificate } as const;
    const press = (request: Uint8Array<ArrayBuffer>) => ({ kind: "press", value: { request } }) as const;
    const prefix = `${toHex(trust.opened.plan).slice(0, 16)}-${trust.opened.version}`;
    for (let number = 0; number < 512; number++) {
      const entry = await signEntry(boardsOf(trust), joint, 0, press(work.random(32)));
      await setState(
        work,
        `board/${prefix}/${toHex(sha256(entry))}`,
        encode(struct({ entry: [1, bytes({ max: 66_000 })] }), { entry }),
      );
    }
    const kept = async () =>
      (await sightings(work, boardsOf(trust))).flatMap(({ entry: { body } }) =>
        body.kind === "press" ? [toHex(body.value.request)] : [],
      );
    // Dee is pressed about two requests, and says so before anybody has approved them.
    const newcomers = [await world.recover("somebody's phone"), await world.recover("somebody's other phone")];
    const asked: string[] = [];
    for (const { recovery } of newcomers) asked.push(must(await dee.engine.lookUpRequest("Ana", recovery.spoken)).request);
    must(await dee.engine.declineRecovery("Ana", { pressured: true }));
    await world.settle(dee);
    await readBoards(work, boardsOf(trust));
    expect(await kept()).toHaveLength(512);
    // Chi approves one of them, and Ben the other: what was passed over is read again.
    const [first, second] = newcomers;
    if (first === undefined || second === undefined) throw new Error("two newcomers");
    await approve(first, chi);
    await world.settle(chi);
    await readBoards(work, boardsOf(trust));
    expect((await kept()).filter((request) => asked.includes(request))).toEqual([asked[0]]);
    const { spoken } = second.recovery;
    must(await engineApprove(work, trust.relationship, { code: spoken, recognised: "voice", contacted: "i-reached-them" }));
    await readBoards(work, boardsOf(trust));
    expect((await kept()).filter((request) => asked.includes(request)).toSorted()).toEqual(asked.toSorted());
    // Once is enough, and of what nobody has approved there is no more.
    for (const request of [...asked.map((one) => fromHex(one) ?? work.random(32)), work.random(32)])
      await postEntry(work, boardsOf(trust), joint, press(request));
    expect(await kept()).toHaveLength(514);
  });
});

describe("an owner who has asked often", () => {
  test("is still heard by her trustee, who keeps what another may be undone to", async () => {
    story = await guarded({ peers: 0, trustees: 2, threshold: 1 });
    const { world, ana, trustees } = story;
    const [ben] = trustees as [Device];
    for (let version = 2; version <= 20; version++) must(await ana.engine.planTrustees({ trustees: story.names, threshold: 1 }));
    await world.settle(ana, ...trustees);
    for (const trustee of trustees) must(await trustee.engine.answerTrustee("Ana", true));
    await world.settle(ana, ...trustees);
    await world.settle(ana, ...trustees);
    expect(must(await ana.engine.planStatus())).toMatchObject({ version: 20, protected: true });
    const kept = await activeTrusts((await openPhone(ben)).work);
    expect(kept.map(({ version }) => version)).toEqual([1, 20]);
  });
});

test("a plan of the thief's, undone since, does not keep the person's next one from being announced", async () => {
  story = await guarded();
  const { world, ana: thief, trustees, others } = story;
  const copy = await openPhone(thief);
  const relationship = await copy.relationship("peer 1");
  const known = await planOf(copy);
  const { side, state } = relationship.mine;
  if (state.custody === undefined || state.inbox === undefined) throw new Error("no custody");
  const named = partsFor({ ...known, plan: { ...known.plan, version: 2 } }, side, 1);
  const forged = await copy.sign(relationship, "plan", { custody: state.custody, plan: named });
  const phone = await recoverWith(story, ...trustees.slice(0, 2));
  await copy.append(state.inbox, { kind: "lineage", value: { statements: [forged.bytes] } });
  await later(story, 3 * 24 * hour, phone, ...others);
  await world.settle(phone, ...others);
  expect((await (await openPhone(phone)).relationship("peer 1")).mine.statements.has(toHex(forged.id))).toBe(true);
  await plan({ ...story, ana: phone }, { trustees: [...story.names], threshold: 2 });
  expect(must(await phone.engine.planStatus())).toMatchObject({ version: 2, announced: 4 });
  const { mine } = await (await openPhone(phone)).relationship("peer 1");
  const said = [...mine.statements.values()].filter((one) => one.type === "plan" && one.body.plan.version === 2);
  expect(said).toHaveLength(2);
  expect(mine.state.plan.version).toBe(2);
});

test("R3: a trustee who types an approval, or declines, releases nothing before it has read the relationship", async () => {
  story = await guarded({ peers: 0 });
  const { world, ana, trustees } = story;
  const [ben, chi] = trustees as [Device, Device];
  const newcomer = await world.recover("somebody else's phone");
  await approve(newcomer, ben, chi);
  await world.settle(...trustees);
  // Ben's program does not run for a while; Ana's objection lies in his inbox alone, as the plan queue is read again only by passes.
  await later(story, 49 * hour, ana);
  must(await ben.engine.declineRecovery("Ana", { pressured: false }));
  expect(must(await ben.engine.trusteeships())[0]?.cases).toMatchObject([{ state: "ready" }]);
  must(await ben.engine.sync());
  must(await ben.engine.sync());
  expect(must(await ben.engine.trusteeships())[0]?.cases).toMatchObject([{ state: "released" }]);
});
