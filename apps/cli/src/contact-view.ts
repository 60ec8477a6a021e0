/** Contacts, their changes and messages as JSON and as words. The JSON shapes are the scripting contract's. */
import type { Contact, ContactState, HistoryEntry, Succession, VerifiedHow } from "@photon/engine";
import type { Json, JsonObject } from "./output/json.ts";
import { named, shown, typeable } from "./output/shown.ts";
import { instant, localDate, localTime } from "./output/time.ts";

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
  ...(contact.succession === undefined ? {} : { succession: successionJson(contact.succession) }),
});

export const successionJson = ({ state, until, firstSeen }: Succession): JsonObject => ({
  state,
  until: until === undefined ? null : instant(until),
  firstSeen: instant(firstSeen),
});

/** Whether the contact's side changes hands, and their person has not decided. */
export const isChangingHands = ({ succession }: Contact): boolean =>
  succession?.state === "pending" || succession?.state === "contested";

/** What happened to the contact's side, and what it means; "" where nothing did, or the person has made sure since. */
export function successionWords(contact: Contact, now: number): string {
  const { succession, verified, petname } = contact;
  if (succession === undefined) return "";
  const who = petname === "" ? idText(contact) : named(petname);
  const recovered = `${who} was recovered by trustees on ${localDate(succession.firstSeen)}`;
  const until = succession.until === undefined ? "" : localTime(succession.until, now);
  switch (succession.state) {
    case "pending":
      return `${recovered}; unconfirmed${until === "" ? "" : ` until ${until}`}. It may be ${who} on a new device, or somebody whom the trustees took for them. What you write to ${who} waits until you confirm.`;
    case "contested":
      return `${recovered}, and one of the devices from before objects. One of the two is not ${who}: trust neither until you have spoken.`;
    case "counted":
      return verified !== undefined && verified.at >= succession.firstSeen
        ? ""
        : `${recovered}, and that counts now. You have not verified ${who} since.`;
    case "refused":
      return `${recovered}; it was refused, or came to nothing, and the devices from before count.`;
  }
}

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

/** "Verified" is never carried over a change that it does not cover. */
export const howVerified = (contact: Contact): string =>
  contact.verified === undefined || (isChangingHands(contact) && contact.verified.at < (contact.succession?.firstSeen ?? 0))
    ? "not verified"
    : verifiedWords[contact.verified.how];

/** One or two words for the list. */
export function standing(contact: Contact): string {
  if (contact.state !== "active") return stateWords[contact.state];
  switch (contact.succession?.state) {
    case "pending":
      return "unconfirmed";
    case "contested":
      return "contested";
    case "counted":
    case "refused":
    case undefined:
      return stateWords.active;
  }
}

export const gradeWords: Readonly<Record<HistoryEntry["grade"], string>> = {
  continuous: "an earlier device vouches for it",
  "by-trustees": "their trustees vouch for it; confirm when you can",
  unproven: "nothing vouches for it; treat them as a stranger until you have spoken",
};
