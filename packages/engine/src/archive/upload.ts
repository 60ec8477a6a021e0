/**
 * Bringing changes to the vault: sealed segments, then a head that names them, by compare-and-swap. See spec/09-engine.md.
 *
 * pending ──seal, blobPut each──▶ uploaded ──headPut──▶ in force ──one commit here──▶ settled
 *    ▲                               └── conflict: another device was faster; take in what it wrote ──┐
 *    └───────────────────────────────────────────────────────────────────────────────────────────────┘
 *
 * Until the head is in force, the vault's state is the one before; until the commit, ours is. An upload that was broken off
 * anywhere is begun again, and what it left at the vault lapses there.
 */
import { equalBytes } from "@photon/protocol/codec";
import { noHead } from "@photon/protocol/archive";
import { archivable, pendingChanges } from "../circle/state.ts";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { bring, openRegister } from "./increment.ts";
import { segmentsIn } from "./compartments.ts";
import { forgetSegments, keepKnown, type Known, loadKnown } from "./known.ts";
import { isAway, noteAway, noteHere } from "./away.ts";
import { hashOf, identityBlobOf } from "./identity.ts";
import { leaveBehind } from "./former.ts";
import { type Location } from "./location-record.ts";
import { begunAnew, epochKeysOf, epochOfWriteKey, inForce, keepLocation, loadLocation, turned } from "./location.ts";
import { isWrappedFor, openersOf } from "./openers.ts";
import { type CaughtUp, catchUp, heal, isAskedToHeal } from "./pull.ts";
import { handOut, type Site, sitesOf } from "./queues.ts";
import { vaultAt } from "./vault.ts";

/** How often in a row another device may be faster before it is left for the next flush. */
const patience = 8;
/** For how long, in ms, a register that answers to a foreign key is waited for before a new one is begun. */
export const lostAfter = 24 * 3600 * 1000;

/** Bytes of entries for which another register is begun: a third of what a vault takes by default. */
const largestFresh = 340 * 1024 * 1024;

export interface Flushed {
  /** Whether some vault has everything that belongs in the archive. */
  readonly archived: boolean;
  readonly problems: readonly PhotonError[];
}

/**
 * Brings what changed to every vault, one after the other. Commits the caller's unit, and one more for each step that is done
 * for good. Never throws for what a vault does.
 */
export async function flushArchive(work: Work): Promise<Flushed> {
  const location = await loadLocation(work);
  if (location === undefined) {
    await work.commit();
    return { archived: true, problems: [] };
  }
  const sites = sitesOf(location);
  await handOut(work, sites);
  await work.commit();
  const problems: PhotonError[] = [];
  let archived = false;
  for (const { vault } of sites) archived = (await flushTo(work, vault, problems)) || archived;
  return { archived, problems };
}

/** @returns whether the vault has everything that belongs in the archive. */
async function flushTo(work: Work, vault: string, problems: PhotonError[]): Promise<boolean> {
  for (let tries = 0; tries < patience;) {
    const location = await loadLocation(work);
    const site = location === undefined ? undefined : sitesOf(location).find((one) => one.vault === vault);
    if (location === undefined || site === undefined) return false;
    const away = site.others.length === 0 ? undefined : await isAway(work, site);
    if (away !== undefined) {
      problems.push(away);
      return false;
    }
    const step = await oneStep(work, location, site, problems);
    await work.commit();
    switch (step) {
      case "idle":
        return (await pendingChanges(work, site.queue, 0)).length === 0;
      case "done":
        tries = 0;
        break;
      case "again":
        tries += 1;
        break;
      case "failed":
        return false;
    }
  }
  problems.push(photonError("vault-refused", "other devices kept changing the archive; it goes on with the next sync"));
  return false;
}

/** `done`: something is in force. `again`: look again. `failed`: not now; `problems` says why. */
type Step = "idle" | "done" | "again" | "failed";

async function oneStep(work: Work, location: Location, site: Site, problems: PhotonError[]): Promise<Step> {
  const known = await loadKnown(work, site.register);
  if (known.heal || (await isAskedToHeal(work, known)))
    return takeIn(work, location, site, problems, await heal(work, site, known));
  const signer = known.writeKey === undefined ? inForce(site) : epochOfWriteKey(site, known.writeKey, work.ports.queueCrypto);
  if (signer === undefined) return takeIn(work, location, site, problems, await catchUp(work, site, known));
  const openers = await openersOf(work, location);
  const identityBlob = identityBlobOf(site);
  const isTurned = known.epoch === inForce(site).epoch && signer === inForce(site);
  const isWrapped = isTurned && isWrappedFor(known, openers) && !equalBytes(known.wraps, noHead) && hasAuthority(known, site);
  const hasIdentity =
    identityBlob === undefined || (known.identity !== undefined && equalBytes(hashOf(identityBlob), known.identity));
  if (isWrapped && hasIdentity && (await pendingChanges(work, site.queue, 0)).length === 0) return "idle";
  const vault = vaultAt(work.ports.blobs, site, work.ports.queueCrypto?.sign);
  const upload = { work, location: site, queue: site.queue, known, openers, vault, signer };
  const failure = known.seq === 0 ? await openRegister(upload) : await bring({ ...upload, isWrapped, hasIdentity }, problems);
  if (failure === undefined) {
    await noteHere(work, site);
    return "done";
  }
  const { refusal, problem } = failure;
  if (refusal === "not-found") {
    // A blob that the head needs is gone.
    keepKnown(work, { ...known, heal: true });
    return "again";
  }
  if (refusal === "quota-exceeded" && (await isRoomElsewhere(work, site))) return anew(work, location, site);
  if (refusal !== "conflict" && refusal !== "forbidden") return fail(work, site, problems, problem);
  const caught = await catchUp(work, site, known);
  const { seq } = await loadKnown(work, site.register);
  // Our key is the right one for the head that the vault shows, and yet it refuses.
  if (refusal === "forbidden" && caught.kind === "current" && seq === known.seq) return fail(work, site, problems, problem);
  return takeIn(work, location, site, problems, caught);
}

/** Whether the head says of the compartment `authority` what it should. */
function hasAuthority(known: Known, { authority }: Site): boolean {
  const isThere = segmentsIn(known.segments, "authority").length > 0;
  if (authority === undefined) return !isThere;
  return !isThere || known.authority?.epoch === inForce(authority).epoch;
}

async function fail(work: Work, site: Site, problems: PhotonError[], problem: PhotonError): Promise<Step> {
  problems.push(problem);
  if (site.others.length > 0 && problem.code === "vault-unreachable") await noteAway(work, site, problem);
  return "failed";
}

async function takeIn(work: Work, location: Location, site: Site, problems: PhotonError[], caught: CaughtUp): Promise<Step> {
  problems.push(...caught.problems);
  switch (caught.kind) {
    case "current":
    case "behind":
      return "again";
    case "failed": {
      const away = caught.problems.find(({ code }) => code === "vault-unreachable");
      if (away !== undefined && site.others.length > 0) await noteAway(work, site, away);
      return "failed";
    }
    case "locked-out": {
      const { lostSince } = await loadKnown(work, site.register);
      if (lostSince === undefined || elapsed(lostSince, work.now()) < lostAfter) return "failed";
      // Nobody of ours turned it: a device that was retired did, before it was shut out. The old register stays where it is.
      return anew(work, location, site);
    }
  }
}

/** Another register at this vault, under keys that nobody has seen. */
async function anew(work: Work, location: Location, site: Site): Promise<Step> {
  await leaveBehind(work, site, epochKeysOf(site));
  await forgetSegments(work, site.register, []);
  await keepLocation(work, begunAnew(work, turned(work, location), site.vault));
  return "again";
}

/**
 * Whether what belongs in the archive would fit a register that holds nothing else. One that is full of what was written over,
 * or that somebody filled, is left behind; not more than once a day, so that whoever fills one after the other is outlasted.
 */
async function isRoomElsewhere(work: Work, { begun }: Site): Promise<boolean> {
  if (elapsed(begun, work.now()) < lostAfter) return false;
  const size = (await archivable(work)).reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  return size < largestFresh;
}
