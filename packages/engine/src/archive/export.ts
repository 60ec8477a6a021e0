/**
 * Leaving: contacts or relationships as a file of their own, under a passphrase, without any key. What a file holds is in
 * spec/07-archive.md; waiting invitations, and people without a petname, are not in it.
 */
import { type Bytes, err, ok, type Result, utf8 } from "@photon/protocol/codec";
import {
  contactsToJsContact,
  contactsToVcard,
  exportedStates,
  type ExportedContact,
  type ExportedRelationship,
  relationshipsToJson,
  sealWithPassphrase,
} from "@photon/protocol/archive";
import type { ExportKind } from "../api.ts";
import { shownMessages } from "../conversation/messages.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { historyOf, listContacts, type Listed } from "../meeting/contacts.ts";
import { loadRelationship } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";
import { importedRecord } from "./imported.ts";
import { isWeak } from "./status.ts";

/** A plain `age` file. @param cost as in `sealWithPassphrase`. */
export async function exportAs(
  work: Work,
  kind: ExportKind,
  passphrase: string,
  cost?: number,
): Promise<Result<Bytes, PhotonError>> {
  if (isWeak(passphrase)) return err(photonError("weak-secret"));
  return ok(await sealWithPassphrase(await exportPlain(work, kind), passphrase, cost));
}

/** What is in the file. One state has one text, whichever device writes it. */
export async function exportPlain(work: Work, kind: ExportKind): Promise<Bytes> {
  const relationships: ExportedRelationship[] = [];
  for (const listed of await listContacts(work)) {
    const one = listed.claim === undefined ? await exported(work, listed) : undefined;
    if (one !== undefined) relationships.push(one);
  }
  const sorted = relationships
    .map((one) => ({ one, petname: one.petname, text: JSON.stringify(one) }))
    .toSorted((a, b) => compareText(a.petname, b.petname) || compareText(a.text, b.text))
    .map(({ one }) => one);
  switch (kind) {
    case "contacts-vcard":
      return utf8(contactsToVcard(sorted.map(contactOf)));
    case "contacts-jscontact":
      return utf8(contactsToJsContact(sorted.map(contactOf)));
    case "relationships":
      return utf8(relationshipsToJson(sorted));
  }
}

/** Not by locale: a file is the same in every country. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const contactOf = ({ petname, note, verified }: ExportedRelationship): ExportedContact => ({ petname, note, verified });

/** Undefined where there is nobody yet. */
async function exported(work: Work, { contact, relationship: id }: Listed): Promise<ExportedRelationship | undefined> {
  const relationship = await loadRelationship(work, id);
  const imported = await importedRecord(work, id);
  if (contact.petname === "" || (relationship.peer === undefined && imported === undefined)) return undefined;
  const messages = (await shownMessages(work, relationship, {})).map((message) => ({
    id: message.id,
    from: message.from,
    // A message from a device that no longer counted must not look like one of the peer's when it comes back.
    kind: message.quarantined ? quarantinedKind : message.kind,
    sent: message.sent,
    body: message.body,
    state: exportedStates.find((state) => state === message.state),
  }));
  if (imported !== undefined) {
    const { state, custody, history, verified, note, petname = contact.petname } = imported;
    return { petname, note, verified, state, custody, history, messages };
  }
  const history = [
    ...(relationship.peer === undefined ? [] : historyOf(relationship.peer.state, "peer")),
    ...historyOf(relationship.mine.state, "me"),
  ].toSorted((a, b) => a.at - b.at);
  const { petname, verified, state, custody } = contact;
  return { petname, verified, state, custody, history, messages };
}

/** The kind that a quarantined message has in a file. */
export const quarantinedKind = "quarantined";
