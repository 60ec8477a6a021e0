/**
 * What leaves Photon as a file of its own: contacts as vCard or JSContact, relationships without keys. Each is plain text
 * that other programs read; on its way out the caller puts it under a passphrase (`sealWithPassphrase`).
 */
import type { Bytes, DecodeError, Result } from "../codec/index.ts";
import type { ImportedContacts } from "./contact.ts";
import { contactsFromCards } from "./jscontact.ts";
import { fieldOf, parseJson } from "./json.ts";
import { type ImportedRelationships, maxRelationshipsFile, relationshipsFromValue } from "./relationships.ts";
import { contactsFromVcard } from "./vcard.ts";

export * from "./contact.ts";
export * from "./jscontact.ts";
export * from "./relationships.ts";
export * from "./vcard.ts";

export type Imported =
  | ({ readonly kind: "contacts-vcard" | "contacts-jscontact" } & ImportedContacts)
  | ({ readonly kind: "relationships" } & ImportedRelationships);

/** Tells the three kinds apart by what they begin with. */
export function parseExport(file: Bytes): Result<Imported, DecodeError> {
  const beginning = new TextDecoder().decode(file.subarray(0, 64)).trimStart();
  if (/^BEGIN:VCARD/iu.test(beginning)) return tagged("contacts-vcard", contactsFromVcard(file));
  const json = parseJson(file, maxRelationshipsFile);
  if (!json.ok) return json;
  return fieldOf(json.value, "format") === undefined
    ? tagged("contacts-jscontact", contactsFromCards(json.value))
    : tagged("relationships", relationshipsFromValue(json.value));
}

function tagged<K extends string, T extends object>(
  kind: K,
  result: Result<T, DecodeError>,
): Result<{ readonly kind: K } & T, DecodeError> {
  return result.ok ? { ok: true, value: { kind, ...result.value } } : result;
}
