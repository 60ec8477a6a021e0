/**
 * Contacts as JSContact (RFC 9553): a JSON list of Cards, with `name.full` the petname, one note, a uid from the petname,
 * and the vendor property "photon.example:verified" {how, at}. See spec/07-archive.md.
 */
import { type Bytes, decodeError, type DecodeError, err, ok, type Result } from "../codec/index.ts";
import {
  checkContact,
  contactUid,
  type ExportedContact,
  type ImportedContacts,
  maxContacts,
  maxContactsFile,
  wellFormed,
} from "./contact.ts";
import { fieldOf, isObject, listOf, parseJson } from "./json.ts";

const verifiedName = "photon.example:verified";

export function contactsToJsContact(contacts: readonly ExportedContact[]): string {
  return `${JSON.stringify(contacts.map(card), null, 2)}\n`;
}

function card({ petname, note, verified }: ExportedContact): object {
  return {
    "@type": "Card",
    version: "1.0",
    uid: contactUid(petname),
    prodId: "Photon",
    name: { "@type": "Name", full: wellFormed(petname) },
    ...(note === undefined ? {} : { notes: { n1: { "@type": "Note", note: wellFormed(note) } } }),
    ...(verified === undefined ? {} : { [verifiedName]: { how: verified.how, at: new Date(verified.at).toISOString() } }),
  };
}

/** Reads what `contactsToJsContact` writes, one Card alone, and cards of other programs as far as they have a name. */
export function contactsFromJsContact(file: Bytes): Result<ImportedContacts, DecodeError> {
  const parsed = parseJson(file, maxContactsFile);
  return parsed.ok ? contactsFromCards(parsed.value) : parsed;
}

export function contactsFromCards(value: unknown): Result<ImportedContacts, DecodeError> {
  const cards = isObject(value) ? [value] : listOf(value);
  if (cards.length === 0 || !cards.some((one) => fieldOf(one, "@type") === "Card")) {
    return err(decodeError("wrong-shape", "$: expected JSContact cards"));
  }
  if (cards.length > maxContacts) return err(decodeError("too-long", `more than ${maxContacts} contacts`));
  const contacts = cards.flatMap((one) => {
    const verified = fieldOf(one, verifiedName);
    return (
      checkContact(
        nameOf(fieldOf(one, "name")),
        noteOf(fieldOf(one, "notes")),
        fieldOf(verified, "how"),
        fieldOf(verified, "at"),
      ) ?? []
    );
  });
  return ok({ contacts, skipped: cards.length - contacts.length });
}

function nameOf(name: unknown): unknown {
  const full = fieldOf(name, "full");
  if (full !== undefined) return full;
  return listOf(fieldOf(name, "components"))
    .map((component) => fieldOf(component, "value"))
    .filter((value) => typeof value === "string")
    .join(" ");
}

function noteOf(notes: unknown): unknown {
  return isObject(notes) ? fieldOf(Object.values(notes)[0], "note") : undefined;
}
