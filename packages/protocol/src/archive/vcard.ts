/**
 * Contacts as vCard 4.0 (RFC 6350): FN the petname, NOTE the note, UID from the petname, and `X-PHOTON-VERIFIED`
 * "<how> <RFC 3339 time>". See spec/07-archive.md.
 */
import { type Bytes, decodeError, type DecodeError, err, ok, type Result, utf8 } from "../codec/index.ts";
import {
  checkContact,
  contactUid,
  type ExportedContact,
  type ImportedContacts,
  maxContacts,
  maxContactsFile,
  wellFormed,
} from "./contact.ts";

const verifiedName = "X-PHOTON-VERIFIED";
/** RFC 6350 §3.2: octets in a line, without its line break. */
const maxLine = 75;

/** Control characters but tab and line breaks are left out: RFC 6350 has no way to write them. */
export function contactsToVcard(contacts: readonly ExportedContact[]): string {
  return contacts.map(card).join("");
}

function card({ petname, note, verified }: ExportedContact): string {
  const lines = [
    "BEGIN:VCARD",
    "VERSION:4.0",
    "PRODID:-//Photon//Photon//EN",
    `UID:${contactUid(petname)}`,
    `FN:${escapeText(petname)}`,
  ];
  if (note !== undefined) lines.push(`NOTE:${escapeText(note)}`);
  if (verified !== undefined) lines.push(`${verifiedName}:${verified.how} ${new Date(verified.at).toISOString()}`);
  lines.push("END:VCARD");
  return lines.map((line) => `${fold(line)}\r\n`).join("");
}

/** RFC 6350 §3.4. */
function escapeText(text: string): string {
  return wellFormed(text)
    .replace(/\r\n?/gu, "\n")
    .replace(/(?![\t\n])\p{Cc}/gu, "")
    .replace(/[\\,;]/gu, "\\$&")
    .replaceAll("\n", "\\n");
}
const unescapeText = (text: string): string =>
  text.replace(/\\([\s\S])/gu, (_, one: string) => (one === "n" || one === "N" ? "\n" : one));

/** Breaks before a whole character, so that no octet sequence is torn. */
function fold(line: string): string {
  let out = "";
  let octets = 0;
  for (const character of line) {
    const length = utf8(character).length;
    if (octets + length > maxLine) {
      out += "\r\n ";
      octets = 1;
    }
    out += character;
    octets += length;
  }
  return out;
}

/** Reads what `contactsToVcard` writes, and cards of other programs as far as they have an FN. */
export function contactsFromVcard(file: Bytes): Result<ImportedContacts, DecodeError> {
  if (file.length > maxContactsFile) return err(decodeError("too-long", `${file.length} bytes, at most ${maxContactsFile}`));
  const lines = new TextDecoder()
    .decode(file)
    .replace(/\r?\n[ \t]/gu, "")
    .split(/\r?\n/u);
  const contacts: ExportedContact[] = [];
  let skipped = 0;
  let open: Map<string, string> | undefined;
  for (const line of lines) {
    const { name, value } = property(line);
    if (name === "BEGIN" && value.toUpperCase() === "VCARD") {
      open = new Map();
    } else if (name === "END" && open !== undefined) {
      const [how, at] = (open.get(verifiedName) ?? "").split(" ");
      const contact = checkContact(unescapeText(open.get("FN") ?? ""), unescapeText(open.get("NOTE") ?? ""), how, at);
      if (contact === undefined) skipped += 1;
      else contacts.push(contact);
      open = undefined;
      if (contacts.length > maxContacts) return err(decodeError("too-long", `more than ${maxContacts} contacts`));
    } else if (open !== undefined && !open.has(name)) {
      open.set(name, value); // of several FN or NOTE the first is taken
    }
  }
  if (contacts.length + skipped === 0 || open !== undefined) return err(decodeError("malformed", "no whole vCard"));
  return ok({ contacts, skipped });
}

/** `[group.]NAME[;parameters]:value`. Scanned by hand: a regular expression over a line of megabytes ends the stack. */
function property(line: string): { readonly name: string; readonly value: string } {
  const colon = valueColon(line);
  const head = /^(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)(?:;|$)/u.exec(line.slice(0, Math.max(colon, 0)).slice(0, maxName));
  return { name: (head?.[1] ?? "").toUpperCase(), value: colon < 0 ? "" : line.slice(colon + 1) };
}
/** Longer than any property's name and group. */
const maxName = 256;

/** The first colon that is not within a quoted parameter, or -1. */
function valueColon(line: string): number {
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === ":" && !quoted) return at;
  }
  return -1;
}
