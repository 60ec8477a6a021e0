/** An engine in memory that does what it is told: for tests of the command line alone. */
import type {
  Contact,
  Device,
  Engine,
  HistoryEntry,
  PendingDeletion,
  PhotonError,
  PlanStatus,
  RecoveryCase,
  RecoveryNotice,
  RecoveryProgress,
  ShownMessage,
  SyncReport,
  Trusteeship,
} from "@photon/engine";
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
  succession: undefined,
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
  unconfirmed: false,
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

const day = 86_400_000;

export const plan = (parts: Partial<PlanStatus> = {}): PlanStatus => ({
  version: 1,
  threshold: 2,
  contested: 3,
  delayHours: 48,
  hint: "Ask Ben first",
  operators: ["https://relay.example"],
  members: [
    { petname: "Ben", state: "holding", since: noon },
    { petname: "Chi", state: "accepted", since: noon },
    { petname: "Dee", state: "asked", since: noon - day },
  ],
  protected: false,
  announced: 1,
  inForce: 0,
  relationships: 3,
  alarms: ["2 of 3 have accepted: not protected."],
  ...parts,
});

export const recoveryCase = (parts: Partial<RecoveryCase> = {}): RecoveryCase => ({
  request: "3f9a11c2".repeat(8),
  device: "new phone",
  state: "collecting",
  approvals: 1,
  needed: 2,
  until: undefined,
  contested: false,
  pressed: false,
  rivals: 0,
  approvedByMe: false,
  answer: undefined,
  warnings: [],
  ...parts,
});

export const trusteeship = (parts: Partial<Trusteeship> = {}): Trusteeship => ({
  petname: "Ben",
  state: "holding",
  since: noon,
  askedAgain: undefined,
  hint: "Ask me about the blue bicycle",
  threshold: 2,
  delayHours: 48,
  cases: [],
  ...parts,
});

export const notice = (parts: Partial<RecoveryNotice> = {}): RecoveryNotice => ({
  request: "3f9a11c2".repeat(8),
  device: "new phone",
  approvedBy: ["Ben"],
  firstSeen: noon,
  contested: false,
  arrivedFrom: [],
  ...parts,
});

export const progress = (parts: Partial<RecoveryProgress> = {}): RecoveryProgress => ({
  phase: "signing",
  contested: false,
  relationships: 3,
  succeeded: 0,
  acknowledged: 0,
  signers: 1,
  needed: 2,
  spoken: undefined,
  blamed: [],
  ...parts,
});

export interface FakeState {
  contacts: Contact[];
  messages: ShownMessage[];
  devices: Device[];
  history: HistoryEntry[];
  /** Answers of `sync`, one after the other; the last one repeats. */
  syncs: (SyncReport | PhotonError)[];
  plan: PlanStatus | undefined;
  trusteeships: Trusteeship[];
  /** What waits under the code that is spoken. */
  spoken: RecoveryCase | PhotonError;
  notices: RecoveryNotice[];
  progress: RecoveryProgress | undefined;
  /** What was called, with its arguments. */
  readonly calls: string[];
  hints: number;
  /** How often the relay is asked until a new device has answered. */
  answersAfter: number;
  /** Steps of its admission. */
  steps: number;
  pendingDeletion: PendingDeletion | undefined;
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
    plan: undefined,
    trusteeships: [],
    spoken: recoveryCase(),
    notices: [],
    progress: undefined,
    calls: [],
    hints: 0,
    answersAfter: 3,
    steps: 0,
    pendingDeletion: undefined,
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
  const onTrust = async (who: string, change: Partial<Trusteeship>) => {
    const found = state.trusteeships.find(({ petname }) => petname === find(who)?.petname);
    if (found === undefined) return err(photonError("not-trustee", who));
    const next = { ...found, ...change };
    state.trusteeships = state.trusteeships.map((one) => (one === found ? next : one));
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
    send: async (who, text, options) => {
      call("send", who, text, ...(options?.to === undefined ? [] : [options.to]));
      const found = find(who);
      if (found === undefined) return err(photonError("unknown-contact", who));
      if (found.state === "contested" && options?.to === undefined) return err(photonError("contested", who));
      if (new TextEncoder().encode(text).length > 32_000) return err(photonError("message-too-long"));
      state.messages.push(message({ id: "m2", from: "me", body: text, state: "queued" }));
      return ok({ id: "m2", state: "queued" });
    },
    decideSuccession: async (who, decision, how) => {
      call("decideSuccession", who, decision, ...(how === undefined ? [] : [how]));
      const found = find(who);
      if (found?.succession === undefined) return err(photonError("nothing-to-decide", who));
      const decided = decision === "accept" ? "counted" : "refused";
      const verified = how === undefined ? {} : { verified: { how, at: noon } };
      return onContact(who, { state: "active", succession: { ...found.succession, state: decided }, ...verified });
    },
    planTrustees: async (options) => {
      call("planTrustees", options);
      if (options.trustees.length < 2) return err(photonError("plan-too-few"));
      state.plan = plan({
        version: (state.plan?.version ?? 0) + 1,
        threshold: options.threshold ?? 2,
        delayHours: options.delayHours ?? 48,
        hint: options.hint ?? "",
        operators: ["https://relay.example", ...(options.mirror === undefined ? [] : [options.mirror])],
        members: options.trustees.map((petname) => ({ petname, state: "asked", since: noon })),
        alarms: [`0 of ${options.trustees.length} have accepted: not protected.`],
      });
      return ok(state.plan);
    },
    planStatus: async () => ok(state.plan),
    trusteeships: async () => ok(state.trusteeships),
    answerTrustee: async (who, accepts) => {
      call("answerTrustee", who, accepts);
      return onTrust(who, { state: accepts ? "accepted" : "refused" });
    },
    helpRecover: async (who) => {
      call("helpRecover", who);
      return ok({ words: "relay.example one two", relay: "https://relay.example" });
    },
    lookUpRequest: async (who, code) => {
      call("lookUpRequest", who, code);
      return "exit" in state.spoken ? err(state.spoken) : ok(state.spoken);
    },
    approveRecovery: async (who, options) => {
      call("approveRecovery", who, options);
      if ("exit" in state.spoken) return err(state.spoken);
      const { approvals, needed } = state.spoken;
      const now: RecoveryCase = {
        ...state.spoken,
        approvals: approvals + 1,
        state: approvals + 1 < needed ? "collecting" : "waiting",
        until: noon + 2 * day,
        approvedByMe: true,
      };
      await onTrust(who, { cases: [now] });
      return ok(now);
    },
    declineRecovery: async (who, options) => {
      call("declineRecovery", who, options);
      return onTrust(who, {});
    },
    recoveryNotices: async () => ok(state.notices),
    contest: async (options = {}) => {
      call("contest", options);
      const named = state.notices.filter(({ request }) => options.request === undefined || request === options.request);
      if (named.length === 0) return err(photonError("no-notice", options.request ?? ""));
      state.notices = state.notices.map((one) => (named.includes(one) ? { ...one, contested: true } : one));
      return ok(state.notices);
    },
    recoveryProgress: async () => ok(state.progress),
    read: async (who, { after, limit } = {}) => {
      if (find(who) === undefined) return err(photonError("unknown-contact", who));
      if (after !== undefined && !state.messages.some(({ id }) => id === after)) return err(photonError("unknown-message", after));
      const start = after === undefined ? 0 : state.messages.findIndex(({ id }) => id === after) + 1;
      return ok(state.messages.slice(Math.max(start, limit === undefined ? 0 : state.messages.length - limit)));
    },
    devices: async () => ok(state.devices),
    addDevice: async (begun) => {
      call(begun === undefined ? "addDevice" : "addDevice again");
      let asked = 0;
      return ok({
        code: "abc-def",
        expires: noon + 600_000,
        isAnswered: async () => {
          asked += 1;
          return ok(asked >= state.answersAfter);
        },
        poll: async () => {
          state.steps += 1;
          return ok({ state: state.steps < 2 ? "admitting" : "joined", device: "tablet" } as const);
        },
        withdraw: async () => call("withdraw"),
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
        pendingDeletion: state.pendingDeletion,
        vaults: [{ vault: "https://relay.example", sequence: 3, archivedAt: noon, pendingChanges: 0 }],
      }),
    addVault: async (url) => {
      call("addVault", url);
      return url.includes("known") ? err(photonError("vault-known", url)) : engine.backupStatus();
    },
    removeVault: async (url) => {
      call("removeVault", url);
      return url.includes("unknown") ? err(photonError("unknown-vault", url)) : engine.backupStatus();
    },
    backupVersions: async () => {
      call("backupVersions");
      const openers = [{ kind: "device", name: "laptop" }] as const;
      const older = {
        vault: "https://relay.example",
        at: noon - 3 * 86_400_000,
        until: noon + 42 * 86_400_000,
        relationships: 3,
        openers,
      };
      return ok([
        { version: "7", ...older },
        { version: "9", ...older, at: noon, until: undefined, relationships: undefined },
      ]);
    },
    undoBackup: async (version) => {
      call("undoBackup", version ?? "");
      if (version === "99") return err(photonError("unknown-version", version));
      return state.pendingDeletion === undefined && version === undefined
        ? err(photonError("nothing-to-undo"))
        : ok({ version: version ?? "7", records: 4, relationships: 3 });
    },
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
