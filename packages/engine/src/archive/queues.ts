/**
 * Which entries are still to be archived where. What changes is marked under `a/`, whoever changes it; of one vault that is its
 * queue. Of several, each has its own, `b/<register>/`, and what was marked is handed out to all of them before anything is
 * asked of one: so one that is away holds back nothing, and catches up by what is left in its queue.
 */
import { compareHlc, toHex } from "@photon/protocol/codec";
import type { Change } from "@photon/protocol/archive";
import { archivable, getChange } from "../circle/state.ts";
import type { Work } from "../storage/core.ts";
import { type Location } from "./location-record.ts";
import { type Located, locatedIn } from "./location.ts";

const nothing = new Uint8Array(0);
const common = "a";
const ownQueue = (register: Uint8Array): string => `b/${toHex(register)}`;

/** The archive at one vault, with what waits for it. */
export interface Site extends Located {
  /** A prefix of the table `change`, without the slash behind it. */
  readonly queue: string;
  /** The queues of the other vaults. */
  readonly others: readonly string[];
}

/** In the order in which the vaults were chosen. */
export function sitesOf(location: Location): readonly Site[] {
  const all = locatedIn(location);
  const queues = all.map(({ register }) => (all.length === 1 ? common : ownQueue(register)));
  return all.map((located, at) => ({ ...located, queue: queues[at] ?? common, others: queues.filter((_, other) => other !== at) }));
}

/** Hands out what was marked. To be called in a unit before queues are read. */
export async function handOut(work: Work, sites: readonly Site[]): Promise<void> {
  const queues = sites.map(({ queue }) => queue);
  if ((await work.page("change", "b/", "", 1)).length > 0) {
    // Of vaults that are not in use any more; what the only one left still lacks goes on in the common queue.
    for (const { key } of await work.list("change", "b/")) {
      const queue = key.slice(0, key.indexOf("/", 2));
      if (queues.includes(queue)) continue;
      work.delete("change", key);
      if (sites.some(({ register }) => queue === ownQueue(register))) enqueue(work, common, key.slice(queue.length + 1));
    }
  }
  if (queues.includes(common)) return;
  for (const { key } of await work.list("change", `${common}/`)) {
    work.delete("change", key);
    for (const queue of queues) enqueue(work, queue, key.slice(common.length + 1));
  }
}

export const enqueue = (work: Work, queue: string, key: string): void => work.put("change", `${queue}/${key}`, nothing);

/** Everything that belongs in the archive, to one vault. */
export async function queueAll(work: Work, queue: string): Promise<void> {
  for (const { key } of await archivable(work)) enqueue(work, queue, key);
}

/** What one vault was found to hold need not be brought there; what was new here may be missing at the others. */
export async function tellQueues(
  work: Work,
  { queue, others }: Site,
  held: readonly Change[],
  fresh: readonly string[],
): Promise<void> {
  if (others.length === 0) return;
  for (const { key, hlc } of held) {
    const entry = await getChange(work, key);
    if (entry !== undefined && compareHlc(entry.hlc, hlc) === 0) work.delete("change", `${queue}/${key}`);
  }
  for (const key of fresh) for (const other of others) enqueue(work, other, key);
}
