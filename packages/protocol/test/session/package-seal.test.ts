import { type Bytes, decodeCbor, encodeCbor, expectOk, utf8 } from "@photon/protocol/codec";
import { describe, expect, test } from "vitest";
import { invite, portable, random } from "./people.ts";

const text = utf8("the circle's snapshot");
const open = async (
  sealed: Bytes,
  own: Parameters<typeof portable.openWithPackage>[1],
  context = "spare leaves",
): Promise<string> => {
  const opened = await portable.openWithPackage(sealed, own, context);
  return opened.ok ? new TextDecoder().decode(opened.value) : opened.error.code;
};
const sealFor = async (count: number, plaintext = text) => {
  const invited = await invite(portable, count);
  const packages = invited.map((one) => one.pair.public);
  return {
    pairs: invited.map((one) => one.pair),
    sealed: expectOk(await portable.sealToPackages(packages, "spare leaves", plaintext)),
  };
};

describe("sealing to key packages", () => {
  test("every recipient opens it, nobody else does", async () => {
    const { pairs, sealed } = await sealFor(3);
    for (const pair of pairs) expect(await open(sealed, pair)).toBe("the circle's snapshot");
    const [dee] = await invite(portable, 1);
    if (dee === undefined) throw new Error("one");
    expect(await open(sealed, dee.pair)).toBe("cannot-open");
  });

  test("the context is bound", async () => {
    const { pairs, sealed } = await sealFor(1);
    const [pair] = pairs;
    if (pair === undefined) throw new Error("one");
    expect(await open(sealed, pair, "another purpose")).toBe("cannot-open");
    expect(await open(sealed, pair, "spare leaves ")).toBe("cannot-open");
  });

  test("the same plaintext twice shares no byte string but the recipients' references", async () => {
    const [dee] = await invite(portable, 1);
    if (dee === undefined) throw new Error("one");
    const seal = async (): Promise<Bytes> => expectOk(await portable.sealToPackages([dee.pair.public], "spare leaves", text));
    const [one, two] = [await seal(), await seal()];
    expect(one.slice(-40)).not.toEqual(two.slice(-40));
  });

  test("no byte of it can be changed", async () => {
    const { pairs, sealed } = await sealFor(2);
    const [pair, other] = pairs;
    if (pair === undefined || other === undefined) throw new Error("two");
    let openable = 0;
    for (let at = 0; at < sealed.length; at += 29) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 4;
      const answers = [await open(changed, pair), await open(changed, other)];
      // A recipient's own entry is no business of the other recipients.
      if (answers.includes("the circle's snapshot")) openable += 1;
      expect(answers.every((answer) => answer === "the circle's snapshot")).toBe(false);
    }
    expect(openable).toBeLessThan(sealed.length / 29);
  });

  test("a sender cannot show two recipients two things: the key is committed to", async () => {
    const { pairs, sealed } = await sealFor(1);
    const [pair] = pairs;
    const map = expectOk(decodeCbor(sealed, 4096));
    if (pair === undefined || !(map instanceof Map)) throw new Error("a sealed map");
    expect(await open(encodeCbor(new Map([...map, [3, random(32)]])), pair)).toBe("cannot-open");
  });

  test("bounds: 1 to 20 packages, 1 MiB, a known suite", async () => {
    const [dee] = await invite(portable, 1);
    if (dee === undefined) throw new Error("one");
    const result = async (packages: readonly Bytes[], plaintext: Bytes): Promise<string> => {
      const sealed = await portable.sealToPackages(packages, "spare leaves", plaintext);
      return sealed.ok ? "sealed" : sealed.error.code;
    };
    expect(await result([], text)).toBe("out-of-range");
    expect(
      await result(
        Array.from({ length: 21 }, () => dee.pair.public),
        text,
      ),
    ).toBe("out-of-range");
    expect(await result([dee.pair.public], new Uint8Array(1024 * 1024 + 1))).toBe("too-long");
    expect(await result([dee.pair.public.slice(1)], text)).toBe("unknown-suite");
    const large = expectOk(await portable.sealToPackages([dee.pair.public], "x", new Uint8Array(1024 * 1024)));
    expect(expectOk(await portable.openWithPackage(large, dee.pair, "x")).length).toBe(1024 * 1024);
    const { sealed } = await sealFor(1);
    const map = expectOk(decodeCbor(sealed, 4096));
    if (!(map instanceof Map)) throw new Error("a map");
    expect(await open(encodeCbor(new Map([...map, [1, 2]])), dee.pair)).toBe("unknown-suite");
  });
});
