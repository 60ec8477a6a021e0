import {
  asBytes,
  compareBytes,
  concat,
  equalBytes,
  fromBase64url,
  fromHex,
  ownBytes,
  toBase64url,
  toHex,
  utf8,
} from "@photon/protocol/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const anyBytes = fc.uint8Array({ maxLength: 80 });

describe("bytes", () => {
  test("asBytes copies what is part of a larger buffer, or of a subclass, and nothing else", () => {
    const whole = Uint8Array.of(1, 2, 3);
    expect(asBytes(whole)).toBe(whole);
    const part = asBytes(new Uint8Array([0, 1, 2, 3]).subarray(1));
    expect(part).toEqual(Uint8Array.of(1, 2, 3));
    expect(part.buffer.byteLength).toBe(3);
    class Sub extends Uint8Array<ArrayBuffer> {}
    expect(asBytes(new Sub(new ArrayBuffer(2))).constructor).toBe(Uint8Array);
  });

  test("ownBytes shares nothing with its source", () => {
    const source = Uint8Array.of(1, 2);
    const copy = ownBytes(source);
    source[0] = 9;
    expect(copy).toEqual(Uint8Array.of(1, 2));
  });

  test("concat joins in order; of nothing it is empty", () => {
    expect(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3));
    expect(concat()).toEqual(new Uint8Array());
  });

  test("equalBytes and compareBytes agree, with the shorter first on a common prefix and bytes unsigned", () => {
    expect(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBeLessThan(0);
    expect(compareBytes(Uint8Array.of(0xff), Uint8Array.of(1, 0))).toBeGreaterThan(0);
    fc.assert(
      fc.property(anyBytes, anyBytes, (a, b) => {
        expect(compareBytes(a, b) === 0).toBe(equalBytes(a, b));
        expect(Math.sign(compareBytes(a, b))).toBe(-Math.sign(compareBytes(b, a)) + 0);
        expect(compareBytes(a, b) < 0).toBe(toHex(a) < toHex(b));
      }),
    );
  });

  test("hex comes back as it was, and what is no hex is refused", () => {
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
    );
    for (const text of ["0", "0g", "0x00", " 00", "00\n", "é0"]) expect(fromHex(text), text).toBeUndefined();
    expect(fromHex("aAfF")).toEqual(Uint8Array.of(0xaa, 0xff));
  });

  test("base64url (RFC 4648 §10, and the platform's base64) comes back as it was", () => {
    expect(["", "f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => toBase64url(utf8(text)))).toEqual([
      "",
      "Zg",
      "Zm8",
      "Zm9v",
      "Zm9vYg",
      "Zm9vYmE",
      "Zm9vYmFy",
    ]);
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const base64 = btoa(String.fromCharCode(...bytes));
        expect(toBase64url(bytes)).toBe(base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
        expect(fromBase64url(toBase64url(bytes))).toEqual(bytes);
      }),
    );
  });

  test("base64url has one spelling: padding, other alphabets, stray bits and characters are refused", () => {
    for (const text of ["Zg==", "Z", "Zh", "Zm9", "+_8A", "a b0", "Zm9\n", "😀AA"])
      expect(fromBase64url(text), text).toBeUndefined();
  });
});
