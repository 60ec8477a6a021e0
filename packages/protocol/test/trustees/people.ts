/** Ana's plan of five trustees, dealt from a fixed seed, what Ben is given, and the succession of Ana's new phone. */
import { sha256 } from "@noble/hashes/sha2.js";
import { asBytes, type Bytes, concat, expectOk, utf8 } from "@photon/protocol/codec";
import { completeSucceed, type Draft, type KnownStatement, prepareSucceed } from "@photon/protocol/statement";
import {
  blindSignature,
  certifyPseudonym,
  combinePartials,
  type Deal,
  dealRecovery,
  blindRequest,
  hashSuccessions,
  openRecovery,
  pseudonymKey,
  type Random,
  type Shares,
  signPartials,
  type SuccessionBatch,
  successionCommitment,
  successionItem,
  type SuccessionHeader,
  type Threshold,
  type TrusteePacket,
  type VerifiedPartials,
  verifyPartials,
} from "@photon/protocol/trustees";
import { drafts, seedOf } from "../statement/samples.ts";

/** The same bytes for the same name, always. */
export function seeded(name: string): Random {
  let drawn = 0;
  return (length) => {
    let out: Bytes = new Uint8Array();
    while (out.length < length) out = concat(out, sha256(utf8(`${name} ${drawn++}`)));
    return out.slice(0, length);
  };
}
export const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
export const flip = (bytes: Uint8Array, at: number, bits = 1): Bytes =>
  asBytes(bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ bits : byte)));

export const random = seeded("arithmetic");
/** Three of Ben, Chi, Dee, Eve and Fay; four once somebody objected. */
export const deal: Deal = dealRecovery({ trustees: 5, threshold: 3 }, seeded("Ana's plan"));
/** The same people, a year later. */
export const laterDeal: Deal = dealRecovery({ trustees: 5, threshold: 3 }, seeded("Ana's plan, a year later"));
export function trustee(number: number, of: Deal = deal): Shares {
  const shares = of.shares[number];
  if (shares === undefined) throw new Error(`no trustee ${number}`);
  return shares;
}

export const blindSeed = seedOf("Ana's blinding");
export const { side } = drafts.succeed;
export const context = { side, planVersion: 3, epoch: 1, delayHours: 48 };
const day = 86_400_000;
export const headerFor = (threshold: Threshold): SuccessionHeader => ({
  suite: "ed25519-xwing-aes256gcm-sha512",
  threshold,
  request: seedOf("request"),
  notBefore: 20_717,
  expiry: 20_731,
});

/** By which the request is blinded in this relationship. */
export const blind = fill(16, 6);
export const itemOf = (commitment: Bytes): Bytes => successionItem(commitment, blind);

/** What the new phone says to one peer. */
export function succeedDraft(threshold: Threshold, change: Partial<Draft<"succeed">["body"]> = {}): Draft<"succeed"> {
  const { publicKey, salt } = openRecovery(deal.verification, blindSeed, context, threshold);
  const { notBefore, expiry } = headerFor(threshold);
  const request = blindRequest(headerFor(threshold).request, blind);
  const times = { notBefore: notBefore * day, expiry: expiry * day };
  const { body } = drafts.succeed;
  return { ...drafts.succeed, body: { ...body, threshold, request, ...times, publicKey, salt, ...change } };
}

export function partialsOf(number: number, batch: SuccessionBatch, of: Deal = deal): VerifiedPartials {
  const partials = signPartials(trustee(number, of), batch, random);
  return expectOk(verifyPartials(of.verification, trustee(number, of).index, batch, partials, random));
}

/** Signed by as many trustees as it takes. */
export function succession(threshold: Threshold, draft = succeedDraft(threshold)): KnownStatement<"succeed"> {
  const prepared = prepareSucceed(draft);
  const batch = hashSuccessions(headerFor(threshold), [itemOf(successionCommitment(prepared))]);
  const sets = Array.from({ length: threshold === 0 ? 3 : 4 }, (_, number) => partialsOf(number, batch));
  const [combined] = expectOk(combinePartials(deal.verification, batch, sets));
  if (combined === undefined) throw new Error("nothing was signed");
  const { rho } = openRecovery(deal.verification, blindSeed, context, threshold);
  return completeSucceed(prepared, blindSignature(combined, rho));
}

export const dealerSeed = seedOf("Ana's dealer key");
const pseudonymSeed = seedOf("Ben's pseudonym");
const jointSeed = seedOf("all of them's pseudonym");
const plan = seedOf("Ana's plan");
export const pseudonym = { plan, version: 3, role: "trustee", key: pseudonymKey(pseudonymSeed) } as const;
export const planQueue = (operator: string) => ({
  relay: `https://${operator}.example`,
  receiveId: fill(16, 1),
  sendId: fill(16, 2),
  readSeed: seedOf("read"),
  writeKey: seedOf("write"),
  sealKey: seedOf("seal"),
});
export const packet: TrusteePacket = {
  suite: "ed25519-xwing-aes256gcm-sha512",
  plan,
  version: 3,
  shares: trustee(0),
  verification: deal.verification.data,
  archives: [{ vault: "https://vault.example", register: fill(16, 3) }],
  queues: [planQueue("one"), planQueue("two")],
  dealer: pseudonymKey(dealerSeed),
  pseudonymSeed,
  certificate: certifyPseudonym(dealerSeed, pseudonym),
  hint: "Where did we meet the goat?",
  delay: 48,
  dealt: 20_717,
  jointSeed,
  jointCertificate: certifyPseudonym(dealerSeed, { ...pseudonym, role: "joint", key: pseudonymKey(jointSeed) }),
};
