/**
 * A statement is a COSE_Sign1 (RFC 9052 §4.2), untagged, with an embedded payload:
 * `[protected, {}, payload, signature]`, where the protected header holds the algorithm (1), the type (16, RFC 9596)
 * and the version (−65537, a private label), and the external AAD is "photon/statement/<type>/<version>".
 * Its id is the SHA-256 of its bytes. See spec/02-statements.md.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import {
  asBytes,
  bytes,
  type Bytes,
  type Cbor,
  decode,
  decodeCbor,
  decodeError,
  type DecodeError,
  encode,
  encodeCbor,
  equalBytes,
  err,
  expectOk,
  ok,
  oneOf,
  type Result,
  ruled,
  type Schema,
  struct,
  text,
  uint,
  utf8,
} from "../codec/index.ts";
import { type Bodies, bodySchemaOf, isStatementType, type StatementType } from "./bodies.ts";
import { type SideId, sideIdSchema, type StatementId, statementIdOf } from "./ids.ts";
import { headsSchema } from "./parts.ts";
import { verifyEd25519 } from "./verify.ts";

/** A `found` with the largest key package, or a `succeed` with ten, with room to spare. */
export const maxStatement = 96 * 1024;
const maxHeader = 128;
export const statementVersion = 1;

/** COSE algorithm numbers: Ed25519 (RFC 9864), and one of the private range for the BLS12-381 of recovery keys. */
export const algorithms = { ed25519: -19, bls12381: -65601 } as const;
export type Algorithm = keyof typeof algorithms;

const headerSchema = struct({
  algorithm: [1, oneOf(algorithms, "unknown-suite")],
  type: [16, ruled(text(32), (name) => (/^[a-z][a-z0-9-]*$/u.test(name) ? undefined : "no type name"))],
  version: [-65537, uint({ min: 1, max: 0xffff })],
});
const prefix = {
  side: [1, sideIdSchema],
  heads: [2, headsSchema],
  /** An Ed25519 public key: a leaf's or an admission key's; or the blinded BLS key of a `succeed`. */
  signer: [3, bytes({ min: 32, max: 96 })],
  /** Milliseconds since 1970 by the signer's clock. Shown to people, never counted. */
  claimedAt: [4, uint()],
} as const;

interface Common {
  readonly id: StatementId;
  /** The bytes as received: what was signed, hashed, stored and is passed on. */
  readonly bytes: Bytes;
  readonly side: SideId;
  readonly heads: readonly StatementId[];
  readonly signer: Bytes;
  readonly claimedAt: number;
  readonly algorithm: Algorithm;
}
export type KnownStatement<T extends StatementType = StatementType> = {
  readonly [K in T]: Common & { readonly type: K; readonly version: 1; readonly body: Bodies[K] };
}[T];
/** Signed by a newer Photon: kept, passed on, and held together with its descendants. */
export type UnknownStatement = Common & { readonly type: "unknown"; readonly named: string; readonly version: number };
export type Statement = KnownStatement | UnknownStatement;

export interface Signer {
  readonly publicKey: Uint8Array;
  readonly algorithm: Algorithm;
  readonly sign: (message: Bytes) => Promise<Uint8Array>;
}

export interface Draft<T extends StatementType> {
  readonly type: T;
  readonly side: SideId;
  readonly heads: readonly StatementId[];
  readonly claimedAt: number;
  readonly body: Bodies[T];
}

const payloadSchema = (body: Schema<unknown>): Schema<{ readonly body: unknown } & Omit<Common, "id" | "bytes" | "algorithm">> =>
  struct({ ...prefix, body: [5, body] });
const anyBody: Schema<Cbor> = { form: { kind: "any" }, toCbor: (value) => value, fromCbor: (value) => ok(value) };

function toBeSigned(protectedHeader: Uint8Array, type: string, version: number, payload: Uint8Array): Bytes {
  return encodeCbor(["Signature1", protectedHeader, utf8(`photon/statement/${type}/${version}`), payload]);
}

/** Encodes and signs a draft. Whatever means a set is put in its one order. */
export async function signStatement<T extends StatementType>(draft: Draft<T>, signer: Signer): Promise<KnownStatement<T>> {
  const [header, payload] = encodeDraft(draft, signer);
  const signature = await signer.sign(toBeSigned(header, draft.type, statementVersion, payload));
  return signedBy(header, payload, signature) as KnownStatement<T>;
}

/**
 * A `succeed` before there is a signature: its encoding with none in its place. No statement yet, and refused as one; it may be
 * stored until the trustees have signed.
 */
export function prepareSucceed(draft: Draft<"succeed">): Bytes {
  const [header, payload] = encodeDraft(draft, { publicKey: draft.body.publicKey, algorithm: "bls12381" });
  return encodeCbor([header, new Map(), payload, new Uint8Array()]);
}

/** @param prepared what `prepareSucceed` made. @param signature by the recovery key; carried, as `parseStatement` carries it. */
export function completeSucceed(prepared: Uint8Array, signature: Uint8Array): KnownStatement<"succeed"> {
  const { header, payload } = expectOk(openContainer(prepared));
  return signedBy(header, payload, signature) as KnownStatement<"succeed">;
}

/** What the signature of a statement is over, and the signature; throws for bytes that are neither parsed nor prepared before. */
export function signedPart(bytes: Uint8Array): { readonly toBeSigned: Bytes; readonly signature: Bytes } {
  const { header, payload, signature } = expectOk(openContainer(bytes));
  const { type, version } = expectOk(decode(headerSchema, header, maxHeader));
  return { toBeSigned: toBeSigned(header, type, version, payload), signature: asBytes(signature) };
}

function encodeDraft<T extends StatementType>(draft: Draft<T>, signer: Pick<Signer, "publicKey" | "algorithm">): [Bytes, Bytes] {
  const header = encode(headerSchema, { algorithm: signer.algorithm, type: draft.type, version: statementVersion });
  const payload = encode(payloadSchema(bodySchemaOf(draft.type) as Schema<unknown>), {
    side: draft.side,
    heads: draft.heads,
    signer: signer.publicKey as Bytes,
    claimedAt: draft.claimedAt,
    body: draft.body,
  });
  return [header, payload];
}

function signedBy(header: Uint8Array, payload: Uint8Array, signature: Uint8Array): Statement {
  const parsed = parseStatement(encodeCbor([header, new Map(), payload, signature]));
  if (!parsed.ok) throw new Error(`signed a statement that does not verify: ${parsed.error.code} ${parsed.error.detail}`);
  return parsed.value;
}

/** An Ed25519 signer (RFC 8032) over a 32-byte seed. */
export function ed25519Signer(seed: Uint8Array): Signer {
  return {
    publicKey: ed25519.getPublicKey(seed),
    algorithm: "ed25519",
    sign: (message) => Promise.resolve(ed25519.sign(message, seed)),
  };
}

/**
 * Decodes a statement and verifies an Ed25519 signature over the bytes received. A BLS signature is only carried here: who
 * takes a `succeed` in verifies it (`verifySuccession`), and the lineage asks whether a plan committed to its key. So until
 * then a statement with the algorithm `bls12381` proves nothing about who made it.
 * @param check "verified-before" only for bytes that this device verified and stored itself.
 */
export function parseStatement(
  received: Uint8Array,
  check: "verify" | "verified-before" = "verify",
): Result<Statement, DecodeError> {
  const container = openContainer(received);
  if (!container.ok) return container;
  const { header: headerBytes, payload: payloadBytes, signature } = container.value;
  const header = decode(headerSchema, headerBytes, maxHeader);
  if (!header.ok) return header;
  const { algorithm, type, version } = header.value;
  const known = version === statementVersion && isStatementType(type);
  const body = (known ? bodySchemaOf(type) : anyBody) as Schema<unknown>;
  const payload = decode(payloadSchema(body), payloadBytes, maxStatement);
  if (!payload.ok) return payload;
  const { side, heads, signer, claimedAt } = payload.value;
  if (known && (algorithm === "bls12381") !== (type === "succeed")) {
    return err(decodeError("wrong-shape", `$: ${type} is not signed with ${algorithm}`));
  }
  if (known && type === "succeed" && !equalBytes(signer, (payload.value.body as Bodies["succeed"]).publicKey)) {
    return err(decodeError("wrong-shape", "$.signer: not the public key that the succession opens"));
  }
  if (!rightLengths(algorithm, signer, signature))
    return err(decodeError("bad-signature", "$: the length of the key or signature"));
  const trusted = algorithm === "bls12381" || check === "verified-before";
  if (!trusted && !verifyEd25519(signer, toBeSigned(headerBytes, type, version, payloadBytes), signature)) {
    return err(decodeError("bad-signature", "$.signature"));
  }
  const own = new Uint8Array(received);
  const common = { id: statementIdOf(own), bytes: own, side, heads, signer, claimedAt, algorithm };
  if (!known) return ok({ ...common, type: "unknown", named: type, version });
  return ok({ ...common, type, version: 1, body: payload.value.body } as KnownStatement);
}

interface Container {
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}
function openContainer(received: Uint8Array): Result<Container, DecodeError> {
  const outer = decodeCbor(received, maxStatement);
  if (!outer.ok) return outer;
  const parts = outer.value;
  if (!Array.isArray(parts) || parts.length !== 4)
    return err(decodeError("wrong-shape", "$: expected [protected, {}, payload, signature]"));
  const [header, unprotected, payload, signature] = parts as readonly Cbor[];
  if (!(header instanceof Uint8Array) || !(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) {
    return err(decodeError("wrong-shape", "$: header, payload and signature are bytes"));
  }
  if (!(unprotected instanceof Map) || unprotected.size !== 0)
    return err(decodeError("wrong-shape", "$: the unprotected header is empty"));
  return ok({ header, payload, signature });
}

/** Of BLS12-381, compressed points: a key in one of its two groups and a signature in the other. */
function rightLengths(algorithm: Algorithm, signer: Uint8Array, signature: Uint8Array): boolean {
  switch (algorithm) {
    case "ed25519":
      return signer.length === 32 && signature.length === 64;
    case "bls12381":
      return (signer.length === 48 && signature.length === 96) || (signer.length === 96 && signature.length === 48);
  }
}
