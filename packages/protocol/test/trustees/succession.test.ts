import { describe, expect, test } from "vitest";
import { type Bytes, concat, equalBytes, expectOk, toHex, utf8 } from "@photon/protocol/codec";
import {
  completeSucceed,
  delayOf,
  type Draft,
  type KnownStatement,
  makeSideId,
  parseStatement,
  prepareSucceed,
  recoveryCommitment,
  signedPart,
} from "@photon/protocol/statement";
import {
  blindFor,
  blindRequest,
  domains,
  hashSuccessions,
  openRecovery,
  opensRecovery,
  recoveryCommitments,
  successionCommitment,
  successionMessage,
  type Threshold,
  verifySuccession,
} from "@photon/protocol/trustees";
import { encodeG1, g2 } from "../../src/trustees/points.ts";
import { numberOf } from "../../src/trustees/scalars.ts";
import { publicKeyOf } from "../../src/trustees/verification.ts";
import { drafts, leafOf, seedOf } from "../statement/samples.ts";
import { occurs } from "../session/people.ts";
import { blind, blindSeed, context, deal, fill, flip, headerFor, itemOf, laterDeal, succeedDraft, succession } from "./people.ts";

const day = 86_400_000;
const commitments = recoveryCommitments(deal.verification, blindSeed, context);
const signed = { 0: succession(0), 1: succession(1) } as const;
const signatureOf = (statement: KnownStatement<"succeed">): Bytes => signedPart(statement.bytes).signature;
/** The same signature under something else. */
const transplanted = (draft: Draft<"succeed">, from = signed[0]): KnownStatement<"succeed"> =>
  completeSucceed(prepareSucceed(draft), signatureOf(from));

describe("the commitments of a relationship", () => {
  test("are two, one for each threshold, and opened again by their key and salt", () => {
    expect(commitments.map(({ threshold }) => threshold)).toEqual([0, 1]);
    for (const [threshold, commitment] of commitments.entries()) {
      const opening = openRecovery(deal.verification, blindSeed, context, threshold as Threshold);
      expect(opensRecovery(commitment, { threshold, ...opening })).toBe(true);
      expect(opensRecovery(commitment, { threshold: 1 - threshold, ...opening })).toBe(false);
      expect(opensRecovery(commitment, { threshold, ...opening, salt: flip(opening.salt, 0) })).toBe(false);
      expect(opensRecovery(commitment, { threshold, ...opening, publicKey: flip(opening.publicKey, 9) })).toBe(false);
    }
  });

  test("hide the recovery key and ρ times the generator, under a salt that says the delay", () => {
    const { publicKey, salt, rho } = openRecovery(deal.verification, blindSeed, context, 0);
    const expected = publicKeyOf(deal.verification, 0).add(g2.BASE.multiply(numberOf(rho)));
    expect(toHex(publicKey)).toBe(expected.toHex());
    expect(commitments[0]?.hash).toEqual(recoveryCommitment(publicKey, salt));
    expect(blindFor(blindSeed, context, 0)).toEqual({ rho, salt });
    expect(delayOf(salt)).toBe(48 * 3_600_000);
    const longer = blindFor(blindSeed, { ...context, delayHours: 336 }, 0);
    expect(delayOf(longer.salt)).toBe(14 * day);
    expect(() => blindFor(blindSeed, { ...context, delayHours: 337 }, 0)).toThrow("337 hours");
  });

  test("of any two relationships, versions, epochs, thresholds, plans or people have nothing in common", () => {
    const variants = [
      [deal, blindSeed, context],
      [deal, blindSeed, { ...context, side: makeSideId(seedOf("another side")) }],
      [deal, blindSeed, { ...context, planVersion: 4 }],
      [deal, blindSeed, { ...context, epoch: 2 }],
      [deal, seedOf("another seed"), context],
      [laterDeal, blindSeed, context],
    ] as const;
    const seen = variants.flatMap(([of, seed, at]) =>
      ([0, 1] as const).flatMap((threshold) => {
        const { publicKey } = openRecovery(of.verification, seed, at, threshold);
        return [publicKey, recoveryCommitments(of.verification, seed, at)[threshold]?.hash ?? publicKey];
      }),
    );
    expect(new Set(seen.map(toHex)).size).toBe(seen.length);
    const blindings = variants.slice(0, 5).flatMap(([, seed, at]) =>
      ([0, 1] as const).flatMap((threshold) => {
        const { rho, salt } = blindFor(seed, at, threshold);
        return [toHex(rho), toHex(salt)];
      }),
    );
    expect(new Set(blindings).size).toBe(20);
  });

  test("need a seed of 32 bytes", () => {
    expect(() => blindFor(fill(31, 1), context, 0)).toThrow("31 bytes");
    expect(() => blindFor(blindSeed, { ...context, epoch: -1 }, 0)).toThrow("32-bit");
  });
});

describe("a succession", () => {
  test("that enough trustees signed is good, and opens its commitment", () => {
    for (const threshold of [0, 1] as const) {
      const statement = signed[threshold];
      const request = blindRequest(headerFor(threshold).request, blind);
      expect(verifySuccession(statement)).toEqual({ ok: true, value: { ...headerFor(threshold), request } });
      expect(opensRecovery(commitments[threshold] ?? { threshold: 0, hash: fill(32, 0) }, statement.body)).toBe(true);
      expect(expectOk(parseStatement(statement.bytes))).toEqual(statement);
    }
  });

  test("of which anything is changed is not", () => {
    const changes: Partial<Draft<"succeed">["body"]>[] = [
      { epoch: 2 },
      { planVersion: 4 },
      { threshold: 1 },
      { leaves: [leafOf("the thief's phone")] },
      { inbox: { ...drafts.succeed.body.inbox, rotation: 9 } },
      { custody: { ...drafts.succeed.body.custody, escrow: true } },
      { plan: { version: 0, commitments: [], admissionKeys: [] } },
      { request: seedOf("another request") },
      { notBefore: 20_716 * day },
      { expiry: 20_732 * day },
      { nonce: seedOf("another nonce") },
      { publicKey: openRecovery(deal.verification, blindSeed, context, 1).publicKey },
      { salt: seedOf("another salt") },
    ];
    for (const change of changes) {
      expect(verifySuccession(transplanted(succeedDraft(0, change))), Object.keys(change).join()).toMatchObject({
        ok: false,
        error: { code: "bad-signature" },
      });
    }
    // Every field of the body but the suite, of which there is one.
    expect(new Set(changes.flatMap((change) => Object.keys(change))).size).toBe(Object.keys(drafts.succeed.body).length - 1);
    const draft = succeedDraft(0);
    const elsewhere: Draft<"succeed">[] = [
      { ...draft, side: makeSideId(seedOf("another side")) },
      { ...draft, heads: [] },
      { ...draft, claimedAt: 5 },
    ];
    for (const other of elsewhere) expect(verifySuccession(transplanted(other)).ok).toBe(false);
    expect(verifySuccession(transplanted(draft)).ok).toBe(true);
  });

  test("with the signature of the other key, or of the key before its blinding, is not", () => {
    expect(verifySuccession(transplanted(succeedDraft(0), signed[1]))).toMatchObject({ error: { code: "bad-signature" } });
    const unblinded = toHex(publicKeyOf(deal.verification, 0).toBytes());
    expect(toHex(signed[0].body.publicKey)).not.toBe(unblinded);
  });

  test("begins and ends with a day", () => {
    for (const change of [
      { notBefore: 20_717 * day + 1 },
      { expiry: 20_731 * day - 1 },
      { notBefore: 20_731 * day },
      { expiry: 20_700 * day },
    ]) {
      expect(verifySuccession(transplanted(succeedDraft(0, change)))).toMatchObject({
        ok: false,
        error: { code: "out-of-range" },
      });
    }
  });

  test("with a key or a signature that is no good point is refused as that", () => {
    const prepared = prepareSucceed(succeedDraft(0));
    const small = flip(fill(48, 0), 0, 0x80);
    const identity = flip(fill(48, 0), 0, 0xc0);
    expect(verifySuccession(completeSucceed(prepared, small))).toMatchObject({ error: { code: "malformed" } });
    expect(verifySuccession(completeSucceed(prepared, identity))).toMatchObject({ error: { code: "out-of-range" } });
    const { publicKey } = succeedDraft(0).body;
    const keys: readonly (readonly [Bytes, string])[] = [
      [flip(fill(96, 0), 0, 0xc0), "out-of-range"],
      [flip(publicKey, 0, 0x80), "not-canonical"],
    ];
    for (const [key, code] of keys) {
      expect(verifySuccession(transplanted(succeedDraft(0, { publicKey: key })))).toMatchObject({ ok: false, error: { code } });
    }
    // The container also takes keys in G1 with signatures in G2; no recovery key is one.
    const swapped = completeSucceed(prepareSucceed(succeedDraft(0, { publicKey: signatureOf(signed[0]) })), publicKey);
    expect(verifySuccession(swapped)).toMatchObject({ ok: false, error: { code: "out-of-range" } });
  });

  test("may wait for its signature as bytes, which are not taken for a statement", () => {
    const prepared = prepareSucceed(succeedDraft(0));
    expect(parseStatement(prepared)).toMatchObject({ ok: false, error: { code: "bad-signature" } });
    expect(successionCommitment(prepared)).toEqual(successionCommitment(signed[0].bytes));
    expect(equalBytes(completeSucceed(prepared, signatureOf(signed[0])).bytes, signed[0].bytes)).toBe(true);
    expect(() => completeSucceed(prepared, fill(47, 1))).toThrow("bad-signature");
  });
});

describe("what a trustee sees of it", () => {
  test("is a commitment that changes with the nonce alone, and shows no field", () => {
    const one = successionCommitment(prepareSucceed(succeedDraft(0)));
    const other = successionCommitment(prepareSucceed(succeedDraft(0, { nonce: seedOf("another nonce") })));
    expect(toHex(one)).not.toBe(toHex(other));
    expect(one).toHaveLength(32);
  });

  test("is signed under the header that it filled itself, byte for byte", () => {
    const commitment = seedOf("commitment");
    const message = successionMessage(headerFor(1), commitment);
    const days = Uint8Array.of(0, 0, 0x50, 0xed, 0, 0, 0x50, 0xfb);
    expect(toHex(message)).toBe(toHex(concat(Uint8Array.of(1, 1), seedOf("request"), days, commitment)));
    for (const header of [
      { ...headerFor(0), request: fill(31, 1) },
      { ...headerFor(0), notBefore: 1.5 },
      { ...headerFor(0), expiry: 20_717 },
      { ...headerFor(0), expiry: 2 ** 32 },
    ]) {
      expect(() => successionMessage(header, commitment)).toThrow();
    }
    expect(() => successionMessage(headerFor(0), fill(33, 1))).toThrow("32 bytes");
  });

  test("is hashed to a point of its own for each header and commitment", () => {
    const [c, d] = [itemOf(seedOf("c")), itemOf(seedOf("d"))];
    const points = [
      ...hashSuccessions(headerFor(0), [c, d]).points,
      ...hashSuccessions(headerFor(1), [c]).points,
      ...hashSuccessions({ ...headerFor(0), expiry: 20_732 }, [c]).points,
      ...hashSuccessions({ ...headerFor(0), request: seedOf("r") }, [c]).points,
    ];
    expect(new Set(points.map((point) => toHex(encodeG1(point)))).size).toBe(5);
  });
});

describe("domains", () => {
  test("are all different, carry a version, and none is the beginning of another", () => {
    const labels = Object.values(domains);
    for (const [at, label] of labels.entries()) {
      expect(label).toMatch(/^photon\/trustees\/[a-z-]+\/1(?:\/BLS12381G[12]_XMD:SHA-256_SSWU_RO_)?$/u);
      expect(utf8(label).length).toBeGreaterThanOrEqual(16);
      for (const other of labels.toSpliced(at, 1)) expect(other.startsWith(label)).toBe(false);
    }
    expect(labels).toHaveLength(10);
  });

  test("nothing that a peer holds tells which recovery key it belongs to", () => {
    const [one, two] = [publicKeyOf(deal.verification, 0), publicKeyOf(deal.verification, 1)].map((key) => key.toBytes());
    for (const key of [one, two]) expect(key !== undefined && occurs(key, signed[0].bytes)).toBe(false);
  });
});
