/**
 * The engine's face: what a command line, a web page or a program of yours calls. One call, one outcome; every failure is
 * a `PhotonError` with a code, words and a remedy. See spec/09-engine.md.
 */
import type { Bytes, Result } from "@photon/protocol/codec";
import type { Session } from "@photon/protocol/session";
import type { PhotonError } from "./errors.ts";
import type { BlobStore, Clock, KeyStore, Random, Store, Transport } from "./ports/index.ts";

export type Outcome<T> = Promise<Result<T, PhotonError>>;

/** Short, stable, printable id of a contact or claim, unique in this profile. */
export type ContactId = string;
export type ContactState = "waiting" | "confirm" | "active" | "frozen" | "contested" | "closed";
export type VerifiedHow = "in-person" | "words-compared" | "known-channel" | "introduced";

export interface HistoryEntry {
  /** Milliseconds: when this circle first saw it. */
  readonly at: number;
  readonly kind: string;
  readonly grade: "continuous" | "by-trustees" | "unproven";
  /** One plain sentence, such as "retired a device (lost)". */
  readonly words: string;
  readonly side: "peer" | "me";
}

export interface Contact {
  readonly id: ContactId;
  readonly petname: string;
  readonly state: ContactState;
  /** What is noteworthy about this state, such as a rival claim; one plain sentence, or undefined. */
  readonly note: string | undefined;
  readonly verified: { readonly how: VerifiedHow; readonly at: number } | undefined;
  /** As the peer's lineage says: "device (software)", "host(name)", "device (software) +trustees". */
  readonly custody: string;
  /** Changes of the peer's side not yet looked at through `history`. */
  readonly changes: readonly HistoryEntry[];
}

export interface SafetyWords {
  /** Ten words for each side, in one fixed order for both people: twenty. */
  readonly words: readonly string[];
  readonly digits: string;
  /** Names of pictures. */
  readonly pictures: readonly string[];
}

export interface Invitation {
  readonly contact: ContactId;
  readonly link: string;
  /** The relay's name, then twelve words. */
  readonly words: string;
  readonly expires: number;
}

export type MessageState = "queued" | "deposited" | "delivered" | "received";
export interface ShownMessage {
  readonly id: string;
  readonly from: "me" | "peer";
  /** As sent; whoever shows it must neutralise control characters (see `shown` of the command line). */
  readonly body: string;
  /** "text", or the name of a kind that this version does not know. */
  readonly kind: string;
  /** Milliseconds by the sender's hybrid clock. */
  readonly sent: number;
  readonly state: MessageState;
  /** Signed by a leaf of the peer's that no longer counts when it arrived: shown apart. */
  readonly quarantined: boolean;
}

export interface Device {
  readonly name: string;
  readonly state: "live" | "retired" | "frozen";
  readonly lastSeen: number;
  readonly thisOne: boolean;
}

export interface RetireReport {
  readonly retired: string;
  /** `re-keyed`: done here, on its way; `acknowledged`: the peer has moved with us. */
  readonly relationships: readonly { readonly petname: string; readonly state: "pending" | "re-keyed" | "acknowledged" }[];
}

export interface DutyReport {
  readonly kind: string;
  readonly dueAt: number;
  readonly words: string;
}

export interface SyncReport {
  /** Messages that became readable. */
  readonly received: number;
  /** Messages that the relay took for the peer. */
  readonly sent: number;
  /** Deposits still waiting. */
  readonly pending: number;
  readonly duties: readonly DutyReport[];
  /** What could not be reached or done in this pass, each with its remedy. */
  readonly problems: readonly PhotonError[];
}

export interface BackupStatus {
  readonly vault: string;
  readonly sequence: number;
  /** Milliseconds of the last change that is in the vault, or undefined. */
  readonly archivedAt: number | undefined;
  readonly pendingChanges: number;
  readonly segments: number;
  readonly bytes: number;
  readonly openers: readonly { readonly kind: "device" | "passphrase"; readonly name: string }[];
}

export type ExportKind = "contacts-vcard" | "contacts-jscontact" | "relationships";

export interface ImportReport {
  readonly kind: ExportKind;
  readonly contacts: number;
  readonly messages: number;
  readonly skipped: number;
}

/** Running `devices add`: shows a code, then waits for the other device. */
export interface DeviceAdmission {
  readonly code: string;
  readonly expires: number;
  /** One step: looks for the other device, goes as far as it can. Call again until it says `joined`. */
  poll(): Outcome<{ readonly state: "waiting" | "admitting" | "joined"; readonly device: string | undefined }>;
}

export interface Engine {
  readonly deviceName: string;
  /** Origin of the relay that new inboxes of this person are made at. */
  readonly relay: string;

  meet(options: { readonly petname?: string }): Outcome<Invitation>;
  /** Takes a link, or the relay's name and twelve words, or twelve words for the profile's own relay. */
  accept(invitation: string, options: { readonly petname: string }): Outcome<Contact>;
  contacts(): Outcome<readonly Contact[]>;
  confirm(contact: ContactId, options: { readonly petname: string }): Outcome<Contact>;
  /** `who` is a petname or a contact id, here and below. */
  rename(who: string, petname: string): Outcome<Contact>;
  safetyWords(who: string): Outcome<SafetyWords>;
  verify(who: string, how: VerifiedHow): Outcome<Contact>;
  history(who: string): Outcome<readonly HistoryEntry[]>;
  /** Says goodbye; the peer sees it. */
  closeContact(who: string): Outcome<Contact>;

  send(who: string, text: string): Outcome<{ readonly id: string; readonly state: MessageState }>;
  /** Ordered as said. `after` and `before` are message ids. */
  read(who: string, page?: { readonly after?: string; readonly limit?: number }): Outcome<readonly ShownMessage[]>;

  devices(): Outcome<readonly Device[]>;
  addDevice(): Outcome<DeviceAdmission>;
  retire(device: string, reason: "lost" | "taken" | "gone"): Outcome<RetireReport>;

  /** Drains every queue, does what is due, flushes the outbox and the archive. Never fails as a whole: see `problems`. */
  sync(options?: { readonly signal?: AbortSignal }): Outcome<SyncReport>;
  /** Resolves when something may be there to sync, or after `timeout` milliseconds, or when aborted. */
  waitForHint(timeout: number, signal?: AbortSignal): Promise<void>;

  backupStatus(): Outcome<BackupStatus>;
  /** Lets a passphrase open the archive, beside the devices. */
  addPassphraseOpener(passphrase: string): Outcome<BackupStatus>;
  /** A plain `age` file under the passphrase. */
  exportAs(kind: ExportKind, passphrase: string): Outcome<Bytes>;
  importFrom(file: Bytes, passphrase: string): Outcome<ImportReport>;

  close(): Promise<void>;
}

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyStore;
  readonly store: Store;
  readonly transport: Transport;
  readonly blobs: BlobStore;
  /** Not a port: the session library over the platform's primitives (`makeSession(nodeSessionCrypto)`). */
  readonly session: Session;
}

/** Running `init --join` on the new device. */
export interface Joining {
  /**
   * One step: answers the other device, then restores. Call again until it says `joined`; `progress` is 0 to 1; `problems`
   * are parts of the backup that could not be read.
   */
  poll(): Outcome<
    | { readonly state: "waiting" | "restoring"; readonly progress: number }
    | { readonly state: "joined"; readonly engine: Engine; readonly problems: readonly PhotonError[] }
  >;
}

/** Implemented in `profile/`; listed here because they are the only ways to an `Engine`. */
export interface Profiles {
  /** Makes a new person with one device. Fails with `profile-exists` if the store has one. */
  createProfile(
    ports: Ports,
    options: { readonly device: string; readonly relay: string; readonly vault: string },
  ): Outcome<Engine>;
  /** Fails with `no-profile` if the store is empty. */
  openProfile(ports: Ports): Outcome<Engine>;
  /** Joins the circle of the device that shows `code`. */
  joinProfile(ports: Ports, options: { readonly device: string; readonly code: string }): Outcome<Joining>;
  /** The relay that an invitation names, so that `accept` can initialise an empty profile; undefined for bare words. */
  invitationRelay(invitation: string): Result<string | undefined, PhotonError>;
}
