/**
 * What a trustee answers a new device, at the queue that the request names: signed by the trustee's pseudonym, sealed to the
 * request's key, and then as a deposit. See spec/12-recovery.md.
 *
 * | answer     | when                                     | says                                                        |
 * | ---------- | ---------------------------------------- | ----------------------------------------------------------- |
 * | `approval` | at once                                  | what the plan asks for, where the archive is, how it stands |
 * | `release`  | when the case is ready                   | this trustee's share of the opener                          |
 * | `partials` | after the batch                          | a signature for each commitment                             |
 * | `refusal`  | after a batch that may not be signed     | why                                                         |
 */
import { Encrypter } from "age-encryption";
import {
  asBytes,
  bytes,
  type Bytes,
  decode,
  decodeError,
  type DecodeError,
  encode,
  encodeCbor,
  err,
  list,
  oneOf,
  type Result,
  ruled,
  type SchemaType,
  struct,
  text,
  uint,
  union,
} from "../codec/index.ts";
import { maxInner } from "../queue/index.ts";
import { type Signer, verifyEd25519 } from "../statement/index.ts";
import { isCertified, openerShareSchema, type Scalar, scalarSchema, verificationSchema } from "../trustees/index.ts";
import { maxParts, type PlanName } from "./board.ts";
import { maxDelayHours } from "./plan.ts";

/** Partial signatures of 48 bytes in one answer: as many as items in one part of a batch. */
export const partialsPerPart = 1200;
const partialBytes = 48;

export const placeSchema = struct({
  vault: [1, text(256)],
  register: [2, bytes(16)],
  /** The newest head that a device has pinned: an older one at the vault is a rollback. 0 where none was. */
  sequence: [3, uint()],
});
export type ArchivePin = SchemaType<typeof placeSchema>;

const approvalSchema = ruled(
  struct({
    level: [1, uint({ max: 1 })],
    threshold: [2, uint({ min: 1, max: 16 })],
    contested: [3, uint({ min: 1, max: 16 })],
    delayHours: [4, uint({ max: maxDelayHours })],
    /** What the person chose to remember them of; at most 200 characters. */
    hint: [5, text(200)],
    /** How many approvals this trustee has seen, their own among them. */
    seen: [6, uint({ max: 64 })],
    /** Milliseconds by this trustee's clock: not before then will a share be released; 0 where approvals are still missing. */
    readyAt: [7, uint()],
    contestedNow: [8, uint({ max: 1 })],
    index: [9, scalarSchema],
    verification: [10, verificationSchema],
    places: [11, list(placeSchema, { max: 8 })],
  }),
  ({ threshold, contested, verification }) =>
    threshold === verification.threshold && contested === verification.contestedThreshold
      ? undefined
      : "thresholds are those of the verification data",
);
const partialsSchema = ruled(
  struct({
    index: [1, scalarSchema],
    batch: [2, bytes(32)],
    part: [3, uint({ max: maxParts - 1 })],
    parts: [4, uint({ min: 1, max: maxParts })],
    partials: [5, bytes({ min: partialBytes, max: partialsPerPart * partialBytes })],
  }),
  ({ part, parts, partials }) =>
    part >= parts ? "a part beyond the last" : partials.length % partialBytes === 0 ? undefined : "signatures are of 48 bytes",
);
export const replyBodySchema = union({
  approval: [1, approvalSchema],
  release: [2, struct({ share: [1, openerShareSchema], places: [2, list(placeSchema, { max: 8 })] })],
  partials: [3, partialsSchema],
  refusal: [
    4,
    struct({
      batch: [1, bytes(32)],
      reason: [2, oneOf({ "not-ready": 0, "wrong-level": 1, "wrong-day": 2, "too-many": 3 })],
    }),
  ],
});
export type ReplyBody = SchemaType<typeof replyBodySchema>;

export const replySchema = struct({
  plan: [1, bytes(32)],
  version: [2, uint({ max: 0xffff_ffff })],
  /** The plan's dealer, whom the author's certificate is by; those of one plan agree in it. */
  dealerKey: [3, bytes(32)],
  author: [4, bytes(32)],
  certificate: [5, bytes(64)],
  body: [6, replyBodySchema],
});
const signedSchema = struct({ reply: [1, bytes({ min: 1, max: maxInner })], signature: [2, bytes(64)] });
export type Reply = SchemaType<typeof replySchema>;

const replyInput = (request: Bytes, reply: Bytes): Bytes => encodeCbor(["photon/recovery/reply/1", request, reply]);

export interface ReplyAuthor extends PlanName {
  readonly dealerKey: Bytes;
  readonly signer: Signer;
  readonly certificate: Bytes;
}

/**
 * @param request.digest of the request that is answered. @param request.recipient the request's.
 * @returns the inner bytes of a deposit: an `age` file, for which the library draws the file key.
 */
export async function sealReply(
  request: { readonly digest: Bytes; readonly recipient: string },
  { plan, version, dealerKey, signer, certificate }: ReplyAuthor,
  body: ReplyBody,
): Promise<Bytes> {
  const reply = encode(replySchema, { plan, version, dealerKey, author: asBytes(signer.publicKey), certificate, body });
  const signature = asBytes(await signer.sign(replyInput(request.digest, reply)));
  const encrypter = new Encrypter();
  encrypter.addRecipient(request.recipient);
  return asBytes(await encrypter.encrypt(encode(signedSchema, { reply, signature })));
}

/** @param opened what was inside of the `age` file. */
export function readReply(request: Bytes, opened: Bytes): Result<Reply, DecodeError> {
  const signed = decode(signedSchema, opened, maxInner);
  if (!signed.ok) return signed;
  const reply = decode(replySchema, signed.value.reply, maxInner);
  if (!reply.ok) return reply;
  const { plan, version, dealerKey, author, certificate } = reply.value;
  const isGood =
    isCertified(dealerKey, { plan, version, role: "trustee", key: author }, certificate) &&
    verifyEd25519(author, replyInput(request, signed.value.reply), signed.value.signature);
  return isGood ? reply : err(decodeError("bad-signature", "a reply that its author did not sign, or who is not certified"));
}

/** The answers that carry these partial signatures. */
export function splitPartials(
  index: Scalar,
  batch: Bytes,
  partials: readonly Bytes[],
): readonly Extract<ReplyBody, { readonly kind: "partials" }>[] {
  const parts = Math.ceil(partials.length / partialsPerPart);
  return Array.from({ length: parts }, (_, part) => {
    const some = partials.slice(part * partialsPerPart, (part + 1) * partialsPerPart);
    const joined = new Uint8Array(some.length * partialBytes);
    for (const [at, one] of some.entries()) joined.set(one, at * partialBytes);
    return { kind: "partials" as const, value: { index, batch, part, parts, partials: joined } };
  });
}

export type PartialsPart = SchemaType<typeof partialsSchema>;

/** All partial signatures of one author for one batch, or undefined while a part is missing, or where they are not `count`. */
export function joinPartials(received: readonly PartialsPart[], count: number): readonly Bytes[] | undefined {
  const [first] = received;
  if (first === undefined) return undefined;
  const byPart = new Map(received.filter(({ parts }) => parts === first.parts).map((one) => [one.part, one.partials]));
  const all: Bytes[] = [];
  for (let part = 0; part < first.parts; part++) {
    const one = byPart.get(part);
    if (one === undefined) return undefined;
    for (let at = 0; at + partialBytes <= one.length; at += partialBytes) all.push(one.slice(at, at + partialBytes));
  }
  return all.length === count ? all : undefined;
}
