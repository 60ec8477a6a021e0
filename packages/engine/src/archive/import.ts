/**
 * Taking in a file that Photon, or for contacts any program, wrote. Nothing in it can act or be acted with: see
 * `imported.ts`. Somebody whom this profile knows by the same petname already is left as they are, and what the file has
 * to say of them comes beside them, as "Ana (imported)", if it has messages that are not here.
 */
import { type Bytes, encode, equalBytes, err, fromHex, ok, type Result, toHex } from "@photon/protocol/codec";
import {
  type ExportedContact,
  type ExportedMessage,
  type ExportedRelationship,
  type Imported,
  maxRelationshipsFile,
  openWithPassphrase,
  parseExport,
} from "@photon/protocol/archive";
import { encodeText } from "@photon/protocol/queue";
import { makeLeafId, makeSideId } from "@photon/protocol/statement";
import type { ImportReport } from "../api.ts";
import { getState } from "../circle/state.ts";
import { keepMessage, loadMessages } from "../conversation/messages.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { listContacts } from "../meeting/contacts.ts";
import { cleanName } from "../profile/names.ts";
import { flagSchema, keys, petnameSchema, recordSchema, setRecord, timeSchema } from "../relationship/records.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { quarantinedKind } from "./export.ts";
import { derived, importedId, importedKey, importedRecord, type ImportedRecord, importedSchema, maxImported } from "./imported.ts";

/** Room for what `age` adds. */
const maxFile = maxRelationshipsFile + 1024 * 1024;

/**
 * @returns how many contacts and messages are new, and how many were left out: here already, or not understood. Fails with `wrong-secret` for a passphrase that does not open it, else `bad-import`.
 */
export async function importFrom(work: Work, file: Bytes, passphrase: string): Promise<Result<ImportReport, PhotonError>> {
  const opened = await openWithPassphrase(file, passphrase, maxFile);
  if (!opened.ok) {
    return err(opened.error.code === "cannot-open" ? photonError("wrong-secret") : photonError("bad-import", opened.error.detail));
  }
  const parsed = parseExport(opened.value);
  if (!parsed.ok) return err(photonError("bad-import", parsed.error.detail));
  return ok(await take(work, parsed.value));
}

async function take(work: Work, imported: Imported): Promise<ImportReport> {
  const report = { kind: imported.kind, contacts: 0, messages: 0, skipped: imported.skipped };
  const relationships = imported.kind === "relationships" ? imported.relationships : imported.contacts.map(asRelationship);
  // Petnames that live relationships have: of those, the file knows nothing better.
  const here = new Map<string, string>();
  const taken = new Set<string>();
  for (const { contact, relationship } of await listContacts(work)) {
    taken.add(contact.petname);
    if ((await importedRecord(work, relationship)) === undefined) here.set(contact.petname, relationship);
  }
  const counts = new Map<string, number>();
  for (const one of relationships) {
    const petname = usableName(one.petname);
    if (petname === undefined) {
      report.skipped += 1;
      continue;
    }
    const nth = counts.get(petname) ?? 0;
    counts.set(petname, nth + 1);
    const live = here.get(petname);
    if (live !== undefined && (await holds(work, live, one.messages))) {
      report.skipped += 1 + one.messages.length;
      continue;
    }
    const id = importedId(petname, nth);
    const messages = one.messages.flatMap((message) => usableMessage(message) ?? []);
    const isNew = (await importedRecord(work, id)) === undefined;
    report.skipped += await keepRecord(work, id, petname, one, taken);
    report[isNew ? "contacts" : "skipped"] += 1;
    const kept = await keepMessages(work, id, messages);
    report.messages += kept;
    report.skipped += one.messages.length - kept;
  }
  return report;
}

const asRelationship = (contact: ExportedContact): ExportedRelationship => ({
  ...contact,
  state: "closed",
  custody: "unknown",
  history: [],
  messages: [],
});

/** A petname as this profile allows them; other programs' names may be longer, or hold what cannot be seen. */
const usableName = (name: string): string | undefined =>
  cleanName(name) ??
  cleanName(
    Array.from(name.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/gu, " "))
      .slice(0, 32)
      .join(""),
  );

async function holds(work: Work, id: string, messages: readonly ExportedMessage[]): Promise<boolean> {
  if (messages.length === 0) return true;
  const held = new Set((await loadMessages(work, id)).map((message) => toHex(message.id)));
  return messages.every((message) => held.has(message.id));
}

/** @returns how much of the record had to be left out. */
async function keepRecord(work: Work, id: string, petname: string, one: ExportedRelationship, taken: Set<string>): Promise<number> {
  const before = await importedRecord(work, id);
  const shown = before === undefined ? freeName(petname, taken) : petname;
  const { record, left } = recordOf(one, before === undefined ? (shown === petname ? undefined : petname) : before.petname);
  if (before === undefined) {
    const mine = makeSideId(derived("side", id));
    await setRecord(work, keys.record(id), recordSchema, { mine, role: "inviter", created: work.now() });
    await setRecord(work, keys.petname(id), petnameSchema, shown);
    await setRecord(work, keys.closed(id), flagSchema, true);
    taken.add(shown);
  }
  // Of two files about one person, the one that knows more of their history.
  const isBetter = before === undefined || record.history.length > before.history.length;
  if (isBetter && (before === undefined || !equalBytes(encode(importedSchema, record), encode(importedSchema, before)))) {
    await setRecord(work, importedKey(id), importedSchema, record);
  }
  return left;
}

function freeName(petname: string, taken: ReadonlySet<string>): string {
  if (!taken.has(petname)) return petname;
  const stem = `${petname.slice(0, 48)} (imported`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${stem})` : `${stem} ${number})`;
    if (!taken.has(name)) return name;
  }
}

const maxNote = 16_000;
const maxWord = 512;

function recordOf(
  one: ExportedRelationship,
  petname: string | undefined,
): { readonly record: ImportedRecord; readonly left: number } {
  const { state, custody, verified } = one;
  const note = one.note !== undefined && one.note.length <= maxNote && !/\p{Surrogate}/u.test(one.note) ? one.note : undefined;
  const history: ImportedRecord["history"][number][] = [];
  const record = { state: word(state), custody: word(custody), verified, note, petname, history };
  let size = encode(importedSchema, record).length + 8;
  for (const { at, side, kind, grade, words } of one.history) {
    const change = { at, side, kind: word(kind), grade: gradeOf(grade), words: word(words) };
    size += encode(importedSchema, { state: "", custody: "", history: [change] }).length;
    if (size > maxImported) break;
    history.push(change);
  }
  return { record, left: one.history.length - history.length + (one.note === note ? 0 : 1) };
}

const word = (text: string): string => text.slice(0, maxWord).replaceAll(/\p{Surrogate}/gu, "\ufffd");

interface UsableMessage extends Omit<ExportedMessage, "id" | "body"> {
  readonly id: Bytes;
  readonly body: Bytes;
  readonly quarantined: boolean;
}

const maxKind = 32;
const maxSent = 2 ** 48 - 1;

function usableMessage(message: ExportedMessage): UsableMessage | undefined {
  const id = fromHex(message.id);
  const body = encodeText(message.body);
  const { from, sent, state } = message;
  if (id === undefined || !body.ok || sent > maxSent || message.kind.length > maxKind || /\p{Surrogate}/u.test(message.kind)) {
    return undefined;
  }
  const quarantined = message.kind === quarantinedKind;
  return { id, from, sent, state, body: body.value, kind: quarantined ? "text" : message.kind, quarantined };
}

/** @returns how many were not here. */
async function keepMessages(work: Work, id: string, messages: readonly UsableMessage[]): Promise<number> {
  const held = new Set((await loadMessages(work, id)).map((message) => toHex(message.id)));
  const relationship = await loadRelationship(work, id);
  const leaf = makeLeafId(derived("leaf", id));
  const counters = new Map<number, number>();
  let kept = 0;
  for (const { id: messageId, from, sent: wall, state, body, kind, quarantined } of messages) {
    // The order within one millisecond is that of the file.
    const counter = counters.get(wall) ?? 0;
    counters.set(wall, counter + 1);
    await keepState(work, id, messageId, state);
    if (held.has(toHex(messageId))) continue;
    held.add(toHex(messageId));
    const content = { id: messageId, sent: { wall, counter, node: derived("node", id).slice(0, 8) }, kind, body };
    if (await keepMessage(work, relationship, content, { who: from, leaf, quarantined })) kept += 1;
  }
  return kept;
}

/** Of two files about one message, the one counts by which it came further. */
async function keepState(work: Work, id: string, message: Bytes, state: ExportedMessage["state"]): Promise<void> {
  const [acked, unsent] = [keys.ack(id, message), keys.unsent(id, message)];
  if (state === "delivered" && (await getState(work, acked)) === undefined) await setRecord(work, acked, timeSchema, work.now());
  if (state === "queued" && (await getState(work, unsent)) === undefined) await setRecord(work, unsent, flagSchema, true);
}

/** A grade that this version does not know vouches for nothing. */
const gradeOf = (grade: string): "unproven" | "continuous" | "by-trustees" =>
  grade === "continuous" || grade === "by-trustees" ? grade : "unproven";
