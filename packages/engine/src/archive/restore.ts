/**
 * Restoring: the one path by which anybody comes back to an archive, be it a device that joins the circle, a person with a
 * passphrase, or one to whom trustees gave what they held. They differ only in which private half opens the wrapping, and
 * in what they trust: a device takes the newest head, since another one of the circle has just shown it; whoever has lost
 * every device looks back for one that no device in other hands has spoiled.
 */
import { type Bytes, equalBytes, err, ok, type Result } from "@photon/protocol/codec";
import { type Change, headHash, openIdentity, openPassphraseIdentity, unveilIdentity } from "@photon/protocol/archive";
import type { Ports } from "../api.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { compartmentFor } from "./compartments.ts";
import { cutAt } from "./cut.ts";
import { changesIn, type Contents, type HeadReader, headReader, type HeadView, type Keyring, openerKeyring } from "./heads.ts";
import type { SegmentContent, SegmentRef } from "./known.ts";
import { aroundHead, candidatesAt, newestGoodHead, seqOf, type Surroundings } from "./look-back.ts";
import type { OpenedView } from "./looker.ts";
import type { OpenedHead } from "./reading.ts";
import { hashOf } from "./identity.ts";
import { type ArchivePlace, damaged, type Vault, vaultAt } from "./vault.ts";

/** What somebody has seen of a register: a vault that shows an older head has gone back in time. */
export interface Pin {
  readonly register: Bytes;
  readonly sequence: number;
  /** Absent where only the number was passed on. */
  readonly headHash?: Bytes | undefined;
}

/**
 * Which head is restored. `newest`: that one. `good`: the newest that no device in other hands has spoiled (look-back.ts).
 * `head`: the one of that number. `day`: the last one that was written on or before that day since 1970.
 */
export type Cut =
  | { readonly kind: "newest" }
  | { readonly kind: "good" }
  | { readonly kind: "head"; readonly seq: number }
  | { readonly kind: "day"; readonly day: number };

export interface RestoreOptions {
  readonly cut?: Cut;
  /** Those of other registers are left aside. */
  readonly pins?: readonly Pin[];
  /** Is told 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

export interface Restored extends ArchivePlace {
  /** Everything, in no order: for `mergeState(work, changes, "archive")`, which knows how entries are merged. */
  readonly changes: readonly Change[];
  /**
   * What later heads hold besides, where an older one was restored: what was said, what peers signed, relationships that
   * were begun. It may be the person's own or a thief's; nothing of it was signed on the person's side. To be merged last.
   */
  readonly later: readonly Change[];
  /** All epochs that the wrapping held. */
  readonly epochKeys: ReadonlyMap<number, Bytes>;
  readonly opened: OpenedHead;
  /** The number of the newest head, where another one was restored. */
  readonly passedOver: number | undefined;
  /** What was read of which segment, so that it need not be read again; those that were damaged are missing. */
  readonly segments: readonly { readonly ref: SegmentRef; readonly content: SegmentContent }[];
  /** What could not be read; the rest is there. */
  readonly gaps: readonly PhotonError[];
  /** Said where the vault shows less than was pinned, … */
  readonly behind: PhotonError | undefined;
  /** … and where its newest head was passed over. */
  readonly spoiled: PhotonError | undefined;
  /** All of these. */
  readonly problems: readonly PhotonError[];
}

type PortsForRestore = Pick<Ports, "blobs" | "keys">;

/** With this device's key: some device of the circle must have made it an opener. By default the newest head. */
export function restoreArchive(
  ports: PortsForRestore,
  place: ArchivePlace,
  options: RestoreOptions = {},
): Promise<Result<Restored, PhotonError>> {
  const keyring = openerKeyring((file) => ports.keys.decryptAge(file));
  return restore(
    vaultAt(ports.blobs, place),
    place,
    keyring,
    { cut: { kind: "newest" }, ...options },
    "this device opens no wrapping of it",
  );
}

/** Where somebody with the passphrase alone finds the archive, and what they need besides. */
export interface PassphraseTicket extends ArchivePlace {
  /** Hash of the opener's private half as this vault keeps it. */
  readonly identity: Bytes;
  readonly veil: Bytes;
}

/**
 * With the passphrase alone. By default the newest good head.
 * @param place as `passphraseTickets` told it.
 */
export async function restoreWithPassphrase(
  ports: Pick<Ports, "blobs">,
  place: PassphraseTicket,
  passphrase: string,
  options: RestoreOptions = {},
): Promise<Result<Restored, PhotonError>> {
  const vault = vaultAt(ports.blobs, place);
  const sealed = await vault.blob(place.identity);
  if (!sealed.ok)
    return err(sealed.error.refusal === "not-found" ? damaged("the passphrase's key is missing") : sealed.error.problem);
  if (!equalBytes(hashOf(sealed.value), place.identity)) return err(damaged("the passphrase's key was changed"));
  const unveiled = unveilIdentity(place.veil, place.register, sealed.value);
  if (!unveiled.ok) return err(damaged("the passphrase's key is another one's"));
  const opener = await openPassphraseIdentity(unveiled.value, passphrase);
  if (!opener.ok) return err(photonError("wrong-secret"));
  return restore(vault, place, openerKeyring(opener.value.decryptAge), options, "the passphrase opens no wrapping of it");
}

/**
 * With the private half of an opener, as the shares of trustees add up to it. By default the newest good head.
 * @param identity `AGE-SECRET-KEY-PQ-1…`.
 */
export async function restoreWithIdentity(
  ports: Pick<Ports, "blobs">,
  place: ArchivePlace,
  identity: string,
  options: RestoreOptions = {},
): Promise<Result<Restored, PhotonError>> {
  const opener = await openIdentity(identity);
  if (!opener.ok) return err(photonError("wrong-secret", opener.error.detail));
  return restore(
    vaultAt(ports.blobs, place),
    place,
    openerKeyring(opener.value.decryptAge),
    options,
    "that key opens no wrapping of it",
  );
}

async function restore(
  vault: Vault,
  { vault: origin, register }: ArchivePlace,
  keyring: Keyring,
  { cut = { kind: "good" }, pins = [], onProgress = () => undefined }: RestoreOptions,
  closed: string,
): Promise<Result<Restored, PhotonError>> {
  let shown = -1;
  const progress = (part: number): void => {
    if (part > shown) onProgress((shown = part));
  };
  progress(0);
  const reader = headReader(vault, keyring);
  const chosen = await choose(vault, reader, cut, progress);
  if (!chosen.ok) return chosen;
  if (chosen.value === undefined) return err(await whyNone(reader, closed));
  const { opened, keys, contents, changes, later, passedOver, gaps } = chosen.value;
  progress(1);
  const behind = await behindPins(
    vault,
    passedOver ?? opened.head.seq,
    pins.filter((pin) => equalBytes(pin.register, register)),
  );
  const { head, manifest } = opened;
  const spoiled =
    passedOver === undefined
      ? undefined
      : photonError("backup-spoiled", `head ${head.seq} of ${dayWords(manifest.createdAt)}; the newest is ${passedOver}`);
  return ok({
    vault: origin,
    register,
    changes,
    later,
    epochKeys: keys.relationships,
    opened,
    passedOver,
    segments: contents.segments,
    gaps,
    behind,
    spoiled,
    problems: [...gaps, behind, spoiled].filter((one) => one !== undefined),
  });
}

/** Whether the vault shows an older head than was seen, or another one in its place. */
async function behindPins(vault: Vault, newest: number, pins: readonly Pin[]): Promise<PhotonError | undefined> {
  const [latest] = pins.toSorted((a, b) => b.sequence - a.sequence);
  if (latest === undefined) return undefined;
  if (newest < latest.sequence)
    return damaged(`the vault shows head ${newest} where head ${latest.sequence} was; it went back in time`);
  for (const { sequence, headHash: pinned } of pins) {
    const head = pinned === undefined ? undefined : await vault.head(sequence);
    // One that is past its days of grace cannot be compared any more.
    if (head?.ok === true && head.value !== undefined && pinned !== undefined && !equalBytes(headHash(head.value), pinned))
      return damaged(`head ${sequence} is another one than was seen; the vault went back in time`);
  }
  return undefined;
}

interface Choice extends Pick<OpenedView, "opened" | "keys"> {
  readonly contents: Contents;
  readonly changes: readonly Change[];
  readonly later: readonly Change[];
  readonly passedOver: number | undefined;
  readonly gaps: readonly PhotonError[];
}

async function choose(
  vault: Vault,
  reader: HeadReader,
  cut: Cut,
  onProgress: (part: number) => void,
): Promise<Result<Choice | undefined, PhotonError>> {
  if (cut.kind === "good") {
    const good = await newestGoodHead(vault, reader, onProgress);
    if (!good.ok || good.value === undefined) return good.ok ? ok(undefined) : good;
    return ok(asOf(good.value.view, good.value.contents, good.value));
  }
  const view = await viewFor(vault, reader, cut);
  if (!view.ok) return view;
  if (view.value?.kind !== "opened") return ok(undefined);
  const contents = await reader.contents(view.value, { onProgress });
  if (!contents.ok) return contents;
  if (contents.value === undefined) throw new Error("a head without a limit");
  if (cut.kind === "newest")
    return ok(asOf(view.value, contents.value, { earlier: [], later: [], mended: [], passedOver: undefined }));
  const around = await aroundHead(vault, reader, seqOf(view.value));
  return around.ok ? ok(asOf(view.value, contents.value, around.value)) : around;
}

async function viewFor(
  vault: Vault,
  reader: HeadReader,
  cut: Exclude<Cut, { kind: "good" }>,
): Promise<Result<HeadView | undefined, PhotonError>> {
  switch (cut.kind) {
    case "newest":
      return reader.view();
    case "head":
      return reader.view(cut.seq);
    case "day": {
      const there = await candidatesAt(vault, reader);
      if (!there.ok) return there;
      return ok(there.value.all.findLast(({ view }) => view.kind === "opened" && view.opened.manifest.createdAt <= cut.day)?.view);
    }
  }
}

const day = 24 * 3600 * 1000;

function asOf({ opened, keys }: OpenedView, contents: Contents, { earlier, later, mended, passedOver }: Surroundings): Choice {
  const found = changesIn([contents]);
  const counted = found.filter((change) => compartmentFor(change) === "relationships").length;
  const gaps = [...contents.problems];
  if (opened.manifest.changes > counted && gaps.length === 0)
    gaps.push(damaged(`${opened.manifest.changes} entries were promised, and ${counted} are there`));
  const cut = cutAt(found, { earlier, later, mended, notBefore: opened.manifest.createdAt * day });
  return { opened, keys, contents, changes: cut.changes, later: cut.later, passedOver, gaps };
}

const dayWords = (days: number): string => new Date(days * day).toISOString().slice(0, 10);

/** What the newest head says to somebody whom none was good for. */
async function whyNone(reader: HeadReader, closed: string): Promise<PhotonError> {
  const view = await reader.view();
  if (!view.ok) return view.error;
  switch (view.value?.kind) {
    case undefined:
      return damaged("the vault has no such archive");
    case "blank":
      return damaged("the archive was begun, and nothing is in it yet");
    case "damaged":
      return view.value.problem;
    case "closed":
      return photonError("wrong-secret", closed);
    case "opened":
      return damaged("no head that is still there is whole");
  }
}
