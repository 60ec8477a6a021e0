import { describe, expect, test } from "vitest";
import { type Bytes, concat, decodeCbor, encodeCbor, expectOk } from "@photon/protocol/codec";
import { encodeContent, isKnownKind, maxContentBody } from "@photon/protocol/queue";
import { decodeTalk, encodeTalk, isTalk, monthOf, type TalkKind, talkSchemas } from "@photon/protocol/recovery";
import { codeOf, day, fill, plan, talkSamples } from "./people.ts";

const kinds = Object.keys(talkSchemas) as TalkKind[];
const encoded = (kind: TalkKind): Bytes => encodeTalk(kind, talkSamples[kind]);

/** The body with one field another, or without it. */
function altered(kind: TalkKind, field: number, value: Parameters<typeof encodeCbor>[0] | undefined): Bytes {
  const fields = new Map(expectOk(decodeCbor(encoded(kind), maxContentBody)) as ReadonlyMap<number, Bytes>);
  if (value === undefined) fields.delete(field);
  else fields.set(field, value as Bytes);
  return encodeCbor(fields);
}

describe("what owner and trustee say to each other", () => {
  test.each(kinds)("%s comes back, names the plan and its version, and is a content of a kind that is known", (kind) => {
    const body = encoded(kind);
    const back = expectOk(decodeTalk(kind, body));
    expect(back).toEqual(talkSamples[kind]);
    expect(back).toMatchObject(plan);
    expect(isTalk(kind) && isKnownKind(kind)).toBe(true);
    const hlc = { wall: 1, counter: 0, node: fill(8, 1) };
    expect(encodeContent({ id: fill(16, 1), sent: hlc, kind, body }).length).toBeGreaterThan(body.length);
  });

  test.each(kinds)("%s without any one field, or with one more, is refused", (kind) => {
    const fields = expectOk(decodeCbor(encoded(kind), maxContentBody)) as ReadonlyMap<number, unknown>;
    for (const field of fields.keys()) expect(codeOf(decodeTalk(kind, altered(kind, field, undefined)))).toBe("wrong-shape");
    expect(codeOf(decodeTalk(kind, altered(kind, 9, 1)))).toBe("wrong-shape");
    expect(codeOf(decodeTalk(kind, concat(encoded(kind), fill(1, 0))))).toBe("malformed");
    expect(codeOf(decodeTalk(kind, fill(0, 0)))).toBe("malformed");
  });

  test("R4: asks for a delay of fourteen days at most", () => {
    expect(codeOf(decodeTalk("trustee-ask", altered("trustee-ask", 3, 0)))).toBe("good");
    expect(codeOf(decodeTalk("trustee-ask", altered("trustee-ask", 3, 336)))).toBe("good");
    expect(codeOf(decodeTalk("trustee-ask", altered("trustee-ask", 3, 337)))).toBe("out-of-range");
    expect(() => encodeTalk("trustee-ask", { ...talkSamples["trustee-ask"], delayHours: 337 })).toThrow("0..336");
  });

  test("has the sizes that the page gives", () => {
    expect(codeOf(decodeTalk("trustee-packet", altered("trustee-packet", 3, fill(48 * 1024 + 1, 1))))).toBe("out-of-range");
    expect(codeOf(decodeTalk("trustee-packet", altered("trustee-packet", 3, fill(0, 1))))).toBe("out-of-range");
    expect(codeOf(decodeTalk("trustee-proof", altered("trustee-proof", 4, fill(1025, 1))))).toBe("out-of-range");
    expect(codeOf(decodeTalk("trustee-approved", altered("trustee-approved", 5, 2)))).toBe("out-of-range");
    expect(codeOf(decodeTalk("trustee-approved", altered("trustee-approved", 4, "x".repeat(65))))).toBe("out-of-range");
    expect(codeOf(decodeTalk("trustee-contest", altered("trustee-contest", 3, fill(4097, 1))))).toBe("out-of-range");
    expect(codeOf(decodeTalk("trustee-lost", altered("trustee-lost", 1, fill(33, 1))))).toBe("out-of-range");
    expect(codeOf(decodeTalk("trustee-lost", altered("trustee-lost", 2, 2 ** 32)))).toBe("out-of-range");
  });

  test("is nothing that an object has anyway", () => {
    for (const kind of ["toString", "constructor", "__proto__", "trustee-", "trustee-panic"]) expect(isTalk(kind)).toBe(false);
  });
});

describe("a month of holding", () => {
  test("R10: is thirty days, so that a proof for one is none for the next", () => {
    expect(monthOf(0)).toBe(0);
    expect(monthOf(30 * day - 1)).toBe(0);
    expect(monthOf(30 * day)).toBe(1);
    expect(monthOf(690 * 30 * day + 5)).toBe(690);
  });
});
