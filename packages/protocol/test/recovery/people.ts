/** Ana's plan of Ben, Chi and Dee, and the request of her new phone: what everybody says, signed, from fixed seeds. */
import { asBytes, type Bytes } from "@photon/protocol/codec";
import {
  type Author,
  type BatchPart,
  encodeRequest,
  type EntryBody,
  type PlanName,
  type RecoveryRequest,
  requestDigest,
  requestLife,
  signEntry,
  splitBatch,
  type Talk,
  type TalkKind,
} from "@photon/protocol/recovery";
import { ed25519Signer } from "@photon/protocol/statement";
import { certifyPseudonym, type PseudonymRole, pseudonymKey } from "@photon/protocol/trustees";
import { openerIdentity } from "../../src/trustees/opener.ts";
import { makeScalar } from "../../src/trustees/scalars.ts";
import { seedOf } from "../statement/samples.ts";

export const hour = 3_600_000;
export const day = 24 * hour;
export const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
export const flip = (bytes: Uint8Array, at: number, bits = 1): Bytes =>
  asBytes(bytes.map((byte, i) => (i === (at < 0 ? bytes.length + at : at) ? byte ^ bits : byte)));

export const plan: PlanName = { plan: seedOf("Ana's plan"), version: 3 };
export const dealerSeed = seedOf("Ana's dealer key");
export const dealerKey = pseudonymKey(dealerSeed);

/** Whom the dealer has certified, in one role. */
export function member(who: string, role: PseudonymRole, change: Partial<PlanName> = {}, by: Bytes = dealerSeed): Author {
  const signer = ed25519Signer(seedOf(`${who}'s pseudonym`));
  const key = asBytes(signer.publicKey);
  return { signer, role, certificate: certifyPseudonym(by, { ...plan, ...change, role, key }) };
}
export const ben = member("Ben", "trustee");
export const chi = member("Chi", "trustee");
export const dee = member("Dee", "trustee");
/** All trustees as one. */
export const joint = member("all of them", "joint");
/** A device that Ana still has, or that was stolen from her. */
export const anasLaptop = member("Ana's laptop", "device");

/** What the new phone decrypts with. */
export const newPhone = openerIdentity(makeScalar(77n));
const phoneSigner = ed25519Signer(seedOf("the new phone's sign key"));
/** Who signs the batch: no pseudonym, and certified by nobody. */
export const newPhoneAuthor: Author = { signer: phoneSigner, role: "device", certificate: undefined };
export const relay = "https://relay.example";

export const requestOf = (change: Partial<RecoveryRequest> = {}): Bytes =>
  encodeRequest({
    suite: "ed25519-xwing-aes256gcm-sha512",
    created: 1_790_000_000_000,
    device: "Ana's new phone",
    recipient: newPhone.recipient,
    signKey: asBytes(phoneSigner.publicKey),
    reply: { relay, sendId: fill(16, 1), writeKey: fill(32, 2), sealKey: fill(32, 3), rotation: 0 },
    ...change,
  });
export const request = requestOf();
export const digest = requestDigest(request);
/** Somebody else who says that they are Ana. */
export const otherRequest = requestOf({ device: "a stranger's phone" });
export const otherDigest = requestDigest(otherRequest);

export const say = (author: Author, body: EntryBody, at = 1_790_000_000_000): Promise<Bytes> => signEntry(plan, author, at, body);
export const approval = (level = 0, of: Bytes = request): EntryBody => ({
  kind: "approve",
  value: { request: of, level, recognised: "voice", contacted: "they-reached-me" },
});
export const notBefore = 20_720 * day;

/** The parts of a batch of so many items, by the new phone. */
export const partsOf = (count: number): readonly BatchPart[] =>
  splitBatch({
    request: digest,
    level: 0,
    notBefore,
    expiry: notBefore + requestLife,
    items: Array.from({ length: count }, (_, at) => fill(48, at + 1)),
  });

/** What owner and trustee say: one of each. */
export const talkSamples: { readonly [K in TalkKind]: Talk[K] } = {
  "trustee-ask": { ...plan, delayHours: 48, again: false },
  "trustee-answer": { ...plan, accepts: true },
  "trustee-packet": { ...plan, sealed: fill(48 * 1024, 1) },
  "trustee-held": { ...plan, packet: fill(32, 1) },
  "trustee-proof": { ...plan, month: 690, proof: fill(300, 1) },
  "trustee-lost": plan,
  "trustee-approved": { ...plan, request: digest, device: "Ana's new phone", level: 1 },
  "trustee-contest": { ...plan, entry: fill(300, 2) },
  "trustee-dismiss": plan,
};
/** The error's code, or "good". */
export const codeOf = (
  result: { readonly ok: true } | { readonly ok: false; readonly error: { readonly code: string } },
): string => (result.ok ? "good" : result.error.code);
