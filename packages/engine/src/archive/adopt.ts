/** Taking in what was restored: as a device of the circle, or as a person who has lost every device. */
import { headHash } from "@photon/protocol/archive";
import { mergeState } from "../circle/merge.ts";
import { archivable, markPending } from "../circle/state.ts";
import type { PhotonError } from "../errors.ts";
import type { Work } from "../storage/core.ts";
import { leaveBehind } from "./former.ts";
import { authorityKnown, keepKnown, keepSegment, weighFrom } from "./known.ts";
import type { Restored } from "./restore.ts";

/**
 * Makes what was restored what this device knows of the archive, so that it is not fetched again. In the unit that merges
 * the changes.
 */
export function adoptRestored(work: Work, { register, opened, segments }: Restored): void {
  const { head, body, manifest } = opened;
  for (const { ref, content } of segments) keepSegment(work, register, ref.hash, content);
  keepKnown(work, {
    register,
    seq: head.seq,
    headHash: headHash(head),
    writeKey: head.nextKey ?? head.writeKey,
    epoch: body.epoch,
    wraps: body.wraps,
    openers: manifest.openers,
    segments: manifest.segments,
    authority: authorityKnown(manifest),
    written: 0,
    archivedAt: work.now(),
    heal: false,
    weighAgainAt: weighFrom,
  });
}

/**
 * Takes in what a person came back to who has lost every device, and leaves the old register behind: its write key went with
 * the old devices. All that was restored is still to be archived in a new one. In the caller's unit.
 */
export async function adoptRecovered(work: Work, { vault, register, epochKeys, changes, later }: Restored): Promise<void> {
  await mergeState(work, changes, "archive");
  await mergeState(work, later, "archive");
  await leaveBehind(work, { vault, register }, epochKeys);
  for (const { key } of await archivable(work)) markPending(work, key, { circle: false, archive: true });
}

/**
 * What is missing of an archive that was restored from several vaults. One that is behind, or has gaps, does no harm where
 * another one is whole; that a head was passed over is said in any case.
 * @param failed of those from which nothing could be restored.
 */
export function problemsOf(all: readonly Restored[], failed: readonly PhotonError[]): readonly PhotonError[] {
  const isWhole = all.some(({ gaps, behind }) => gaps.length === 0 && behind === undefined);
  const said = all.flatMap(({ problems, spoiled }) => (isWhole ? (spoiled === undefined ? [] : [spoiled]) : problems));
  return [...said, ...failed];
}
