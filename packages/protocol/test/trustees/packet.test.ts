import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concat, encode, encodeCbor, equalBytes, expectOk, utf8 } from "@photon/protocol/codec";
import { buckets, encodeContent, encodeEnvelope, sealDeposit } from "@photon/protocol/queue";
import { makeStatementId } from "@photon/protocol/statement";
import {
  certifyPseudonym,
  checkPacket,
  contestedThreshold,
  decodePacket,
  encodePacket,
  isCertified,
  maxTrustees,
  packetLength,
  packetSchema,
  pseudonymKey,
  type TrusteePacket,
} from "@photon/protocol/trustees";
import { g1, g2 } from "../../src/trustees/points.ts";
import { makeVerification } from "../../src/trustees/verification.ts";
import { makeGroup, memberOf, portable } from "../session/people.ts";
import { seedOf } from "../statement/samples.ts";
import { deal, dealerSeed, fill, flip, laterDeal, packet, planQueue, pseudonym, random, trustee } from "./people.ts";

const encoded = encodePacket(packet);

describe("a trustee's packet", () => {
  test("comes back, and its trustee can check everything in it", () => {
    const received = expectOk(decodePacket(encoded));
    expect(received).toEqual(packet);
    expect(expectOk(checkPacket(received, random)).data).toEqual(deal.verification.data);
  });

  test("has one length for all numbers of trustees, thresholds, and whatever else is in it", () => {
    const twos = Array.from({ length: maxTrustees }, (_, at) => g2.BASE.multiply(BigInt(at + 1)));
    const ones = Array.from({ length: maxTrustees }, (_, at) => g1.BASE.multiply(BigInt(at + 1)));
    let plans = 0;
    for (let n = 2; n <= maxTrustees; n++) {
      for (let t = 1; t < n; t++) {
        const contested = expectOk(contestedThreshold(n, t));
        const { data } = makeVerification(twos.slice(0, t), twos.slice(0, contested), ones.slice(0, t));
        expect(encodePacket({ ...packet, verification: data })).toHaveLength(packetLength);
        plans += 1;
      }
    }
    expect(plans).toBe(120);
    const place = fc.record({ vault: fc.string({ maxLength: 256 }), register: fc.constant(fill(16, 3)) });
    fc.assert(
      fc.property(
        fc.array(place, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.string({ unit: "binary", maxLength: 50 }).filter((hint) => !/\p{Surrogate}/u.test(hint)),
        fc.integer({ min: 0, max: 336 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        (archives, queues, hint, delay, number) => {
          const one = { ...packet, archives, queues: packet.queues.slice(0, queues), hint, delay, dealt: number, version: number };
          const bytes = encodePacket(one);
          expect(bytes).toHaveLength(packetLength);
          expect(equalBytes(encodePacket(expectOk(decodePacket(bytes))), bytes)).toBe(true);
        },
      ),
    );
  });

  test("has room for the longest that its fields allow", () => {
    const origin = "\uffff".repeat(256);
    const longest: TrusteePacket = {
      ...packet,
      archives: Array.from({ length: 3 }, () => ({ vault: origin, register: fill(16, 3) })),
      queues: Array.from({ length: 2 }, () => ({ ...planQueue("one"), relay: origin })),
      hint: "h".repeat(200),
      delay: 336,
      dealt: 0xffff_ffff,
      version: 0xffff_ffff,
    };
    expect(expectOk(decodePacket(encodePacket(longest)))).toEqual(longest);
    expect(encode(packetSchema, longest).length).toBeLessThan(packetLength - 4);
  });

  test("travels in a deposit of 16 KiB, every overhead included", async () => {
    const group = await makeGroup(2);
    const { generation } = memberOf(group, 0);
    const hlc = { wall: 2 ** 48 - 1, counter: 2 ** 24 - 1, node: fill(8, 1) };
    const content = { id: fill(16, 1), sent: hlc, kind: "trustee-invitation-with-a-long-name", replyTo: fill(16, 2) };
    const body = encodeCbor(["photon/some/label/1", fill(512, 0), encoded]);
    const plain = encodeContent({ ...content, kind: content.kind.slice(0, 32), body });
    const { message } = await portable.seal(generation, plain);
    const envelope = encodeEnvelope({ kind: "message", value: { generation: makeStatementId(fill(32, 1)), message } });
    expect(expectOk(sealDeposit(fill(32, 1), envelope, fill(24, 1)))).toHaveLength(16_384);
    expect(buckets).toContain(16_384);
  });

  test("is refused in any other form", () => {
    const inner = encode(packetSchema, packet);
    const framed = (length: number, content: Uint8Array): Bytes => {
      const out = new Uint8Array(packetLength);
      new DataView(out.buffer).setUint32(0, length);
      out.set(content, 4);
      return out;
    };
    expect(framed(inner.length, inner)).toEqual(encoded);
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(), "malformed"],
      [encoded.slice(0, -1), "malformed"],
      [concat(encoded, fill(1, 0)), "too-long"],
      [flip(encoded, -1), "not-canonical"],
      [framed(packetLength, inner), "out-of-range"],
      [framed(0xffff_ffff, inner), "out-of-range"],
      [framed(inner.length + 1, inner), "malformed"],
      [framed(inner.length - 1, inner), "not-canonical"],
      [new Uint8Array(packetLength), "malformed"],
      [flip(encoded, 6), "unknown-suite"],
    ];
    for (const [bytes, code] of cases) expect(decodePacket(bytes)).toMatchObject({ ok: false, error: { code } });
  });

  test("holds a hint of at most 200 bytes, and a delay of at most 14 days", () => {
    expect(() => encodePacket({ ...packet, hint: "é".repeat(101) })).toThrow("200 bytes");
    expect(encodePacket({ ...packet, hint: "é".repeat(100) })).toHaveLength(packetLength);
    expect(() => encodePacket({ ...packet, delay: 337 })).toThrow("0..336");
    expect(() => encodePacket({ ...packet, queues: [] })).toThrow("1..2");
    expect(() => encodePacket({ ...packet, archives: [] })).toThrow("1..3");
  });
});

describe("a packet that its trustee does not accept", () => {
  const check = (change: Partial<TrusteePacket>) => checkPacket({ ...packet, ...change }, random);

  test("has shares of somebody else, or of another plan version", () => {
    expect(check({ shares: { ...trustee(0), contested: trustee(1).contested } })).toMatchObject({ error: { code: "bad-share" } });
    expect(check({ shares: trustee(0, laterDeal) })).toMatchObject({ ok: false, error: { code: "bad-share" } });
    expect(check({ verification: laterDeal.verification.data })).toMatchObject({ ok: false, error: { code: "bad-share" } });
  });

  test("has verification data with a bad point", () => {
    const verification = { ...packet.verification, uncontested: flip(packet.verification.uncontested, 0, 0x40) };
    expect(check({ verification })).toMatchObject({ ok: false, error: { code: "out-of-range" } });
  });

  test("has a certificate that is not for it", () => {
    const refused = { ok: false, error: { code: "bad-signature", detail: "$.certificate" } };
    const by = (seed: Bytes, change: object): Bytes => certifyPseudonym(seed, { ...pseudonym, ...change });
    for (const certificate of [
      by(seedOf("another dealer"), {}),
      by(dealerSeed, { role: "device" }),
      by(dealerSeed, { version: 4 }),
      by(dealerSeed, { plan: seedOf("another plan") }),
      by(dealerSeed, { key: pseudonymKey(seedOf("Chi's pseudonym")) }),
      flip(packet.certificate, 40),
    ]) {
      expect(check({ certificate })).toMatchObject(refused);
    }
    expect(check({ pseudonymSeed: seedOf("Chi's pseudonym") })).toMatchObject(refused);
    expect(check({ certificate: by(dealerSeed, {}) }).ok).toBe(true);
  });

  test("R9: has a pseudonym of all trustees that is nobody's, or another one's", () => {
    const refused = { ok: false, error: { code: "bad-signature", detail: "$.jointCertificate" } };
    expect(check({ jointSeed: seedOf("Chi's pseudonym") })).toMatchObject(refused);
    expect(check({ jointCertificate: flip(packet.jointCertificate, 40) })).toMatchObject(refused);
    const key = pseudonymKey(packet.jointSeed);
    for (const role of ["trustee", "device"] as const)
      expect(check({ jointCertificate: certifyPseudonym(dealerSeed, { ...pseudonym, role, key }) })).toMatchObject(refused);
  });
});

describe("a pseudonym", () => {
  test("is certified for one role in one version of one plan", () => {
    const { dealer, certificate } = packet;
    expect(isCertified(dealer, pseudonym, certificate)).toBe(true);
    expect(isCertified(dealer, { ...pseudonym, role: "device" }, certificate)).toBe(false);
    expect(isCertified(pseudonymKey(seedOf("another dealer")), pseudonym, certificate)).toBe(false);
    expect(isCertified(fill(32, 0), pseudonym, certificate)).toBe(false);
    expect(isCertified(dealer, pseudonym, utf8("short"))).toBe(false);
  });
});
