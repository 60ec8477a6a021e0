/**
 * Which entries of a set stand, where retires strike at statements, and at each other. The least fixpoint of:
 *
 * - `out`: a retire that is `in` strikes it, or everything that gave its signer authority is `out`;
 * - `in`: every retire that strikes it is `out`, and something that gave its signer authority is `in`;
 * - `undecided`: what neither reaches, which is what retires in a cycle strike at, and what rests on that.
 *
 * (The grounded extension of Dung, "On the acceptability of arguments", 1995: it is unique, so no order matters.)
 * Linear in entries and strikes, but for one more pass per late rival and per admit beyond ten leaves.
 */
import { idKey, maxLeaves } from "../statement/index.ts";
import { addBit, type Bits, emptyBits, hasBit, indicesOf } from "./bits.ts";
import { components } from "./components.ts";
import { acts, entryAt, type Ledger, nodeAt, type Strike } from "./ledger.ts";
import { atMostTenLeaves } from "./rules/at-most-ten-leaves.ts";
import { outranksRetire } from "./rules/authority-order.ts";
import { retireCyclesFreeze } from "./rules/retire-cycles-freeze.ts";

export type Label = "in" | "out" | "undecided";

export interface Resolution {
  readonly ledger: Ledger;
  readonly within: Bits;
  /** Of an entry in the set. */
  readonly labelOf: (index: number) => Label;
  /** The retires in the set that strike it, ascending. */
  readonly strikersOf: (index: number) => readonly number[];
  /** Retires that came too late to their cycle, each with the first of it. */
  readonly late: ReadonlyMap<number, number>;
  /** Admits that would bring in an eleventh leaf. */
  readonly beyond: ReadonlySet<number>;
}

/** @param within a set of judged statements that holds the ancestors of each that can give authority. */
export function resolve(ledger: Ledger, within: Bits): Resolution {
  const strikes = ledger.strikes.filter(
    ({ by, on }) => hasBit(within, by) && hasBit(within, on) && acts(ledger, by) && !outranksRetire(ledger, on, by, within),
  );
  const beyond = new Set<number>();
  for (;;) {
    const resolution = settle(ledger, within, strikes, beyond);
    const more = ledger.leaves.size > maxLeaves ? atMostTenLeaves(arrivals(resolution)) : [];
    const before = beyond.size;
    for (const index of more) beyond.add(index);
    if (beyond.size === before) return resolution;
  }
}

export function settle(ledger: Ledger, within: Bits, strikes: readonly Strike[], beyond: ReadonlySet<number>): Resolution {
  if (strikes.length === 0 && beyond.size === 0) {
    return { ledger, within, labelOf: () => "in", strikersOf: () => [], late: new Map(), beyond };
  }
  const members = indicesOf(within).filter((index) => ledger.entries[index] !== undefined);
  const links = linksOf(ledger, members, strikes);
  const labels = new Map<number, "in" | "out">();
  const openStrikes = new Map(members.map((index) => [index, links.struckBy.get(index)?.length ?? 0]));
  const openOrigins = new Map(members.map((index) => [index, entryAt(ledger, index).origins.length]));
  const vouched = new Set<number>();
  const todo: number[] = [];
  const set = (index: number, label: "in" | "out"): void => {
    if (labels.has(index)) return;
    labels.set(index, label);
    todo.push(index);
  };
  const drop = (counts: Map<number, number>, index: number): number => {
    const left = (counts.get(index) ?? 0) - 1;
    counts.set(index, left);
    return left;
  };
  const admitIfClear = (index: number): void => {
    if (openStrikes.get(index) === 0 && vouched.has(index)) set(index, "in");
  };
  const propagate = (): void => {
    for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
      const isIn = labels.get(index) === "in";
      for (const struck of links.strikes.get(index) ?? []) {
        if (isIn) set(struck, "out");
        else if (drop(openStrikes, struck) === 0) admitIfClear(struck);
      }
      for (const supported of links.supports.get(index) ?? []) {
        if (isIn) {
          vouched.add(supported);
          admitIfClear(supported);
        } else if (drop(openOrigins, supported) === 0) set(supported, "out");
      }
    }
  };
  for (const index of beyond) set(index, "out");
  for (const index of members) if (nodeAt(ledger, index).statement.type === "found") set(index, "in");
  propagate();

  const late = new Map<number, number>();
  for (;;) {
    const undecided = members.filter((index) => !labels.has(index));
    const found = lateRivals(ledger, undecided, links);
    if (found.size === 0) break;
    for (const [index, first] of found) {
      late.set(index, first);
      set(index, "out");
    }
    propagate();
  }
  return {
    ledger,
    within,
    labelOf: (index) => labels.get(index) ?? "undecided",
    strikersOf: (index) => links.struckBy.get(index) ?? [],
    late,
    beyond,
  };
}

interface Links {
  readonly strikes: ReadonlyMap<number, readonly number[]>;
  readonly struckBy: ReadonlyMap<number, readonly number[]>;
  readonly supports: ReadonlyMap<number, readonly number[]>;
}

function linksOf(ledger: Ledger, members: readonly number[], strikes: readonly Strike[]): Links {
  const link = (map: Map<number, number[]>, from: number, to: number): void => {
    const list = map.get(from);
    if (list === undefined) map.set(from, [to]);
    else list.push(to);
  };
  const out = {
    strikes: new Map<number, number[]>(),
    struckBy: new Map<number, number[]>(),
    supports: new Map<number, number[]>(),
  };
  for (const { by, on } of strikes) {
    link(out.strikes, by, on);
    link(out.struckBy, on, by);
  }
  for (const list of out.struckBy.values()) list.sort((a, b) => a - b);
  for (const index of members) for (const origin of entryAt(ledger, index).origins) link(out.supports, origin, index);
  return out;
}

/** Among cycles that no undecided statement outside them bears on; the others wait for those to be settled. */
function lateRivals(ledger: Ledger, undecided: readonly number[], links: Links): ReadonlyMap<number, number> {
  const late = new Map<number, number>();
  if (undecided.length === 0) return late;
  const open = emptyBits(ledger.nodes.length);
  for (const index of undecided) addBit(open, index);
  const next = (index: number): readonly number[] =>
    [...(links.strikes.get(index) ?? []), ...(links.supports.get(index) ?? [])].filter((to) => hasBit(open, to));
  const found = components(undecided, next);
  const place = new Map<number, number>();
  for (const [at, component] of found.entries()) for (const index of component) place.set(index, at);
  const reached = new Set<number>();
  for (const index of undecided) {
    for (const to of next(index)) if (place.get(to) !== place.get(index)) reached.add(place.get(to) ?? -1);
  }
  for (const [at, component] of found.entries()) {
    if (reached.has(at)) continue;
    const cycle = component.map((index) => {
      const { learned, statement } = nodeAt(ledger, index);
      return { index, learned, isRetire: statement.type === "retire" };
    });
    for (const [index, first] of retireCyclesFreeze(cycle)) late.set(index, first);
  }
  return late;
}

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

/** Ids of the leaves that a statement brings in, by `idKey`. */
export function leavesOf(ledger: Ledger, index: number): readonly string[] {
  const { statement } = nodeAt(ledger, index);
  if (statement.type === "found") return [idKey(statement.body.leaf.id)];
  if (statement.type === "admit") return statement.body.leaves.map((leaf) => idKey(leaf.id));
  return [];
}

/** What brings leaves in, in order, with those leaves of it that are live or frozen. */
export function arrivals(resolution: Resolution): readonly { readonly index: number; readonly leaves: readonly string[] }[] {
  const { ledger, within, labelOf } = resolution;
  const present = new Map<string, boolean>();
  const isPresent = (leaf: string): boolean => {
    const known = present.get(leaf);
    if (known !== undefined) return known;
    const { status } = leafWithin(resolution, leaf);
    present.set(leaf, status === "live" || status === "frozen");
    return status === "live" || status === "frozen";
  };
  const out: { readonly index: number; readonly leaves: readonly string[] }[] = [];
  for (const index of indicesOf(within)) {
    if (ledger.entries[index] === undefined || !acts(ledger, index) || labelOf(index) === "out") continue;
    const leaves = [...new Set(leavesOf(ledger, index))].filter(isPresent);
    if (leaves.length > 0) out.push({ index, leaves });
  }
  return out;
}
