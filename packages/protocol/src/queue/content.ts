/**
 * The plaintext of a session message. A kind that this version does not know is kept and shown as "from a newer version";
 * so is nothing lost. See spec/05-queue.md.
 *
 * | kind          | body                                                                       |
 * | ------------- | -------------------------------------------------------------------------- |
 * | `text`        | UTF-8, at most 32,000 bytes                                                |
 * | `ack`         | ids of messages that are durable at the receiver, as its plan demands      |
 * | `receipt`     | ids of messages that a person has been shown; can be turned off            |
 * | `key-package` | a leaf's package for the generation after the one named                    |
 * | `change`      | change records of the circle (see spec/07-archive.md)                      |
 * | `confirm`     | "I confirm that it was you who took this invitation"                       |
 * | `lineage`, `custody`, `notice`, `trustee-…` | bytes, fixed by the layers that use them     |
 */
import {
  bytes,
  type Bytes,
  decode,
  decodeError,
  type DecodeError,
  encode,
  err,
  hlcSchema,
  list,
  ok,
  optional,
  type Result,
  type Schema,
  type SchemaType,
  struct,
  text,
  utf8,
} from "../codec/index.ts";
import { changeSchema } from "./change.ts";
import { leafIdSchema, maxKeyPackage, statementIdSchema } from "../statement/index.ts";

export const maxContentBody = 60 * 1024;
/** A content with the longest body and every field present. */
export const maxContent = maxContentBody + 256;
export const maxText = 32_000;
export const maxIds = 1024;

export const contentSchema = struct({
  /** 16 random bytes: shown exactly once under this id, however often it is delivered. */
  id: [1, bytes(16)],
  sent: [2, hlcSchema],
  kind: [3, text(32)],
  body: [4, bytes({ max: maxContentBody })],
  replyTo: [5, optional(bytes(16))],
});
export type Content = SchemaType<typeof contentSchema>;

export const encodeContent = (content: Content): Bytes => encode(contentSchema, content);
export const decodeContent = (received: Uint8Array): Result<Content, DecodeError> => decode(contentSchema, received, maxContent);

export const contentKinds = ["text", "ack", "receipt", "lineage", "key-package", "change", "custody", "notice", "confirm"] as const;
export type ContentKind = (typeof contentKinds)[number];
export const isKnownKind = (kind: string): kind is ContentKind | `trustee-${string}` =>
  kind.startsWith("trustee-") || (contentKinds as readonly string[]).includes(kind);

const messageIds = list(bytes(16), { min: 1, max: maxIds });
const keyPackage = struct({
  leaf: [1, leafIdSchema],
  package: [2, bytes({ min: 1, max: maxKeyPackage })],
  /** The generation that was joined; the package is for the one after it. */
  generation: [3, statementIdSchema],
});
const confirm = struct({ invitation: [1, bytes(16)] });

/** The kinds whose bodies are CBOR and fixed by this version. */
export const bodySchemasOfContent = {
  ack: messageIds,
  receipt: messageIds,
  "key-package": keyPackage,
  change: list(changeSchema, { min: 1, max: 1024 }),
  confirm,
} as const;
export type CborKind = keyof typeof bodySchemasOfContent;
export type ContentBodies = { readonly [K in CborKind]: SchemaType<(typeof bodySchemasOfContent)[K]> };

/** Throws above `maxContentBody`: see `splitChanges` for changes; the others cannot be that long. */
export function encodeBody<K extends CborKind>(kind: K, value: ContentBodies[K]): Bytes {
  const encoded = encode(bodySchemasOfContent[kind] as unknown as Schema<ContentBodies[K]>, value);
  if (encoded.length > maxContentBody) throw new Error(`a ${kind} body of ${encoded.length} bytes is more than ${maxContentBody}`);
  return encoded;
}
export function decodeBody<K extends CborKind>(kind: K, body: Uint8Array): Result<ContentBodies[K], DecodeError> {
  return decode(bodySchemasOfContent[kind] as unknown as Schema<ContentBodies[K]>, body, maxContentBody);
}

/** @returns `too-long` above `maxText` bytes, and `malformed` for text with a lone surrogate, which has no UTF-8. */
export function encodeText(words: string): Result<Bytes, DecodeError> {
  if (/\p{Surrogate}/u.test(words)) return err(decodeError("malformed", "half a character"));
  const encoded = utf8(words);
  return encoded.length > maxText ? err(decodeError("too-long", `${encoded.length} bytes, at most ${maxText}`)) : ok(encoded);
}
/** The text as sent; whoever shows it neutralises control characters. */
export function decodeText(body: Uint8Array): Result<string, DecodeError> {
  if (body.length > maxText) return err(decodeError("too-long", `${body.length} bytes, at most ${maxText}`));
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    return err(decodeError("malformed", "not UTF-8")); // the platform throws a TypeError for ill-formed input, and only for that
  }
}
