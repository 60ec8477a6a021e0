/** What is new between two looks at a profile: the events that `photon watch` prints. */
import type {
  Contact,
  Device,
  Engine,
  HistoryEntry,
  MessageState,
  RecoveryCase,
  RecoveryNotice,
  RecoveryProgress,
  ShownMessage,
  Succession,
  Trusteeship,
} from "@photon/engine";
import { ok } from "@photon/protocol/codec";
import { changeJson, successionJson } from "./contact-view.ts";
import type { Attempt } from "./failure.ts";
import { messageJson } from "./message-view.ts";
import type { JsonObject } from "./output/json.ts";
import { noticeJson, recoveredJson } from "./recovery-view.ts";
import { caseJson } from "./trustee-view.ts";

/**
 * | event      | fields                                                | when                                          |
 * | ---------- | ----------------------------------------------------- | --------------------------------------------- |
 * | `message`  | `contact {id, petname}`, `message` as of `photon read` | a message came, or was sent by another device  |
 * | `state`    | `contact`, `id`, `state`                              | a message of yours went further               |
 * | `contact`  | `contact`, `state`                                    | someone is new, or a relationship's state changed |
 * | `change`   | `contact`, `change` as in `photon contacts history`    | something changed on someone's side            |
 * | `device`   | `device`, `state`                                     | a device of yours is new, or changed          |
 * | `recovery` | `recovery` as one of `recoveries` of `photon sync`     | somebody recovers in your name, or more is known of it |
 * | `recovered` | `recovery` as of `photon recover status`              | your own recovery went further                |
 * | `succession` | `contact`, `succession` as of `photon contacts`      | a contact's side changes hands                |
 * | `trustee`  | `petname`, `state`                                    | somebody asks you to be a trustee, or that changed |
 * | `case`     | `petname`, `case` as of `photon trustee status`        | somebody you are a trustee of recovers        |
 */
export type WatchEvent =
  | { readonly kind: "message"; readonly contact: Contact; readonly message: ShownMessage }
  | { readonly kind: "state"; readonly contact: Contact; readonly id: string; readonly state: MessageState }
  | { readonly kind: "contact"; readonly contact: Contact }
  | { readonly kind: "change"; readonly contact: Contact; readonly change: HistoryEntry }
  | { readonly kind: "succession"; readonly contact: Contact; readonly succession: Succession }
  | { readonly kind: "device"; readonly device: Device }
  | { readonly kind: "recovery"; readonly notice: RecoveryNotice }
  | { readonly kind: "recovered"; readonly progress: RecoveryProgress }
  | { readonly kind: "trustee"; readonly trusteeship: Trusteeship }
  | { readonly kind: "case"; readonly trusteeship: Trusteeship; readonly case: RecoveryCase };

/** What has been told, by contact. Grows with what passes while the watch runs, and no faster. */
export interface Seen {
  readonly contacts: Map<string, { readonly state: string; readonly changes: ReadonlySet<string>; readonly succession: string }>;
  readonly messages: Map<string, Map<string, MessageState>>;
  readonly devices: Map<string, string>;
  /** What was told of recoveries, by what they are of; as text, to be compared. */
  readonly recoveries: Map<string, string>;
}

export const nothingSeen = (): Seen => ({
  contacts: new Map(),
  messages: new Map(),
  devices: new Map(),
  recoveries: new Map(),
});

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
  const recoveries = await lookAtRecoveries(engine, seen);
  if (!recoveries.ok) return recoveries;
  events.push(...recoveries.value);
  const contacts = await engine.contacts();
  if (!contacts.ok) return contacts;
  for (const contact of contacts.value) {
    const before = seen.contacts.get(contact.id);
    if (before?.state !== contact.state) events.push({ kind: "contact", contact });
    for (const change of contact.changes)
      if (before?.changes.has(changeKey(change)) !== true) events.push({ kind: "change", contact, change });
    const { succession } = contact;
    const standing = succession === undefined ? "" : JSON.stringify(successionJson(succession));
    if (succession !== undefined && before?.succession !== standing) events.push({ kind: "succession", contact, succession });
    seen.contacts.set(contact.id, {
      state: contact.state,
      changes: new Set(contact.changes.map(changeKey)),
      succession: standing,
    });
    const talk = await lookAtMessages(engine, seen, contact);
    if (!talk.ok) return talk;
    events.push(...talk.value);
  }
  return ok(events);
}

type Found = readonly [key: string, event: WatchEvent, told: string];

const progressFound = (progress: RecoveryProgress): Found => [
  "recovered",
  { kind: "recovered", progress },
  JSON.stringify(recoveredJson(progress)),
];

/** In this person's own name, and in the names of those whose trustee they are. */
async function lookAtRecoveries(engine: Engine, seen: Seen): Attempt<readonly WatchEvent[]> {
  const notices = await engine.recoveryNotices();
  if (!notices.ok) return notices;
  const progress = await engine.recoveryProgress();
  if (!progress.ok) return progress;
  const trusteeships = await engine.trusteeships();
  if (!trusteeships.ok) return trusteeships;
  const found: readonly Found[] = [
    ...notices.value.map((notice): Found => [
      `notice ${notice.request}`,
      { kind: "recovery", notice },
      JSON.stringify(noticeJson(notice)),
    ]),
    ...(progress.value === undefined ? [] : [progressFound(progress.value)]),
    ...trusteeships.value.flatMap((trusteeship): Found[] => [
      [`trustee ${trusteeship.petname}`, { kind: "trustee", trusteeship }, `${trusteeship.state} ${trusteeship.askedAgain ?? ""}`],
      ...trusteeship.cases.map((one): Found => [
        `case ${trusteeship.petname} ${one.request}`,
        { kind: "case", trusteeship, case: one },
        JSON.stringify(caseJson(one)),
      ]),
    ]),
  ];
  const events: WatchEvent[] = [];
  for (const [key, event, told] of found) {
    if (seen.recoveries.get(key) !== told) events.push(event);
    seen.recoveries.set(key, told);
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
  const isRecent = last === undefined || late.value.some(({ id }) => id === last);
  const more = isRecent ? late : await engine.read(contact.id, { after: last });
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
  switch (event.kind) {
    case "device":
      return { event: event.kind, device: event.device.name, state: event.device.state };
    case "recovery":
      return { event: event.kind, recovery: noticeJson(event.notice) };
    case "recovered":
      return { event: event.kind, recovery: recoveredJson(event.progress) };
    case "trustee":
      return { event: event.kind, petname: event.trusteeship.petname, state: event.trusteeship.state };
    case "case":
      return { event: event.kind, petname: event.trusteeship.petname, case: caseJson(event.case) };
    case "message":
    case "state":
    case "contact":
    case "succession":
    case "change":
      return contactEventJson(event);
  }
}

function contactEventJson(event: Extract<WatchEvent, { readonly contact: Contact }>): JsonObject {
  const contact = { id: event.contact.id, petname: event.contact.petname };
  switch (event.kind) {
    case "message":
      return { event: event.kind, contact, message: messageJson(event.message) };
    case "state":
      return { event: event.kind, contact, id: event.id, state: event.state };
    case "contact":
      return { event: event.kind, contact, state: event.contact.state };
    case "succession":
      return { event: event.kind, contact, succession: successionJson(event.succession) };
    case "change":
      return { event: event.kind, contact, change: changeJson(event.change) };
  }
}
