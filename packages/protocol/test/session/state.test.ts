import { type Bytes, concat, decodeCbor, encodeCbor, equalBytes, expectOk, utf8 } from "@photon/protocol/codec";
import type { EncodedGeneration } from "@photon/protocol/session";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeGroup, type Member, portable } from "./people.ts";

const two = async (): Promise<readonly [Member, Member]> => {
  const [ana, ben] = (await makeGroup(2)).members;
  if (ana === undefined || ben === undefined) throw new Error("two");
  return [ana, ben];
};
const codeOf = (encoded: EncodedGeneration): string => {
  const decoded = portable.decode(encoded);
  return decoded.ok ? "decoded" : decoded.error.code;
};
/** The encoded map with one field changed. */
const withField = (part: Bytes, key: number, value: number | Bytes | readonly Bytes[]): Bytes => {
  const map = expectOk(decodeCbor(part, 4096));
  if (!(map instanceof Map)) throw new Error("a map");
  return encodeCbor(new Map([...map, [key, value]]));
};

describe("a stored generation", () => {
  test("goes on in the middle of a conversation as if nothing had been", async () => {
    const [ana, ben] = await two();
    for (let i = 0; i < 12; i++) {
      for (const one of [ana, ben]) one.generation = expectOk(portable.decode(portable.encode(one.generation)));
      const sealed = await portable.seal(ana.generation, utf8(`message ${i}`));
      ana.generation = sealed.generation;
      expect(ana.generation.sent).toBe(i + 1);
      const opened = expectOk(await portable.open(ben.generation, sealed.message));
      ben.generation = opened.generation;
      expect(opened.counter).toBe(i);
    }
    expect(portable.encode(expectOk(portable.decode(portable.encode(ana.generation))))).toEqual(portable.encode(ana.generation));
  });

  test("has a fixed part that never changes and a moving part that is tiny", async () => {
    const { members } = await makeGroup(20);
    const [ana] = members;
    if (ana === undefined) throw new Error("twenty");
    const before = portable.encode(ana.generation);
    const after = portable.encode((await portable.seal(ana.generation, utf8("hello"))).generation);
    expect(after.fixed).toEqual(before.fixed);
    expect(after.moving).not.toEqual(before.moving);
    expect(before.fixed.length).toBeLessThan(1024);
    expect(before.moving.length).toBeLessThan(20 * 64 + 80);
    const [small] = await two();
    expect(portable.encode(small.generation).moving.length).toBeLessThan(200);
  });

  test("gives copies: what a caller does to the bytes changes no generation", async () => {
    const [ana] = await two();
    const encoded = portable.encode(ana.generation);
    const kept = { fixed: encoded.fixed.slice(), moving: encoded.moving.slice() };
    encoded.fixed.fill(0);
    encoded.moving.fill(0);
    expect(portable.encode(ana.generation)).toEqual(kept);
    const source = { fixed: kept.fixed.slice(), moving: kept.moving.slice() };
    const decoded = expectOk(portable.decode(source));
    source.fixed.fill(0);
    source.moving.fill(0);
    expect(portable.encode(decoded)).toEqual(kept);
  });

  test("is refused in parts that do not belong together", async () => {
    const [ana] = await two();
    const [dee] = await two();
    const { fixed } = portable.encode(ana.generation);
    expect(codeOf({ fixed, moving: portable.encode(dee.generation).moving })).toBe("wrong-shape");
    const { members } = await makeGroup(3);
    const chi = members[2];
    if (chi === undefined) throw new Error("three");
    expect(codeOf({ fixed, moving: withField(portable.encode(chi.generation).moving, 2, ana.generation.group) })).toBe(
      "wrong-shape",
    );
  });

  test("is refused with its reason where the version or the suite is newer", async () => {
    const [ana] = await two();
    const { fixed, moving } = portable.encode(ana.generation);
    expect(codeOf({ fixed: withField(fixed, 1, 2), moving })).toBe("unknown-version");
    expect(codeOf({ fixed, moving: withField(moving, 1, 2) })).toBe("unknown-version");
    expect(codeOf({ fixed: withField(fixed, 2, 9), moving })).toBe("unknown-suite");
  });

  test("is refused where members repeat or are out of order, or the own place, epoch or sizes do not fit", async () => {
    const [ana, ben] = await two();
    const { fixed, moving } = portable.encode(ana.generation);
    const [a, b] = [ana.leaf.id, ben.leaf.id];
    expect(codeOf({ fixed: withField(fixed, 7, [a, a]), moving })).toBe("not-canonical");
    expect(codeOf({ fixed: withField(fixed, 7, [a]), moving })).toBe("wrong-shape");
    expect(codeOf({ fixed: withField(fixed, 7, [a, b, b]), moving })).toBe("wrong-shape");
    expect(codeOf({ fixed: withField(fixed, 8, 2), moving })).toBe("out-of-range");
    expect(codeOf({ fixed: withField(fixed, 4, 0), moving })).toBe("wrong-shape");
    expect(codeOf({ fixed: withField(fixed, 6, new Uint8Array(0)), moving })).toBe("wrong-shape");
    expect(codeOf({ fixed, moving: withField(moving, 4, new Uint8Array(64)) })).toBe("wrong-shape");
  });

  test("decode is total: any bytes give a value or a typed error", async () => {
    const [ana] = await two();
    const encoded = portable.encode(ana.generation);
    const bytes = fc.uint8Array({ maxLength: 600 }).map((array) => new Uint8Array(array));
    fc.assert(fc.property(bytes, bytes, (fixed, moving) => codeOf({ fixed, moving }) !== "decoded"));
    const change = fc.record({ part: fc.boolean(), at: fc.nat(600), byte: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(change, ({ part, at, byte, cut }) => {
        const source = part ? encoded.fixed : encoded.moving;
        const place = at % source.length;
        const changed = cut
          ? source.slice(0, place)
          : concat(source.subarray(0, place), Uint8Array.of(byte), source.subarray(place + 1));
        const decoded = portable.decode(part ? { ...encoded, fixed: changed } : { ...encoded, moving: changed });
        if (!decoded.ok) return true;
        const again = portable.encode(decoded.value);
        return equalBytes(part ? again.fixed : again.moving, changed);
      }),
      { numRuns: 2000 },
    );
  });

  test("a generation of another module is a bug, not a value", async () => {
    const [ana] = await two();
    expect(() => portable.encode({ ...ana.generation, state: {} })).toThrow("not a generation");
  });
});
