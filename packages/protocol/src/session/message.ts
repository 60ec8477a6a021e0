/**
 * The only message that ever reaches the library: MLSMessage (RFC 9420 §6) holding a PrivateMessage with application data.
 *
 * | field                 | must be                                                                    |
 * | --------------------- | -------------------------------------------------------------------------- |
 * | version, wire_format  | mls10, mls_private_message; a PublicMessage or anything else is refused    |
 * | group_id, epoch       | those of the generation                                                    |
 * | content_type          | application; a commit or a proposal is refused                             |
 * | authenticated_data    | empty                                                                      |
 * | encrypted_sender_data | 28 bytes: leaf index, counter, reuse guard, tag                            |
 * | ciphertext            | at most 64 KiB of plaintext, its signature and tag; no padding             |
 */
import { encodePrivateMessage, type PrivateMessage } from "ts-mls/privateMessage.js";
import { type Bytes, concat, decodeError, type DecodeError, equalBytes, err, type Result } from "../codec/index.ts";
import type { GroupId } from "../statement/index.ts";
import { signatureSize, tagSize } from "./suite.ts";
import { TlsReader, vectorSize } from "./tls.ts";

export const maxPlaintext = 64 * 1024;

const frame = new Uint8Array([0x00, 0x01, 0x00, 0x02]);
const applicationData = new Uint8Array([0x01]);
const empty = new Uint8Array([0x00]);
const senderDataSize = 12 + tagSize;

/** Length of the ciphertext of so many bytes of plaintext. */
export const ciphertextSize = (plaintext: number): number => vectorSize(plaintext) + vectorSize(signatureSize) + tagSize;
export const maxMessage =
  frame.length + vectorSize(32) + 8 + 1 + 1 + vectorSize(senderDataSize) + vectorSize(ciphertextSize(maxPlaintext));

export const writeMessage = (message: PrivateMessage): Bytes => concat(frame, encodePrivateMessage(message));

export function readMessage(source: Bytes, group: GroupId, epoch: 0 | 1): Result<PrivateMessage, DecodeError> {
  if (source.length > maxMessage) return err(decodeError("too-long", `message: ${source.length} bytes, at most ${maxMessage}`));
  const reader = new TlsReader(source, "message");
  reader.constant(frame.subarray(0, 2), "version", "unknown-version");
  reader.constant(frame.subarray(2), "no PrivateMessage");
  if (!equalBytes(reader.vector(32, "group id"), group)) reader.refuse("cannot-open", "of another group");
  reader.constant(new Uint8Array([0, 0, 0, 0, 0, 0, 0, epoch]), "another epoch");
  reader.constant(applicationData, "no application data");
  reader.constant(empty, "authenticated data");
  const encryptedSenderData = reader.vector(senderDataSize, "sender data");
  const ciphertext = reader.vectorWithin(ciphertextSize(0), ciphertextSize(maxPlaintext), "ciphertext");
  return reader.finish(() => ({
    groupId: group,
    epoch: BigInt(epoch),
    contentType: "application",
    authenticatedData: new Uint8Array(0),
    encryptedSenderData,
    ciphertext,
  }));
}
