/**
 * Restoring: the one path by which anybody comes back to an archive, be it a device that joins the circle, a person with a
 * passphrase, or one to whom trustees gave what they held. They differ only in which private half opens the wrapping.
 */
import { type Bytes, equalBytes, err, ok, type Result } from "@photon/protocol/codec";
import {
  type Change,
  type DecryptAge,
  headHash,
  noHead,
  openIdentity,
  openPassphraseIdentity,
  unwrapEpochKeys,
} from "@photon/protocol/archive";
import type { Ports } from "../api.ts";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { weighFrom, keepKnown, keepSegment, type SegmentContent, type SegmentRef } from "./known.ts";
import { identityHash } from "./pull.ts";
import { headBody, openHead, type OpenedHead, readSegment } from "./reading.ts";
import { damaged, type Vault, vaultAt } from "./vault.ts";

export interface ArchivePlace {
  /** Origin of the vault. */
  readonly vault: string;
  readonly register: Bytes;
  /** The sequence number that another device has seen: a vault that shows an older head is noticed. */
  readonly atLeast?: number | undefined;
}

export interface Restored extends ArchivePlace {
  /** Everything, in no order: for `mergeState(work, changes, "archive")`, which knows how entries are merged. */
  readonly changes: readonly Change[];
  /** All epochs that the wrapping held. */
  readonly epochKeys: ReadonlyMap<number, Bytes>;
  readonly opened: OpenedHead;
  /** What was read of which segment, so that it need not be read again; those that were damaged are missing. */
  readonly segments: readonly { readonly ref: SegmentRef; readonly content: SegmentContent }[];
  /** What could not be read; the rest is there. */
  readonly problems: readonly PhotonError[];
}

type PortsForRestore = Pick<Ports, "blobs" | "keys">;

/** With this device's key: some device of the circle must have made it an opener. @param onProgress is told 0 to 1. */
export function restoreArchive(
  ports: PortsForRestore,
  place: ArchivePlace,
  onProgress: (part: number) => void = () => undefined,
): Promise<Result<Restored, PhotonError>> {
  return restore(
    vaultAt(ports.blobs, place),
    place,
    (file) => ports.keys.decryptAge(file),
    onProgress,
    "this device opens no wrapping of it",
  );
}

/**
 * With the passphrase alone.
 * @param identity hash of the opener's sealed identity, which the vault keeps: see `passphraseTicket`.
 */
export async function restoreWithPassphrase(
  ports: Pick<Ports, "blobs">,
  place: ArchivePlace & { readonly identity: Bytes },
  passphrase: string,
  onProgress: (part: number) => void = () => undefined,
): Promise<Result<Restored, PhotonError>> {
  const vault = vaultAt(ports.blobs, place);
  const sealed = await vault.blob(place.identity);
  if (!sealed.ok)
    return err(sealed.error.refusal === "not-found" ? damaged("the passphrase's key is missing") : sealed.error.problem);
  if (!equalBytes(identityHash(sealed.value), place.identity)) return err(damaged("the passphrase's key was changed"));
  const opener = await openPassphraseIdentity(sealed.value, passphrase);
  if (!opener.ok) return err(photonError("wrong-secret"));
  return restore(vault, place, opener.value.decryptAge, onProgress, "the passphrase opens no wrapping of it");
}

/**
 * With the private half of an opener, as the shares of trustees add up to it.
 * @param identity `AGE-SECRET-KEY-PQ-1…`.
 */
export async function restoreWithIdentity(
  ports: Pick<Ports, "blobs">,
  place: ArchivePlace,
  identity: string,
  onProgress: (part: number) => void = () => undefined,
): Promise<Result<Restored, PhotonError>> {
  const opener = await openIdentity(identity);
  if (!opener.ok) return err(photonError("wrong-secret", opener.error.detail));
  return restore(vaultAt(ports.blobs, place), place, opener.value.decryptAge, onProgress, "that key opens no wrapping of it");
}

async function restore(
  vault: Vault,
  { vault: origin, register, atLeast = 0 }: ArchivePlace,
  decryptAge: DecryptAge,
  onProgress: (part: number) => void,
  closed: string,
): Promise<Result<Restored, PhotonError>> {
  onProgress(0);
  const answer = await vault.head();
  if (!answer.ok) return err(answer.error.problem);
  const head = answer.value;
  if (head === undefined) return err(damaged("the vault has no such archive"));
  const body = headBody(head);
  if (!body.ok) return body;
  if (equalBytes(body.value.wraps, noHead)) return err(damaged("the archive was begun, and nothing is in it yet"));
  const wraps = await vault.blob(body.value.wraps);
  if (!wraps.ok)
    return err(wraps.error.refusal === "not-found" ? damaged("the wrapping of its keys is missing") : wraps.error.problem);
  if (!equalBytes(identityHash(wraps.value), body.value.wraps)) return err(damaged("the wrapping of its keys was changed"));
  const epochKeys = await unwrapEpochKeys(wraps.value, decryptAge);
  if (!epochKeys.ok) return err(photonError("wrong-secret", closed));
  const opened = openHead(head, body.value, epochKeys.value);
  if (!opened.ok) return opened;
  const changes: Change[] = [];
  const segments: { ref: SegmentRef; content: SegmentContent }[] = [];
  const problems: PhotonError[] = [];
  if (head.seq < atLeast)
    problems.push(damaged(`the vault shows head ${head.seq} where head ${atLeast} was; it went back in time`));
  const named = opened.value.manifest.segments;
  for (const [index, ref] of named.entries()) {
    const read = await readSegment(vault, ref, epochKeys.value);
    switch (read.kind) {
      case "unreachable":
        return err(read.problem);
      case "damaged":
        problems.push(read.problem);
        break;
      case "read":
        for (const change of read.segment.changes) changes.push(change);
        segments.push({ ref, content: read.segment.content });
    }
    onProgress((index + 1) / named.length);
  }
  if (named.length === 0) onProgress(1);
  return ok({ vault: origin, register, changes, epochKeys: epochKeys.value, opened: opened.value, segments, problems });
}

/**
 * Makes what was restored what this device knows of the archive, so that it is not fetched again. In the unit that merges
 * the changes.
 */
export function adoptRestored(work: Work, { register, opened, segments }: Restored): void {
  const { head, body, manifest } = opened;
  for (const { ref, content } of segments) keepSegment(work, ref.hash, content);
  keepKnown(work, {
    register,
    seq: head.seq,
    headHash: headHash(head),
    writeKey: head.nextKey ?? head.writeKey,
    epoch: body.epoch,
    wraps: body.wraps,
    openers: manifest.openers,
    segments: manifest.segments,
    written: 0,
    archivedAt: work.now(),
    heal: false,
    weighAgainAt: weighFrom,
  });
}
