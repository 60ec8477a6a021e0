/** How the backup stands, and letting a passphrase open it. */
import { type Bytes, err, ok, type Result, toHex } from "@photon/protocol/codec";
import { makePassphraseOpener } from "@photon/protocol/archive";
import type { BackupStatus, VaultStatus } from "../api.ts";
import { pendingChanges as allPending } from "../circle/state.ts";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { loadKnown, segmentContents } from "./known.ts";
import { placesOf } from "./location-record.ts";
import { keepLocation, loadLocation, locatedIn, turned } from "./location.ts";
import { hashOf, identityBlobOf } from "./identity.ts";
import { handOut, type Site, sitesOf } from "./queues.ts";
import type { PassphraseTicket, Pin } from "./restore.ts";
import { pendingDeletion } from "./undo.ts";
import type { ArchivePlace } from "./vault.ts";

/** The shortest passphrase, in characters: whoever has a file can guess at it for ever. */
export const minPassphrase = 12;

export const isWeak = (passphrase: string): boolean => Array.from(passphrase.normalize("NFC")).length < minPassphrase;

/** As this device knows it; nothing is asked of a vault. What is said of one vault is said of the one that has most. */
export async function backupStatus(work: Work): Promise<BackupStatus> {
  const location = await loadLocation(work);
  if (location === undefined) {
    const pendingChanges = (await allPending(work, "a")).length;
    const nothing = {
      sequence: 0,
      archivedAt: undefined,
      segments: 0,
      bytes: 0,
      openers: [],
      pendingDeletion: undefined,
      vaults: [],
    };
    return { vault: "", pendingChanges, ...nothing };
  }
  const sites = sitesOf(location);
  await handOut(work, sites);
  const vaults: VaultStatus[] = [];
  for (const site of sites) vaults.push(await vaultStatus(work, site));
  const best = vaults.toSorted((a, b) => a.pendingChanges - b.pendingChanges)[0] ?? vaults[0];
  const site = sites.find(({ vault }) => vault === best?.vault);
  if (best === undefined || site === undefined) throw new Error("an archive without a vault");
  const known = await loadKnown(work, site.register);
  const contents = await segmentContents(work, site.register);
  return {
    ...best,
    segments: known.segments.length,
    bytes: known.segments.reduce((sum, { hash }) => sum + (contents.get(toHex(hash))?.size ?? 0), 0),
    openers: known.openers.map(({ kind, name }) => ({ kind, name })),
    pendingDeletion: await pendingDeletion(work),
    vaults,
  };
}

async function vaultStatus(work: Work, site: Site): Promise<VaultStatus> {
  const { seq, archivedAt } = await loadKnown(work, site.register);
  return { vault: site.vault, sequence: seq, archivedAt, pendingChanges: (await allPending(work, site.queue)).length };
}

export interface ArchivePin extends Pin, ArchivePlace {
  readonly headHash: Bytes;
}

/**
 * What this device last saw of each register, for others to hold against what a vault shows: the circle, trustees, and
 * whoever restores.
 */
export async function archivePins(work: Work): Promise<readonly ArchivePin[]> {
  const location = await loadLocation(work);
  const pins: ArchivePin[] = [];
  for (const { vault, register } of location === undefined ? [] : placesOf(location)) {
    const { seq, headHash } = await loadKnown(work, register);
    if (seq > 0) pins.push({ vault, register, sequence: seq, headHash });
  }
  return pins;
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
  await keepLocation(work, {
    ...next,
    passphrase: { ...opener, since: Math.max(work.now(), (location.passphrase?.since ?? 0) + 1), veil: work.random(32) },
  });
  return ok(await backupStatus(work));
}

/** Where somebody with the passphrase alone finds the archive, at each vault; none without a passphrase opener. */
export async function passphraseTickets(work: Work): Promise<readonly PassphraseTicket[]> {
  const location = await loadLocation(work);
  const passphrase = location?.passphrase;
  if (location === undefined || passphrase === undefined) return [];
  return locatedIn(location).flatMap((located) => {
    const blob = identityBlobOf(located);
    const { vault, register } = located;
    return blob === undefined ? [] : [{ vault, register, identity: hashOf(blob), veil: passphrase.veil }];
  });
}
