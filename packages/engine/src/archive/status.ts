/** How the backup stands, and letting a passphrase open it. */
import { type Bytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import { makePassphraseOpener } from "@photon/protocol/archive";
import type { BackupStatus } from "../api.ts";
import { pendingChanges } from "../circle/state.ts";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { loadKnown, segmentContents } from "./known.ts";
import { keepLocation, loadLocation, turned } from "./location.ts";
import { identityHash } from "./pull.ts";
import { pendingDeletion } from "./undo.ts";
import type { ArchivePlace } from "./vault.ts";

/** The shortest passphrase, in characters: whoever has a file can guess at it for ever. */
export const minPassphrase = 12;

export const isWeak = (passphrase: string): boolean => Array.from(passphrase.normalize("NFC")).length < minPassphrase;

/** As this device knows it; nothing is asked of the vault. */
export async function backupStatus(work: Work): Promise<BackupStatus> {
  const location = await loadLocation(work);
  const pending = await pendingChanges(work, "a");
  if (location === undefined) {
    const nothing = { sequence: 0, archivedAt: undefined, segments: 0, bytes: 0, openers: [], pendingDeletion: undefined };
    return { vault: "", pendingChanges: pending.length, ...nothing };
  }
  const known = await loadKnown(work, location.register);
  const contents = await segmentContents(work);
  return {
    vault: location.vault,
    sequence: known.seq,
    archivedAt: known.archivedAt,
    pendingChanges: pending.length,
    segments: known.segments.length,
    bytes: known.segments.reduce((sum, { hash }) => sum + (contents.get(toHex(hash))?.size ?? 0), 0),
    openers: known.openers,
    pendingDeletion: await pendingDeletion(work),
  };
}

/**
 * Lets a passphrase open the archive, from the next flush on. One passphrase at a time: choosing another turns the archive's
 * keys, so that the old one opens nothing that comes after.
 * @param cost as in `sealWithPassphrase`.
 */
export async function addPassphraseOpener(
  work: Work,
  passphrase: string,
  cost?: number,
): Promise<Result<BackupStatus, PhotonError>> {
  if (isWeak(passphrase)) return err(photonError("weak-secret"));
  const location = await loadLocation(work);
  if (location === undefined) throw new Error("a profile without an archive");
  const opener = await makePassphraseOpener(passphrase, cost);
  const next = location.passphrase === undefined ? location : turned(work, location);
  await keepLocation(work, { ...next, passphrase: { ...opener, since: work.now() } });
  return ok(await backupStatus(work));
}

/** Where somebody with the passphrase alone finds the archive; undefined without a passphrase opener. */
export async function passphraseTicket(work: Work): Promise<(ArchivePlace & { readonly identity: Bytes }) | undefined> {
  const location = await loadLocation(work);
  if (location?.passphrase === undefined) return undefined;
  const { vault, register, passphrase } = location;
  return { vault, register, identity: identityHash(passphrase.sealedIdentity) };
}
