/**
 * What a head of another device leaves out. Whoever compacts an archive writes anew what it drops; a device in other hands may
 * drop what it likes. Every other device puts back what it knows, with its next flush, so that nothing is lost while one
 * of them lives.
 */
import { compareHlc, toHex } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/archive";
import { archivable, getChange } from "../circle/state.ts";
import type { Work } from "../storage/core.ts";
import { segmentContent, type SegmentRef } from "./known.ts";

const nothing = new Uint8Array(0);

/** The segments of `before` that `after` does not name. */
export function droppedFrom(before: readonly SegmentRef[], after: readonly SegmentRef[]): readonly SegmentRef[] {
  const named = new Set(after.map(({ hash }) => toHex(hash)));
  return before.filter(({ hash }) => !named.has(toHex(hash)));
}

/** Notes, of what a segment holds, which entries are here as they are there. After it was merged. */
export async function noteHeld(work: Work, changes: readonly Change[], held: Set<string>): Promise<void> {
  for (const { key, hlc } of changes) {
    const entry = await getChange(work, key);
    if (entry !== undefined && compareHlc(entry.hlc, hlc) === 0) held.add(key);
  }
}

/**
 * Marks what the dropped segments held, and no new one holds, to be archived.
 * @param queue of what waits for this vault. @param kept segments that both heads name. @param held entries that new ones hold as they are here.
 * @returns how many entries.
 */
export async function putBack(
  work: Work,
  queue: string,
  register: Uint8Array,
  dropped: readonly SegmentRef[],
  kept: readonly SegmentRef[],
  held: ReadonlySet<string>,
): Promise<number> {
  const contents = await Promise.all(dropped.map(({ hash }) => segmentContent(work, register, hash)));
  let wanted = new Set(contents.flatMap((content) => content?.keys ?? []));
  if (contents.some((content) => content !== undefined && content.changes > content.keys.length)) {
    // Of a large one it is not remembered what was in it: all that is not elsewhere.
    wanted = new Set((await archivable(work)).map(({ key }) => key));
    for (const { hash } of kept) for (const key of (await segmentContent(work, register, hash))?.keys ?? []) wanted.delete(key);
  }
  let count = 0;
  for (const key of wanted) {
    const isPending = (await work.get("change", `${queue}/${key}`)) !== undefined;
    if (held.has(key) || isPending || (await getChange(work, key)) === undefined) continue;
    work.put("change", `${queue}/${key}`, nothing);
    count += 1;
  }
  return count;
}
