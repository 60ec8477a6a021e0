/** Contacts, their changes and messages as JSON and as words. The JSON shapes are the scripting contract's. */
import type { Contact, ContactState, HistoryEntry, VerifiedHow } from "@photon/engine";
import type { Json, JsonObject } from "./output/json.ts";
import { shown, typeable } from "./output/shown.ts";
import { instant } from "./output/time.ts";

export const changeJson = (entry: HistoryEntry): JsonObject => ({
  at: instant(entry.at),
  kind: entry.kind,
  grade: entry.grade,
  words: entry.words,
  side: entry.side,
});

export const verifiedJson = (contact: Contact): Json =>
  contact.verified === undefined ? null : { how: contact.verified.how, at: instant(contact.verified.at) };

export const contactJson = (contact: Contact): JsonObject => ({
  id: contact.id,
  petname: contact.petname,
  state: contact.state,
  verified: verifiedJson(contact),
  custody: contact.custody,
  changes: contact.changes.map(changeJson),
  ...(contact.note === undefined ? {} : { note: contact.note }),
});

/** What to type for a contact in a command that is suggested: the petname if that can be typed, else the id. */
export const typedName = (contact: Contact): string => typeable(contact.petname) ?? idText(contact);

/** The contact that the person named, among those that there are. */
export const contactNamed = (contacts: readonly Contact[], who: string): Contact | undefined =>
  contacts.find(({ id }) => id === who) ?? contacts.find(({ petname }) => petname === who);

/** Whether a change on the peer's side asks for a word with them. The first device of a side has nothing before it to vouch. */
export const isDoubtful = ({ side, grade, kind }: HistoryEntry): boolean =>
  side === "peer" && grade !== "continuous" && kind !== "found";

export const idText = (contact: Contact): string => shown(contact.id, { limit: 64 });

export const stateWords: Readonly<Record<ContactState, string>> = {
  waiting: "waiting for them",
  confirm: "waiting for you",
  active: "active",
  frozen: "frozen",
  contested: "contested",
  closed: "closed",
};

export const verifiedWords: Readonly<Record<VerifiedHow, string>> = {
  "in-person": "in person",
  "words-compared": "words compared",
  "known-channel": "over a known channel",
  introduced: "introduced",
};

export const howVerified = (contact: Contact): string =>
  contact.verified === undefined ? "not verified" : verifiedWords[contact.verified.how];

export const gradeWords: Readonly<Record<HistoryEntry["grade"], string>> = {
  continuous: "an earlier device vouches for it",
  "by-trustees": "their trustees vouch for it; confirm when you can",
  unproven: "nothing vouches for it; treat them as a stranger until you have spoken",
};
