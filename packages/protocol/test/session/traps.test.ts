/** The measured traps of ts-mls 1.6.4, each with the guard that keeps us out of it. See spec/04-session.md. */
import { type Bytes, concat, expectOk, type Result, utf8 } from "@photon/protocol/codec";
import { makeGroupId } from "@photon/protocol/statement";
import {
  createCommit,
  createProposal,
  defaultCapabilities,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  joinGroupExternal,
  createGroupInfoWithExternalPubAndRatchetTree,
} from "ts-mls";
import { encodeKeyPackage } from "ts-mls/keyPackage.js";
import { describe, expect, test, vi } from "vitest";
import { credentialOf, isCredentialOf, lifetime } from "../../src/session/leaf-node.ts";
import { clientConfig, retention } from "../../src/session/library.ts";
import { invite, makeGroup, makeLeaf, occurs, portable, random, sorted } from "./people.ts";
import { stockFound, stockJoin, stockPackage, stockSeal, stockSecrets, suite } from "./stock.ts";

const codeOf = (result: Result<unknown, { readonly code: string }>): string => (result.ok ? "opened" : result.error.code);
const own = (bytes: Uint8Array): Bytes => new Uint8Array(bytes);
const trailing = (bytes: Bytes): Bytes => concat(bytes, new Uint8Array(1));

/** Ana by our code, Ben a stock library, in one group. */
async function withStockBen() {
  const group = await makeGroup(2);
  const [ana, ben] = group.members;
  if (ana === undefined || ben === undefined) throw new Error("two");
  return { ana, ben, state: await stockJoin(group.welcome, ben) };
}

describe("an external commit can abort the process, and an external joiner may remove anyone: no PublicMessage and no commit from outside reaches the library", () => {
  test("a commit or a proposal, public or private, of a member is refused", async () => {
    const { ana, state } = await withStockBen();
    for (const wireAsPublicMessage of [true, false]) {
      const { commit } = await createCommit({ state, cipherSuite: suite }, { wireAsPublicMessage });
      const { message } = await createProposal(
        state,
        wireAsPublicMessage,
        { proposalType: "remove", remove: { removed: 0 } },
        suite,
      );
      for (const handshake of [commit, message]) {
        expect(codeOf(await portable.open(ana.generation, own(encodeMlsMessage(handshake))))).toBe("wrong-shape");
      }
    }
  });

  test("an external commit is refused", async () => {
    const { ana, state } = await withStockBen();
    const [dee] = await invite(portable, 1);
    if (dee === undefined) throw new Error("one");
    const info = await createGroupInfoWithExternalPubAndRatchetTree(state, [], suite);
    const { publicMessage } = await joinGroupExternal(
      info,
      stockPackage(dee.pair),
      stockSecrets(dee.leaf, dee.pair),
      false,
      suite,
      undefined,
      clientConfig,
    );
    const bytes = own(encodeMlsMessage({ version: "mls10", wireformat: "mls_public_message", publicMessage }));
    expect(codeOf(await portable.open(ana.generation, bytes))).toBe("wrong-shape");
  });

  test("a message whose content type is changed to commit or proposal is refused", async () => {
    const { ana, state } = await withStockBen();
    const { message } = await stockSeal({ ...state, clientConfig }, utf8("hello"));
    const contentTypeAt = 4 + 33 + 8;
    expect(message[contentTypeAt]).toBe(1);
    for (const contentType of [0, 2, 3, 255]) {
      const changed = own(message);
      changed[contentTypeAt] = contentType;
      expect(codeOf(await portable.open(ana.generation, changed))).toBe("wrong-shape");
    }
  });

  test("what is stored of a generation could not process or make a commit: no init, external, membership or HPKE secret is in it", async () => {
    const { ana, ben, state } = await withStockBen();
    const { initSecret, externalSecret, membershipKey, exporterSecret, resumptionPsk, confirmationKey } = state.keySchedule;
    const gone = [initSecret, externalSecret, membershipKey, exporterSecret, resumptionPsk, confirmationKey];
    gone.push(...state.secretTree.map((node) => node.handshake.secret), ...Object.values(state.privatePath.privateKeys));
    for (const { generation } of [ana, ben]) {
      const { fixed, moving } = portable.encode(generation);
      const stored = concat(fixed, moving);
      expect(occurs(state.keySchedule.senderDataSecret, stored)).toBe(true); // so the search does find what is there
      for (const secret of gone) expect(occurs(secret, stored)).toBe(false);
    }
  });
});

describe("decoders accept trailing bytes: ours do not", () => {
  test("a key package, a Welcome, a message, each part of a stored generation, a sealed package", async () => {
    const group = await makeGroup(2);
    const [ana, ben] = group.members;
    if (ana === undefined || ben === undefined) throw new Error("two");
    expect(codeOf(await portable.inspectKeyPackage(ben.pair.public))).toBe("opened");
    expect(codeOf(await portable.inspectKeyPackage(trailing(ben.pair.public)))).toBe("too-long");

    const expected = { group: group.id, members: sorted([ana.leaf.id, ben.leaf.id]), founder: ana.leaf.id };
    expect(codeOf(await portable.join(group.welcome, ben.leaf, [ben.pair], expected))).toBe("opened");
    expect(codeOf(await portable.join(trailing(group.welcome), ben.leaf, [ben.pair], expected))).toBe("too-long");

    const { message } = await portable.seal(ana.generation, utf8("hello"));
    expect(codeOf(await portable.open(ben.generation, trailing(message)))).toBe("malformed");

    const { fixed, moving } = portable.encode(ana.generation);
    expect(codeOf(portable.decode({ fixed, moving }))).toBe("opened");
    expect(codeOf(portable.decode({ fixed: trailing(fixed), moving }))).toBe("malformed");
    expect(codeOf(portable.decode({ fixed, moving: trailing(moving) }))).toBe("malformed");

    const sealed = expectOk(await portable.sealToPackages([ben.pair.public], "test", utf8("x")));
    expect(codeOf(await portable.openWithPackage(trailing(sealed), ben.pair, "test"))).toBe("malformed");
  });

  test("nor does a message take zeros after its content, which the library calls padding", async () => {
    const { ana, state } = await withStockBen();
    const plain = await stockSeal({ ...state, clientConfig }, utf8("hello"));
    expect(codeOf(await portable.open(ana.generation, plain.message))).toBe("opened");
    const paddingConfig = { kind: "alwaysPad", paddingLength: 1 } as const;
    const padded = await stockSeal({ ...state, clientConfig: { ...clientConfig, paddingConfig } }, utf8("hello"));
    expect(codeOf(await portable.open(ana.generation, padded.message))).toBe("malformed");
  });
});

describe("for skipped messages it keeps a secret from which a consumed key can be derived again: nothing is ever skipped", () => {
  test("a refused message leaves no trace in the state, and an opened one none of its key", async () => {
    const { members } = await makeGroup(2);
    const [ana, ben] = members;
    if (ana === undefined || ben === undefined) throw new Error("two");
    const secrets = (): Bytes => portable.encode(ben.generation).moving.slice(-128);
    const start = secrets();
    const length = portable.encode(ben.generation).moving.length;
    const messages: Bytes[] = [];
    for (let i = 0; i < 5; i++) {
      const sealed = await portable.seal(ana.generation, utf8(`message ${i}`));
      ana.generation = sealed.generation;
      messages.push(sealed.message);
    }
    for (const message of messages.slice(1)) expect(codeOf(await portable.open(ben.generation, message))).toBe("out-of-order");
    expect(secrets()).toEqual(start);
    for (const message of messages) ben.generation = expectOk(await portable.open(ben.generation, message)).generation;
    // One of the two ratchets moved, the other is Ben's own; nothing was added.
    expect(portable.encode(ben.generation).moving.length).toBe(length);
    const after = secrets();
    const kept = [start.slice(0, 64), start.slice(64)].filter((secret) => occurs(secret, after));
    expect(kept.length).toBe(1);
    const restored = expectOk(portable.decode(portable.encode(ben.generation)));
    for (const message of messages) expect(codeOf(await portable.open(restored, message))).toBe("already-opened");
  });

  test("more than 200 ahead is out-of-order like any other", async () => {
    const { members } = await makeGroup(2);
    const [ana, ben] = members;
    if (ana === undefined || ben === undefined) throw new Error("two");
    let message = new Uint8Array(0);
    for (let i = 0; i < 250; i++) {
      const sealed = await portable.seal(ana.generation, utf8("hello"));
      ana.generation = sealed.generation;
      message = sealed.message;
    }
    expect(await portable.open(ben.generation, message)).toMatchObject({
      ok: false,
      error: { code: "out-of-order", counter: 249, expected: 0 },
    });
  });
});

describe("retainKeysForEpochs: 0 means all", () => {
  test("the library is told 1, and to skip nothing", () => {
    expect(retention).toEqual({ retainKeysForGenerations: 1, retainKeysForEpochs: 1, maximumForwardRatchetSteps: 0 });
    expect(clientConfig.keyRetentionConfig).toBe(retention);
  });

  test("nothing of the founder's epoch 0 is kept, and its messages are refused", async () => {
    const { ana, ben, state } = await withStockBen();
    const { message } = await stockSeal(state, utf8("hello"));
    const epochAt = 4 + 33 + 7;
    for (const epoch of [0, 2]) {
      const changed = own(message);
      changed[epochAt] = epoch;
      for (const { generation } of [ana, ben]) expect(codeOf(await portable.open(generation, changed))).toBe("wrong-shape");
    }
  });
});

describe("custom credential types break joinGroup: `basic`, with structured bytes and a real check", () => {
  const packageWith = async (change: (leaf: ReturnType<typeof makeLeaf>) => Parameters<typeof generateKeyPackageWithKey>[0]) => {
    const leaf = makeLeaf();
    const { capabilities } = stockPackage(await portable.makeKeyPackage(leaf)).leafNode;
    const keys = { signKey: leaf.seed, publicKey: leaf.id };
    const made = await generateKeyPackageWithKey(change(leaf), capabilities, lifetime, [], keys, suite);
    return own(encodeKeyPackage(made.publicPackage));
  };

  test("a package as we make them, made by the stock library, is accepted", async () => {
    expect(codeOf(await portable.inspectKeyPackage(await packageWith((leaf) => credentialOf(leaf.id))))).toBe("opened");
  });

  test("a package whose credential names another leaf is refused", async () => {
    expect(codeOf(await portable.inspectKeyPackage(await packageWith(() => credentialOf(makeLeaf().id))))).toBe("wrong-shape");
  });

  test("a package with an x509 or an unstructured credential is refused", async () => {
    const x509 = await packageWith(() => ({ credentialType: "x509", certificates: [new Uint8Array(4)] }));
    expect(codeOf(await portable.inspectKeyPackage(x509))).toBe("wrong-shape");
    const named = await packageWith(() => ({ credentialType: "basic", identity: utf8("Ana") }));
    expect(codeOf(await portable.inspectKeyPackage(named))).not.toBe("opened");
  });

  test("the library asks for the check too", async () => {
    const leaf = makeLeaf();
    expect(isCredentialOf(credentialOf(leaf.id), leaf.id)).toBe(true);
    expect(isCredentialOf(credentialOf(leaf.id), makeLeaf().id)).toBe(false);
    expect(await clientConfig.authService.validateCredential(credentialOf(leaf.id), makeLeaf().id)).toBe(false);
  });
});

describe("the result does not name the sender: it is taken from the message before opening", () => {
  test("in a group of six, each sender is named, whoever opens", async () => {
    const { members } = await makeGroup(6);
    for (const sender of members) {
      const sealed = await portable.seal(sender.generation, utf8("it is me"));
      for (const receiver of members) {
        const opened = await portable.open(receiver.generation, sealed.message);
        if (receiver === sender) expect(opened).toMatchObject({ error: { code: "own-message", sender: sender.leaf.id } });
        else expect(expectOk(opened).sender).toEqual(sender.leaf.id);
      }
    }
  });
});

describe("clocks lie", () => {
  test("a package made when the clock was ten years fast or slow is used today, and a group is founded then", async () => {
    const clock = vi.spyOn(Date, "now");
    try {
      for (const years of [-40, 10, 400]) {
        const now = new Date("2026-01-01").getTime() + years * 365.25 * 86_400_000;
        clock.mockReturnValue(now);
        const [dee] = await invite(portable, 1);
        clock.mockReturnValue(0);
        if (dee === undefined) throw new Error("one");
        expect(codeOf(await portable.inspectKeyPackage(dee.pair.public))).toBe("opened");
        expect((await portable.found(makeGroupId(random(32)), makeLeaf(), [dee.pair.public])).ok).toBe(true);
      }
    } finally {
      clock.mockRestore();
    }
  });

  test("a package with any other lifetime is refused, so no device can depend on one", async () => {
    const leaf = makeLeaf();
    const { capabilities } = stockPackage(await portable.makeKeyPackage(leaf)).leafNode;
    const keys = { signKey: leaf.seed, publicKey: leaf.id };
    const short = { notBefore: 0n, notAfter: 1n };
    const made = await generateKeyPackageWithKey(credentialOf(leaf.id), capabilities, short, [], keys, suite);
    expect(codeOf(await portable.inspectKeyPackage(own(encodeKeyPackage(made.publicPackage))))).toBe("wrong-shape");
  });

  test("a package that claims other capabilities or extensions is refused", async () => {
    const leaf = makeLeaf();
    const keys = { signKey: leaf.seed, publicKey: leaf.id };
    const all = { ...defaultCapabilities(), extensions: [], proposals: [], credentials: ["basic" as const] };
    const wide = await generateKeyPackageWithKey(credentialOf(leaf.id), all, lifetime, [], keys, suite);
    expect(codeOf(await portable.inspectKeyPackage(own(encodeKeyPackage(wide.publicPackage))))).not.toBe("opened");
    const { capabilities } = stockPackage(await portable.makeKeyPackage(leaf)).leafNode;
    const extension = { extensionType: 0x0a0a, extensionData: new Uint8Array(0) };
    const extended = await generateKeyPackageWithKey(credentialOf(leaf.id), capabilities, lifetime, [extension], keys, suite);
    expect(codeOf(await portable.inspectKeyPackage(own(encodeKeyPackage(extended.publicPackage))))).not.toBe("opened");
  });
});

describe("stock ts-mls and we speak the same MLS", () => {
  test("a stock member opens what we seal and we open what it seals, for a hundred messages", async () => {
    const { ana, state } = await withStockBen();
    let ben = { ...state, clientConfig };
    const { processMessage, decodeMlsMessage, emptyPskIndex } = await import("ts-mls");
    for (let i = 0; i < 100; i++) {
      const sealed = await portable.seal(ana.generation, utf8(`Ana ${i}`));
      ana.generation = sealed.generation;
      const decoded = decodeMlsMessage(sealed.message, 0);
      if (decoded?.[0].wireformat !== "mls_private_message") throw new Error("not a private message");
      const processed = await processMessage(decoded[0], ben, emptyPskIndex, () => "reject", suite);
      if (processed.kind !== "applicationMessage") throw new Error("not an application message");
      expect(processed.message).toEqual(utf8(`Ana ${i}`));
      const answer = await stockSeal({ ...processed.newState, clientConfig }, utf8(`Ben ${i}`));
      ben = { ...answer.state, clientConfig };
      const opened = expectOk(await portable.open(ana.generation, answer.message));
      expect(opened.plaintext).toEqual(utf8(`Ben ${i}`));
      ana.generation = opened.generation;
    }
  });

  test("a group that stock ts-mls founds in our form is joined", async () => {
    const [ana, ben] = await invite(portable, 2);
    if (ana === undefined || ben === undefined) throw new Error("two");
    const group = makeGroupId(random(32));
    const founded = await stockFound({ group, founder: ana, others: [ben] });
    const expected = { group, members: sorted([ana.leaf.id, ben.leaf.id]), founder: ana.leaf.id };
    const joined = expectOk(await portable.join(founded.bytes, ben.leaf, [ben.pair], expected));
    const { message } = await stockSeal({ ...founded.state, clientConfig }, utf8("hello"));
    expect(expectOk(await portable.open(joined.generation, message)).plaintext).toEqual(utf8("hello"));
  });
});
