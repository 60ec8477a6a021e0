/** What waits in the drop of an invitation. See spec/06-meeting.md. */
import {
  bytes,
  type Bytes,
  decode,
  decodeError,
  type DecodeError,
  encode,
  equalBytes,
  err,
  list,
  type Result,
  type SchemaType,
  struct,
  uint,
} from "../codec/index.ts";
import { maxInner, openBucket, sealBucket } from "../queue/seal.ts";
import { maxLeaves, maxStatement, type StatementId, statementIdOf, suiteSchema } from "../statement/index.ts";

const label = "photon/offer/1";

export const offerSchema = struct({
  suite: [1, suiteSchema],
  /** The invitation's id. */
  invitation: [2, bytes(16)],
  /** Milliseconds since 1970, by the inviter's clock. */
  expires: [3, uint()],
  /** The inviter's `found` first, then the `admit`s of its other devices. */
  statements: [4, list(bytes({ min: 1, max: maxStatement }), { min: 1, max: 2 * maxLeaves })],
});
export type Offer = SchemaType<typeof offerSchema>;

/** One drop of a bucket's length, or `too-long`. @param nonce 24 fresh random bytes. */
export function sealOffer(sealKey: Bytes, offer: Offer, nonce: Bytes): Result<Bytes, DecodeError> {
  return sealBucket(sealKey, label, encode(offerSchema, offer), nonce);
}

/** Refuses an offer of another invitation. */
export function openOffer(invitation: { readonly sealKey: Bytes; readonly id: Bytes }, body: Bytes): Result<Offer, DecodeError> {
  const inner = openBucket([invitation.sealKey], label, body);
  if (!inner.ok) return inner;
  const offer = decode(offerSchema, inner.value, maxInner);
  if (offer.ok && !equalBytes(offer.value.invitation, invitation.id)) {
    return err(decodeError("wrong-shape", "$.invitation: an offer of another invitation"));
  }
  return offer;
}

/**
 * True where the offer begins with the very `found` that the link promised. If not, who could write to the drop swapped the
 * inviter: whoever held the link, or had its words.
 */
export function isOfferOf(offer: Offer, found: StatementId): boolean {
  const [first] = offer.statements;
  return first !== undefined && equalBytes(statementIdOf(first), found);
}
