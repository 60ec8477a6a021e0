import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, encode, equalBytes, expectOk } from "@photon/protocol/codec";
import {
  addFragment,
  decodeEnvelope,
  encodeEnvelope,
  type Envelope,
  envelopeSchema,
  type Fragment,
  fragmentEnvelope,
  type FragmentSet,
  maxEnvelope,
  maxInner,
  maxPart,
} from "@photon/protocol/queue";
import { makeStatementId } from "@photon/protocol/statement";

const bytes = (length: number, fill = 1): Bytes => new Uint8Array(length).map((_, i) => (i * 31 + fill) & 255);
const id = bytes(16);
const generation = (welcome: number): Envelope => ({
  kind: "generation",
  value: { statement: bytes(500), welcome: bytes(welcome) },
});

const fragmentsOf = (encoded: Bytes): Fragment[] =>
  fragmentEnvelope(encoded, id).map((part) => {
    const envelope = expectOk(decodeEnvelope(part));
    if (envelope.kind !== "fragment") throw new Error(`a ${envelope.kind}`);
    return envelope.value;
  });

/** Adds all, in the order given, and says what came of it. */
function reassemble(fragments: readonly Fragment[]): FragmentSet | { readonly complete: Bytes } | undefined {
  let set: FragmentSet | undefined;
  for (const fragment of fragments) {
    const step = expectOk(addFragment(set, fragment));
    if ("complete" in step) return step;
    set = step;
  }
  return set;
}

describe("an envelope", () => {
  test("comes back as it was, each kind", () => {
    const envelopes: Envelope[] = [
      { kind: "lineage", value: { statements: [bytes(10), bytes(96 * 1024)] } },
      generation(0),
      { kind: "message", value: { generation: makeStatementId(bytes(32)), message: bytes(70 * 1024) } },
      { kind: "claim", value: { invitation: bytes(16), statements: [bytes(3)] } },
      { kind: "need", value: { side: bytes(32) as never, heads: [] } },
      { kind: "fragment", value: { id, index: 0, count: 2, part: bytes(1) } },
    ];
    for (const envelope of envelopes) expect(expectOk(decodeEnvelope(encodeEnvelope(envelope)))).toEqual(envelope);
  });

  test("above 1 MiB is a bug of whoever builds it, and refused from others", () => {
    const large: Envelope = { kind: "lineage", value: { statements: Array.from({ length: 12 }, () => bytes(96 * 1024)) } };
    expect(() => encodeEnvelope(large)).toThrow(/more than 1048576/u);
    expect(decodeEnvelope(encode(envelopeSchema, large))).toMatchObject({ ok: false, error: { code: "too-long" } });
  });
});

describe("fragments", () => {
  test("are not made where one bucket is enough", () => {
    const welcome = maxInner - encodeEnvelope(generation(60_000)).length + 60_000;
    const fits = encodeEnvelope(generation(welcome));
    expect(fits.length).toBe(maxInner);
    expect(fragmentEnvelope(fits, id)).toEqual([fits]);
    expect(fragmentEnvelope(encodeEnvelope(generation(welcome + 1)), id).length).toBe(2);
  });

  test("each fit one bucket, the longest exactly", () => {
    const longest = encodeEnvelope({ kind: "fragment", value: { id, index: 63, count: 64, part: bytes(maxPart) } });
    expect(longest.length).toBe(maxInner);
    for (const length of [70_000, 400_000, 500_000]) {
      for (const part of fragmentEnvelope(encodeEnvelope(generation(length)), id))
        expect(part.length).toBeLessThanOrEqual(maxInner);
    }
  });

  test("make the whole again, in any order and with repeats", () => {
    const encoded = encodeEnvelope(generation(400_000));
    const fragments = fragmentsOf(encoded);
    fc.assert(
      fc.property(fc.shuffledSubarray([...fragments, ...fragments.slice(1, 4)], { minLength: fragments.length + 3 }), (order) => {
        const whole = reassemble(order);
        expect(whole !== undefined && "complete" in whole && equalBytes(whole.complete, encoded)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("short of one stay a set", () => {
    const fragments = fragmentsOf(encodeEnvelope(generation(200_000)));
    expect(reassemble(fragments.slice(1))).toMatchObject({ count: fragments.length });
  });

  test("that contradict each other are refused and leave the set as it was", () => {
    const [first, second] = fragmentsOf(encodeEnvelope(generation(200_000)));
    if (first === undefined || second === undefined) throw new Error("two at least");
    const set = expectOk(addFragment(undefined, first));
    if ("complete" in set) throw new Error("not yet");
    const refused = (fragment: Fragment): unknown => addFragment(set, fragment);
    expect(refused({ ...first, part: bytes(5) })).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
    expect(refused({ ...second, count: 9 })).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
    expect(refused({ ...second, id: bytes(16, 9) })).toMatchObject({ ok: false, error: { code: "wrong-shape" } });
    expect(refused({ ...second, index: second.count })).toMatchObject({ ok: false, error: { code: "out-of-range" } });
    expect(set.parts.size).toBe(1);
  });

  test("never make a set hold more than one envelope may have", () => {
    let set: FragmentSet | undefined;
    let held = 0;
    for (let index = 0; index < 64; index++) {
      const step = addFragment(set, { id, index, count: 64, part: bytes(65_000) });
      if (!step.ok) {
        expect(step.error.code).toBe("too-long");
        break;
      }
      if ("complete" in step.value) throw new Error("more than an envelope");
      set = step.value;
      held += 65_000;
    }
    expect(held).toBeLessThanOrEqual(maxEnvelope);
    expect(held).toBeGreaterThan(maxEnvelope - 65_000);
  });
});
