/**
 * What trustees sign, and what a peer checks. See spec/11-trustees.md.
 *
 *     H       = hash_to_curve_G1(succession tag, header ‖ c)
 *     header  = suite (1) ‖ threshold (1) ‖ r (32) ‖ be32(notBefore) ‖ be32(expiry)     days since 1970
 *     c       = SHA-256(statement label ‖ Sig_structure of the succeed)
 *     r       = SHA-256(request label ‖ digest of the request ‖ blind), which is the `request` of the succeed
 *
 * The trustee fills the header from what it approved, and never from what it is sent; c and the blind are all that it sees of a
 * relationship. c hides every field of the `succeed`, since the body holds a random nonce of 32 bytes. A peer sees r, which is
 * another in every relationship: two peers who compare cannot tell by it that they know the same person.
 */
import { type Bytes, concat, decodeError, type DecodeError, err, ok, type Result, sha256, utf8 } from "../codec/index.ts";
import { type KnownStatement, signedPart, type Suite, suites } from "../statement/index.ts";
import { domains } from "./domains.ts";
import { decodeG1, decodeG2, type G1, g2, hashToG1, productIsOne } from "./points.ts";
import type { Threshold } from "./thresholds.ts";

export const dayLength = 86_400_000;

export interface SuccessionHeader {
  readonly suite: Suite;
  readonly threshold: Threshold;
  /** Digest of the recovery request, 32 bytes; in what is signed, and in a `succeed`, what `blindRequest` makes of it. */
  readonly request: Bytes;
  /** Days since 1970-01-01 UTC: the first at whose beginning the succession may be used … */
  readonly notBefore: number;
  /** … and the one at whose beginning it no longer may. Later than `notBefore`. */
  readonly expiry: number;
}

/** The commitment c to a `succeed`. @param statement the statement, or what `prepareSucceed` made of it. */
export const successionCommitment = (statement: Uint8Array): Bytes =>
  sha256(concat(utf8(domains.statement), signedPart(statement).toBeSigned));

/** Bytes of a request's blind, and of what a trustee is sent for one relationship: a commitment and a blind. */
export const blindLength = 16;
export const itemLength = 32 + blindLength;

/** The request as one relationship is shown it. @param blind of that relationship and epoch: see `requestBlind`. */
export const blindRequest = (digest: Bytes, blind: Bytes): Bytes => sha256(concat(utf8(domains.request), digest, blind));

/** What a trustee is sent for one relationship. */
export const successionItem = (commitment: Bytes, blind: Bytes): Bytes => concat(commitment, blind);

/** The 74 bytes that are hashed to the curve. Throws for a header or a commitment that is none. */
export function successionMessage(header: SuccessionHeader, commitment: Bytes): Bytes {
  const { request, notBefore, expiry } = header;
  if (request.length !== 32 || commitment.length !== 32) throw new Error("a request or a commitment that is not of 32 bytes");
  if (!isDay(notBefore) || !isDay(expiry) || notBefore >= expiry) throw new Error(`from day ${notBefore} to day ${expiry}`);
  const numbers = new Uint8Array(8);
  const view = new DataView(numbers.buffer);
  view.setUint32(0, notBefore);
  view.setUint32(4, expiry);
  return concat(Uint8Array.of(suites[header.suite], header.threshold), request, numbers, commitment);
}
const isDay = (day: number): boolean => Number.isInteger(day) && day >= 0 && day <= 0xffff_ffff;

/** What one run of signing is about: one header, and the points of all commitments under it. */
export interface SuccessionBatch {
  readonly header: SuccessionHeader;
  readonly points: readonly G1[];
}

/** Some 4 ms for each; shared by signing, checking and combining. An engine that must answer meanwhile asks in smaller runs. */
export const hashSuccessions = (header: SuccessionHeader, items: readonly Bytes[]): SuccessionBatch => ({
  header,
  points: items.map((item) => {
    if (item.length !== itemLength) throw new Error(`an item of ${item.length} bytes, not ${itemLength}`);
    const request = blindRequest(header.request, item.slice(32));
    return hashToG1(successionMessage({ ...header, request }, item.slice(0, 32)), domains.succession);
  }),
});

/**
 * Checks the signature of a `succeed` against the key that it names itself; whether that key is the one which the lineage
 * committed to is `opensRecovery`'s to say, and both must hold.
 * @returns the header that the trustees signed, or `out-of-range` for times that are not whole days or a key or signature of
 * another length or that is the identity, `malformed` or `not-canonical` for points that are none, `bad-signature` otherwise.
 */
export function verifySuccession(statement: KnownStatement<"succeed">): Result<SuccessionHeader, DecodeError> {
  const header = headerOf(statement);
  if (!header.ok) return header;
  const key = decodeG2(statement.body.publicKey, "$.body.publicKey");
  if (!key.ok) return key;
  const { toBeSigned, signature } = signedPart(statement.bytes);
  const point = decodeG1(signature, "$.signature");
  if (!point.ok) return point;
  const message = successionMessage(header.value, sha256(concat(utf8(domains.statement), toBeSigned)));
  const hashed = hashToG1(message, domains.succession);
  return productIsOne([[point.value, g2.BASE], [hashed.negate(), key.value]]) // prettier-ignore
    ? header
    : err(decodeError("bad-signature", "$.signature"));
}

function headerOf({ body }: KnownStatement<"succeed">): Result<SuccessionHeader, DecodeError> {
  const notBefore = body.notBefore / dayLength;
  const expiry = body.expiry / dayLength;
  if (!isDay(notBefore)) return err(decodeError("out-of-range", "$.body.notBefore: not a whole day"));
  if (!isDay(expiry)) return err(decodeError("out-of-range", "$.body.expiry: not a whole day"));
  if (notBefore >= expiry) return err(decodeError("out-of-range", "$.body.expiry: not after it begins"));
  const threshold = body.threshold === 0 ? 0 : 1;
  return ok({ suite: body.suite, threshold, request: body.request, notBefore, expiry });
}
