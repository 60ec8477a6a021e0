/**
 * What waits to be deleted at the vault, and bringing it back: from any device, and after a recovery. An earlier state is not
 * put in the place of the one there is: what it holds and this device lacks comes back, and relationships that were closed
 * or renamed since are again as they were in it. What was signed since stays signed: a goodbye that a peer has heard too.
 */
import { encode, err, ok, optional, type Result, struct, text, uint } from "@photon/protocol/codec";
import { type Change, mergeChanges } from "@photon/protocol/archive";
import type { BackupUndone, PendingDeletion } from "../api.ts";
import { mayMerge } from "../circle/entry.ts";
import { mergeState } from "../circle/merge.ts";
import { archivable, getChange, getState, policyOf, setState } from "../circle/state.ts";
import { noteChanged } from "../conversation/receive.ts";
import { type PhotonError, photonError } from "../errors.ts";
import { flagSchema, keys } from "../relationship/records.ts";
import type { Work } from "../storage/core.ts";
import { elapsed } from "../storage/elapsed.ts";
import { openRelationships } from "./counting.ts";
import { forgetFormer } from "./former.ts";
import { changesIn, headReader, roomFor, weightOf } from "./heads.ts";
import { loadKnown } from "./known.ts";
import { type Location, placesOf } from "./location-record.ts";
import { loadLocation } from "./location.ts";
import { harmedIn, harmOf, shapeOf } from "./shape.ts";
import { keptHeads, type KeptHead, keptPlaces, versionName } from "./versions.ts";
import { vaultAt } from "./vault.ts";

/** `meta/archive/kept`: what the last look at the vaults found. */
const foundSchema = struct({
  /** Milliseconds: when it was looked. */
  at: [1, uint()],
  /** How many relationships were open then. */
  open: [2, uint()],
  lost: [3, optional(struct({ version: [1, text(64)], records: [2, uint()], relationships: [3, uint()], until: [4, uint()] }))],
});
const row = "archive/kept";
const day = 24 * 3600 * 1000;

/** As this device last found it; nothing is asked of a vault. */
export async function pendingDeletion(work: Work): Promise<PendingDeletion | undefined> {
  const lost = (await work.read("meta", row, foundSchema))?.lost;
  return lost === undefined || lost.until + day < work.now() ? undefined : lost;
}

/**
 * Looks at the heads that are kept for one that holds more relationships than there are: once a day, and when there have
 * come to be fewer. The caller commits. @returns why it could not look.
 */
export async function lookForLosses(work: Work): Promise<PhotonError | undefined> {
  const location = await loadLocation(work);
  if (location === undefined) return undefined;
  const last = await work.read("meta", row, foundSchema);
  const fewer = last !== undefined && (await countsIn(work, location)).some((count) => count < last.open);
  if (last !== undefined && elapsed(last.at, work.now()) < day && !fewer) return undefined;
  const heads = await keptHeads(work);
  if (!heads.ok) return heads.error;
  const count = await openRelationships(work);
  const lost = await lossIn(work, heads.value, count);
  if (!lost.ok) return lost.error;
  work.write("meta", row, foundSchema, { at: work.now(), open: count, ...(lost.value === undefined ? {} : { lost: lost.value }) });
  await forgetFormer(work);
  return undefined;
}

/** As this device last told them to the vaults. */
async function countsIn(work: Work, location: Location): Promise<readonly number[]> {
  const known = await Promise.all(placesOf(location).map(({ register }) => loadKnown(work, register)));
  return known.flatMap(({ open }) => (open === undefined ? [] : [open.count]));
}

async function lossIn(
  work: Work,
  heads: readonly KeptHead[],
  open: number,
): Promise<Result<PendingDeletion | undefined, PhotonError>> {
  const more = heads
    .filter(({ version, place }) => (version.until !== undefined || place.isFormer) && (version.relationships ?? 0) > open)
    .toSorted((a, b) => (b.version.relationships ?? 0) - (a.version.relationships ?? 0));
  if (more.length === 0) return ok(undefined);
  const held = await archivable(work);
  const bytes = held.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  const [here, limit] = [shapeOf(held), roomFor(weightOf(bytes, held.length))];
  for (const { reader, view, version } of more) {
    const contents = await reader.contents(view, { limit });
    if (!contents.ok) return contents;
    if (contents.value === undefined) continue;
    const harm = harmOf(shapeOf(changesIn([contents.value])), here);
    // A head may say that it holds more than it does.
    if (harm.records + harm.relationships > 0)
      return ok({ version: version.version, until: version.until ?? work.now() + day, ...harm });
  }
  return ok(undefined);
}

/**
 * Brings back what an earlier state holds. In the caller's unit; the next pass tells the circle and archives it.
 * @param version as `keptHeads` names it; by default the one that `pendingDeletion` speaks of.
 */
export async function undoTo(work: Work, version: string | undefined): Promise<Result<BackupUndone, PhotonError>> {
  const wanted = version ?? (await pendingDeletion(work))?.version;
  if (wanted === undefined) return err(photonError("nothing-to-undo"));
  const changes = await changesOf(work, wanted);
  if (!changes.ok) return changes;
  const before = shapeOf(changes.value);
  const harmed = harmedIn(before, shapeOf(await archivable(work)));
  let records = 0;
  const fresh: Change[] = [];
  for (const change of mergeChanges(new Map(), changes.value).values()) {
    if (change.value === undefined || !(await mayMerge(work, change, { from: "archive" }))) continue;
    const held = await getChange(work, change.key);
    if (held?.value !== undefined) continue;
    records += 1;
    // Those that are only ever added keep their time, unless they were deleted: all devices have one and the same entry.
    if (held !== undefined || policyOf(change.key).circle) await setState(work, change.key, change.value);
    else fresh.push(change);
  }
  const merged = await mergeState(work, fresh, "archive");
  for (const key of merged) work.put("change", `a/${key}`, new Uint8Array(0));
  for (const id of harmed) await reopen(work, id, before.relationships.get(id)?.petname);
  noteChanged(work, [...merged, ...harmed.map((id) => keys.record(id))]);
  work.delete("meta", row);
  return ok({ version: wanted, records, relationships: harmed.length });
}

async function reopen(work: Work, id: string, petname: Uint8Array<ArrayBuffer> | undefined): Promise<void> {
  if ((await getState(work, keys.closed(id))) !== undefined) await setState(work, keys.closed(id), encode(flagSchema, false));
  if (petname !== undefined) await setState(work, keys.petname(id), petname);
}

async function changesOf(work: Work, version: string): Promise<Result<readonly Change[], PhotonError>> {
  const seq = /^[0-9]{1,15}(?=@|$)/u.exec(version)?.[0];
  const unknown = err(photonError("unknown-version", version));
  const place = (await keptPlaces(work)).find((one) => seq !== undefined && versionName(one, Number(seq)) === version);
  if (place === undefined || seq === undefined) return unknown;
  const reader = headReader(vaultAt(work.ports.blobs, place), place.keyring);
  const view = await reader.view(Number(seq));
  if (!view.ok) return view;
  if (view.value?.kind !== "opened") return unknown;
  const contents = await reader.contents(view.value);
  if (!contents.ok) return contents;
  if (contents.value === undefined) throw new Error("a head without a limit");
  const [problem] = contents.value.problems;
  const changes = changesIn([contents.value]);
  return problem !== undefined && changes.length === 0 ? err(problem) : ok(changes);
}
