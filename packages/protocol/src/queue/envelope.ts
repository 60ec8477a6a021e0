/**
 * What a deposit holds once it is opened. See spec/05-queue.md.
 *
 * | envelope     | from             | says                                                                      |
 * | ------------ | ---------------- | ------------------------------------------------------------------------- |
 * | `lineage`    | either side      | statements of the sender's side, in any order                             |
 * | `generation` | a founder        | a `generation` statement and the Welcome that it names                    |
 * | `message`    | a member         | one MLS message of the generation named                                   |
 * | `claim`      | an invitee       | "I take this invitation": its side's statements                           |
 * | `need`       | a receiver       | "of this side I know these heads": send what follows them                 |
 * | `fragment`   | any sender       | a part of an envelope that does not fit one bucket                        |
 */
import {
  bytes,
  type Bytes,
  decode,
  type DecodeError,
  encode,
  list,
  type Result,
  type SchemaType,
  struct,
  uint,
  union,
} from "../codec/index.ts";
import { headsSchema, maxStatement, sideIdSchema, statementIdSchema } from "../statement/index.ts";
import { maxInner } from "./seal.ts";

/** The longest envelope, whole. */
export const maxEnvelope = 1024 * 1024;
export const maxStatementsInEnvelope = 64;
export const maxWelcome = 512 * 1024;
/** An MLS message of a 64 KiB plaintext, framing included. */
export const maxMessage = 70 * 1024;
export const maxFragments = 64;

const statementBytes = bytes({ min: 1, max: maxStatement });

export const fragmentSchema = struct({
  /** The same in all parts of one envelope; random, so that parts of two do not mix. */
  id: [1, bytes(16)],
  index: [2, uint({ max: maxFragments - 1 })],
  count: [3, uint({ min: 2, max: maxFragments })],
  part: [4, bytes({ min: 1, max: maxInner })],
});
export type Fragment = SchemaType<typeof fragmentSchema>;

export const envelopeSchema = union({
  lineage: [1, struct({ statements: [1, list(statementBytes, { min: 1, max: maxStatementsInEnvelope })] })],
  generation: [
    2,
    struct({
      statement: [1, statementBytes],
      /** Empty where the founder is alone. */
      welcome: [2, bytes({ max: maxWelcome })],
    }),
  ],
  message: [
    3,
    struct({
      /** The `generation` statement under which it was sealed. */
      generation: [1, statementIdSchema],
      message: [2, bytes({ min: 1, max: maxMessage })],
    }),
  ],
  claim: [
    4,
    struct({
      /** The invitation's id, which only who holds the invitation can know. */
      invitation: [1, bytes(16)],
      statements: [2, list(statementBytes, { min: 1, max: maxStatementsInEnvelope })],
    }),
  ],
  need: [5, struct({ side: [1, sideIdSchema], heads: [2, headsSchema] })],
  fragment: [6, fragmentSchema],
});
export type Envelope = SchemaType<typeof envelopeSchema>;
export type EnvelopeOf<K extends Envelope["kind"]> = Extract<Envelope, { kind: K }>["value"];

/** Throws above `maxEnvelope`: whoever builds an envelope bounds what it puts in. */
export function encodeEnvelope(envelope: Envelope): Bytes {
  const encoded = encode(envelopeSchema, envelope);
  if (encoded.length > maxEnvelope) throw new Error(`an envelope of ${encoded.length} bytes is more than ${maxEnvelope}`);
  return encoded;
}

export function decodeEnvelope(received: Uint8Array): Result<Envelope, DecodeError> {
  return decode(envelopeSchema, received, maxEnvelope);
}

/**
 * Room for a part in the largest bucket. Around it a fragment spends 31 bytes: tag and map (3), id (18), index and count
 * (up to 6), and the part's own key and length (4).
 */
export const maxPart = maxInner - 31;

/**
 * The inner bytes to seal and deposit, in order, for an encoded envelope: itself where it fits one bucket, else fragments.
 * @param id 16 fresh random bytes, used only when there is more than one.
 */
export function fragmentEnvelope(encoded: Bytes, id: Bytes): Bytes[] {
  if (encoded.length > maxEnvelope) throw new Error(`an envelope of ${encoded.length} bytes is more than ${maxEnvelope}`);
  if (encoded.length <= maxInner) return [encoded];
  const count = Math.ceil(encoded.length / maxPart);
  return Array.from({ length: count }, (_, index) => {
    const part = encoded.slice(index * maxPart, (index + 1) * maxPart);
    return encodeEnvelope({ kind: "fragment", value: { id, index, count, part } });
  });
}
