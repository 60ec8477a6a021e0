/** What one head adds to the archive: which changes, and which segments of the chain's end they are merged with. */
import { toHex } from "@photon/protocol/codec";
import { type Change, maxSegments, maxValue, padmeLength } from "@photon/protocol/archive";
import { archivable, getChange, pendingChanges } from "../circle/state.ts";
import type { PhotonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { type Compartment, compartmentFor, segmentsIn } from "./compartments.ts";
import { swallowed } from "./compaction.ts";
import { weighFrom, type Known, segmentContents, type SegmentRef } from "./known.ts";
import { damaged } from "./vault.ts";

/** What becomes of one compartment. */
export interface Part {
  readonly compartment: Compartment;
  /** What the new segments hold: what is pending, and what the swallowed segments held, as it is now. */
  readonly changes: readonly Change[];
  /** Segments that stay. */
  readonly kept: readonly SegmentRef[];
}

export interface Batch {
  /** To be settled once the head is in force. */
  readonly pending: readonly Change[];
  readonly parts: readonly Part[];
  /** Whether these are all the changes there are. */
  readonly isLast: boolean;
  readonly weighAgainAt: number;
}

/** Bytes of changes that one head brings at most, so that a first upload that is interrupted goes on where it was. */
export const batchBytes = 8 * 1024 * 1024;
/** Segments above which everything is written anew. */
const crowded = maxSegments - 24;

/**
 * @param queue of what waits for this vault. @param parts the compartments that there are; what belongs to no other is left out.
 * @param problems takes what can never be archived.
 */
export async function nextBatch(
  work: Work,
  queue: string,
  known: Known,
  parts: readonly Compartment[],
  problems: PhotonError[],
): Promise<Batch> {
  const contents = await segmentContents(work, known.register);
  const total = known.segments.reduce((sum, { hash }) => sum + (contents.get(toHex(hash))?.size ?? 0), 0);
  let { weighAgainAt } = known;
  if (total >= weighAgainAt || known.segments.length > crowded) {
    const alive = await archivable(work);
    const weight = alive.reduce((sum, change) => sum + weightOf(change), 0);
    weighAgainAt = Math.max(weighFrom, 2 * weight);
    if (total >= 2 * weight) {
      const all = fitting(alive, problems);
      const rewritten = parts.map((compartment) => ({
        compartment,
        changes: all.filter((change) => compartmentFor(change) === compartment),
        // What could not be read stays named, for a device that can.
        kept: segmentsIn(known.segments, compartment).filter(({ hash }) => !contents.has(toHex(hash))),
      }));
      return { pending: await pendingChanges(work, queue), parts: rewritten, isLast: true, weighAgainAt };
    }
  }
  const all = await pendingChanges(work, queue, batchBytes);
  const { pending, size } = firstBytes(all);
  const isLast = pending.length === all.length;
  const merged: Part[] = [];
  for (const compartment of parts) {
    const fresh = pending.filter((change) => compartmentFor(change) === compartment);
    const segments = segmentsIn(known.segments, compartment);
    const sizes = segments.map(({ hash }) => contents.get(toHex(hash))?.size);
    const count = isLast && fresh.length > 0 ? swallowed(sizes, padmeLength(size)) : 0;
    const changes = new Map(fresh.map((change) => [change.key, change]));
    for (const { hash } of segments.slice(segments.length - count)) {
      for (const key of contents.get(toHex(hash))?.keys ?? []) {
        const change = changes.get(key) ?? (await getChange(work, key));
        if (change !== undefined) changes.set(key, change);
      }
    }
    merged.push({
      compartment,
      changes: fitting([...changes.values()], problems),
      kept: segments.slice(0, segments.length - count),
    });
  }
  return { pending, parts: merged, isLast, weighAgainAt };
}

function firstBytes(all: readonly Change[]): { readonly pending: readonly Change[]; readonly size: number } {
  let size = 0;
  let count = 0;
  for (const change of all) {
    const length = weightOf(change);
    if (count > 0 && size + length > batchBytes) break;
    size += length;
    count += 1;
  }
  return { pending: all.slice(0, count), size };
}

/** About how long it is when it is encoded. */
const weightOf = ({ key, value }: Change): number => key.length + (value?.length ?? 0) + 40;

/** An entry that is longer than a change may be is left out, and said. */
function fitting(changes: readonly Change[], problems: PhotonError[]): readonly Change[] {
  const tooLong = changes.filter(({ value }) => (value?.length ?? 0) > maxValue);
  for (const { key } of tooLong) problems.push(damaged(`an entry is too long to be archived: ${key.split("/")[0] ?? ""}`));
  return tooLong.length === 0 ? changes : changes.filter((change) => !tooLong.includes(change));
}
