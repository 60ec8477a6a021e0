/** Recovery keys: dealing, blinding, signing together, proofs, and what a trustee is given: spec/11-trustees.md. */
import { type Bytes, concat, decode, encode, err, expectOk, ok, type Result, type Schema, toHex } from "@photon/protocol/codec";
import {
  completeSucceed,
  type Draft,
  type KnownStatement,
  makeSideId,
  parseStatement,
  prepareSucceed,
  recoveryCommitment,
} from "@photon/protocol/statement";
import {
  blindFor,
  type BlindingContext,
  blindSignature,
  certifyPseudonym,
  checkPacket,
  combineOpener,
  combinePartials,
  contestedThreshold,
  dealRecovery,
  decodePacket,
  encodePacket,
  blindRequest,
  hashSuccessions,
  holdingProofSchema,
  openerShareOf,
  openerShareSchema,
  openRecovery,
  parseVerification,
  proveHolding,
  pseudonymKey,
  type Random,
  type Scalar,
  scalarSchema,
  type Shares,
  sharesSchema,
  signPartials,
  successionCommitment,
  type SuccessionHeader,
  successionItem,
  successionMessage,
  type Threshold,
  type TrusteePacket,
  type Verification,
  verificationSchema,
  verifyHolding,
  verifyPartials,
  verifyShares,
  verifySuccession,
} from "@photon/protocol/trustees";
import {
  bytesListOf,
  bytesOf,
  edited,
  type Fields,
  fixed,
  type InvalidCase,
  type Json,
  listOf,
  numberOf,
  spoiled,
  toJson,
  type Topic,
  type ValidCase,
} from "../support.ts";
import { drafts, side } from "./statement-drafts.ts";

type Outcome = Result<unknown, { readonly code: string }>;
const suite = "ed25519-xwing-aes256gcm-sha512";
const day = 86_400_000;

/** First the bytes given; then, for what no outcome depends on, others. */
function source(given: Bytes): Random {
  let at = 0;
  let more = 0;
  return (length) => {
    const part = given.slice(at, at + length);
    at += length;
    return part.length === length ? part : fixed(`mask ${more++}`, length);
  };
}
const masks: Random = source(new Uint8Array());

function value<T>(schema: Schema<T>, bytes: Uint8Array): T {
  return expectOk(decode(schema, bytes, 16 * 1024));
}
const verificationOf = (input: Fields): Verification =>
  expectOk(parseVerification(value(verificationSchema, bytesOf(input, "verification"))));
const sharesOf = (input: Fields): Shares => value(sharesSchema, bytesOf(input, "shares"));
const thresholdOf = (input: Fields): Threshold => (numberOf(input, "threshold") === 0 ? 0 : 1);
const scalarOf = (input: Fields, name: string): Scalar => expectOk(scalarSchema.fromCbor(bytesOf(input, name), name));
const headerOf = (input: Fields): SuccessionHeader => ({
  suite,
  threshold: thresholdOf(input),
  request: bytesOf(input, "request"),
  notBefore: numberOf(input, "notBefore"),
  expiry: numberOf(input, "expiry"),
});
const itemOf = (input: Fields): Bytes => successionItem(bytesOf(input, "commitment"), bytesOf(input, "blind"));
const item = (commitment: string): Bytes => successionItem(fixed(commitment, 32), fixed("blind", 16));
const contextOf = (input: Fields): BlindingContext => ({
  side: makeSideId(bytesOf(input, "side")),
  planVersion: numberOf(input, "planVersion"),
  epoch: numberOf(input, "epoch"),
  delayHours: numberOf(input, "delayHours"),
});
function pairsOf(input: Fields): readonly Fields[] {
  return listOf(input, "partials") as readonly Fields[];
}

const functions: Readonly<Record<string, (input: Fields) => Outcome>> = {
  "contested-threshold": (input) => contestedThreshold(numberOf(input, "trustees"), numberOf(input, "threshold")),
  deal: (input) => {
    const size = { trustees: numberOf(input, "trustees"), threshold: numberOf(input, "threshold") };
    const { verification, shares, recipient } = dealRecovery(size, source(bytesOf(input, "random")));
    return ok({
      verification: encode(verificationSchema, verification.data),
      shares: shares.map((one) => encode(sharesSchema, one)),
      recipient,
    });
  },
  verification: (input) => {
    const decoded = decode(verificationSchema, bytesOf(input, "bytes"), 8192);
    const parsed = decoded.ok ? parseVerification(decoded.value) : decoded;
    return parsed.ok ? ok(parsed.value.data) : parsed;
  },
  "verify-shares": (input) => verifyShares(verificationOf(input), sharesOf(input), masks),
  blinding: (input) => ok(blindFor(bytesOf(input, "seed"), contextOf(input), thresholdOf(input))),
  "recovery-opening": (input) => {
    const opening = openRecovery(verificationOf(input), bytesOf(input, "seed"), contextOf(input), thresholdOf(input));
    return ok({ ...opening, hash: recoveryCommitment(opening.publicKey, opening.salt) });
  },
  "succession-message": (input) => {
    const header = headerOf(input);
    const [commitment, blind] = [bytesOf(input, "commitment"), bytesOf(input, "blind")];
    const [point] = hashSuccessions(header, [successionItem(commitment, blind)]).points;
    const request = blindRequest(header.request, blind);
    return ok({ request, message: successionMessage({ ...header, request }, commitment), point: point?.toBytes() });
  },
  partial: (input) => {
    const [partial] = signPartials(sharesOf(input), hashSuccessions(headerOf(input), [itemOf(input)]), masks);
    return ok({ partial });
  },
  "verify-partials": (input) => {
    const batch = hashSuccessions(headerOf(input), bytesListOf(input, "items"));
    const partials = bytesListOf(input, "partials");
    const verified = verifyPartials(verificationOf(input), scalarOf(input, "index"), batch, partials, masks);
    return verified.ok ? ok({ good: verified.value.points.length }) : verified;
  },
  combine: (input) => {
    const verification = verificationOf(input);
    const batch = hashSuccessions(headerOf(input), [itemOf(input)]);
    const sets = pairsOf(input).map((pair) =>
      expectOk(verifyPartials(verification, scalarOf(pair, "index"), batch, [bytesOf(pair, "partial")], masks)),
    );
    const combined = combinePartials(verification, batch, sets);
    const [one] = combined.ok ? combined.value : [];
    if (!combined.ok || one === undefined) return combined;
    return ok({ signature: one.point.toBytes(), blinded: blindSignature(one, scalarOf(input, "rho")) });
  },
  succession: (input) => {
    const parsed = parseStatement(bytesOf(input, "bytes"));
    if (!parsed.ok) return parsed;
    if (parsed.value.type !== "succeed") return err({ code: "wrong-shape" });
    const header = verifySuccession(parsed.value);
    return header.ok ? ok({ header: header.value, commitment: successionCommitment(parsed.value.bytes) }) : header;
  },
  "holding-proof": (input) => ok(proveHolding(sharesOf(input), bytesOf(input, "challenge"), masks)),
  "verify-holding": (input) => {
    const proof = value(holdingProofSchema, bytesOf(input, "proof"));
    return verifyHolding(verificationOf(input), scalarOf(input, "index"), bytesOf(input, "challenge"), proof);
  },
  opener: (input) => {
    const shares = bytesListOf(input, "shares").map((one) => value(openerShareSchema, one));
    return combineOpener(verificationOf(input), shares, masks);
  },
  certificate: (input) => {
    const role = numberOf(input, "role") === 0 ? "trustee" : "device";
    const pseudonym = {
      plan: bytesOf(input, "plan"),
      version: numberOf(input, "version"),
      role,
      key: bytesOf(input, "key"),
    } as const;
    const seed = bytesOf(input, "dealerSeed");
    return ok({ dealer: pseudonymKey(seed), certificate: certifyPseudonym(seed, pseudonym) });
  },
  packet: (input) => {
    const decoded = decodePacket(bytesOf(input, "bytes"));
    const checked = decoded.ok ? checkPacket(decoded.value, masks) : decoded;
    return decoded.ok && checked.ok ? decoded : checked;
  },
};

const dealt = { trustees: 3, threshold: 2, random: toHex(fixed("deal", 12 * 48)) };
const deal = dealRecovery({ trustees: 3, threshold: 2 }, source(fixed("deal", 12 * 48)));
const later = dealRecovery({ trustees: 3, threshold: 2 }, source(fixed("a later deal", 12 * 48)));
const verification = toHex(encode(verificationSchema, deal.verification.data));
function trustee(number: number, of = deal): Shares {
  const shares = of.shares[number];
  if (shares === undefined) throw new Error(`no trustee ${number}`);
  return shares;
}
const shares = (number: number, of = deal): string => toHex(encode(sharesSchema, trustee(number, of)));
const index = (number: number): string => toHex(trustee(number).index);
const seed = fixed("blinding seed", 32);
const place = { side: toHex(side), planVersion: 3, epoch: 1, delayHours: 48 };
const blinded = (threshold: Threshold): Fields => ({ seed: toHex(seed), ...place, threshold });
const blind = toHex(fixed("blind", 16));
const header = (threshold: Threshold): Fields => ({
  threshold,
  request: toHex(fixed("request", 32)),
  notBefore: 20_719,
  expiry: 20_733,
});
const challenge = fixed("challenge", 32);
const dealerSeed = fixed("dealer seed", 32);
const pseudonymSeed = fixed("pseudonym seed", 32);
const jointSeed = fixed("joint seed", 32);
const plan = fixed("plan", 32);

function succeedDraft(threshold: Threshold, change: Partial<Draft<"succeed">["body"]> = {}): Draft<"succeed"> {
  const [, sample] = drafts.succeed[0] ?? [];
  if (sample === undefined) throw new Error("no draft of a succession");
  const { publicKey, salt } = openRecovery(deal.verification, seed, contextOf(place), threshold);
  const times = { notBefore: 20_719 * day, expiry: 20_733 * day };
  const request = blindRequest(fixed("request", 32), fixed("blind", 16));
  return { ...sample, body: { ...sample.body, threshold, request, ...times, publicKey, salt, ...change } };
}
function signatureOf(draft: Draft<"succeed">, threshold: Threshold): Bytes {
  const batch = hashSuccessions(headerOf(header(threshold)), [
    successionItem(successionCommitment(prepareSucceed(draft)), fixed("blind", 16)),
  ]);
  const sets = Array.from({ length: threshold === 0 ? 2 : 3 }, (_, number) => {
    const partials = signPartials(trustee(number), batch, masks);
    return expectOk(verifyPartials(deal.verification, trustee(number).index, batch, partials, masks));
  });
  const [combined] = expectOk(combinePartials(deal.verification, batch, sets));
  if (combined === undefined) throw new Error("nothing was signed");
  return blindSignature(combined, openRecovery(deal.verification, seed, contextOf(place), threshold).rho);
}
const succession = (threshold: Threshold): KnownStatement<"succeed"> =>
  completeSucceed(prepareSucceed(succeedDraft(threshold)), signatureOf(succeedDraft(threshold), threshold));

const key = pseudonymKey(pseudonymSeed);
const packet: TrusteePacket = {
  suite,
  plan,
  version: 3,
  shares: trustee(0),
  verification: deal.verification.data,
  archives: [{ vault: "https://vault.example", register: fixed("register", 16) }],
  queues: ["one", "two"].map((operator) => ({
    relay: `https://${operator}.example`,
    receiveId: fixed(`receive id at ${operator}`, 16),
    sendId: fixed(`send id at ${operator}`, 16),
    readSeed: fixed(`read seed at ${operator}`, 32),
    writeKey: fixed(`write key at ${operator}`, 32),
    sealKey: fixed(`seal key at ${operator}`, 32),
  })),
  dealer: pseudonymKey(dealerSeed),
  pseudonymSeed,
  certificate: certifyPseudonym(dealerSeed, { plan, version: 3, role: "trustee", key }),
  hint: "Where did we meet the goat?",
  delay: 48,
  dealt: 20_717,
  jointSeed,
  jointCertificate: certifyPseudonym(dealerSeed, { plan, version: 3, role: "joint", key: pseudonymKey(jointSeed) }),
};

function valid(): ValidCase[] {
  const say = (type: string, name: string, input: Fields): ValidCase => {
    const result = functions[type]?.(input);
    if (result === undefined) throw new Error(`no ${type}`);
    return { name: `${type}: ${name}`, type, input, output: toJson(expectOk(result)) };
  };
  const commitment = toHex(fixed("commitment", 32));
  const partials = [0, 1, 2].map((number) => {
    const batch = hashSuccessions(headerOf(header(0)), [item("commitment"), item("another commitment")]);
    return signPartials(trustee(number), batch, masks).map(toHex);
  });
  const proof = toHex(encode(holdingProofSchema, proveHolding(trustee(0), challenge, masks)));
  const openers = [0, 1, 2].map((number) => encode(openerShareSchema, openerShareOf(trustee(number))));
  const spoiledShare = encode(openerShareSchema, { ...openerShareOf(trustee(0)), opener: trustee(1).opener });
  const { rho } = openRecovery(deal.verification, seed, contextOf(place), 0);
  const pair = (number: number): Json => ({ index: index(number), partial: partials[number]?.[0] ?? "" });
  return [
    ...[
      [2, 1],
      [3, 2],
      [5, 1],
      [5, 3],
      [9, 2],
      [16, 1],
      [16, 15],
    ].map(([trustees = 0, threshold = 0]) =>
      // prettier-ignore
      say("contested-threshold", `${threshold} of ${trustees}`, { trustees, threshold }),
    ),
    say("deal", "2 of 3", dealt),
    say("verification", "of a deal", { bytes: verification }),
    ...[0, 1, 2].map((number) => say("verify-shares", `trustee ${number}`, { verification, shares: shares(number) })),
    say("blinding", "uncontested", blinded(0)),
    say("blinding", "contested", blinded(1)),
    say("blinding", "the next epoch", { ...blinded(0), epoch: 2 }),
    say("recovery-opening", "uncontested", { verification, ...blinded(0) }),
    say("recovery-opening", "contested", { verification, ...blinded(1) }),
    say("succession-message", "uncontested", { ...header(0), commitment, blind }),
    say("succession-message", "contested", { ...header(1), commitment, blind }),
    say("succession-message", "the last days there are", { ...header(1), notBefore: 0, expiry: 0xffff_ffff, commitment, blind }),
    say("partial", "uncontested", { shares: shares(0), ...header(0), commitment, blind }),
    say("partial", "contested", { shares: shares(0), ...header(1), commitment, blind }),
    say("verify-partials", "two messages", {
      verification,
      index: index(0),
      ...header(0),
      items: [toHex(item("commitment")), toHex(item("another commitment"))],
      partials: partials[0] ?? [],
    }),
    say("combine", "of two trustees", {
      verification,
      ...header(0),
      commitment,
      blind,
      partials: [pair(0), pair(1)],
      rho: toHex(rho),
    }),
    say("combine", "of two others, the same", {
      verification,
      ...header(0),
      commitment,
      blind,
      partials: [pair(2), pair(0)],
      rho: toHex(rho),
    }),
    say("succession", "uncontested", { bytes: toHex(succession(0).bytes) }),
    say("succession", "contested", { bytes: toHex(succession(1).bytes) }),
    say("holding-proof", "of a challenge", { shares: shares(0), challenge: toHex(challenge) }),
    say("verify-holding", "of a challenge", { verification, index: index(0), challenge: toHex(challenge), proof }),
    say("opener", "of two trustees", { verification, shares: openers.slice(0, 2).map(toHex) }),
    say("opener", "of two of three, with a bad one among them", {
      verification,
      shares: [spoiledShare, ...openers.slice(1)].map(toHex),
    }),
    ...[0, 1].map((role) =>
      say("certificate", role === 0 ? "of a trustee" : "of a device", {
        dealerSeed: toHex(dealerSeed),
        plan: toHex(plan),
        version: 3,
        role,
        key: toHex(key),
      }),
    ),
    say("packet", "of trustee 0", { bytes: toHex(encodePacket(packet)) }),
  ];
}

const flip = (bytes: Uint8Array, at: number, bits: number): Bytes =>
  concat(bytes.slice(0, at), Uint8Array.of((bytes[at] ?? 0) ^ bits), bytes.slice(at + 1));
/** Compressed encodings that are refused wherever a point of G1 stands. */
const noPoints: readonly (readonly [string, Bytes, string])[] = [
  ["the identity", flip(new Uint8Array(48), 0, 0xc0), "out-of-range"],
  ["a point of order three", flip(new Uint8Array(48), 0, 0x80), "malformed"],
  ["a coordinate beyond the field", new Uint8Array(48).fill(0xff).map((byte, at) => (at === 0 ? 0x9f : byte)), "not-canonical"],
  ["a point that is not compressed", new Uint8Array(48), "not-canonical"],
];

function invalid(): InvalidCase[] {
  const { data } = deal.verification;
  const encoded = encode(verificationSchema, data);
  const refuse = (type: string, name: string, input: Fields, error: string): InvalidCase => ({
    name: `${type}: ${name}`,
    type,
    input,
    error,
  });
  const changed = (change: Partial<typeof data>): Fields => ({ bytes: toHex(encode(verificationSchema, { ...data, ...change })) });
  const batch = hashSuccessions(headerOf(header(0)), [item("commitment"), item("another commitment")]);
  const [one = seed, two = seed] = signPartials(trustee(0), batch, masks);
  const partialCase = (name: string, partials: readonly Uint8Array[], error: string, change: Fields = {}): InvalidCase =>
    refuse(
      "verify-partials",
      name,
      {
        verification,
        index: index(0),
        ...header(0),
        items: [toHex(item("commitment")), toHex(item("another commitment"))],
        partials: partials.map(toHex),
        ...change,
      },
      error,
    );
  const statement = (draft: Draft<"succeed">, signature: Uint8Array): Fields => ({
    bytes: toHex(completeSucceed(prepareSucceed(draft), signature).bytes),
  });
  const signature = signatureOf(succeedDraft(0), 0);
  const proof = proveHolding(trustee(0), challenge, masks);
  const proofCase = (name: string, change: Partial<typeof proof>, input: Fields = {}): InvalidCase =>
    refuse(
      "verify-holding",
      name,
      {
        verification,
        index: index(0),
        challenge: toHex(challenge),
        proof: toHex(encode(holdingProofSchema, { ...proof, ...change })),
        ...input,
      },
      "bad-proof",
    );
  const opener = (number: number, of = deal): string => toHex(encode(openerShareSchema, openerShareOf(trustee(number, of))));
  const packetCase = (name: string, change: Partial<TrusteePacket>, error: string): InvalidCase =>
    refuse("packet", name, { bytes: toHex(encodePacket({ ...packet, ...change })) }, error);
  const whole = encodePacket(packet);
  const { publicKey } = succeedDraft(0).body;
  return [
    ...[
      [3, 3],
      [3, 0],
      [17, 3],
      [1, 1],
    ].map(([trustees = 0, threshold = 0]) =>
      // prettier-ignore
      refuse("contested-threshold", `${threshold} of ${trustees}`, { trustees, threshold }, "bad-threshold"),
    ),
    ...spoiled("verification", encoded),
    refuse("verification", "an unknown suite", { bytes: toHex(edited(encoded, [1], 2)) }, "unknown-suite"),
    refuse("verification", "a threshold of 16", { bytes: toHex(edited(encoded, [2], 16)) }, "out-of-range"),
    refuse("verification", "no more once contested", { bytes: toHex(edited(encoded, [3], 2)) }, "wrong-shape"),
    refuse("verification", "a point in the padding", changed({ threshold: 1 }), "not-canonical"),
    refuse("verification", "a bit in the padding", changed({ opener: flip(data.opener, 767, 1) }), "not-canonical"),
    refuse("verification", "the identity", changed({ contested: flip(data.contested, 96, 0x40) }), "out-of-range"),
    ...noPoints.map(([name, point, error]) =>
      refuse("verification", `${name} in G1`, changed({ opener: concat(point, data.opener.slice(48)) }), error),
    ),
    refuse("verify-shares", "of another version", { verification, shares: shares(0, later) }, "bad-share"),
    ...(["index", "uncontested", "contested", "opener", "openerBlinding"] as const).map((name) =>
      refuse(
        "verify-shares",
        `another trustee's ${name}`,
        { verification, shares: toHex(encode(sharesSchema, { ...trustee(0), [name]: trustee(1)[name] })) },
        "bad-share",
      ),
    ),
    partialCase("exchanged", [two, one], "bad-partial"),
    partialCase("one too few", [one], "wrong-count"),
    partialCase("another trustee's index", [one, two], "bad-partial", { index: index(1) }),
    partialCase("the other threshold", [one, two], "bad-partial", { threshold: 1 }),
    partialCase("another request", [one, two], "bad-partial", { request: toHex(fixed("another request", 32)) }),
    partialCase("another day", [one, two], "bad-partial", { expiry: 20_734 }),
    ...noPoints.map(([name, point]) => partialCase(name, [point, two], "bad-partial")),
    refuse(
      "combine",
      "of one trustee, two needed",
      {
        verification,
        ...header(0),
        commitment: toHex(fixed("commitment", 32)),
        blind,
        partials: [{ index: index(0), partial: toHex(one) }],
        rho: index(1),
      },
      "wrong-count",
    ),
    refuse(
      "succession",
      "another nonce",
      statement(succeedDraft(0, { nonce: fixed("another nonce", 32) }), signature),
      "bad-signature",
    ),
    refuse("succession", "another request", statement(succeedDraft(0, { request: fixed("r", 32) }), signature), "bad-signature"),
    refuse("succession", "the other key", statement(succeedDraft(1), signature), "bad-signature"),
    refuse(
      "succession",
      "a day that is not whole",
      statement(succeedDraft(0, { notBefore: 20_719 * day + 1 }), signature),
      "out-of-range",
    ),
    refuse(
      "succession",
      "an end that is no day",
      statement(succeedDraft(0, { expiry: 20_733 * day - 1 }), signature),
      "out-of-range",
    ),
    refuse(
      "succession",
      "an end before its beginning",
      statement(succeedDraft(0, { expiry: 20_719 * day }), signature),
      "out-of-range",
    ),
    refuse("succession", "the key in G1", statement(succeedDraft(0, { publicKey: signature }), publicKey), "out-of-range"),
    refuse(
      "succession",
      "the identity for a key",
      statement(succeedDraft(0, { publicKey: flip(new Uint8Array(96), 0, 0xc0) }), signature),
      "out-of-range",
    ),
    ...noPoints.map(([name, point, error]) =>
      refuse("succession", `${name} for a signature`, statement(succeedDraft(0), point), error),
    ),
    proofCase("another challenge", {}, { challenge: toHex(fixed("another challenge", 32)) }),
    proofCase("another trustee", {}, { index: index(1) }),
    proofCase("the keys' parts exchanged", { uncontested: proof.contested, contested: proof.uncontested }),
    proofCase("the opener's parts exchanged", { opener: proof.openerBlinding, openerBlinding: proof.opener }),
    ...noPoints.map(([name, point]) => proofCase(name, { uncontested: point })),
    refuse("opener", "of one trustee, twice", { verification, shares: [opener(0), opener(0)] }, "wrong-count"),
    refuse("opener", "with one of another version", { verification, shares: [opener(0), opener(1, later)] }, "wrong-count"),
    refuse("packet", "a byte short", { bytes: toHex(whole.slice(0, -1)) }, "malformed"),
    refuse("packet", "a byte more", { bytes: toHex(concat(whole, Uint8Array.of(0))) }, "too-long"),
    refuse("packet", "padding that is not zero", { bytes: toHex(flip(whole, whole.length - 1, 1)) }, "not-canonical"),
    refuse("packet", "a length past the end", { bytes: toHex(flip(whole, 0, 1)) }, "out-of-range"),
    packetCase("another trustee's shares in part", { shares: { ...trustee(0), opener: trustee(1).opener } }, "bad-share"),
    packetCase("another version of the plan", { version: 4 }, "bad-signature"),
    packetCase(
      "a device's certificate",
      { certificate: certifyPseudonym(dealerSeed, { plan, version: 3, role: "device", key }) },
      "bad-signature",
    ),
    packetCase(
      "a trustee's certificate for all of them",
      { jointCertificate: certifyPseudonym(dealerSeed, { plan, version: 3, role: "trustee", key: pseudonymKey(jointSeed) }) },
      "bad-signature",
    ),
    packetCase("a bad point", { verification: { ...data, uncontested: flip(data.uncontested, 0, 0x40) } }, "out-of-range"),
  ];
}

export const trustees: Topic = {
  name: "trustees",
  about:
    "Recovery keys of BLS12-381. `random` holds the bytes that a deal draws, in order; what only masks arithmetic is drawn after " +
    "them and changes nothing. `verification`, `shares`, `proof` and the packet are encodings in CBOR. Days count from 1970.",
  types: Object.fromEntries(
    Object.entries(functions).map(([name, run]) => [
      name,
      (input: Fields) => {
        const result = run(input);
        return result.ok ? ok(toJson(result.value)) : result;
      },
    ]),
  ),
  valid,
  invalid,
};
