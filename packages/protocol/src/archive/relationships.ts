/**
 * Relationships as they leave Photon without any key: who they are, what was said, and what happened to the other side.
 * JSON in UTF-8, fields in this order; one state has one text. See spec/07-archive.md.
 *
 *     {"format": "photon-relationships", "version": 1, "relationships": [
 *       {"petname", "note"?, "verified"?: {"how", "at"}, "state", "custody",
 *        "history": [{"at", "side", "kind", "grade", "words"}],
 *        "messages": [{"id", "from", "kind", "sent", "body"}]}]}
 *
 * Only the fields named here are ever written, whatever the values passed in hold besides.
 */
import { type Bytes, decodeError, type DecodeError, err, ok, type Result } from "../codec/index.ts";
import { checkContact, type ExportedContact, maxContacts, wellFormed } from "./contact.ts";
import { fieldOf, listOf, parseJson } from "./json.ts";

export interface ExportedChange {
  /** Milliseconds since 1970, here and in `sent`. */
  readonly at: number;
  readonly side: "me" | "peer";
  readonly kind: string;
  readonly grade: string;
  readonly words: string;
}
export interface ExportedMessage {
  /** 32 hex digits. */
  readonly id: string;
  readonly from: "me" | "peer";
  readonly kind: string;
  readonly sent: number;
  readonly body: string;
  /** Of one's own: how far it was, where it was not simply sent. */
  readonly state?: (typeof exportedStates)[number] | undefined;
}
export const exportedStates = ["queued", "delivered"] as const;
export interface ExportedRelationship extends ExportedContact {
  readonly state: string;
  readonly custody: string;
  readonly history: readonly ExportedChange[];
  readonly messages: readonly ExportedMessage[];
}
export interface ImportedRelationships {
  readonly relationships: readonly ExportedRelationship[];
  /** Relationships, changes and messages that could not be understood. */
  readonly skipped: number;
}

/** The longest file read, in bytes. */
export const maxRelationshipsFile = 256 * 1024 * 1024;
const format = "photon-relationships";
const version = 1;
const maxWord = 512;
const maxBody = 64 * 1024;

export function relationshipsToJson(relationships: readonly ExportedRelationship[]): string {
  return `${JSON.stringify({ format, version, relationships: relationships.map(pick) }, (_, value: unknown) => (typeof value === "string" ? wellFormed(value) : value), 1)}\n`;
}

function pick(one: ExportedRelationship): object {
  return {
    petname: one.petname,
    ...(one.note === undefined ? {} : { note: one.note }),
    ...(one.verified === undefined ? {} : { verified: { how: one.verified.how, at: new Date(one.verified.at).toISOString() } }),
    state: one.state,
    custody: one.custody,
    history: one.history.map(({ at, side, kind, grade, words }) => ({ at, side, kind, grade, words })),
    messages: one.messages.map(({ id, from, kind, sent, body, state }) => ({
      id,
      from,
      kind,
      sent,
      body,
      ...(state === undefined ? {} : { state }),
    })),
  };
}

export function relationshipsFromJson(file: Bytes): Result<ImportedRelationships, DecodeError> {
  const parsed = parseJson(file, maxRelationshipsFile);
  return parsed.ok ? relationshipsFromValue(parsed.value) : parsed;
}

export function relationshipsFromValue(value: unknown): Result<ImportedRelationships, DecodeError> {
  if (fieldOf(value, "format") !== format) return err(decodeError("wrong-shape", "$.format: expected photon-relationships"));
  if (fieldOf(value, "version") !== version) return err(decodeError("unknown-version", "$.version: expected 1"));
  const given = fieldOf(value, "relationships");
  if (!Array.isArray(given)) return err(decodeError("wrong-shape", "$.relationships: expected a list"));
  if (given.length > maxContacts) return err(decodeError("too-long", `more than ${maxContacts} relationships`));
  let skipped = 0;
  const keep = <T>(items: readonly unknown[], read: (item: unknown) => T | undefined): T[] => {
    const understood = items.flatMap((item) => {
      const one = read(item);
      return one === undefined ? [] : [one];
    });
    skipped += items.length - understood.length;
    return understood;
  };
  const relationships = keep(given, (one): ExportedRelationship | undefined => {
    const verified = fieldOf(one, "verified");
    const contact = checkContact(fieldOf(one, "petname"), fieldOf(one, "note"), fieldOf(verified, "how"), fieldOf(verified, "at"));
    const state = word(fieldOf(one, "state"));
    const custody = word(fieldOf(one, "custody"));
    if (contact === undefined || state === undefined || custody === undefined) return undefined;
    return {
      ...contact,
      state,
      custody,
      history: keep(listOf(fieldOf(one, "history")), readChange),
      messages: keep(listOf(fieldOf(one, "messages")), readMessage),
    };
  });
  return ok({ relationships, skipped });
}

function readChange(value: unknown): ExportedChange | undefined {
  const at = time(fieldOf(value, "at"));
  const side = party(fieldOf(value, "side"));
  const kind = word(fieldOf(value, "kind"));
  const grade = word(fieldOf(value, "grade"));
  const words = word(fieldOf(value, "words"));
  if (at === undefined || side === undefined || kind === undefined || grade === undefined || words === undefined) return undefined;
  return { at, side, kind, grade, words };
}

function readMessage(value: unknown): ExportedMessage | undefined {
  const id = fieldOf(value, "id");
  const from = party(fieldOf(value, "from"));
  const kind = word(fieldOf(value, "kind"));
  const sent = time(fieldOf(value, "sent"));
  const body = fieldOf(value, "body");
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/u.test(id) || typeof body !== "string" || body.length > maxBody) return undefined;
  if (from === undefined || kind === undefined || sent === undefined) return undefined;
  const state = from === "me" ? exportedStates.find((one) => one === fieldOf(value, "state")) : undefined;
  return { id, from, kind, sent, body, ...(state === undefined ? {} : { state }) };
}

const word = (value: unknown): string | undefined => (typeof value === "string" && value.length <= maxWord ? value : undefined);
const time = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : undefined;
const party = (value: unknown): "me" | "peer" | undefined => (value === "me" || value === "peer" ? value : undefined);
