/** A Welcome is parsed and bounded before the library sees it, and what it makes must be exactly the group expected. */
import { type Bytes, compareBytes, concat, type DecodeError, expectOk, type Result, utf8 } from "@photon/protocol/codec";
import { type GroupId, type LeafId, makeGroupId } from "@photon/protocol/statement";
import { describe, expect, test } from "vitest";
import { vector } from "../../src/session/tls.ts";
import { checkGroupInfo, readGroupSecrets, readWelcome, welcomeSize } from "../../src/session/welcome.ts";
import { invite, makeGroup, portable, random, sorted } from "./people.ts";
import { groupInfoBytes, groupInfoOf, stockAdd, stockFound, type StockFounding, type StockMember, suite } from "./stock.ts";

const codeOf = (result: Result<unknown, DecodeError>): string => (result.ok ? "joined" : result.error.code);
const detailOf = (result: Result<unknown, DecodeError>): string => (result.ok ? "joined" : result.error.detail);

const byId = (a: StockMember, b: StockMember): number => compareBytes(a.leaf.id, b.leaf.id);

interface Scene {
  readonly group: GroupId;
  readonly founder: StockMember;
  readonly ben: StockMember;
  /** Sorted by leaf id, as a founder of ours adds them. */
  readonly others: readonly StockMember[];
  readonly members: readonly LeafId[];
}
async function scene(size = 3): Promise<Scene> {
  const [founder, ben, ...rest] = await invite(portable, size);
  if (founder === undefined || ben === undefined) throw new Error("at least two");
  const others = [ben, ...rest].toSorted(byId);
  const members = sorted([founder, ...others].map((one) => one.leaf.id));
  return { group: makeGroupId(random(32)), founder, ben, others, members };
}
const joinAs = (welcome: Bytes, { group, founder, ben, members }: Scene): ReturnType<typeof portable.join> =>
  portable.join(welcome, ben.leaf, [ben.pair], { group, members, founder: founder.leaf.id });
const evil = async (s: Scene, change: Partial<StockFounding>): Promise<Bytes> =>
  (await stockFound({ group: s.group, founder: s.founder, others: s.others, ...change })).bytes;

describe("a Welcome that is not exactly the group expected is refused", () => {
  test("the same group, as it should be, is joined; and the package used is named", async () => {
    const s = await scene();
    const [spare] = await invite(portable, 1);
    if (spare === undefined) throw new Error("one");
    const second = { leaf: s.ben.leaf, pair: await portable.makeKeyPackage(s.ben.leaf) };
    const joined = expectOk(
      await portable.join(await evil(s, {}), s.ben.leaf, [second.pair, s.ben.pair], {
        group: s.group,
        members: s.members,
        founder: s.founder.leaf.id,
      }),
    );
    expect(joined.used).toBe(s.ben.pair);
    expect(joined.generation.members).toEqual(s.members);
    expect(joined.generation.self).toEqual(s.ben.leaf.id);
  });

  test("another group id", async () => {
    const s = await scene();
    expect(detailOf(await joinAs(await evil(s, { group: random(32) }), s))).toContain("another group id");
  });

  test("a member too many, one too few, or another in one's place", async () => {
    const s = await scene();
    const [dee] = await invite(portable, 1);
    if (dee === undefined) throw new Error("one");
    expect(codeOf(await joinAs(await evil(s, { others: [...s.others, dee] }), s))).toBe("too-long");
    expect(codeOf(await joinAs(await evil(s, { others: [s.ben] }), s))).toBe("wrong-shape");
    const swapped = [s.ben, dee].toSorted(byId);
    expect(detailOf(await joinAs(await evil(s, { others: swapped }), s))).toContain("another member");
  });

  test("members in another order than by their ids", async () => {
    const s = await scene();
    expect(detailOf(await joinAs(await evil(s, { others: s.others.toReversed() }), s))).toContain("another member");
  });

  test("founded by another member than the one who says so", async () => {
    const s = await scene();
    const chi = s.others.find((other) => other !== s.ben);
    if (chi === undefined) throw new Error("three");
    const others = [s.founder, s.ben].toSorted(byId);
    expect(detailOf(await joinAs(await evil(s, { founder: chi, others }), s))).toContain("another member");
  });

  test("more than one commit old", async () => {
    const s = await scene(3);
    const [first, ...later] = s.others.filter((other) => other !== s.ben);
    if (first === undefined) throw new Error("three");
    const epochOne = await stockFound({ group: s.group, founder: s.founder, others: [first] });
    const epochTwo = await stockAdd(epochOne.state, [s.ben, ...later]);
    expect(codeOf(await joinAs(epochTwo.bytes, s))).not.toBe("joined");
    const two = await scene(2);
    const emptyFirst = await stockFound({ group: two.group, founder: two.founder, others: [first] });
    const removed = await stockAdd(emptyFirst.state, [two.ben], {}, [{ proposalType: "remove", remove: { removed: 1 } }]);
    expect(codeOf(await joinAs(removed.bytes, two))).not.toBe("joined");
  });

  test("an extension of the group", async () => {
    const s = await scene();
    const groupExtensions = [{ extensionType: "application_id" as const, extensionData: new Uint8Array(0) }];
    expect(codeOf(await joinAs(await evil(s, { groupExtensions }), s))).not.toBe("joined");
  });

  test("an external_pub, external_senders or unknown extension of the group info", async () => {
    const s = await scene();
    for (const extensionType of ["external_pub", "external_senders", 0x0a0a] as const) {
      const groupInfoExtensions = [{ extensionType, extensionData: new Uint8Array(0) }];
      const options = { groupInfoExtensions, ratchetTreeExtension: true };
      expect(codeOf(await joinAs(await evil(s, { options }), s))).not.toBe("joined");
    }
  });

  test("a tree that is left out", async () => {
    const s = await scene();
    expect(codeOf(await joinAs(await evil(s, { options: { ratchetTreeExtension: false } }), s))).not.toBe("joined");
  });

  test("a Welcome for another package, or for nobody here", async () => {
    const s = await scene();
    const another = await portable.makeKeyPackage(s.ben.leaf);
    const expected = { group: s.group, members: s.members, founder: s.founder.leaf.id };
    expect(codeOf(await portable.join(await evil(s, {}), s.ben.leaf, [another], expected))).toBe("cannot-open");
    expect(codeOf(await portable.join(await evil(s, {}), s.ben.leaf, [], expected))).toBe("cannot-open");
  });

  test("an expectation that makes no sense: unsorted, repeated, without the founder or without this leaf", async () => {
    const s = await scene();
    const welcome = await evil(s, {});
    const founder = s.founder.leaf.id;
    const without = (leaf: LeafId): readonly LeafId[] => s.members.filter((member) => member !== leaf);
    for (const members of [s.members.toReversed(), without(founder), without(s.ben.leaf.id), [founder, ...s.members], [founder]]) {
      const joined = await portable.join(welcome, s.ben.leaf, [s.ben.pair], { group: s.group, members, founder });
      expect(detailOf(joined)).toContain("expected members");
    }
  });

  test("every bit of a Welcome counts", async () => {
    const s = await scene(2);
    const welcome = await evil(s, {});
    for (let at = 0; at < welcome.length; at += 37) {
      const changed = welcome.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(codeOf(await joinAs(changed, s))).not.toBe("joined");
    }
    for (const length of [0, 1, 2, 3, 66, 1000, welcome.length - 1]) {
      expect(codeOf(await joinAs(welcome.slice(0, length), s))).toBe("malformed");
    }
  });
});

describe("the parsers", () => {
  test("a Welcome has one length for each number of members, and that is what `found` makes", async () => {
    for (const size of [2, 3, 5]) expect((await makeGroup(size)).welcome.length).toBe(welcomeSize(size));
  });

  test("two entries for one member are refused", async () => {
    const { welcome } = await makeGroup(3);
    const parsed = expectOk(readWelcome(welcome, 3));
    const [first] = parsed.entries;
    if (first === undefined) throw new Error("two entries");
    const entry = concat(vector(first.member), vector(first.kemOutput), vector(first.ciphertext));
    const twice = concat(welcome.subarray(0, 2), vector(concat(entry, entry)), vector(parsed.encryptedGroupInfo));
    expect(twice.length).toBe(welcome.length);
    expect(detailOf(readWelcome(twice, 3))).toContain("two entries");
  });

  test("another suite is refused as such", async () => {
    const { welcome } = await makeGroup(2);
    for (const number of [1, 7, 84, 87]) {
      const other = welcome.slice();
      other[1] = number;
      expect(codeOf(readWelcome(other, 2))).toBe("unknown-suite");
    }
  });

  test("group secrets with a path secret, a pre-shared key or more are refused", () => {
    const joiner = vector(random(64));
    const none = new Uint8Array([0]);
    expect(readGroupSecrets(concat(joiner, none, none)).ok).toBe(true);
    expect(codeOf(readGroupSecrets(concat(joiner, new Uint8Array([1]), vector(random(64)), none)))).toBe("wrong-shape");
    expect(codeOf(readGroupSecrets(concat(joiner, new Uint8Array([1]), none)))).toBe("wrong-shape");
    expect(codeOf(readGroupSecrets(concat(joiner, none, vector(random(8)))))).toBe("wrong-shape");
    expect(codeOf(readGroupSecrets(concat(joiner, none, none, none)))).toBe("malformed");
    expect(codeOf(readGroupSecrets(concat(vector(random(32)), none, none)))).toBe("out-of-range");
  });

  test("a group info with any field out of its form is refused", async () => {
    const s = await scene(3);
    const bytes = await evil(s, {});
    const info = await groupInfoOf(bytes, s.ben);
    const leaves = [s.founder.leaf.id, ...s.others.map((other) => other.leaf.id)];
    const check = (changed: typeof info): Result<void, DecodeError> => checkGroupInfo(groupInfoBytes(changed), s.group, leaves);
    expect(check(info).ok).toBe(true);
    const context = info.groupContext;
    const tree = info.extensions[0]?.extensionData ?? new Uint8Array(0);
    const another = { extensionType: "external_pub", extensionData: new Uint8Array(0) } as const;
    const changes: readonly (typeof info)[] = [
      { ...info, signer: 1 },
      { ...info, extensions: [] },
      { ...info, extensions: [...info.extensions, another] },
      { ...info, extensions: [{ extensionType: "ratchet_tree", extensionData: concat(tree, new Uint8Array(1)) }] },
      { ...info, extensions: [{ extensionType: "external_pub", extensionData: tree }] },
      { ...info, confirmationTag: random(32) },
      { ...info, signature: random(63) },
      { ...info, groupContext: { ...context, epoch: 0n } },
      { ...info, groupContext: { ...context, epoch: 2n ** 56n + 1n } },
      { ...info, groupContext: { ...context, groupId: random(32) } },
      { ...info, groupContext: { ...context, groupId: random(31) } },
      { ...info, groupContext: { ...context, treeHash: random(32) } },
      { ...info, groupContext: { ...context, cipherSuite: "MLS_256_XWING_CHACHA20POLY1305_SHA512_Ed25519" } },
      { ...info, groupContext: { ...context, extensions: [another] } },
    ];
    for (const changed of changes) expect(codeOf(check(changed))).not.toBe("joined");
    expect(codeOf(checkGroupInfo(concat(groupInfoBytes(info), new Uint8Array(1)), s.group, leaves))).toBe("malformed");
  });
});

describe("founding", () => {
  test("refuses two packages of one leaf, its own leaf, more than twenty members, and a package that does not hold", async () => {
    const [ana, ben] = await invite(portable, 2);
    if (ana === undefined || ben === undefined) throw new Error("two");
    const group = makeGroupId(random(32));
    const found = async (others: readonly Bytes[]): Promise<string> => codeOf(await portable.found(group, ana.leaf, others));
    const second = await portable.makeKeyPackage(ben.leaf);
    expect(await found([ben.pair.public, second.public])).toBe("wrong-shape");
    expect(await found([ben.pair.public, ben.pair.public])).toBe("wrong-shape");
    expect(await found([ana.pair.public])).toBe("wrong-shape");
    expect(await found(Array.from({ length: 20 }, () => ben.pair.public))).toBe("out-of-range");
    const broken = ben.pair.public.slice();
    broken[broken.length - 1] = (broken[broken.length - 1] ?? 0) ^ 1;
    expect(await found([broken])).toBe("bad-signature");
  });

  test("refuses a signed package whose init key is no X-Wing key, with a reason and not a crash", async () => {
    const [ana, ben] = await invite(portable, 2);
    if (ana === undefined || ben === undefined) throw new Error("two");
    const { signKeyPackage, encodeKeyPackage } = await import("ts-mls/keyPackage.js");
    const { stockPackage } = await import("./stock.ts");
    const initKey = new Uint8Array(1216).fill(0xff);
    const signed = await signKeyPackage({ ...stockPackage(ben.pair), initKey }, ben.leaf.seed, suite.signature);
    const bytes = new Uint8Array(encodeKeyPackage(signed));
    const result = await portable.found(makeGroupId(random(32)), ana.leaf, [bytes]);
    expect(codeOf(result)).toBe("out-of-range");
    expect(codeOf(await portable.sealToPackages([bytes], "test", utf8("x")))).toBe("out-of-range");
  });
});
