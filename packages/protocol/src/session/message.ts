/**
 * The only message there is: an MLSMessage holding a PrivateMessage with application data (RFC 9420 §6, §6.3), in one form.
 *
 * | field                 | must be                                                                    |
 * | --------------------- | -------------------------------------------------------------------------- |
 * | version, wire_format  | mls10, mls_private_message; a PublicMessage or anything else is refused    |
 * | group_id, epoch       | those of the generation                                                    |
 * | content_type          | application; a commit or a proposal is refused                             |
 * | authenticated_data    | empty                                                                      |
 * | encrypted_sender_data | 28 bytes: leaf index, counter, reuse guard, tag                            |
 * | ciphertext            | at most 64 KiB of plaintext, its signature and tag; no padding             |
 *
 * These few structures are read and written here and not by the library: so nothing that arrives as a message reaches it,
 * and a message costs little more than its signature. The tests hold every byte against the library's.
 */
import { type Bytes, concat, decodeError, type DecodeError, equalBytes, err, type Result, utf8 } from "../codec/index.ts";
import { epochBytes, type FixedState, type SessionState } from "./state.ts";
import { signatureSize, tagSize } from "./suite.ts";
import { TlsReader, uint32, vector, vectorLength, vectorSize } from "./tls.ts";

export const maxPlaintext = 64 * 1024;

const frame = Uint8Array.of(0x00, 0x01, 0x00, 0x02);
const member = Uint8Array.of(0x01);
const applicationData = Uint8Array.of(0x01);
const empty = Uint8Array.of(0x00);
const senderDataSize = 4 + 4 + 4;

const contentSize = (plaintext: number): number => vectorSize(plaintext) + vectorSize(signatureSize);
const ciphertextSize = (plaintext: number): number => contentSize(plaintext) + tagSize;
export const maxMessage =
  frame.length + vectorSize(32) + 8 + 1 + 1 + vectorSize(senderDataSize + tagSize) + vectorSize(ciphertextSize(maxPlaintext));

export interface MessageParts {
  readonly encryptedSenderData: Bytes;
  readonly ciphertext: Bytes;
}

/** What is the same in all messages of a generation. */
interface Frames {
  /** The beginning of a message, as far as `encrypted_sender_data`. */
  readonly message: Bytes;
  /** SenderDataAAD. */
  readonly senderData: Bytes;
  /** PrivateContentAAD, with no authenticated data. */
  readonly content: Bytes;
  /** FramedContentTBS as far as the sender's index. */
  readonly signed: Bytes;
}
/** Written once for as long as a generation is held. */
const framesOf = new WeakMap<FixedState, Frames>();

function frames(fixed: FixedState): Frames {
  const known = framesOf.get(fixed);
  if (known !== undefined) return known;
  const place = concat(vector(fixed.group), epochBytes(fixed.epoch));
  const senderData = concat(place, applicationData);
  const content = concat(senderData, empty);
  const made = { message: concat(frame, content), senderData, content, signed: concat(frame, place, member) };
  framesOf.set(fixed, made);
  return made;
}

export function writeMessage(fixed: FixedState, { encryptedSenderData, ciphertext }: MessageParts): Bytes {
  return concat(
    frames(fixed).message,
    vectorLength(encryptedSenderData.length),
    encryptedSenderData,
    vectorLength(ciphertext.length),
    ciphertext,
  );
}

export function readMessage({ group, epoch }: FixedState, source: Bytes): Result<MessageParts, DecodeError> {
  if (source.length > maxMessage) return err(decodeError("too-long", `message: ${source.length} bytes, at most ${maxMessage}`));
  const reader = new TlsReader(source, "message");
  reader.constant(frame.subarray(0, 2), "version", "unknown-version");
  reader.constant(frame.subarray(2), "no PrivateMessage");
  if (!equalBytes(reader.vector(32, "group id"), group)) reader.refuse("cannot-open", "of another group");
  reader.constant(epochBytes(epoch), "another epoch");
  reader.constant(applicationData, "no application data");
  reader.constant(empty, "authenticated data");
  const encryptedSenderData = reader.vector(senderDataSize + tagSize, "sender data");
  const ciphertext = reader.vectorWithin(ciphertextSize(0), ciphertextSize(maxPlaintext), "ciphertext");
  return reader.finish(() => ({ encryptedSenderData, ciphertext }));
}

/** Who sealed a message, and where in their ratchet. Any member can write any of it: the signature says whether it is so. */
export interface SenderData {
  readonly index: number;
  readonly counter: number;
  readonly reuseGuard: Bytes;
}
export const writeSenderData = ({ index, counter, reuseGuard }: SenderData): Bytes =>
  concat(uint32(index), uint32(counter), reuseGuard);
export function readSenderData(source: Bytes): Result<SenderData, DecodeError> {
  const reader = new TlsReader(source, "sender data");
  const index = reader.uint(4, "leaf index");
  const counter = reader.uint(4, "counter");
  const reuseGuard = reader.take(4, "reuse guard");
  return reader.finish(() => ({ index, counter, reuseGuard }));
}

/** SenderDataAAD. */
export const senderDataAad = (fixed: FixedState): Bytes => frames(fixed).senderData;
/** PrivateContentAAD, with no authenticated data. */
export const contentAad = (fixed: FixedState): Bytes => frames(fixed).content;

/** PrivateMessageContent, without padding: the queue pads. */
export const writeContent = (plaintext: Bytes, signature: Bytes): Bytes =>
  concat(vectorLength(plaintext.length), plaintext, vectorLength(signature.length), signature);
export function readContent(source: Bytes): Result<{ readonly plaintext: Bytes; readonly signature: Bytes }, DecodeError> {
  const reader = new TlsReader(source, "message content");
  const plaintext = reader.vectorWithin(0, maxPlaintext, "application data");
  const signature = reader.vector(signatureSize, "signature");
  return reader.finish(() => ({ plaintext, signature }));
}

const signatureLabel = vector(utf8("MLS 1.0 FramedContentTBS"));
/** What the sender signs: SignWithLabel over FramedContentTBS (RFC 9420 §5.1.2, §6.1). */
export function toBeSigned({ fixed, context }: SessionState, index: number, plaintext: Bytes): Bytes {
  const { signed } = frames(fixed);
  const length = signed.length + 4 + empty.length + applicationData.length + vectorSize(plaintext.length) + context.length;
  return concat(
    signatureLabel,
    vectorLength(length),
    signed,
    uint32(index),
    empty,
    applicationData,
    vectorLength(plaintext.length),
    plaintext,
    context,
  );
}
