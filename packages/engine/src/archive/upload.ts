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
import { pendingChanges } from "../circle/state.ts";
import { type PhotonError, photonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { bring, openRegister } from "./increment.ts";
import { keepKnown, type Known, loadKnown } from "./known.ts";
import { leaveBehind } from "./former.ts";
import { epochKeysOf, epochOfWriteKey, inForce, keepLocation, type Location, loadLocation, turned } from "./location.ts";
import { isWrappedFor, openersOf } from "./openers.ts";
import { type CaughtUp, catchUp, heal, identityHash, isAskedToHeal } from "./pull.ts";
import { vaultAt } from "./vault.ts";

/** How often in a row another device may be faster before it is left for the next flush. */
const patience = 8;
/** For how long, in ms, a register that answers to a foreign key is waited for before a new one is begun. */
export const lostAfter = 24 * 3600 * 1000;

export interface Flushed {
  /** Whether the vault has everything that belongs in the archive. */
  readonly archived: boolean;
  readonly problems: readonly PhotonError[];
}

/** Commits the caller's unit, and one more for each step that is done for good. Never throws for what a vault does. */
export async function flushArchive(work: Work): Promise<Flushed> {
  const problems: PhotonError[] = [];
  for (let tries = 0; tries < patience;) {
    const location = await loadLocation(work);
    if (location === undefined) return { archived: true, problems };
    const known = await loadKnown(work, location.register);
    const step = await oneStep(work, location, known, problems);
    await work.commit();
    switch (step) {
      case "idle":
        return { archived: (await pendingChanges(work, "a", 0)).length === 0, problems };
      case "done":
        tries = 0;
        break;
      case "again":
        tries += 1;
        break;
      case "failed":
        return { archived: false, problems };
    }
  }
  problems.push(photonError("vault-refused", "other devices kept changing the archive; it goes on with the next sync"));
  return { archived: false, problems };
}

/** `done`: something is in force. `again`: look again. `failed`: not now; `problems` says why. */
type Step = "idle" | "done" | "again" | "failed";

async function oneStep(work: Work, location: Location, known: Known, problems: PhotonError[]): Promise<Step> {
  if (known.heal || (await isAskedToHeal(work, known))) return takeIn(work, location, problems, await heal(work, location, known));
  const signer = known.writeKey === undefined ? inForce(location) : epochOfWriteKey(location, known.writeKey);
  if (signer === undefined) return takeIn(work, location, problems, await catchUp(work, location, known));
  const openers = await openersOf(work, location);
  const identity = location.passphrase === undefined ? undefined : identityHash(location.passphrase.sealedIdentity);
  const isTurned = known.epoch === inForce(location).epoch && signer === inForce(location);
  const isWrapped = isTurned && isWrappedFor(known, openers) && !equalBytes(known.wraps, noHead);
  const hasIdentity = identity === undefined || (known.identity !== undefined && equalBytes(identity, known.identity));
  if (isWrapped && hasIdentity && (await pendingChanges(work, "a", 0)).length === 0) return "idle";
  const upload = { work, location, known, openers, vault: vaultAt(work.ports.blobs, location), signer };
  const failure = known.seq === 0 ? await openRegister(upload) : await bring({ ...upload, isWrapped, hasIdentity }, problems);
  if (failure === undefined) return "done";
  if (failure.refusal === "not-found") {
    // A blob that the head needs is gone.
    keepKnown(work, { ...known, heal: true });
    return "again";
  }
  if (failure.refusal !== "conflict" && failure.refusal !== "forbidden") return fail(problems, failure.problem);
  const caught = await catchUp(work, location, known);
  const { seq } = await loadKnown(work, location.register);
  // Our key is the right one for the head that the vault shows, and yet it refuses.
  if (failure.refusal === "forbidden" && caught.kind === "current" && seq === known.seq) return fail(problems, failure.problem);
  return takeIn(work, location, problems, caught);
}

function fail(problems: PhotonError[], problem: PhotonError): Step {
  problems.push(problem);
  return "failed";
}

async function takeIn(work: Work, location: Location, problems: PhotonError[], caught: CaughtUp): Promise<Step> {
  problems.push(...caught.problems);
  switch (caught.kind) {
    case "current":
    case "behind":
      return "again";
    case "failed":
      return "failed";
    case "locked-out": {
      const { lostSince } = await loadKnown(work, location.register);
      if (lostSince === undefined || work.now() - lostSince < lostAfter) return "failed";
      // Nobody of ours turned it: a device that was retired did, before it was shut out. The old register stays where it is.
      await leaveBehind(work, location, epochKeysOf(location));
      await keepLocation(work, { ...turned(work, location), register: work.random(16), begun: work.now() });
      return "again";
    }
  }
}
