/** Who is present on a side, or was, within a set of statements whose labels are settled. */
import { hasBit, indicesOf } from "./bits.ts";
import { acts, entryAt } from "./ledger.ts";
import type { Resolution } from "./resolution.ts";

export type LeafStanding =
  | { readonly status: "live" | "retired" | "frozen"; readonly by: number; readonly retiredBy: number | undefined }
  /** Brought in by what does not act yet. */
  | { readonly status: "pending"; readonly until: number }
  /** Nothing that stands ever brought it in. */
  | { readonly status: "unknown" };

/** What a leaf is within the set: retired over frozen over live; and frozen too if only a disputed admit brought it in. */
export function leafWithin(resolution: Resolution, leaf: string): LeafStanding {
  const { ledger, within, labelOf } = resolution;
  const record = ledger.leaves.get(leaf);
  let live: number | undefined;
  let disputed: number | undefined;
  let until = Number.POSITIVE_INFINITY;
  for (const origin of record?.origins ?? []) {
    if (!hasBit(within, origin)) continue;
    const label = labelOf(origin);
    if (label === "out") continue;
    if (!acts(ledger, origin)) until = Math.min(until, entryAt(ledger, origin).from);
    else if (label === "in") live ??= origin;
    else disputed ??= origin;
  }
  const by = live ?? disputed;
  if (by === undefined) return until < Number.POSITIVE_INFINITY ? { status: "pending", until } : { status: "unknown" };
  let frozenBy: number | undefined;
  for (const retire of record?.retires ?? []) {
    if (!hasBit(within, retire) || !acts(ledger, retire)) continue;
    const label = labelOf(retire);
    if (label === "in") return { status: "retired", by, retiredBy: retire };
    if (label === "undecided") frozenBy ??= retire;
  }
  if (live === undefined) frozenBy ??= disputeOver(resolution, by);
  return frozenBy === undefined && live !== undefined
    ? { status: "live", by, retiredBy: undefined }
    : { status: "frozen", by, retiredBy: frozenBy };
}

/** The first undecided retire that strikes an undecided statement, or what it rests on. */
export function disputeOver(resolution: Resolution, index: number): number | undefined {
  const { ledger, labelOf, strikersOf } = resolution;
  const todo = [index];
  const seen = new Set<number>();
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const striker = strikersOf(at).find((by) => labelOf(by) === "undecided");
    if (striker !== undefined) return striker;
    todo.push(...entryAt(ledger, at).origins.filter((origin) => labelOf(origin) === "undecided"));
  }
  return undefined;
}

/** What brings leaves in, in order, with those leaves of it that are live or frozen. */
export function arrivals(resolution: Resolution): readonly { readonly index: number; readonly leaves: readonly string[] }[] {
  const { ledger, within, labelOf } = resolution;
  const present = presentLeaves(resolution);
  const out: { readonly index: number; readonly leaves: readonly string[] }[] = [];
  for (const index of indicesOf(within)) {
    const entry = ledger.entries[index];
    if (entry === undefined || entry.brings.length === 0 || !acts(ledger, index) || labelOf(index) === "out") continue;
    const leaves = entry.brings.filter((leaf) => present.has(leaf));
    if (leaves.length > 0) out.push({ index, leaves });
  }
  return out;
}

function presentLeaves(resolution: Resolution): ReadonlySet<string> {
  const out = new Set<string>();
  for (const leaf of resolution.ledger.leaves.keys()) {
    const { status } = leafWithin(resolution, leaf);
    if (status === "live" || status === "frozen") out.add(leaf);
  }
  return out;
}

/** How many leaves are live or frozen. */
export const presentIn = (resolution: Resolution): number => presentLeaves(resolution).size;
