/** An engine in memory that does what it is told: for tests of the command line alone. */
import type { Contact, Device, Engine, HistoryEntry, PhotonError, ShownMessage, SyncReport } from "@photon/engine";
import { photonError } from "@photon/engine/errors";
import { err, ok, utf8 } from "@photon/protocol/codec";

export const noon = Date.UTC(2025, 2, 14, 12);

export const quietSync: SyncReport = { received: 0, sent: 0, pending: 0, duties: [], problems: [] };

export const contact = (parts: Partial<Contact> = {}): Contact => ({
  id: "c1",
  petname: "Ben",
  state: "active",
  note: undefined,
  verified: undefined,
  custody: "device (software)",
  changes: [],
  ...parts,
});

export const message = (parts: Partial<ShownMessage> = {}): ShownMessage => ({
  id: "m1",
  from: "peer",
  body: "hello",
  kind: "text",
  sent: noon,
  state: "received",
  quarantined: false,
  ...parts,
});

export const change = (parts: Partial<HistoryEntry> = {}): HistoryEntry => ({
  at: noon,
  kind: "retire",
  grade: "continuous",
  words: "retired a device (lost)",
  side: "peer",
  ...parts,
});

export interface FakeState {
  contacts: Contact[];
  messages: ShownMessage[];
  devices: Device[];
  history: HistoryEntry[];
  /** Answers of `sync`, one after the other; the last one repeats. */
  syncs: (SyncReport | PhotonError)[];
  /** What was called, with its arguments. */
  readonly calls: string[];
  hints: number;
}

export function fakeEngine(parts: Partial<FakeState> = {}): { readonly engine: Engine; readonly state: FakeState } {
  const state: FakeState = {
    contacts: [contact()],
    messages: [message()],
    devices: [
      { name: "laptop", state: "live", lastSeen: noon, thisOne: true },
      { name: "phone", state: "live", lastSeen: noon - 86_400_000, thisOne: false },
    ],
    history: [change()],
    syncs: [quietSync],
    calls: [],
    hints: 0,
    ...parts,
  };
  const find = (who: string): Contact | undefined => state.contacts.find(({ id, petname }) => id === who || petname === who);
  const call = (name: string, ...values: readonly unknown[]): void => {
    state.calls.push([name, ...values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)))].join(" "));
  };
  const onContact = async (who: string, change: Partial<Contact>) => {
    const found = find(who);
    if (found === undefined) return err(photonError("unknown-contact", who));
    const next = { ...found, ...change };
    state.contacts = state.contacts.map((one) => (one.id === found.id ? next : one));
    return ok(next);
  };
  const engine: Engine = {
    deviceName: "laptop",
    relay: "http://127.0.0.1:1",
    meet: async (options) => {
      call("meet", options);
      return ok({
        contact: "c1",
        link: "https://relay.example/i#abc",
        words: "relay.example one two",
        expires: noon + 7 * 86_400_000,
      });
    },
    accept: async (invitation, { petname }) => {
      call("accept", invitation, petname);
      return ok(contact({ petname, state: "waiting" }));
    },
    contacts: async () => ok(state.contacts),
    confirm: async (id, { petname }) => {
      call("confirm", id, petname);
      return onContact(id, { petname, state: "active" });
    },
    rename: async (who, petname) => {
      call("rename", who, petname);
      return onContact(who, { petname });
    },
    safetyWords: async (who) =>
      find(who) === undefined
        ? err(photonError("unknown-contact", who))
        : ok({ words: Array.from({ length: 20 }, (_, at) => `word${at}`), digits: "12345 67890", pictures: ["anchor", "boat"] }),
    verify: async (who, how) => {
      call("verify", who, how);
      return onContact(who, { verified: { how, at: noon } });
    },
    history: async (who) => (find(who) === undefined ? err(photonError("unknown-contact", who)) : ok(state.history)),
    closeContact: async (who) => {
      call("close", who);
      return onContact(who, { state: "closed" });
    },
    send: async (who, text) => {
      call("send", who, text);
      if (find(who) === undefined) return err(photonError("unknown-contact", who));
      if (new TextEncoder().encode(text).length > 32_000) return err(photonError("message-too-long"));
      state.messages.push(message({ id: "m2", from: "me", body: text, state: "queued" }));
      return ok({ id: "m2", state: "queued" });
    },
    read: async (who, { after, limit } = {}) => {
      if (find(who) === undefined) return err(photonError("unknown-contact", who));
      const start = after === undefined ? 0 : state.messages.findIndex(({ id }) => id === after) + 1;
      return ok(state.messages.slice(Math.max(start, limit === undefined ? 0 : state.messages.length - limit)));
    },
    devices: async () => ok(state.devices),
    addDevice: async () => {
      let polls = 0;
      return ok({
        code: "abc-def",
        expires: noon + 600_000,
        poll: async () => {
          polls += 1;
          return ok({ state: polls < 3 ? "waiting" : "joined", device: polls < 3 ? undefined : "tablet" } as const);
        },
      });
    },
    retire: async (device, reason) => {
      call("retire", device, reason);
      return state.devices.some(({ name }) => name === device)
        ? ok({ retired: device, relationships: [{ petname: "Ben", state: "re-keyed" }] })
        : err(photonError("unknown-device", device));
    },
    sync: async () => {
      call("sync");
      const next = (state.syncs.length > 1 ? state.syncs.shift() : state.syncs[0]) ?? quietSync;
      if ("exit" in next) return err(next);
      if (next.sent > 0)
        state.messages = state.messages.map((one) => (one.state === "queued" ? { ...one, state: "deposited" } : one));
      return ok(next);
    },
    waitForHint: async () => {
      state.hints += 1;
    },
    backupStatus: async () =>
      ok({
        vault: "https://relay.example",
        sequence: 3,
        archivedAt: noon,
        pendingChanges: 0,
        segments: 2,
        bytes: 4096,
        openers: [{ kind: "device", name: "laptop" }],
      }),
    addPassphraseOpener: async (passphrase) => {
      call("addPassphraseOpener", passphrase);
      return passphrase.length < 12 ? err(photonError("weak-secret")) : engine.backupStatus();
    },
    exportAs: async (kind, passphrase) => {
      call("exportAs", kind, passphrase);
      return ok(utf8(`age-encryption.org/v1 ${kind}`));
    },
    importFrom: async (_, passphrase) =>
      passphrase === "correct horse battery"
        ? ok({ kind: "relationships", contacts: 2, messages: 5, skipped: 1 })
        : err(photonError("wrong-secret")),
    close: async () => {
      call("close");
    },
  };
  return { engine, state };
}
