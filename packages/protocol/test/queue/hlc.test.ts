import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, compareHlc, type Hlc, hlcKey, maxCounter, maxLead, maxWall, receiveHlc, tick } from "@photon/protocol/codec";

const phone: Bytes = new Uint8Array(8).fill(1);
const laptop: Bytes = new Uint8Array(8).fill(2);
const day = 24 * 3600 * 1000;
const now = Date.UTC(2026, 0, 1);
const hlc: fc.Arbitrary<Hlc> = fc.record({
  wall: fc.oneof(fc.integer({ min: 0, max: maxWall - 1 }), fc.integer({ min: now - day, max: now + 2 * day })),
  counter: fc.oneof(fc.nat(maxCounter), fc.constant(maxCounter)),
  node: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => new Uint8Array(bytes)),
});
const times = fc.oneof(fc.integer({ min: -day, max: maxWall + day }), fc.integer({ min: now - day, max: now + day }));

describe("the hybrid clock", () => {
  test("never repeats and never goes back, whatever the wall clock does", () => {
    fc.assert(
      fc.property(hlc, times, (last, at) => {
        expect(compareHlc(tick(last, at, phone), { ...last, node: phone })).toBeGreaterThan(0);
      }),
    );
  });

  test("follows the wall clock where that is ahead", () => {
    expect(tick(undefined, now, phone)).toEqual({ wall: now, counter: 0, node: phone });
    expect(tick({ wall: now - 1, counter: 7, node: phone }, now, phone)).toEqual({ wall: now, counter: 0, node: phone });
    expect(tick({ wall: now, counter: 7, node: phone }, now, phone)).toEqual({ wall: now, counter: 8, node: phone });
  });

  test("what is written after something was seen is later than it", () => {
    fc.assert(
      fc.property(fc.option(hlc, { nil: undefined }), hlc, times, (last, seen, at) => {
        const next = receiveHlc(last, seen, at, phone);
        if (last !== undefined) expect(compareHlc(next, { ...last, node: phone })).toBeGreaterThan(0);
        if (seen.wall <= Math.max(at, 0) + maxLead && at <= maxWall - 1) {
          expect(compareHlc(next, { ...seen, node: phone })).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("a clock more than 24 hours ahead does not drag ours", () => {
    const last = { wall: now - 5, counter: 0, node: phone };
    const wrong = { wall: now + maxLead + 1, counter: 0, node: laptop };
    expect(receiveHlc(last, wrong, now, phone)).toEqual({ wall: now, counter: 0, node: phone });
    const slow = { wall: now + maxLead, counter: 3, node: laptop };
    expect(receiveHlc(last, slow, now, phone)).toEqual({ wall: now + maxLead, counter: 4, node: phone });
  });

  test("a full counter carries into the wall time", () => {
    expect(tick({ wall: now, counter: maxCounter, node: phone }, now, phone)).toEqual({ wall: now + 1, counter: 0, node: phone });
  });

  test("keys are 34 hex digits whose order is that of the clock", () => {
    fc.assert(
      fc.property(hlc, hlc, (a, b) => {
        const [x, y] = [hlcKey(a), hlcKey(b)];
        expect(x).toMatch(/^[0-9a-f]{34}$/u);
        expect(Math.sign(x < y ? -1 : x > y ? 1 : 0)).toBe(Math.sign(compareHlc(a, b)));
      }),
    );
  });
});
