import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, expectOk, fromHex, toHex, utf8 } from "@photon/protocol/codec";
import {
  decodeG1,
  decodeG2,
  encodeG1,
  encodeG2,
  type G1,
  g1,
  type G2,
  g2,
  hashToG1,
  hashToG2,
  multiplySecret,
  productIsOne,
  sumG1,
  sumG2,
} from "../../src/trustees/points.ts";
import { field, reduceWide, scalarSchema, wideLength } from "../../src/trustees/scalars.ts";
import { fill, flip, random, seeded } from "./people.ts";

const hex = (text: string): Bytes => {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error("not hex");
  return bytes;
};
const digits = (number: bigint): string => number.toString(16).padStart(96, "0");
const scalar = fc.bigInt({ min: 1n, max: field.ORDER - 1n });
const few = { numRuns: 20 };

describe("hashing to the curve: RFC 9380, appendix J", () => {
  const tag = (suite: string): string => `QUUX-V01-CS02-with-${suite}`;
  test.each([
    ["", "052926add2207b76ca4fa57a8734416c8dc95e24501772c814278700eed6d1e4e8cf62d9c09db0fac349612b759e79a1", "08ba738453bfed09cb546dbb0783dbb3a5f1f566ed67bb6be0e8c67e2e81a4cc68ee29813bb7994998f3eae0c9c6a265"],
    ["abc", "03567bc5ef9c690c2ab2ecdf6a96ef1c139cc0b2f284dca0a9a7943388a49a3aee664ba5379a7655d3c68900be2f6903", "0b9c15f3fe6e5cf4211f346271d7b01c8f3b28be689c8429c85b67af215533311f0b8dfaaa154fa6b88176c229f2885d"],
    ["abcdef0123456789", "11e0b079dea29a68f0383ee94fed1b940995272407e3bb916bbf268c263ddd57a6a27200a784cbc248e84f357ce82d98", "03a87ae2caf14e8ee52e51fa2ed8eefe80f02457004ba4d486d6aa1f517c0889501dc7413753f9599b099ebcbbd2d709"],
  ])("into G1: %j", (message, x, y) => {
    const point = hashToG1(utf8(message), tag("BLS12381G1_XMD:SHA-256_SSWU_RO_"));
    expect([digits(point.x), digits(point.y)]).toEqual([x, y]);
  }); // prettier-ignore
  test.each([
    ["", "0141ebfbdca40eb85b87142e130ab689c673cf60f1a3e98d69335266f30d9b8d4ac44c1038e9dcdd5393faf5c41fb78a", "05cb8437535e20ecffaef7752baddf98034139c38452458baeefab379ba13dff5bf5dd71b72418717047f5b0f37da03d"],
    ["abc", "02c2d18e033b960562aae3cab37a27ce00d80ccd5ba4b7fe0e7a210245129dbec7780ccc7954725f4168aff2787776e6", "139cddbccdc5e91b9623efd38c49f81a6f83f175e80b06fc374de9eb4b41dfe4ca3a230ed250fbe3a2acf73a41177fd8"],
    ["abcdef0123456789", "121982811d2491fde9ba7ed31ef9ca474f0e1501297f68c298e9f4c0028add35aea8bb83d53c08cfc007c1e005723cd0", "190d119345b94fbd15497bcba94ecf7db2cbfd1e1fe7da034d26cbba169fb3968288b3fafb265f9ebd380512a71c3f2c"],
  ])("into G2: %j", (message, real, imaginary) => {
    const { x } = hashToG2(utf8(message), tag("BLS12381G2_XMD:SHA-256_SSWU_RO_"));
    expect([digits(x.c0), digits(x.c1)]).toEqual([real, imaginary]);
  }); // prettier-ignore
});

describe("the pairing", () => {
  /** The beacon "quicknet" of drand: its public key, and the signature of its first round. */
  const beacon = {
    key: hex(
      "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a",
    ),
    signature: hex("b55e7cb2d5c613ee0b2e28d6750aabbb78c39dcc96bd9d38c2c2e12198df95571de8e8e402a0cc48871c7089a2b3af4b"),
    message: sha256(fill(8, 0).map((_, at) => (at === 7 ? 1 : 0))),
    tag: "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_",
  };
  test("finds a signature good that others made, with the key in G2 and the signature in G1", () => {
    const key = expectOk(decodeG2(beacon.key, "$"));
    const signature = expectOk(decodeG1(beacon.signature, "$"));
    const holds = (message: Uint8Array): boolean =>
      productIsOne([[signature, g2.BASE], [hashToG1(message, beacon.tag).negate(), key]]); // prettier-ignore
    expect(holds(beacon.message)).toBe(true);
    expect(holds(flip(beacon.message, 0))).toBe(false);
  });

  test("leaves the identity out of the product, and so never takes it for a signature", () => {
    expect(productIsOne([[g1.ZERO, g2.BASE]])).toBe(true);
    expect(productIsOne([[g1.ZERO, g2.BASE], [g1.BASE, g2.BASE]])).toBe(false); // prettier-ignore
    expect(productIsOne([[g1.BASE, g2.BASE], [g1.BASE.negate(), g2.BASE]])).toBe(true); // prettier-ignore
  });
});

describe("points on the wire", () => {
  test("are written as the library writes them, and come back", () => {
    fc.assert(
      fc.property(scalar, (factor) => {
        const [one, two] = [g1.BASE.multiplyUnsafe(factor), g2.BASE.multiplyUnsafe(factor)];
        expect(toHex(encodeG1(one))).toBe(one.toHex());
        expect(toHex(encodeG2(two))).toBe(two.toHex());
        expect(expectOk(decodeG1(encodeG1(one), "$")).equals(one)).toBe(true);
        expect(expectOk(decodeG2(encodeG2(two), "$")).equals(two)).toBe(true);
      }),
      few,
    );
  });

  const { Fp, Fp2 } = bls12_381.fields;
  const order = hex(digits(Fp.ORDER));
  const marked = (bytes: Uint8Array): Bytes => flip(bytes, 0, 0x80);
  /** x = 0 and y = ±2 is on the curve, and three times the point is the identity. */
  const orderThree = marked(fill(48, 0));
  /** On the twist, but outside the subgroup: the first such x. */
  const outsideG2 = ((): Bytes => {
    for (let x = 1n; ; x++) {
      const square = Fp2.add(Fp2.pow({ c0: x, c1: 0n }, 3n), { c0: 4n, c1: 4n });
      if (Fp2.eql(Fp2.pow(square, (Fp2.ORDER - 1n) / 2n), Fp2.ONE)) return marked(concat(fill(48, 0), hex(digits(x))));
    }
  })();
  /** The first x for which there is no y. */
  const offCurve = ((): Bytes => {
    for (let x = 1n; ; x++) if (Fp.pow(x ** 3n + 4n, (Fp.ORDER - 1n) / 2n) !== 1n) return marked(hex(digits(x)));
  })();
  const goodG1 = encodeG1(g1.BASE);
  const goodG2 = encodeG2(g2.BASE);

  test("the bad examples are what they say", () => {
    const torsion = g1.fromAffine({ x: 0n, y: 2n });
    expect(torsion.double().add(torsion).is0()).toBe(true);
    const { c0, c1 } = { c0: Fp.fromBytes(outsideG2.slice(48)), c1: 0n };
    const y = Fp2.sqrt(Fp2.add(Fp2.pow({ c0, c1 }, 3n), { c0: 4n, c1: 4n }));
    expect(g2.fromAffine({ x: { c0, c1 }, y }).isTorsionFree()).toBe(false);
  });

  test.each([
    ["nothing", new Uint8Array(), "out-of-range"],
    ["a byte short", goodG1.slice(1), "out-of-range"],
    ["a byte more", concat(goodG1, fill(1, 0)), "out-of-range"],
    ["a point of G2", goodG2, "out-of-range"],
    ["the uncompressed form", g1.BASE.toBytes(false), "out-of-range"],
    ["compressed, but not marked so", flip(goodG1, 0, 0x80), "not-canonical"],
    ["the identity", flip(marked(fill(48, 0)), 0, 0x40), "out-of-range"],
    ["the identity with a sign", flip(marked(fill(48, 0)), 0, 0x60), "out-of-range"],
    ["the identity with an x", flip(goodG1, 0, 0x40), "out-of-range"],
    ["x = p", marked(order), "not-canonical"],
    ["x = p + x", marked(hex(digits(Fp.ORDER + 1n))), "not-canonical"],
    ["all ones", flip(fill(48, 0xff), 0, 0x40), "not-canonical"],
    ["an x without a y", offCurve, "malformed"],
    ["a point of order three", orderThree, "malformed"],
    ["its opposite", flip(orderThree, 0, 0x20), "malformed"],
  ])("in G1 are refused: %s", (_, bytes, code) => {
    expect(decodeG1(bytes, "$")).toMatchObject({ ok: false, error: { code } });
  });

  test.each([
    ["a point of G1", goodG1, "out-of-range"],
    ["the uncompressed form", g2.BASE.toBytes(false), "out-of-range"],
    ["compressed, but not marked so", flip(goodG2, 0, 0x80), "not-canonical"],
    ["the identity", flip(marked(fill(96, 0)), 0, 0x40), "out-of-range"],
    ["the first coordinate p", marked(concat(order, fill(48, 0))), "not-canonical"],
    ["the second coordinate p", marked(concat(fill(48, 0), order)), "not-canonical"],
    ["a point outside the subgroup", outsideG2, "malformed"],
  ])("in G2 are refused: %s", (_, bytes, code) => {
    expect(decodeG2(bytes, "$")).toMatchObject({ ok: false, error: { code } });
  });

  test("the other sign is the opposite point, and no second encoding", () => {
    expect(expectOk(decodeG1(flip(goodG1, 0, 0x20), "$")).equals(g1.BASE.negate())).toBe(true);
    expect(expectOk(decodeG2(flip(goodG2, 0, 0x20), "$")).equals(g2.BASE.negate())).toBe(true);
  });

  test("the identity is never written", () => {
    expect(() => encodeG1(g1.ZERO)).toThrow("identity");
    expect(() => encodeG2(g2.ZERO)).toThrow("identity");
  });
});

describe("multiplying", () => {
  test("by a secret gives the product, whatever the mask was", () => {
    const edges = fc.constantFrom(1n, 2n, 31n, 32n, field.ORDER - 1n, field.ORDER - 2n, 2n ** 254n);
    fc.assert(
      fc.property(fc.oneof(scalar, edges), fc.oneof(scalar, edges), (secret, mask) => {
        // 48 bytes that are reduced to the mask.
        const drawn = (): Bytes => concat(fill(16, 0), hex((mask - 1n).toString(16).padStart(64, "0")));
        const [one, two] = [g1.BASE.double(), g2.BASE.double()];
        expect(multiplySecret(one, secret, drawn).equals(one.multiplyUnsafe(secret))).toBe(true);
        expect(multiplySecret(two, secret, drawn).equals(two.multiplyUnsafe(secret))).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  test("by a secret draws a fresh mask each time", () => {
    let asked = 0;
    const counted = (length: number): Bytes => {
      asked += 1;
      return random(length);
    };
    for (let i = 0; i < 3; i++) multiplySecret(g1.BASE.double(), 5n, counted);
    expect(asked).toBe(3);
  });

  test("many points and adding up is the same for few and for many", () => {
    for (const count of [0, 1, 3, 128, 129]) {
      const points: G1[] = Array.from({ length: count }, (_, at) => g1.BASE.multiplyUnsafe(BigInt(at + 1)));
      const scalars = points.map((_, at) => BigInt(7 * at));
      const total = scalars.reduce((sum, factor, at) => sum + factor * BigInt(at + 1), 0n);
      expect(sumG1(points, scalars).equals(g1.BASE.multiplyUnsafe(total)), `${count}`).toBe(true);
    }
    const twos: G2[] = [g2.BASE, g2.BASE.double()];
    expect(sumG2(twos, [3n, 4n]).equals(g2.BASE.multiplyUnsafe(11n))).toBe(true);
  });
});

describe("scalars", () => {
  const at = (value: bigint): Bytes => hex(value.toString(16).padStart(64, "0"));
  test("are 1 to r − 1 in 32 bytes, and nothing else is one", () => {
    for (const good of [1n, 2n, field.ORDER - 1n]) expect(scalarSchema.fromCbor(at(good), "$").ok).toBe(true);
    for (const bad of [0n, field.ORDER, field.ORDER + 1n, 2n ** 256n - 1n]) {
      expect(scalarSchema.fromCbor(at(bad), "$")).toMatchObject({ ok: false, error: { code: "out-of-range" } });
    }
    expect(scalarSchema.fromCbor(fill(31, 1), "$")).toMatchObject({ ok: false, error: { code: "out-of-range" } });
    expect(scalarSchema.fromCbor("1", "$")).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
  });

  test("are drawn as 1 + (48 bytes mod r − 1), and the bytes are overwritten", () => {
    const draw = seeded("wide");
    for (let i = 0; i < 20; i++) {
      const wide = draw(wideLength);
      const expected = 1n + (BigInt(`0x${toHex(wide)}`) % (field.ORDER - 1n));
      expect(reduceWide(wide)).toBe(expected);
      expect(toHex(wide)).toBe("00".repeat(wideLength));
    }
    expect(reduceWide(fill(wideLength, 0))).toBe(1n);
    expect(() => reduceWide(fill(32, 1))).toThrow("not 48");
  });
});
