import { type Bytes, concat, expectOk, utf8 } from "@photon/protocol/codec";
import type { Generation } from "@photon/protocol/session";
import { makeGroupId } from "@photon/protocol/statement";
import { describe, expect, test } from "vitest";
import { type Group, makeGroup, makeLeaf, type Member, portable, random } from "./people.ts";

const say = async (sender: Member, text: string): Promise<Bytes> => {
  const sealed = await portable.seal(sender.generation, utf8(text));
  sender.generation = sealed.generation;
  return sealed.message;
};
const hear = async (receiver: Member, message: Bytes): Promise<string> => {
  const opened = expectOk(await portable.open(receiver.generation, message));
  receiver.generation = opened.generation;
  return new TextDecoder().decode(opened.plaintext);
};
const pairOf = ({ members }: Group): readonly [Member, Member] => {
  const [ana, ben] = members;
  if (ana === undefined || ben === undefined) throw new Error("a group of two");
  return [ana, ben];
};
const failure = async (generation: Generation, message: Bytes): Promise<unknown> => {
  const opened = await portable.open(generation, message);
  if (opened.ok) throw new Error("opened what it should have refused");
  return opened.error;
};

describe("a conversation", () => {
  test.each([2, 6, 10, 20])("of %i members: what one seals, all the others open, and are told who it was", async (size) => {
    const { members } = await makeGroup(size);
    for (const sender of members.slice(-3)) {
      const message = await say(sender, `hello from ${members.indexOf(sender)}`);
      for (const receiver of members) {
        if (receiver === sender) continue;
        const opened = expectOk(await portable.open(receiver.generation, message));
        expect(opened.plaintext).toEqual(utf8(`hello from ${members.indexOf(sender)}`));
        expect(opened.sender).toEqual(sender.leaf.id);
        expect(opened.counter).toBe(sender.generation.sent - 1);
        receiver.generation = opened.generation;
      }
    }
  });

  test("goes back and forth, and every member counts what it sent", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    for (let i = 0; i < 5; i++) {
      expect(await hear(ben, await say(ana, `${i} from Ana`))).toBe(`${i} from Ana`);
      expect(await hear(ana, await say(ben, `${i} from Ben`))).toBe(`${i} from Ben`);
    }
    expect([ana.generation.sent, ben.generation.sent]).toEqual([5, 5]);
  });

  test("a founder alone has a group, an empty Welcome, and seals", async () => {
    const leaf = makeLeaf();
    const { generation, welcome } = expectOk(await portable.found(makeGroupId(random(32)), leaf, []));
    expect(welcome.length).toBe(0);
    expect(generation.members).toEqual([leaf.id]);
    const sealed = await portable.seal(generation, utf8("a note to myself"));
    expect(sealed.generation.sent).toBe(1);
    expect(await failure(sealed.generation, sealed.message)).toMatchObject({ code: "own-message", counter: 0 });
    const stored = expectOk(portable.decode(portable.encode(sealed.generation)));
    expect(stored.sent).toBe(1);
  });

  test("takes plaintexts of 0 bytes to 64 KiB, and adds no padding", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    const sizes: number[] = [];
    for (const length of [0, 1, 63, 64, 16383, 16384, 65536]) {
      const { generation, message } = await portable.seal(ana.generation, new Uint8Array(length).fill(7));
      ana.generation = generation;
      const opened = expectOk(await portable.open(ben.generation, message));
      expect(opened.plaintext).toEqual(new Uint8Array(length).fill(7));
      ben.generation = opened.generation;
      sizes.push(message.length - length);
    }
    expect(sizes[1]).toBe(sizes[0]);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(6); // length fields only
    await expect(portable.seal(ana.generation, new Uint8Array(65537))).rejects.toThrow("at most");
  });

  test("every byte of a message counts, and so does its end", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    const message = await say(ana, "hello");
    for (const at of message.keys()) {
      const changed = message.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect((await portable.open(ben.generation, changed)).ok, `byte ${at}`).toBe(false);
      if (at % 7 === 0) expect((await portable.open(ben.generation, message.slice(0, at))).ok).toBe(false);
    }
    expect(await hear(ben, message)).toBe("hello");
  });

  test("no two messages of the same text share a byte string", async () => {
    const [ana] = pairOf(await makeGroup(2));
    const one = await say(ana, "the same");
    const two = await say(ana, "the same");
    expect(one.slice(80)).not.toEqual(two.slice(80));
  });
});

describe("in order, per sender", () => {
  test("a message that comes too early is refused as out-of-order with its sender, and opens in its turn", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    const first = await say(ana, "first");
    const second = await say(ana, "second");
    const before = portable.encode(ben.generation);
    expect(await failure(ben.generation, second)).toMatchObject({
      code: "out-of-order",
      sender: ana.leaf.id,
      counter: 1,
      expected: 0,
    });
    expect(portable.encode(ben.generation)).toEqual(before);
    expect(await hear(ben, first)).toBe("first");
    expect(await hear(ben, second)).toBe("second");
  });

  test("each sender has an order of its own", async () => {
    const { members } = await makeGroup(3);
    const [ana, ben, chi] = members;
    if (ana === undefined || ben === undefined || chi === undefined) throw new Error("three");
    const early = [await say(ana, "a0"), await say(ben, "b0"), await say(ana, "a1"), await say(ben, "b1")];
    const order = [1, 0, 3, 2].map((i) => early[i] ?? new Uint8Array(0));
    const heard: string[] = [];
    for (const message of order) heard.push(await hear(chi, message));
    expect(heard).toEqual(["b0", "a0", "b1", "a1"]);
  });

  test("a message opened before is refused as already-opened", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    const message = await say(ana, "once");
    await hear(ben, message);
    expect(await failure(ben.generation, message)).toMatchObject({ code: "already-opened", sender: ana.leaf.id, counter: 0 });
  });

  test("an own echo is refused as own-message, and after a restored disk it is told by its counter", async () => {
    const [ana] = pairOf(await makeGroup(2));
    const old = ana.generation;
    const message = await say(ana, "hello");
    expect(await failure(ana.generation, message)).toMatchObject({ code: "own-message", sender: ana.leaf.id, counter: 0 });
    expect(ana.generation.sent).toBe(1);
    for (let i = 0; i < 20; i++) await say(ana, "more");
    const later = await say(ana, "much later");
    expect(await failure(old, message)).toMatchObject({ code: "own-message", counter: 0 });
    expect(await failure(old, later)).toMatchObject({ code: "own-message", counter: 21 });
    expect(old.sent).toBe(0);
  });
});

describe("a Generation is a value", () => {
  test("a failed commit upstream can seal again from the old value", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    const before = portable.encode(ana.generation);
    const lost = await portable.seal(ana.generation, utf8("never stored"));
    expect(portable.encode(ana.generation)).toEqual(before);
    const kept = await portable.seal(ana.generation, utf8("stored"));
    expect(kept.generation.sent).toBe(1);
    expect(expectOk(await portable.open(ben.generation, kept.message)).plaintext).toEqual(utf8("stored"));
    expect(expectOk(await portable.open(ben.generation, lost.message)).plaintext).toEqual(utf8("never stored"));
    expect(portable.encode(kept.generation)).toEqual(portable.encode(lost.generation));
  });

  test("opening leaves the old value as it was", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    const before = portable.encode(ben.generation);
    const message = await say(ana, "hello");
    await portable.open(ben.generation, message);
    expect(portable.encode(ben.generation)).toEqual(before);
    expect(await hear(ben, message)).toBe("hello");
  });

  test("prints nothing of its secrets", async () => {
    const { members } = await makeGroup(2);
    const generation = members[0]?.generation;
    expect(JSON.stringify(generation?.state)).toBe('"<redacted>"');
    expect(String(generation?.state)).toBe("<redacted>");
    expect(Object.keys({ ...(generation?.state as object) })).toEqual([]);
  });
});

describe("what a malicious member can do", () => {
  test("it cannot speak as another: its signature would have to be theirs", async () => {
    const { members } = await makeGroup(3);
    const [ana, ben, chi] = members;
    if (ana === undefined || ben === undefined || chi === undefined) throw new Error("three");
    // Chi has every ratchet, so she can play Ana's; only Ana's seed is missing: a state like Ana's, with Chi's seed.
    const impostor = expectOk(
      portable.decode({
        fixed: replace(portable.encode(ana.generation).fixed, ana.leaf.seed, chi.leaf.seed),
        moving: portable.encode(ana.generation).moving,
      }),
    );
    const forged = await portable.seal(impostor, utf8("pay Chi"));
    const before = portable.encode(ben.generation);
    expect(await failure(ben.generation, forged.message)).toMatchObject({ code: "bad-signature" });
    expect(portable.encode(ben.generation)).toEqual(before);
    const genuine = await say(ana, "hello");
    expect(await hear(ben, genuine)).toBe("hello");
  });

  test("it cannot make this leaf believe that its own disk was restored", async () => {
    const [ana, ben] = pairOf(await makeGroup(2));
    const impostor = expectOk(
      portable.decode({
        fixed: replace(portable.encode(ana.generation).fixed, ana.leaf.seed, ben.leaf.seed),
        moving: portable.encode(ana.generation).moving,
      }),
    );
    const { message } = await portable.seal(impostor, utf8("you said this"));
    expect(await failure(ana.generation, message)).toMatchObject({ code: "bad-signature" });
  });
});

function replace(source: Bytes, from: Bytes, to: Bytes): Bytes {
  const at = source.findIndex((_, i) => from.every((byte, j) => source[i + j] === byte));
  if (at < 0) throw new Error("not there");
  return concat(source.subarray(0, at), to, source.subarray(at + from.length));
}
