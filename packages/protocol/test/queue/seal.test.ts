import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, expectOk, toHex, utf8 } from "@photon/protocol/codec";
import { buckets, maxInner, openDeposit, sealDeposit, sealOverhead } from "@photon/protocol/queue";

const key: Bytes = new Uint8Array(32).fill(7);
const other: Bytes = new Uint8Array(32).fill(8);
const nonce: Bytes = new Uint8Array(24).map((_, i) => i);
const inner = (length: number): Bytes => new Uint8Array(length).map((_, i) => i * 7 + 1);
/** The seal as the specification writes it, by hand. */
const sealByHand = (plain: Bytes): Bytes => concat(nonce, xchacha20poly1305(key, nonce, utf8("photon/deposit/1")).encrypt(plain));

describe("a deposit", () => {
  test("is exactly one of the buckets long, the smallest that fits, overheads included", () => {
    for (const [index, bucket] of buckets.entries()) {
      expect(expectOk(sealDeposit(key, inner(bucket - sealOverhead), nonce)).length).toBe(bucket);
      const next = sealDeposit(key, inner(bucket - sealOverhead + 1), nonce);
      if (index + 1 < buckets.length) expect(expectOk(next).length).toBe(buckets[index + 1]);
      else expect(next).toMatchObject({ ok: false, error: { code: "too-long" } });
    }
    expect(maxInner).toBe(65536 - sealOverhead);
    expect(expectOk(sealDeposit(key, inner(0), nonce)).length).toBe(1024);
  });

  test("opens to what was sealed, with whichever of the keys fits", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        const body = expectOk(sealDeposit(key, new Uint8Array(bytes), nonce));
        expect(toHex(expectOk(openDeposit([other, key], body)))).toBe(toHex(bytes));
      }),
      { numRuns: 50 },
    );
  });

  test("is refused unless it is exactly a bucket long", () => {
    const body = expectOk(sealDeposit(key, inner(10), nonce));
    for (const wrong of [body.slice(1), concat(body, Uint8Array.of(0)), new Uint8Array(0), new Uint8Array(2048)]) {
      expect(openDeposit([key], wrong)).toMatchObject({ ok: false, error: { code: "out-of-range" } });
    }
  });

  test("is refused when any byte was changed, and without the key", () => {
    const body = expectOk(sealDeposit(key, inner(10), nonce));
    for (const at of [0, 23, 24, 28, 40, 1007, 1008, 1023]) {
      const changed = body.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openDeposit([key], changed)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    }
    expect(openDeposit([other], body)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    expect(openDeposit([], body)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
  });

  test("is the format of the specification, byte for byte", () => {
    const plain = new Uint8Array(1024 - 40);
    plain.set([0, 0, 0, 3, 97, 98, 99]);
    expect(toHex(sealByHand(plain))).toBe(toHex(expectOk(sealDeposit(key, utf8("abc"), nonce))));
  });

  test("has one form: padding that is not zero, and a length past the end, are refused", () => {
    const plain = new Uint8Array(1024 - 40);
    plain.set([0, 0, 0, 1, 97]);
    plain[plain.length - 1] = 1;
    expect(openDeposit([key], sealByHand(plain))).toMatchObject({ ok: false, error: { code: "not-canonical" } });
    plain.set([255, 255, 255, 255]);
    expect(openDeposit([key], sealByHand(plain))).toMatchObject({ ok: false, error: { code: "out-of-range" } });
    plain.set([0, 0, 984 >> 8, (984 - 3) & 255]);
    expect(openDeposit([key], sealByHand(plain))).toMatchObject({ ok: false, error: { code: "out-of-range" } });
  });

  test("of equal bytes into two queues shares no eight bytes, so that nothing joins the two sides", () => {
    const plain = inner(3000);
    const runs = (body: Bytes): Set<string> =>
      new Set(Array.from({ length: body.length - 7 }, (_, i) => toHex(body.subarray(i, i + 8))));
    const mine = runs(expectOk(sealDeposit(key, plain, nonce)));
    const theirs = runs(
      expectOk(
        sealDeposit(
          other,
          plain,
          nonce.map((byte) => byte ^ 0x55),
        ),
      ),
    );
    expect([...mine].filter((run) => theirs.has(run))).toEqual([]);
  });

  test("a key or nonce of the wrong length is a bug and throws", () => {
    expect(() => sealDeposit(key.slice(1), inner(1), nonce)).toThrow();
    expect(() => sealDeposit(key, inner(1), nonce.slice(1))).toThrow();
  });
});
