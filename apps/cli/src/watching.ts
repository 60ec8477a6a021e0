/** What is new between two looks at a profile: the events that `photon watch` prints. */
import type { Contact, Device, Engine, HistoryEntry, MessageState, ShownMessage } from "@photon/engine";
import { ok } from "@photon/protocol/codec";
import { changeJson } from "./contact-view.ts";
import type { Attempt } from "./failure.ts";
import { messageJson } from "./message-view.ts";
import type { JsonObject } from "./output/json.ts";

/**
 * | event      | fields                                                | when                                          |
 * | ---------- | ----------------------------------------------------- | --------------------------------------------- |
 * | `message`  | `contact {id, petname}`, `message` as of `photon read` | a message came, or was sent by another device  |
 * | `state`    | `contact`, `id`, `state`                              | a message of yours went further               |
 * | `contact`  | `contact`, `state`                                    | someone is new, or a relationship's state changed |
 * | `change`   | `contact`, `change` as in `photon contacts history`    | something changed on someone's side            |
 * | `device`   | `device`, `state`                                     | a device of yours is new, or changed          |
 */
export type WatchEvent =
  | { readonly kind: "message"; readonly contact: Contact; readonly message: ShownMessage }
  | { readonly kind: "state"; readonly contact: Contact; readonly id: string; readonly state: MessageState }
  | { readonly kind: "contact"; readonly contact: Contact }
  | { readonly kind: "change"; readonly contact: Contact; readonly change: HistoryEntry }
  | { readonly kind: "device"; readonly device: Device };

/** What has been told, by contact. Grows with what passes while the watch runs, and no faster. */
export interface Seen {
  readonly contacts: Map<string, { readonly state: string; readonly changes: ReadonlySet<string> }>;
  readonly messages: Map<string, Map<string, MessageState>>;
  readonly devices: Map<string, string>;
}

export const nothingSeen = (): Seen => ({ contacts: new Map(), messages: new Map(), devices: new Map() });

/** Messages looked at besides those after the last one told: a message may be sorted before one that came earlier. */
const recent = 200;

/** Looks at everything, notes it in `seen`, and returns what was not there before. */
export async function look(engine: Engine, seen: Seen): Attempt<readonly WatchEvent[]> {
  const events: WatchEvent[] = [];
  const devices = await engine.devices();
  if (!devices.ok) return devices;
  for (const device of devices.value) {
    if (seen.devices.get(device.name) !== device.state) events.push({ kind: "device", device });
    seen.devices.set(device.name, device.state);
  }
  const contacts = await engine.contacts();
  if (!contacts.ok) return contacts;
  for (const contact of contacts.value) {
    const before = seen.contacts.get(contact.id);
    if (before?.state !== contact.state) events.push({ kind: "contact", contact });
    for (const change of contact.changes)
      if (before?.changes.has(changeKey(change)) !== true) events.push({ kind: "change", contact, change });
    seen.contacts.set(contact.id, { state: contact.state, changes: new Set(contact.changes.map(changeKey)) });
    const talk = await lookAtMessages(engine, seen, contact);
    if (!talk.ok) return talk;
    events.push(...talk.value);
  }
  return ok(events);
}

const changeKey = ({ at, kind, words }: HistoryEntry): string => `${at} ${kind} ${words}`;

async function lookAtMessages(engine: Engine, seen: Seen, contact: Contact): Attempt<readonly WatchEvent[]> {
  const told = seen.messages.get(contact.id) ?? new Map<string, MessageState>();
  seen.messages.set(contact.id, told);
  const last = [...told.keys()].at(-1);
  const late = await engine.read(contact.id, { limit: recent });
  if (!late.ok) return late;
  const more =
    last === undefined || late.value.some(({ id }) => id === last) ? late : await engine.read(contact.id, { after: last });
  if (!more.ok) return more;
  const events: WatchEvent[] = [];
  for (const message of [...more.value, ...late.value]) {
    const state = told.get(message.id);
    if (state === undefined) events.push({ kind: "message", contact, message });
    else if (state !== message.state) events.push({ kind: "state", contact, id: message.id, state: message.state });
    told.set(message.id, message.state);
  }
  return ok(events);
}

export function eventJson(event: WatchEvent): JsonObject {
  if (event.kind === "device") return { event: event.kind, device: event.device.name, state: event.device.state };
  const contact = { id: event.contact.id, petname: event.contact.petname };
  switch (event.kind) {
    case "message":
      return { event: event.kind, contact, message: messageJson(event.message) };
    case "state":
      return { event: event.kind, contact, id: event.id, state: event.state };
    case "contact":
      return { event: event.kind, contact, state: event.contact.state };
    case "change":
      return { event: event.kind, contact, change: changeJson(event.change) };
  }
}
