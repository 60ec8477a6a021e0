import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, encode, expectOk, toHex } from "@photon/protocol/codec";
import {
  type Change,
  changeSchema,
  maxBlob,
  maxSegmentContent,
  mergeChanges,
  openSegment,
  padmeLength,
  sealSegment,
  type Segment,
  sortChanges,
  splitChanges,
} from "@photon/protocol/archive";
import { maxContentBody } from "@photon/protocol/queue";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const node = fill(8, 1);
const key = fill(32, 2);
const keys = new Map([[4, key]]);
const nonce = fill(24, 3);
const change = (name: string, size: number, wall = 5): Change => ({
  key: name,
  hlc: { wall, counter: 0, node },
  value: fill(size, 6),
});
const segment = (changes: readonly Change[], more: Partial<Segment> = {}): Segment => ({ epoch: 4, sequence: 9, changes, ...more });
const anyChange: fc.Arbitrary<Change> = fc
  .tuple(
    fc.string({ maxLength: 20, unit: "grapheme" }),
    fc.nat(1000),
    fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined }),
  )
  .map(([name, wall, value]) => ({
    key: name,
    hlc: { wall, counter: 0, node },
    ...(value ? { value: new Uint8Array(value) } : {}),
  }));

describe("a segment", () => {
  test("opens to what was sealed, and is named by the SHA-256 of its bytes", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 30 }), (changes) => {
        const whole = segment(changes, { previous: fill(32, 7) });
        const { hash, bytes } = sealSegment(key, whole, nonce);
        expect(toHex(hash)).toBe(toHex(sha256(bytes)));
        expect(expectOk(openSegment(keys, bytes, hash))).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test("has a Padmé length of at least 1 KiB: one message's increment looks like another's", () => {
    const length = (size: number): number => sealSegment(key, segment([change("message/1", size)]), nonce).bytes.length;
    expect([length(1), length(200), length(900)]).toEqual([1024, 1024, 1024]);
    for (const size of [1100, 5000, 100_000]) expect(padmeLength(length(size))).toBe(length(size));
    expect(padmeLength(9000)).toBe(9216);
  });

  test("is padded by at most 12 %, and never beyond a blob", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1024, max: maxBlob }), (length) => {
        const padded = padmeLength(length);
        expect(padded).toBeGreaterThanOrEqual(length);
        expect(padded).toBeLessThanOrEqual(Math.min(length * 1.12, maxBlob));
        expect(padmeLength(padded)).toBe(padded);
      }),
    );
  });

  test("truncated, swapped or changed is refused before anything of it counts", () => {
    const { hash, bytes } = sealSegment(key, segment([change("a", 2000)]), nonce);
    const other = sealSegment(key, segment([change("b", 2000)]), fill(24, 9));
    expect(openSegment(keys, other.bytes, hash)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    expect(openSegment(keys, bytes.slice(0, -1), hash)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    for (const at of [1, 25, 60, bytes.length - 1]) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openSegment(keys, changed)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    }
    expect(openSegment(keys, fill(2000, 9))).toMatchObject({ ok: false, error: { code: "unknown-suite" } });
    expect(openSegment(keys, new Uint8Array(0))).toMatchObject({ ok: false, error: { code: "unknown-suite" } });
    expect(openSegment(keys, fill(20, 1))).toMatchObject({ ok: false, error: { code: "malformed" } });
    expect(openSegment(keys, fill(maxBlob + 1, 1))).toMatchObject({ ok: false, error: { code: "too-long" } });
  });

  test("opens with its epoch's key only, and must say that epoch", () => {
    const { bytes } = sealSegment(key, segment([change("a", 1)]), nonce);
    expect(openSegment(new Map([[3, fill(32, 8)]]), bytes)).toMatchObject({ ok: false, error: { code: "cannot-open" } });
    expect(
      openSegment(
        new Map([
          [3, fill(32, 8)],
          [4, key],
        ]),
        bytes,
      ).ok,
    ).toBe(true);
    expect(openSegment(new Map([[3, key]]), bytes)).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
  });

  test("of the same changes under another nonce shares no eight bytes: a vault cannot join two archives", () => {
    const whole = segment([change("petname/1", 3000)]);
    const runs = (bytes: Bytes): Set<string> =>
      new Set(Array.from({ length: bytes.length - 7 }, (_, i) => toHex(bytes.subarray(i, i + 8))));
    const mine = runs(sealSegment(key, whole, nonce).bytes);
    const theirs = runs(sealSegment(fill(32, 4), whole, fill(24, 5)).bytes);
    expect([...mine].filter((run) => theirs.has(run))).toEqual([]);
  });
});

describe("splitting changes", () => {
  test("gives runs in order, each of which fits a segment", () => {
    const changes = Array.from({ length: 40 }, (_, i) => change(`k${i}`, 128 * 1024 - i));
    const runs = splitChanges(changes);
    expect(runs.flat()).toEqual(changes);
    expect(runs.length).toBe(6);
    for (const run of runs) {
      const { bytes } = sealSegment(key, segment(run, { epoch: 0xffff_ffff, sequence: 2 ** 53 - 1, previous: fill(32, 1) }), nonce);
      expect(bytes.length).toBeLessThanOrEqual(maxBlob);
    }
  });

  test("fills a segment to the last byte that it says it may", () => {
    const room = maxSegmentContent - 5;
    const largest: Change[] = [];
    let left = room;
    while (left > 200) {
      const size = Math.min(128 * 1024, left - 200);
      largest.push(change("k", size));
      left -= encode(changeSchema, change("k", size)).length;
    }
    expect(splitChanges(largest).length).toBe(1);
    expect(
      sealSegment(key, segment(largest, { epoch: 0xffff_ffff, sequence: 2 ** 53 - 1, previous: fill(32, 1) }), nonce).bytes.length,
    ).toBe(maxBlob);
  });

  test("bounds the count, fits other carriers, and throws for what fits none", () => {
    const small = Array.from({ length: 10 }, (_, i) => change(`k${i}`, 10));
    expect(splitChanges(small, maxContentBody, 3).map((run) => run.length)).toEqual([3, 3, 3, 1]);
    expect(splitChanges([])).toEqual([]);
    expect(() => splitChanges([change("k", 70_000)], maxContentBody)).toThrow(/does not fit/u);
  });

  test("many small changes at once are as many as a segment takes", () => {
    const many = Array.from({ length: 40_000 }, (_, i) => change(`${i}`, 0));
    const runs = splitChanges(many);
    for (const [sequence, run] of runs.entries()) sealSegment(key, segment(run, { sequence }), nonce);
    expect(runs.flat().length).toBe(many.length);
  });
});

describe("an archive", () => {
  test("restored and written again gives the same canonical bytes, in whatever order its segments were read", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (changes, count) => {
        const state = sortChanges(mergeChanges(new Map(), changes).values());
        const sealed = splitChanges(changes, maxSegmentContent, count).map((run) => sealSegment(key, segment(run), nonce));
        let restored = new Map<string, Change>();
        for (const { bytes } of sealed.toReversed()) restored = mergeChanges(restored, expectOk(openSegment(keys, bytes)).changes);
        const again = sortChanges(restored.values());
        expect(again.map((one) => toHex(encode(changeSchema, one)))).toEqual(state.map((one) => toHex(encode(changeSchema, one))));
      }),
      { numRuns: 60 },
    );
  });
});
