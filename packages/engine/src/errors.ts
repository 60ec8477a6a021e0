/**
 * Every failure that the engine reports, once, with what it means and what to do next. `exit` is the exit code that the
 * command line gives it (see docs/guide/exit-codes.md).
 */
export const engineErrors = {
  "no-profile": {
    exit: 10,
    message: "There is no Photon profile here.",
    remedy: "Run `photon init`, or point PHOTON_HOME at the profile you mean.",
  },
  "profile-exists": {
    exit: 1,
    message: "There is already a Photon profile here.",
    remedy: "Use it, or point PHOTON_HOME at an empty folder.",
  },
  "profile-locked": {
    exit: 11,
    message: "Another Photon process is using this profile.",
    remedy: "Wait for it to finish, then run the command again.",
  },
  "profile-corrupt": {
    exit: 1,
    message: "The profile's database is damaged.",
    remedy:
      "Nothing was changed. Copy the folder aside, then add this device anew from another of your devices (`photon devices add`).",
  },
  "profile-format": {
    exit: 1,
    message: "The profile was written by another version of Photon.",
    remedy: "Update Photon, then run the command again. Nothing was changed.",
  },
  "disk-full": {
    exit: 1,
    message: "There is no space left for the profile.",
    remedy: "Free some space and run the command again. Nothing that was confirmed is lost.",
  },
  "bad-invitation": {
    exit: 2,
    message: "That is not a Photon invitation.",
    remedy: "Copy the whole link, or type the relay's name and the twelve words.",
  },
  "invitation-truncated": { exit: 2, message: "The invitation is cut short.", remedy: "Copy the whole link, or all twelve words." },
  "invitation-mistyped": {
    exit: 2,
    message: "A word or character of the invitation is wrong.",
    remedy: "Compare it with the original and try again.",
  },
  "invitation-expired": { exit: 1, message: "The invitation has expired.", remedy: "Ask for a new one." },
  "invitation-unknown": {
    exit: 1,
    message: "No invitation waits under these words.",
    remedy: "Check the words and the relay's name; if they are right, ask for a new invitation.",
  },
  "invitation-swapped": {
    exit: 1,
    message: "What waits at the relay is not what the link promised.",
    remedy: "Do not accept it. Ask for a new invitation over another channel.",
  },
  "invitation-accepted": {
    exit: 1,
    message: "You have accepted this invitation already.",
    remedy: "`photon contacts` shows how far it is.",
  },
  "invitation-own": { exit: 2, message: "That is your own invitation.", remedy: "Give it to the person you want to meet." },
  "unknown-contact": { exit: 2, message: "You have no contact by that name.", remedy: "`photon contacts` lists them." },
  "ambiguous-contact": {
    exit: 2,
    message: "More than one contact has that name.",
    remedy: "Use the id that `photon contacts` shows.",
  },
  "petname-taken": {
    exit: 2,
    message: "Another contact already has that petname.",
    remedy: "Choose another petname, or give the other contact a new one with `photon contacts rename`.",
  },
  "bad-petname": {
    exit: 2,
    message: "That petname cannot be used.",
    remedy: "Use 1 to 64 visible characters, without control or direction marks.",
  },
  "bad-device-name": {
    exit: 2,
    message: "That device name cannot be used.",
    remedy: "Use 1 to 64 visible characters, without control or direction marks.",
  },
  "not-confirmable": {
    exit: 1,
    message: "There is nothing to confirm for this contact.",
    remedy: "`photon contacts` shows who waits for you.",
  },
  "not-active": {
    exit: 20,
    message: "This relationship is not active yet.",
    remedy: "Wait for the other person, then run `photon sync`.",
  },
  "confirm-first": {
    exit: 20,
    message: "You have not confirmed yet who this is.",
    remedy: "If it is who you meant, `photon contacts confirm` begins; `photon contacts` shows who waits for you.",
  },
  "relationship-frozen": {
    exit: 21,
    message: "Two of the devices dispute each other; nobody can send.",
    remedy: "Speak with the person over another channel; see `photon contacts history`.",
  },
  "relationship-closed": { exit: 1, message: "This relationship was closed.", remedy: "Meet again with a new invitation." },
  "message-too-long": { exit: 2, message: "The message is longer than 32,000 bytes.", remedy: "Send it in parts." },
  "bad-text": { exit: 2, message: "The message is not well-formed text.", remedy: "Send it as UTF-8 text." },
  "message-empty": { exit: 2, message: "The message is empty.", remedy: "Say something." },
  "unknown-message": {
    exit: 2,
    message: "There is no such message in this conversation.",
    remedy: "Use an id that `photon read NAME --json` shows.",
  },
  "unknown-device": { exit: 2, message: "You have no device by that name.", remedy: "`photon devices` lists them." },
  "device-name-taken": { exit: 2, message: "Another of your devices has that name.", remedy: "Choose another name with --device." },
  "last-device": {
    exit: 2,
    message: "A device cannot retire itself.",
    remedy: "Run `photon devices retire` on another of your devices.",
  },
  "device-retired": {
    exit: 1,
    message: "This device was retired by another of yours.",
    remedy:
      "If that was you, add this device as a new one to use it again. If it was not, one of your devices is in other hands: `photon devices` here shows them, and `photon devices retire NAME` objects.",
  },
  "too-many-devices": { exit: 1, message: "You have ten devices, which is as many as Photon allows.", remedy: "Retire one first." },
  "bad-code": {
    exit: 2,
    message: "That is not a device code.",
    remedy: "Type the code that `photon devices add` shows on your other device.",
  },
  "code-expired": {
    exit: 1,
    message: "Nothing waits under that code.",
    remedy: "Run `photon devices add` again on your other device; the code works while it runs.",
  },
  "no-plan": {
    exit: 1,
    message: "You have no plan with trustees.",
    remedy: "`photon plan trustees set NAME NAME NAME` makes one.",
  },
  "plan-too-few": {
    exit: 2,
    message: "A plan takes 2 to 16 trustees, each another person.",
    remedy: "Name people whom you know, and who would know you: `photon contacts` lists them.",
  },
  "plan-threshold": {
    exit: 2,
    message: "It cannot take that many trustees.",
    remedy: "Let it take at least one, and fewer than all: else one who is away would keep you out.",
  },
  "plan-hosts": {
    exit: 2,
    message: "Hosts keep the keys of so many of these people that they could recover as you without any of them.",
    remedy:
      "Choose more people who have a device of their own, or let it take more of them: `photon contacts` shows who is hosted.",
  },
  "plan-delay": {
    exit: 2,
    message: "That delay cannot be used.",
    remedy: "Use 0 to 336 hours; 48 is what most people need.",
  },
  "plan-hint": {
    exit: 2,
    message: "That hint cannot be used.",
    remedy: "Use at most 200 visible characters; your trustees see it.",
  },
  "not-trustee": {
    exit: 2,
    message: "You are not a trustee of this person.",
    remedy: "`photon trustee list` shows whose trustee you are.",
  },
  "no-request": {
    exit: 1,
    message: "There is no such request for a recovery.",
    remedy: "Check the code and the relay's name with the person; `photon trustee status` shows the requests that you know of.",
  },
  "bad-request-code": {
    exit: 2,
    message: "That is not the code of a recovery.",
    remedy: "Type the relay's name and the twelve words as the person speaks them; ask again for a word that you are not sure of.",
  },
  "bad-help-words": {
    exit: 2,
    message: "Those are not the words that a trustee gave.",
    remedy:
      "Type the words that `photon trustee help` shows on the trustee's device; ask again for a word that you are not sure of.",
  },
  "request-swapped": {
    exit: 1,
    message: "What waits at the relay is not what this code was made of.",
    remedy: "Do not approve anything. Tell the person that somebody interferes, and that they should begin again at another relay.",
  },
  "request-expired": {
    exit: 1,
    message: "This request for a recovery is over.",
    remedy: "The person begins again with `photon recover trustees`, and speaks the new code to every trustee.",
  },
  "rival-open": {
    exit: 21,
    message: "You have approved another request in this person's name, and it is still open.",
    remedy:
      "Reach the person on a channel that you already had, and ask which device is theirs; `photon trustee status` shows both.",
  },
  "recovered-recently": {
    exit: 1,
    message: "Your own device was recovered less than 30 days ago, and does not approve until then.",
    remedy: "Tell the person to ask another trustee, or approve when the 30 days are over.",
  },
  "no-recovery": { exit: 1, message: "No recovery was begun here.", remedy: "`photon recover` shows every way back." },
  "recovery-waiting": {
    exit: 20,
    message: "A recovery is under way here; nothing else works until it is done.",
    remedy: "`photon sync` goes on with it and shows how it stands.",
  },
  "succession-pending": {
    exit: 22,
    message: "This person's side was recovered by trustees, and nobody has confirmed yet that it is them.",
    remedy:
      "Reach them in another way, then `photon contacts confirm`; or say for whom it is: `photon send --to new`, or `--to old`.",
  },
  "no-notice": {
    exit: 1,
    message: "This device knows of no such recovery in your name.",
    remedy:
      "`photon sync` looks again. If one of your trustees told you of it, ask them to decline, and to tell you what they see.",
  },
  "nothing-to-decide": {
    exit: 1,
    message: "There is no recovery of this person's side to decide on.",
    remedy: "`photon contacts` shows where everyone stands.",
  },
  contested: {
    exit: 21,
    message: "This recovery is contested: a device from before it objects.",
    remedy:
      "Reach the person on a channel that you already had, and ask which device is theirs; then `photon contacts confirm`, or `photon contacts refuse`. `photon send --to new`, or `--to old`, writes to one of them.",
  },
  "relay-unreachable": {
    exit: 3,
    message: "The relay cannot be reached.",
    remedy: "Nothing is lost: it is kept here and sent by the next `photon sync`.",
  },
  "relay-refused": { exit: 1, message: "The relay refused.", remedy: "See the detail; the operator of the relay can help." },
  "wrong-server": {
    exit: 1,
    message: "What answers at that address is no Photon server.",
    remedy: "Check the address and its port.",
  },
  "vault-unreachable": {
    exit: 3,
    message: "The vault cannot be reached.",
    remedy: "The backup is caught up by the next `photon sync`.",
  },
  "vault-refused": { exit: 1, message: "The vault refused.", remedy: "See the detail; the operator of the vault can help." },
  "archive-turned": {
    exit: 1,
    message: "Another of your devices changed the keys of the backup, and this one was not told.",
    remedy:
      "Nothing is lost: what is here waits, and after a day this device begins a backup of its own. `photon devices` shows your devices; if one is in other hands, `photon devices retire NAME` locks it out.",
  },
  "archive-damaged": {
    exit: 1,
    message: "Part of the backup is missing or was changed.",
    remedy: "The rest was kept. Run `photon sync` on a device that has the history, to upload it again.",
  },
  "backup-spoiled": {
    exit: 1,
    message: "The newest state of the backup was spoiled, by a device in other hands or by mistake, and an earlier one was taken.",
    remedy: "`photon contacts` shows who is there; `photon backup undo --list` shows the other states, if something is missing.",
  },
  "vault-known": { exit: 2, message: "Your backup is at that vault already.", remedy: "`photon backup status` lists your vaults." },
  "unknown-vault": { exit: 2, message: "Your backup is not at that vault.", remedy: "`photon backup status` lists your vaults." },
  "too-many-vaults": {
    exit: 2,
    message: "Your backup is at three vaults, which is as many as Photon allows.",
    remedy: "`photon backup vaults remove URL` gives one up.",
  },
  "last-vault": {
    exit: 2,
    message: "That is the only vault that your backup is at.",
    remedy: "`photon backup vaults add URL` adds another one first.",
  },
  "nothing-to-undo": {
    exit: 1,
    message: "Nothing of the backup waits to be deleted.",
    remedy: "`photon backup undo --list` shows the states that can be brought back.",
  },
  "unknown-version": {
    exit: 2,
    message: "The vault keeps no such state of the backup.",
    remedy: "`photon backup undo --list` shows those that it keeps.",
  },
  "wrong-secret": { exit: 12, message: "The passphrase does not open this.", remedy: "Try again; nothing was changed." },
  "weak-secret": {
    exit: 2,
    message: "The passphrase is too short.",
    remedy: "Use at least 12 characters; several words are good.",
  },
  "bad-import": { exit: 2, message: "That file is not a Photon export.", remedy: "Give a file that `photon export` wrote." },
  "clock-wrong": {
    exit: 1,
    message: "This device's clock is far off.",
    remedy: "Set the date and time, then run the command again. If they are right, tell the operator of the relay.",
  },
  "newer-photon": { exit: 1, message: "Something here was made by a newer Photon.", remedy: "Update Photon." },
} as const;

export type PhotonErrorCode = keyof typeof engineErrors;

export interface PhotonError {
  readonly code: PhotonErrorCode;
  readonly message: string;
  readonly remedy: string;
  /** What exactly, without secrets; may be empty. */
  readonly detail: string;
  readonly exit: number;
}

export function photonError(code: PhotonErrorCode, detail = ""): PhotonError {
  return { code, detail, ...engineErrors[code] };
}
