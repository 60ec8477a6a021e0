/** What owners, trustees, new devices and peers feed to each other. */
import { type Bytes, decode, encode, equalBytes, type Schema } from "@photon/protocol/codec";
import { parseStatement } from "@photon/protocol/statement";
import {
  combineOpener,
  decodePacket,
  encodePacket,
  hashSuccessions,
  holdingProofSchema,
  type OpenerShare,
  openerShareOf,
  openerShareSchema,
  packetLength,
  parseVerification,
  proveHolding,
  sharesSchema,
  signPartials,
  verificationSchema,
  verifyHolding,
  verifyPartials,
  verifyShares,
  verifySuccession,
} from "@photon/protocol/trustees";
import { decodeG1, decodeG2, encodeG1, encodeG2, g1, g2 } from "../../src/trustees/points.ts";
import { expectOutcome, type FuzzTarget } from "../queue/fuzz.ts";
import { seedOf } from "../statement/samples.ts";
import { deal, fill, headerFor, itemOf, packet, random, succession, trustee } from "./people.ts";

const ben = trustee(0);
const challenge = seedOf("this month");
const batch = hashSuccessions(headerFor(0), [itemOf(seedOf("one")), itemOf(seedOf("two"))]);
const partials = signPartials(ben, batch, random);

/** Decodes, and goes on with what was accepted. */
function target<T>(name: string, schema: Schema<T>, valid: T, use: (value: T) => void): FuzzTarget {
  return {
    name,
    valid: [encode(schema, valid)],
    run: (input) => {
      const decoded = decode(schema, input, 16 * 1024);
      expectOutcome(decoded);
      if (!decoded.ok) return;
      if (!equalBytes(encode(schema, decoded.value), input)) throw new Error("accepted, but encodes differently");
      use(decoded.value);
    },
  };
}
function point(name: string, valid: Bytes, again: (input: Bytes) => Bytes | undefined): FuzzTarget {
  return {
    name,
    valid: [valid],
    run: (input) => {
      const written = again(input);
      if (written !== undefined && !equalBytes(written, input)) throw new Error("accepted, but encodes differently");
    },
  };
}

export const fuzzTargets: readonly FuzzTarget[] = [
  point("a point of G1", encodeG1(g1.BASE.double()), (input) => {
    const decoded = decodeG1(input, "$");
    expectOutcome(decoded);
    return decoded.ok ? encodeG1(decoded.value) : undefined;
  }),
  point("a point of G2", encodeG2(g2.BASE.double()), (input) => {
    const decoded = decodeG2(input, "$");
    expectOutcome(decoded);
    return decoded.ok ? encodeG2(decoded.value) : undefined;
  }),
  target("shares", sharesSchema, ben, (shares) => expectOutcome(verifyShares(deal.verification, shares, random))),
  target("verification data", verificationSchema, deal.verification.data, (data) => expectOutcome(parseVerification(data))),
  target("a proof of holding", holdingProofSchema, proveHolding(ben, challenge, random), (proof) =>
    expectOutcome(verifyHolding(deal.verification, ben.index, challenge, proof)),
  ),
  target<OpenerShare>("an opener's share", openerShareSchema, openerShareOf(ben), (share) =>
    expectOutcome(combineOpener(deal.verification, [share], random)),
  ),
  {
    name: "partial signatures",
    valid: partials,
    run: (input) => expectOutcome(verifyPartials(deal.verification, ben.index, batch, [input, partials[1] ?? input], random)),
  },
  {
    name: "a packet",
    valid: [encodePacket(packet)],
    run: (input) => {
      const sized = input.length === packetLength ? input : fitted(input);
      for (const bytes of [input, sized]) {
        const decoded = decodePacket(bytes);
        expectOutcome(decoded);
        if (decoded.ok && !equalBytes(encodePacket(decoded.value), bytes)) throw new Error("accepted, but encodes differently");
      }
    },
  },
  {
    name: "the signature of a succession",
    valid: [succession(0).bytes, succession(1).bytes],
    run: (input) => {
      const parsed = parseStatement(input);
      if (parsed.ok && parsed.value.type === "succeed") expectOutcome(verifySuccession(parsed.value));
    },
  },
];

/** Nearly every mutation changes the length; what is tested here lies behind that check. */
function fitted(input: Bytes): Bytes {
  const out = fill(packetLength, 0);
  out.set(input.subarray(0, packetLength));
  return out;
}
