/**
 * The engine's face: what a command line, a web page or a program of yours calls. One call, one outcome; every failure is
 * a `PhotonError` with a code, words and a remedy. See spec/09-engine.md.
 */
import type { Bytes, Result } from "@photon/protocol/codec";
import type { QueueCrypto } from "@photon/protocol/queue";
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
  /** The peer's latest recovery by trustees, if there was one. */
  readonly succession: Succession | undefined;
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
  /** Written by a new side of the peer's, recovered by trustees, that nobody has confirmed yet and whose delay runs. */
  readonly unconfirmed: boolean;
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

/** Of the vault that has most of it; `vaults` has all of them. */
export interface BackupStatus extends VaultStatus {
  readonly segments: number;
  readonly bytes: number;
  readonly openers: readonly { readonly kind: "device" | "passphrase" | "trustees" | "escrow" | "shares"; readonly name: string }[];
  /** What can still be undone, as it was last found; undefined if nothing is lost. */
  readonly pendingDeletion: PendingDeletion | undefined;
  /** In the order in which they were chosen. */
  readonly vaults: readonly VaultStatus[];
}

/** How the backup stands at one vault. */
export interface VaultStatus {
  readonly vault: string;
  readonly sequence: number;
  /** Milliseconds of the last change that is in the vault, or undefined. */
  readonly archivedAt: number | undefined;
  readonly pendingChanges: number;
}

/** What states of the backup that the vault still keeps hold, and the newest one lacks. */
export interface PendingDeletion {
  /** Of the state that holds it: what `undoBackup` takes. */
  readonly version: string;
  /** Relationships that were open in it, and are missing, closed, or called otherwise. */
  readonly relationships: number;
  /** Entries that are missing. */
  readonly records: number;
  /** Milliseconds: the day until which the vault keeps it, at least. */
  readonly until: number;
}

/** A state of the backup that a vault still keeps. */
export interface BackupVersion {
  /** The number of its head; with "@" and the beginning of its register's id where that is not in use any more. */
  readonly version: string;
  readonly vault: string;
  /** Milliseconds: the day on which it was written, as its writer says. */
  readonly at: number;
  /** Milliseconds: the day until which it is kept, at least; undefined for the newest. */
  readonly until: number | undefined;
  /** How many relationships were open in it, as its writer says. */
  readonly relationships: number | undefined;
  readonly openers: BackupStatus["openers"];
}

export interface BackupUndone {
  readonly version: string;
  /** Entries that came back. */
  readonly records: number;
  /** Relationships that are open again, or have their names again. */
  readonly relationships: number;
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
  /** Whether the other device has answered. Asks the relay and nothing else: the profile may be closed, or in other hands. */
  isAnswered(): Outcome<boolean>;
  /** One step: looks for the other device, goes as far as it can. Call again until it says `joined`. */
  poll(): Outcome<{ readonly state: "waiting" | "admitting" | "joined"; readonly device: string | undefined }>;
  /** Whoever uses the code from now on is told that it is good no more. Tries for a few seconds; needs no profile either. */
  withdraw(): Promise<void>;
}

/** A trustee of ours, as far as we know. `stale`: no proof for 45 days; `lost`: none for 90, or they say so. */
export interface TrusteeMember {
  readonly petname: string;
  readonly state: "asked" | "accepted" | "refused" | "sent" | "holding" | "stale" | "lost";
  /** Milliseconds: since when. */
  readonly since: number;
}

/** How the plan with trustees stands (spec/12-recovery.md). */
export interface PlanStatus {
  readonly version: number;
  readonly threshold: number;
  /** How many have to approve once a recovery was contested. */
  readonly contested: number;
  readonly delayHours: number;
  readonly hint: string;
  /** Origins of the relays that hold the plan queue. */
  readonly operators: readonly string[];
  readonly members: readonly TrusteeMember[];
  /** Every trustee holds a share: a recovery by this plan can begin. */
  readonly protected: boolean;
  /**
   * Relationships in which the plan has been announced, in which a recovery by it counts, of how many. That takes 14 days, and
   * 28 where it replaces another plan.
   */
  readonly announced: number;
  readonly inForce: number;
  readonly relationships: number;
  /** What the person should know or do, one plain sentence each. */
  readonly alarms: readonly string[];
}

export interface PlanOptions {
  /** Petnames or contact ids, 2 to 16. */
  readonly trustees: readonly string[];
  /** How many of them it takes; by default a majority. */
  readonly threshold?: number;
  /** 0 to 336; by default 48. */
  readonly delayHours?: number;
  /** What reminds a trustee, and you, of the plan when it is needed; at most 200 characters. Trustees see it. */
  readonly hint?: string;
  /** A relay of another operator, which mirrors the plan queue. */
  readonly mirror?: string;
}

/** How a request for recovery stands, as a trustee sees it. */
export interface RecoveryCase {
  /** Hex; its first characters are enough to name it. */
  readonly request: string;
  /** What the new device calls itself. */
  readonly device: string;
  readonly state: "collecting" | "waiting" | "ready" | "released" | "signed" | "expired";
  readonly approvals: number;
  readonly needed: number;
  /** Milliseconds: when the delay ends. */
  readonly until: number | undefined;
  readonly contested: boolean;
  /** Somebody was pressed to approve. */
  readonly pressed: boolean;
  readonly rivals: number;
  readonly approvedByMe: boolean;
  /**
   * Words to read back to the person, once this trustee has approved: by them the new device knows whom it has heard. Three for each
   * plan of theirs by which this trustee acts.
   */
  readonly answer: string | undefined;
  /** One plain sentence each: what this trustee should know before, or do next. */
  readonly warnings: readonly string[];
}

/** Somebody who has asked this person to be a trustee of theirs. */
export interface Trusteeship {
  readonly petname: string;
  readonly state: "asked" | "accepted" | "holding" | "refused" | "lost";
  readonly since: number;
  /** Milliseconds: since when they ask, as once a year, whether this person is still willing. */
  readonly askedAgain: number | undefined;
  readonly hint: string;
  readonly threshold: number | undefined;
  readonly delayHours: number;
  readonly cases: readonly RecoveryCase[];
}

export interface ApproveOptions {
  /** As it was spoken: a relay's name and twelve words; twelve words where the relay is one of the plan's. */
  readonly code: string;
  readonly recognised: "in-person" | "video" | "voice" | "other";
  readonly contacted: "i-reached-them" | "they-reached-me";
}

/** On a device of the old side: somebody recovers, or has recovered, in this person's name. */
export interface RecoveryNotice {
  /** Hex of the request's digest. */
  readonly request: string;
  readonly device: string;
  /** Petnames of trustees who say that they have approved it. */
  readonly approvedBy: readonly string[];
  readonly firstSeen: number;
  readonly contested: boolean;
  /** Petnames of peers from whom the succession itself has come. */
  readonly arrivedFrom: readonly string[];
}

/** A recovery that this device has made: how far it is. */
export interface RecoveryProgress {
  readonly phase: "signing" | "announcing" | "done";
  readonly contested: boolean;
  readonly relationships: number;
  /** Signed and on the way; acknowledged by the peer. */
  readonly succeeded: number;
  readonly acknowledged: number;
  /** Trustees whose signatures have come, of how many are needed. */
  readonly signers: number;
  readonly needed: number;
  /** What trustees have to hear once more: a device from before has objected, and not enough of them have approved since. */
  readonly spoken: string | undefined;
  /** Bad shares or signatures, by the petname of who gave them. */
  readonly blamed: readonly string[];
}

/** A peer's side is changing hands, or has: what `Contact` shows of it. */
export interface Succession {
  readonly state: "pending" | "contested" | "counted" | "refused";
  /** Milliseconds: when it will count if nobody objects. */
  readonly until: number | undefined;
  readonly firstSeen: number;
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

  /**
   * While the peer's side changes hands what is sent waits, unless `to` says for whom it is: `new` for those who recovered it,
   * `old` for the devices before.
   */
  send(
    who: string,
    text: string,
    options?: { readonly to?: "new" | "old" },
  ): Outcome<{ readonly id: string; readonly state: MessageState }>;
  /** The person's word on a peer's recovery: before its delay ends, or when it is contested. */
  decideSuccession(who: string, decision: "accept" | "refuse", how?: VerifiedHow): Outcome<Contact>;
  /** Ordered as said. `after` is the id of a message; fails with `unknown-message` where there is none. */
  read(who: string, page?: { readonly after?: string; readonly limit?: number }): Outcome<readonly ShownMessage[]>;

  devices(): Outcome<readonly Device[]>;
  /** @param begun goes on with what another engine over this profile began: between two steps the profile may be closed. */
  addDevice(begun?: DeviceAdmission): Outcome<DeviceAdmission>;
  retire(device: string, reason: "lost" | "taken" | "gone"): Outcome<RetireReport>;

  /** Makes a plan with these trustees, or replaces the one there is; they are asked first. */
  planTrustees(options: PlanOptions): Outcome<PlanStatus>;
  /** Undefined without a plan. */
  planStatus(): Outcome<PlanStatus | undefined>;

  trusteeships(): Outcome<readonly Trusteeship[]>;
  /** Answers whether this person will be a trustee of `who`. */
  answerTrustee(who: string, accepts: boolean): Outcome<Trusteeship>;
  /** For somebody who remembers nothing: words that their new device takes instead of a relay's address. */
  helpRecover(who: string): Outcome<{ readonly words: string; readonly relay: string }>;
  /** Looks a request up by its spoken code, without approving it: what the person should be warned of. */
  lookUpRequest(who: string, code: string): Outcome<RecoveryCase>;
  approveRecovery(who: string, options: ApproveOptions): Outcome<RecoveryCase>;
  /** `pressured`: quietly makes all wait a week longer. */
  declineRecovery(who: string, options: { readonly pressured: boolean }): Outcome<Trusteeship>;

  /** Recoveries in this person's own name that this device knows of. */
  recoveryNotices(): Outcome<readonly RecoveryNotice[]>;
  /** Objects to every open one, or to the one named, everywhere. */
  contest(options?: { readonly request?: string; readonly reason?: "not-me" | "still-here" }): Outcome<readonly RecoveryNotice[]>;
  /** Undefined on a device that recovered nothing. */
  recoveryProgress(): Outcome<RecoveryProgress | undefined>;

  /** Drains every queue, does what is due, flushes the outbox and the archive. Never fails as a whole: see `problems`. */
  sync(options?: { readonly signal?: AbortSignal }): Outcome<SyncReport>;
  /** Resolves when something may be there to sync, or after `timeout` milliseconds, or when aborted. */
  waitForHint(timeout: number, signal?: AbortSignal): Promise<void>;

  backupStatus(): Outcome<BackupStatus>;
  /** One more vault, of up to three; everything is brought there at once, or with the next `sync`. */
  addVault(url: string): Outcome<BackupStatus>;
  /** Gives a vault up; what is there stays there. */
  removeVault(url: string): Outcome<BackupStatus>;
  /** The states that vaults still keep, oldest first. */
  backupVersions(): Outcome<readonly BackupVersion[]>;
  /** Brings back what such a state holds and the newest lacks; by default the one of `pendingDeletion`. */
  undoBackup(version?: string): Outcome<BackupUndone>;
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
  /** Nor this: the platform's primitives for deposits and relay requests, where they are quicker than the portable ones. */
  readonly queueCrypto?: QueueCrypto;
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

/** Running `recover trustees` on a new device; kept in its store, so that it is resumed by `openRecovery`. */
export interface Recovery {
  /** What is shown as a QR code: the same as `spoken`, as a link. */
  readonly request: string;
  /** What the person says to each trustee: a relay's name and twelve words. */
  readonly spoken: string;
  /** What to say when calling, one line each. */
  readonly script: readonly string[];
  /** Too few have approved it in its days, and nobody else can: `recoverProfile` begins anew, and `poll` says so. */
  readonly isOver: boolean;
  /** One step: looks for answers and goes as far as it can. Call again until it says `recovered`. */
  poll(): Outcome<RecoveryStep>;
  /**
   * The three words that a trustee read back. Once any were heard, only trustees whose words were are counted: so that nobody
   * can answer for many. @returns whether an answer is here that they fit; words that come before their answer are kept.
   */
  heard(words: string): Outcome<boolean>;
  close(): Promise<void>;
}

export type RecoveryStep =
  | {
      readonly state: "collecting" | "waiting";
      readonly approvals: number;
      /** Of those, how many whose three words were typed here. */
      readonly heard: number;
      /** Undefined until a trustee has approved. */
      readonly needed: number | undefined;
      readonly hint: string | undefined;
      /** Milliseconds: when the first shares may come. */
      readonly until: number | undefined;
      readonly contested: boolean;
      readonly shares: number;
      /** What does not fit together, in words. */
      readonly warnings: readonly string[];
    }
  | { readonly state: "restoring"; readonly progress: number }
  /** The archive is open and every relationship here; the engine goes on with the successions by `sync`. */
  | { readonly state: "recovered"; readonly engine: Engine; readonly problems: readonly PhotonError[] };

/** Implemented in `profile/`; listed here because they are the only ways to an `Engine`. */
export interface Profiles {
  /**
   * Makes a new person with one device. Fails with `profile-exists` if the store has one.
   * @param options.accepting the person begins by accepting an invitation: both are done, or neither.
   */
  createProfile(
    ports: Ports,
    options: {
      readonly device: string;
      readonly relay: string;
      readonly vault: string;
      readonly moreVaults?: readonly string[];
      readonly accepting?: { readonly invitation: string; readonly petname: string } | undefined;
    },
  ): Outcome<Engine>;
  /** Fails with `no-profile` if the store is empty. */
  openProfile(ports: Ports): Outcome<Engine>;
  /** Joins the circle of the device that shows `code`. */
  joinProfile(ports: Ports, options: { readonly device: string; readonly code: string }): Outcome<Joining>;
  /**
   * Begins a recovery by trustees on an empty store, or goes on with the one that was begun there, if it is not over.
   * @param options.relay where the request is laid down: any that can be reached; or the words that a trustee's
   * `helpRecover` gave.
   */
  recoverProfile(ports: Ports, options: { readonly device: string; readonly relay: string }): Outcome<Recovery>;
  /** The recovery that was begun in this store and has not got its archive yet; undefined if there is none. */
  openRecovery(ports: Ports): Outcome<Recovery | undefined>;
  /** The relay that an invitation names, so that `accept` can initialise an empty profile; undefined for bare words. */
  invitationRelay(invitation: string): Result<string | undefined, PhotonError>;
}
