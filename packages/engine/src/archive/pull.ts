/**
 * Taking in what other devices have archived, and noticing a vault that is not as it was left.
 *
 * | the vault's newest head                      | what it means                    | what is done                               |
 * | -------------------------------------------- | -------------------------------- | ------------------------------------------ |
 * | the one we know                              | nothing new                      | segments that could not be read: once more |
 * | a later one, by a write key of ours          | another device was here          | read, merged, and known from now on        |
 * | an earlier one, or another of the same number | the vault went back in time      | reported; `heal` reads and writes it again |
 * | none, though we know one                     | the vault lost the register      | the same                                   |
 * | one by, or for, a key that is none of ours   | turned by a device we have not heard of, or taken over | nothing, until the circle says more |
 * | one by our keys that cannot be read          | spoiled by a device in other hands | reported; all that is here is put in its place |
 */
import { type Bytes, encode, equalBytes, struct, toHex, uint } from "@photon/protocol/codec";
import { type Head, headHash, noHead } from "@photon/protocol/archive";
import { mergeState } from "../circle/merge.ts";
import { listState, setState } from "../circle/state.ts";
import { noteChanged } from "../conversation/receive.ts";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import {
  authorityKnown,
  forgetSegments,
  keepKnown,
  keepSegment,
  type Known,
  loadKnown,
  segmentContent,
  type SegmentRef,
} from "./known.ts";
import { isAway } from "./away.ts";
import { hashOf, identityBlobOf } from "./identity.ts";
import { compartmentOf } from "./compartments.ts";
import { epochKeysOf, epochOfWriteKey, loadLocation } from "./location.ts";
import { droppedFrom, noteHeld, putBack } from "./left-out.ts";
import { handOut, queueAll, type Site, sitesOf, tellQueues } from "./queues.ts";
import { headBody, openHead, readSegment } from "./reading.ts";
import { damaged, type Vault, vaultAt } from "./vault.ts";

/** For devices that were away: merges what others have archived since, wherever. The caller's unit is committed. */
export async function pullArchive(
  work: Work,
): Promise<{ readonly changed: readonly string[]; readonly problems: readonly PhotonError[] }> {
  const location = await loadLocation(work);
  if (location === undefined) return { changed: [], problems: [] };
  const sites = sitesOf(location);
  await handOut(work, sites);
  const changed: string[] = [];
  const problems: PhotonError[] = [];
  for (const site of sites) {
    if (sites.length > 1 && (await isAway(work, site)) !== undefined) continue;
    const outcome = await catchUp(work, site, await loadKnown(work, site.register));
    changed.push(...outcome.changed);
    problems.push(...outcome.problems);
    await work.commit();
  }
  return { changed, problems };
}

export interface CaughtUp {
  /**
   * `locked-out`: the register answers to keys that this device does not have (yet). `behind`: the vault is not as it was
   * left, and `heal` is to be called. `failed`: no answer, or none that can be believed.
   */
  readonly kind: "current" | "behind" | "locked-out" | "failed";
  readonly changed: readonly string[];
  readonly problems: readonly PhotonError[];
}
const nothing = (kind: CaughtUp["kind"], ...problems: readonly PhotonError[]): CaughtUp => ({ kind, changed: [], problems });

export async function catchUp(work: Work, site: Site, known: Known): Promise<CaughtUp> {
  const vault = vaultAt(work.ports.blobs, site);
  const answer = await vault.head();
  if (!answer.ok) return nothing("failed", answer.error.problem);
  const head = answer.value;
  const isKnown = head === undefined ? known.seq === 0 : head.seq === known.seq && equalBytes(headHash(head), known.headHash);
  if (head === undefined || isKnown || head.seq <= known.seq) {
    if (isKnown) return head === undefined ? nothing("current") : takeSegments(work, site, vault, known);
    keepKnown(work, { ...known, heal: true });
    const served = head === undefined ? "no head" : `head ${head.seq}`;
    return nothing("behind", damaged(`the vault shows ${served} where head ${known.seq} was; it went back in time`));
  }
  return take(work, site, vault, known, head);
}

/**
 * Reads the whole archive again and takes the vault's head as it is: what of ours is not there becomes pending, and the
 * next flush uploads it. A segment that cannot be read is given up if we hold what it held, and else kept for a device that does.
 */
export async function heal(work: Work, site: Site, known: Known): Promise<CaughtUp> {
  await queueAll(work, site.queue);
  keepKnown(work, { ...known, heal: true });
  await work.commit();
  const vault = vaultAt(work.ports.blobs, site);
  const answer = await vault.head();
  if (!answer.ok) return nothing("failed", answer.error.problem);
  const fresh: Known = { ...known, heal: false, segments: [], open: undefined };
  if (answer.value === undefined) {
    const none = { seq: 0, headHash: noHead, writeKey: undefined, epoch: 0, wraps: noHead, openers: [], identity: undefined };
    keepKnown(work, { ...fresh, ...none });
    return nothing("current");
  }
  return take(work, site, vault, fresh, answer.value, { readAll: true });
}

interface Reading {
  /** Reads also the segments whose content is here already, to see whether the vault still has them. */
  readonly readAll: boolean;
}

async function take(
  work: Work,
  site: Site,
  vault: Vault,
  known: Known,
  head: Head,
  reading: Reading = { readAll: false },
): Promise<CaughtUp> {
  const next = head.nextKey ?? head.writeKey;
  const keys = epochKeysOf(site);
  const isOurs = (writeKey: Bytes): boolean => epochOfWriteKey(site, writeKey, work.ports.queueCrypto) !== undefined;
  if (!isOurs(head.writeKey) || !isOurs(next)) {
    keepKnown(work, { ...known, heal: reading.readAll || known.heal, lostSince: known.lostSince ?? work.now() });
    return nothing("locked-out", photonError("archive-turned", site.vault));
  }
  const body = headBody(head);
  const opened = body.ok ? openHead(head, body.value, keys) : body;
  if (!body.ok || !opened.ok) return spoiled(work, site, known, head, opened.ok ? damaged(`head ${head.seq}`) : opened.error);
  const { manifest } = opened.value;
  const blob = identityBlobOf(site);
  const identity = blob === undefined ? undefined : hashOf(blob);
  const isKept = identity !== undefined && head.keeps.some((hash) => equalBytes(hash, identity));
  return takeSegments(
    work,
    site,
    vault,
    {
      ...known,
      seq: head.seq,
      headHash: headHash(head),
      writeKey: next,
      epoch: body.value.epoch,
      wraps: body.value.wraps,
      openers: manifest.openers,
      segments: manifest.segments,
      authority: authorityKnown(manifest),
      identity: isKept ? identity : undefined,
      lostSince: undefined,
    },
    reading,
  );
}

/** Signed by a key of ours, and nothing that can be read: a device in other hands wrote it. All that is here is put in its place. */
async function spoiled(work: Work, site: Site, known: Known, head: Head, problem: PhotonError): Promise<CaughtUp> {
  await queueAll(work, site.queue);
  await forgetSegments(work, site.register, []);
  const nothingIn = { epoch: 0, wraps: noHead, openers: [], segments: [], authority: undefined, identity: undefined };
  const seen = { seq: head.seq, headHash: headHash(head), writeKey: head.nextKey ?? head.writeKey, lostSince: undefined };
  keepKnown(work, { ...known, ...nothingIn, ...seen, heal: false });
  return nothing("current", problem);
}

/** Reads the segments of `known` that are not read yet, merges them, and makes `known` what is known. */
async function takeSegments(
  work: Work,
  site: Site,
  vault: Vault,
  known: Known,
  { readAll }: Reading = { readAll: false },
): Promise<CaughtUp> {
  const changed: string[] = [];
  const problems: PhotonError[] = [];
  const segments: SegmentRef[] = [];
  // What is read again is compared whole; see `heal`.
  const dropped = readAll ? [] : droppedFrom((await loadKnown(work, known.register)).segments, known.segments);
  const isHere = new Set<string>();
  for (const ref of known.segments) {
    const held = (await segmentContent(work, site.register, ref.hash)) !== undefined;
    const keys = keysFor(site, ref);
    // Of a compartment of which this device has not heard: not its to read, and not its to drop.
    if ((held && !readAll) || keys === undefined) {
      segments.push(ref);
      continue;
    }
    const read = await readSegment(vault, ref, keys);
    switch (read.kind) {
      case "unreachable":
        // What was merged so far stays merged; the head is looked at again next time.
        return { kind: "failed", changed, problems: [...problems, read.problem] };
      case "damaged":
        problems.push(read.problem);
        if (held) continue;
        await note(work, site.register, ref.hash);
        break;
      case "read": {
        const merged = await mergeState(work, read.segment.changes, "archive");
        await tellQueues(work, site, read.segment.changes, merged);
        changed.push(...merged);
        if (dropped.length > 0) await noteHeld(work, read.segment.changes, isHere);
        keepSegment(work, site.register, ref.hash, read.segment.content);
        await unnote(work, site.register, ref.hash);
      }
    }
    segments.push(ref);
  }
  noteChanged(work, changed);
  const left = dropped.length === 0 ? 0 : await putBack(work, site.queue, site.register, dropped, segments, isHere);
  if (left > 0) problems.push(damaged(`another device left ${left} entries out of the backup; they are put back`));
  keepKnown(work, { ...known, segments });
  await forgetSegments(work, site.register, segments);
  return { kind: "current", changed, problems };
}

const keysFor = (site: Site, ref: SegmentRef): ReadonlyMap<number, Bytes> | undefined =>
  compartmentOf(ref) === "relationships"
    ? epochKeysOf(site)
    : site.authority === undefined
      ? undefined
      : epochKeysOf(site.authority);

const damagedAt = (register: Uint8Array): string => `arch/damaged/${toHex(register)}/`;
const damagedKey = (register: Uint8Array, hash: Uint8Array): string => `${damagedAt(register)}${toHex(hash)}`;

/** Asks the other devices: whoever holds what this segment held uploads it again. */
async function note(work: Work, register: Uint8Array, hash: Uint8Array): Promise<void> {
  const key = damagedKey(register, hash);
  const noted = (await listState(work, key)).length > 0;
  if (!noted) await setState(work, key, encode(struct({ at: [1, uint()] }), { at: work.now() }));
}

async function unnote(work: Work, register: Uint8Array, hash: Uint8Array): Promise<void> {
  for (const { key } of await listState(work, damagedKey(register, hash))) await setState(work, key, undefined);
}

/** Whether another device could not read a segment whose content is here. Notes about segments that are gone are taken down. */
export async function isAskedToHeal(work: Work, known: Known): Promise<boolean> {
  let asked = false;
  for (const { key } of await listState(work, damagedAt(known.register))) {
    const ref = known.segments.find(({ hash }) => damagedKey(known.register, hash) === key);
    if (ref === undefined) await setState(work, key, undefined);
    else asked ||= (await segmentContent(work, known.register, ref.hash)) !== undefined;
  }
  return asked;
}
