/**
 * R11. A trustee whose keys a host holds is that host: people behind hosts who are enough to recover could be recovered without
 * anybody. So all hosts together must hold fewer than it takes (design, "Succession and contest"). Custody is what each peer's
 * lineage says at this moment, so it is asked when a plan is made, and again whenever its status is.
 */
import { loadRelationship } from "../relationship/relationship.ts";
import type { Work } from "../storage/core.ts";

/** By host: how many of these people (relationship ids) have their keys there. */
export async function hostsOf(work: Work, members: Iterable<string>): Promise<ReadonlyMap<string, number>> {
  const hosts = new Map<string, number>();
  for (const id of members) {
    const custody = (await loadRelationship(work, id)).peer?.state.custody;
    if (custody?.class !== "host") continue;
    const host = custody.host ?? "";
    hosts.set(host, (hosts.get(host) ?? 0) + 1);
  }
  return hosts;
}

/** Whether hosts alone are enough. */
export const hostsReach = (hosts: ReadonlyMap<string, number>, threshold: number): boolean =>
  [...hosts.values()].reduce((sum, count) => sum + count, 0) >= threshold;
