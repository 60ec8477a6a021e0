import { type Bytes, concat, type DecodeError, type Result } from "@photon/protocol/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TlsReader, uint32, vector, vectorLength, vectorSize } from "../../src/session/tls.ts";

const codeOf = (result: Result<unknown, DecodeError>): string => (result.ok ? "read" : result.error.code);
const readVector = (source: Bytes, max = 100_000): Result<Bytes, DecodeError> => {
  const reader = new TlsReader(source, "test");
  const content = reader.vectorWithin(0, max, "content");
  return reader.finish(() => content);
};

describe("a vector", () => {
  test("is read as it was written, at every length that changes its prefix", () => {
    for (const length of [0, 1, 63, 64, 65, 16383, 16384, 70000]) {
      const written = vector(new Uint8Array(length).fill(5));
      expect(written.length).toBe(vectorSize(length));
      expect(readVector(written)).toEqual({ ok: true, value: new Uint8Array(length).fill(5) });
    }
    expect(vectorLength(0x3fff_ffff)).toEqual(Uint8Array.of(0xbf, 0xff, 0xff, 0xff));
    expect(uint32(0xfedc_ba98)).toEqual(Uint8Array.of(0xfe, 0xdc, 0xba, 0x98));
  });

  test("with a length that is not in its shortest form is refused (RFC 9420 §2.1.2)", () => {
    expect(codeOf(readVector(Uint8Array.of(0x01, 7)))).toBe("read");
    expect(codeOf(readVector(Uint8Array.of(0x40, 0x01, 7)))).toBe("not-canonical");
    expect(codeOf(readVector(Uint8Array.of(0x80, 0, 0, 0x01, 7)))).toBe("not-canonical");
    expect(codeOf(readVector(concat(Uint8Array.of(0x80, 0, 0, 64), new Uint8Array(64))))).toBe("not-canonical");
    expect(codeOf(readVector(concat(Uint8Array.of(0x40, 64), new Uint8Array(64))))).toBe("read");
  });

  test("that says it is longer than its bound, than what is left, or 8 bytes of length, is refused and costs nothing", () => {
    expect(codeOf(readVector(vector(new Uint8Array(101)), 100))).toBe("out-of-range");
    expect(codeOf(readVector(Uint8Array.of(0xbf, 0xff, 0xff, 0xff)))).toBe("out-of-range");
    expect(codeOf(readVector(Uint8Array.of(0x05, 1, 2)))).toBe("malformed");
    expect(codeOf(readVector(Uint8Array.of(0xc0, 0, 0, 0, 0, 0, 0, 1, 5)))).toBe("malformed");
    expect(codeOf(readVector(new Uint8Array(0)))).toBe("malformed");
    expect(codeOf(readVector(concat(vector(new Uint8Array(3)), new Uint8Array(1))))).toBe("malformed");
  });
});

describe("a reader", () => {
  test("gives the first error only, and nothing that was read after it", () => {
    const reader = new TlsReader(Uint8Array.of(1, 2, 3, 4), "test");
    expect(reader.uint(1, "first")).toBe(1);
    reader.constant(Uint8Array.of(9), "nine");
    expect(reader.failed()).toBe(true);
    expect(reader.take(2, "later")).toEqual(new Uint8Array(2));
    expect(reader.uint(4, "later")).toBe(0);
    expect(reader.length(5, "later")).toBe(0);
    reader.refuse("bad-signature", "later");
    expect(reader.finish(() => "a value")).toEqual({ ok: false, error: { code: "wrong-shape", detail: "test: nine" } });
  });

  test("gives copies", () => {
    const source = Uint8Array.of(1, 2, 3);
    const reader = new TlsReader(source, "test");
    const part = reader.take(3, "all");
    source.fill(0);
    expect(part).toEqual(Uint8Array.of(1, 2, 3));
    expect(part.buffer.byteLength).toBe(3);
  });

  test("reads any bytes to an end", () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => new Uint8Array(array));
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(70), { maxLength: 8 }), (source, sizes) => {
        const reader = new TlsReader(source, "test");
        for (const size of sizes) {
          if (size % 3 === 0) expect(reader.take(size, "part").length).toBe(size);
          else if (size % 3 === 1) expect(reader.vectorWithin(0, size, "part").length).toBeLessThanOrEqual(size);
          else expect(reader.vector(size, "part").length).toBe(size);
        }
        reader.finish(() => undefined);
      }),
    );
  });
});
