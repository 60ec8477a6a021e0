/**
 * Entries of the plan queue, which a person's devices and all trustees read and write, at two operators. An entry is signed
 * by a pseudonym, and lies in a deposit under the queue's seal key. See spec/12-recovery.md.
 *
 * | entry     | by                  | says                                                                         |
 * | --------- | ------------------- | ---------------------------------------------------------------------------- |
 * | `approve` | a trustee           | I have spoken with them, and they spoke this request's code                  |
 * | `press`   | all trustees        | somebody pressed me: let everybody wait longer                               |
 * | `contest` | a device            | that is not me; or, I am still here                                          |
 * | `release` | a trustee           | my share of the opener is with the new device                                |
 * | `batch`   | the request's key   | a part of what is to be signed                              |
 * | `pin`     | a device            | the archive's newest head, as this device knows it                           |
 */
import { sha256 } from "@noble/hashes/sha2.js";
import {
  asBytes,
  bytes,
  type Bytes,
  concat,
  decode,
  decodeError,
  type DecodeError,
  encode,
  encodeCbor,
  equalBytes,
  err,
  ok,
  oneOf,
  optional,
  type Result,
  ruled,
  type SchemaType,
  struct,
  text,
  toHex,
  uint,
  union,
} from "../codec/index.ts";
import { maxInner } from "../queue/index.ts";
import { type Signer, verifyEd25519 } from "../statement/index.ts";
import { day, requestLife } from "./plan.ts";
import { isCertified, itemLength, type PseudonymRole, pseudonymRoles } from "../trustees/index.ts";
import { checkRequest, type FoundRequest, maxRequest, requestDigest } from "./request.ts";

/** How the person was recognised, and who reached whom: shown to the others, and to the person afterwards (R9). */
export const recognisedHow = { "in-person": 0, video: 1, voice: 2, other: 3 } as const;
export const contactedHow = { "i-reached-them": 0, "they-reached-me": 1 } as const;
/** 0: nobody has contested. 1: a contest is known, and was on the screen. */
export type Level = 0 | 1;
const level = uint({ max: 1 });

const digest = bytes(32);
const approveSchema = struct({
  request: [1, bytes({ min: 1, max: maxRequest })],
  level: [2, level],
  recognised: [3, oneOf(recognisedHow)],
  contacted: [4, oneOf(contactedHow)],
});

/** Items of 48 bytes, a commitment and a blind each (page 11), in one part of a batch. */
export const itemsPerPart = 1200;
/** Parts of a batch: 36,000 relationships. */
export const maxParts = 30;

const isDay = (time: number): boolean => time % day === 0;
const headerRule = ({ notBefore, expiry }: { readonly notBefore: number; readonly expiry: number }): string | undefined =>
  isDay(notBefore) && expiry === notBefore + requestLife ? undefined : "not-before is a day, and expiry is fourteen days later";

const batchSchema = ruled(
  struct({
    request: [1, digest],
    level: [2, level],
    /** Milliseconds, a whole day. */
    notBefore: [3, uint()],
    expiry: [4, uint()],
    /** Names the batch: see `batchId`. */
    batch: [5, digest],
    part: [6, uint({ max: maxParts - 1 })],
    parts: [7, uint({ min: 1, max: maxParts })],
    items: [8, bytes({ min: itemLength, max: itemLength * itemsPerPart })],
  }),
  (part) =>
    headerRule(part) ??
    (part.part >= part.parts
      ? "a part beyond the last"
      : part.items.length % itemLength === 0
        ? undefined
        : "items are of 48 bytes"),
);
export type BatchPart = SchemaType<typeof batchSchema>;

export const entryBodySchema = union({
  approve: [1, approveSchema],
  press: [2, struct({ request: [1, digest] })],
  contest: [3, struct({ request: [1, digest], reason: [2, oneOf({ "not-me": 0, "still-here": 1 })] })],
  release: [4, struct({ request: [1, digest], level: [2, level] })],
  batch: [5, batchSchema],
  pin: [6, struct({ vault: [1, text(256)], register: [2, bytes(16)], sequence: [3, uint()], head: [4, digest] })],
});
export type EntryBody = SchemaType<typeof entryBodySchema>;
export type EntryKind = EntryBody["kind"];

export const entrySchema = struct({
  plan: [1, bytes(32)],
  version: [2, uint({ max: 0xffff_ffff })],
  author: [3, bytes(32)],
  /** In a `batch`, `device`. */
  role: [4, oneOf(pseudonymRoles)],
  /** Of the author, by the plan's dealer; absent in a `batch`, whose author is the request's key. */
  certificate: [5, optional(bytes(64))],
  /** Milliseconds by its author's clock: shown, never counted. 0 in the role `joint`: the time would tell who it was. */
  at: [6, uint()],
  body: [7, entryBodySchema],
});
const signedSchema = struct({ entry: [1, bytes({ min: 1, max: maxInner - 128 })], signature: [2, bytes(64)] });

export type Entry = SchemaType<typeof entrySchema> & { readonly id: Bytes };
const writers: Readonly<Record<EntryKind, PseudonymRole | "request">> = {
  approve: "trustee",
  press: "joint",
  contest: "device",
  release: "trustee",
  batch: "request",
  pin: "device",
};

const entryInput = (entry: Bytes): Bytes => encodeCbor(["photon/plan/entry/1", entry]);

export interface PlanName {
  /** 32 random bytes, the same in every version of the plan. */
  readonly plan: Bytes;
  readonly version: number;
}

export interface Author {
  readonly signer: Signer;
  readonly role: PseudonymRole;
  readonly certificate: Bytes | undefined;
}

export async function signEntry(name: PlanName, author: Author, at: number, body: EntryBody): Promise<Bytes> {
  const { signer, role, certificate } = author;
  const entry = encode(entrySchema, {
    ...name,
    author: asBytes(signer.publicKey),
    role,
    ...(certificate === undefined ? {} : { certificate }),
    at: role === "joint" ? 0 : at,
    body,
  });
  return encode(signedSchema, { entry, signature: asBytes(await signer.sign(entryInput(entry))) });
}

/**
 * An entry whose author may say it: certified by the plan's dealer in the right role, or, of a batch, only signed; whether
 * its author is an approved request's key is for the case to say.
 */
export function readEntry(received: Bytes, name: PlanName, dealerKey: Bytes): Result<Entry, DecodeError> {
  const signed = decode(signedSchema, received, maxInner);
  if (!signed.ok) return signed;
  const entry = decode(entrySchema, signed.value.entry, maxInner);
  if (!entry.ok) return entry;
  const { value } = entry;
  const refused = (detail: string): Result<Entry, DecodeError> => err(decodeError("bad-signature", detail));
  if (!equalBytes(value.plan, name.plan) || value.version !== name.version)
    return err(decodeError("wrong-shape", "$.plan: of another plan"));
  if (value.role === "joint" && value.at !== 0) return err(decodeError("wrong-shape", "$.at: what all trustees say has no time"));
  const writer = writers[value.body.kind];
  if (writer === "request" ? value.certificate !== undefined || value.role !== "device" : value.role !== writer)
    return refused("its author is not one who may say this");
  if (writer !== "request") {
    const { certificate, author, role } = value;
    if (certificate === undefined || !isCertified(dealerKey, { ...name, role, key: author }, certificate))
      return refused("its author is not certified");
  }
  if (!verifyEd25519(value.author, entryInput(signed.value.entry), signed.value.signature))
    return refused("its signature is not good");
  return ok({ ...value, id: asBytes(sha256(received)) });
}

/** The request that an approval carries whole. */
export const requestIn = ({ request }: SchemaType<typeof approveSchema>): Result<FoundRequest, DecodeError> =>
  checkRequest(request, requestDigest(request).slice(0, 16));

export interface Batch {
  readonly request: Bytes;
  readonly level: Level;
  readonly notBefore: number;
  readonly expiry: number;
  /** Of 48 bytes each: a commitment and a blind. */
  readonly items: readonly Bytes[];
}

export const batchId = ({ request, level: at, notBefore, expiry, items }: Batch): Bytes =>
  asBytes(sha256(encodeCbor(["photon/plan/batch/1", request, at, notBefore, expiry, concat(...items)])));

/** A batch as the parts that carry it. Throws for more than 36,000 items. */
export function splitBatch(batch: Batch): readonly BatchPart[] {
  const parts = Math.ceil(batch.items.length / itemsPerPart);
  if (parts < 1 || parts > maxParts) throw new Error(`${batch.items.length} items`);
  const { request, level: at, notBefore, expiry } = batch;
  const name = batchId(batch);
  return Array.from({ length: parts }, (_, part) => ({
    request,
    level: at,
    notBefore,
    expiry,
    batch: name,
    part,
    parts,
    items: concat(...batch.items.slice(part * itemsPerPart, (part + 1) * itemsPerPart)),
  }));
}

/**
 * The whole batches among these parts, each once, whatever their order. A part that does not fit the others of its name
 * spoils nothing else; where two say different things in one place there is no batch.
 */
export function joinBatches(received: readonly BatchPart[]): readonly Batch[] {
  const groups = new Map<string, BatchPart[]>();
  for (const part of received) {
    const key = toHex(encodeCbor([part.request, part.level, part.notBefore, part.expiry, part.batch, part.parts]));
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  const batches = new Map<string, Batch>();
  for (const group of groups.values()) {
    const batch = joined(group);
    if (batch !== undefined) batches.set(toHex(batchId(batch)), batch);
  }
  return [...batches.values()];
}

/** The batch of these parts, which agree in everything but what they carry. */
function joined(group: readonly BatchPart[]): Batch | undefined {
  const [first] = group;
  if (first === undefined) return undefined;
  const byPart = new Map<number, Bytes>();
  for (const { part, items } of group) {
    if (!equalBytes(byPart.get(part) ?? items, items)) return undefined;
    byPart.set(part, items);
  }
  if (byPart.size < first.parts) return undefined;
  const all = concat(...Array.from({ length: first.parts }, (_, part) => byPart.get(part) ?? new Uint8Array(0)));
  const { request, notBefore, expiry } = first;
  const items = Array.from({ length: all.length / itemLength }, (_, at) => all.slice(itemLength * at, itemLength * (at + 1)));
  const batch: Batch = { request, level: first.level === 0 ? 0 : 1, notBefore, expiry, items };
  return equalBytes(batchId(batch), first.batch) ? batch : undefined;
}

/**
 * How many items are sent for so many relationships: the number is padded as lengths are (spec/07, Padmé), to at least
 * 16, and to no more than a batch takes.
 */
export function paddedCount(relationships: number): number {
  if (relationships <= 16) return 16;
  const exponent = Math.floor(Math.log2(relationships));
  const step = 2 ** (exponent - (Math.floor(Math.log2(exponent)) + 1));
  return Math.max(relationships, Math.min(Math.ceil(relationships / step) * step, maxParts * itemsPerPart));
}
