/** The states of the archive that vaults still keep, for whoever wants one of them back. */
import { err, ok, type Result, toHex } from "@photon/protocol/codec";
import type { BackupVersion } from "../api.ts";
import type { PhotonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { formerPlaces } from "./former.ts";
import { circleKeyring, type HeadReader, headReader, type Keyring, keysKeyring } from "./heads.ts";
import { loadLocation, locatedIn } from "./location.ts";
import { candidatesAt } from "./look-back.ts";
import type { Candidate, OpenedView } from "./looker.ts";
import { type ArchivePlace, vaultAt } from "./vault.ts";

export interface KeptPlace extends ArchivePlace {
  readonly keyring: Keyring;
  /** What is behind the number of its heads when they are named: nothing for the first vault in use. */
  readonly mark: string;
  readonly isFormer: boolean;
}

const markOf = (register: Uint8Array): string => `@${toHex(register).slice(0, 6)}`;

/** Where heads of this person's lie: the registers in use first. */
export async function keptPlaces(work: Work): Promise<readonly KeptPlace[]> {
  const location = await loadLocation(work);
  const current = (location === undefined ? [] : locatedIn(location)).map((located, at) => ({
    vault: located.vault,
    register: located.register,
    keyring: circleKeyring(located),
    mark: at === 0 ? "" : markOf(located.register),
    isFormer: false,
  }));
  const former = (await formerPlaces(work)).map(({ vault, register, keys }) => ({
    vault,
    register,
    keyring: keysKeyring(keys),
    mark: markOf(register),
    isFormer: true,
  }));
  return [...current, ...former];
}

export interface KeptHead {
  readonly place: KeptPlace;
  readonly reader: HeadReader;
  readonly view: OpenedView;
  readonly version: BackupVersion;
}

const day = 24 * 3600 * 1000;

/** Oldest first, register by register; only those that open. */
export async function keptHeads(work: Work): Promise<Result<readonly KeptHead[], PhotonError>> {
  const found: KeptHead[] = [];
  let problem: PhotonError | undefined;
  for (const place of await keptPlaces(work)) {
    const vault = vaultAt(work.ports.blobs, place);
    const reader = headReader(vault, place.keyring);
    const there = await candidatesAt(vault, reader);
    if (!there.ok) {
      problem ??= place.isFormer ? undefined : there.error;
      continue;
    }
    for (const candidate of there.value.all) {
      const { view } = candidate;
      if (view.kind === "opened") found.push({ place, reader, view, version: versionOf(work, place, candidate, view) });
    }
  }
  return problem !== undefined && found.length === 0 ? err(problem) : ok(found);
}

/** What a person types: the head's number, and where it is not at the first vault in use, the beginning of its register's id. */
export const versionName = ({ mark }: KeptPlace, seq: number): string => `${seq}${mark}`;

function versionOf(work: Work, place: KeptPlace, { seq, left }: Candidate, { opened }: OpenedView): BackupVersion {
  const { createdAt, relationships, openers } = opened.manifest;
  return {
    version: versionName(place, seq),
    vault: place.vault,
    at: createdAt * day,
    until: left === undefined ? undefined : (Math.floor(work.now() / day) + left) * day,
    relationships,
    openers: openers.map(({ kind, name }) => ({ kind, name })),
  };
}
