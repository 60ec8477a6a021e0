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
import { maxLeaves } from "../statement/index.ts";
import { addBit, type Bits, emptyBits, hasBit, indicesOf, intersection, lastIndex, overlaps } from "./bits.ts";
import { components } from "./components.ts";
import { acts, entryAt, type Ledger, nodeAt } from "./ledger.ts";
import { arrivals } from "./present.ts";
import type { Quarantine, Resolution } from "./resolution.ts";
import { atMostTenLeaves } from "./rules/at-most-ten-leaves.ts";
import { outranksRetire } from "./rules/authority-order.ts";
import { retireCyclesFreeze } from "./rules/retire-cycles-freeze.ts";

const nothing: Quarantine = new Map();

/**
 * @param within a set of judged statements that holds the ancestors of each that can give authority.
 * @param quarantined what is to be `out`, whoever vouches for it.
 */
export function resolve(ledger: Ledger, within: Bits, quarantined: Quarantine = nothing): Resolution {
  const strikes = strikesWithin(ledger, within);
  const beyond = new Set<number>();
  for (;;) {
    const resolution = settle(ledger, within, strikes, beyond, quarantined);
    if (ledger.leaves.size <= maxLeaves) return resolution;
    if (strikes.size === 0 && quarantined.size === 0 && wasCounted(ledger, within)) return resolution;
    const before = beyond.size;
    for (const index of atMostTenLeaves(arrivals(resolution))) beyond.add(index);
    if (beyond.size === before) return resolution;
    ledger.crowded.ever = true;
  }
}

/** Lists of statements, by retire. */
type Strikes = ReadonlyMap<number, readonly number[]>;

function strikesWithin(ledger: Ledger, within: Bits): Strikes {
  const out = new Map<number, readonly number[]>();
  for (const [by, struck] of ledger.strikes) {
    if (!hasBit(within, by) || !acts(ledger, by) || !overlaps(struck, within)) continue;
    const all = indicesOf(intersection(struck, within));
    const here = ledger.plans.length === 0 ? all : all.filter((on) => !outranksRetire(ledger, on, by, within));
    if (here.length > 0) out.set(by, here);
  }
  return out;
}

/**
 * Whether the latest entry of the set follows all the others, and no set ever held too many leaves: then the leaves were
 * counted when that entry was judged. Spares the count along the chains that lineages mostly are.
 */
function wasCounted(ledger: Ledger, within: Bits): boolean {
  if (ledger.crowded.ever) return false;
  const last = lastIndex(within);
  if (last === undefined) return true;
  const { past } = nodeAt(ledger, last);
  return within.every((word, at) => (word & ~(past[at] ?? 0) & ~(at === last >>> 5 ? 1 << (last & 31) : 0)) === 0);
}

function settle(ledger: Ledger, within: Bits, strikes: Strikes, beyond: ReadonlySet<number>, quarantined: Quarantine): Resolution {
  if (strikes.size === 0 && beyond.size === 0 && quarantined.size === 0) {
    return { ledger, within, labelOf: () => "in", strikersOf: () => [], late: new Map(), beyond, quarantined };
  }
  const members = indicesOf(within).filter((index) => ledger.entries[index] !== undefined);
  const links = linksOf(ledger, members, strikes);
  const labels: ("in" | "out" | undefined)[] = Array.from(ledger.nodes, () => undefined);
  const openStrikes = new Int32Array(ledger.nodes.length);
  const openOrigins = new Int32Array(ledger.nodes.length);
  const vouched = emptyBits(ledger.nodes.length);
  const todo: number[] = [];
  const set = (index: number, label: "in" | "out"): void => {
    if (labels[index] !== undefined) return;
    labels[index] = label;
    todo.push(index);
  };
  const drop = (counts: Int32Array, index: number): number => {
    const left = (counts[index] ?? 0) - 1;
    counts[index] = left;
    return left;
  };
  const admitIfClear = (index: number): void => {
    if (openStrikes[index] === 0 && hasBit(vouched, index)) set(index, "in");
  };
  const propagate = (): void => {
    for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
      const isIn = labels[index] === "in";
      for (const struck of links.strikes.get(index) ?? []) {
        if (isIn) set(struck, "out");
        else if (drop(openStrikes, struck) === 0) admitIfClear(struck);
      }
      for (const supported of links.supports.get(index) ?? []) {
        if (isIn) {
          addBit(vouched, supported);
          admitIfClear(supported);
        } else if (drop(openOrigins, supported) === 0) set(supported, "out");
      }
    }
  };
  for (const index of members) {
    openStrikes[index] = links.struckBy.get(index)?.length ?? 0;
    openOrigins[index] = entryAt(ledger, index).origins.length;
  }
  for (const index of beyond) set(index, "out");
  for (const index of quarantined.keys()) if (hasBit(within, index)) set(index, "out");
  if (hasBit(within, ledger.root)) set(ledger.root, "in");
  propagate();

  const late = new Map<number, number>();
  for (;;) {
    const found = lateRivals(
      ledger,
      members.filter((index) => labels[index] === undefined),
      links,
    );
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
    labelOf: (index) => labels[index] ?? "undecided",
    strikersOf: (index) => links.struckBy.get(index) ?? [],
    late,
    beyond,
    quarantined,
  };
}

interface Links {
  readonly strikes: Strikes;
  /** The reverse: ascending lists of retires. */
  readonly struckBy: ReadonlyMap<number, readonly number[]>;
  readonly supports: ReadonlyMap<number, readonly number[]>;
}

function linksOf(ledger: Ledger, members: readonly number[], strikes: Strikes): Links {
  const struckBy = new Map<number, number[]>();
  const supports = new Map<number, number[]>();
  const link = (map: Map<number, number[]>, from: number, to: number): void => {
    const list = map.get(from);
    if (list === undefined) map.set(from, [to]);
    else list.push(to);
  };
  for (const index of members) {
    for (const on of strikes.get(index) ?? []) link(struckBy, on, index);
    for (const origin of entryAt(ledger, index).origins) link(supports, origin, index);
  }
  return { strikes, struckBy, supports };
}

/** Retires among the undecided that came too late to their dispute, each with the first retire of it. */
function lateRivals(ledger: Ledger, undecided: readonly number[], links: Links): ReadonlyMap<number, number> {
  if (undecided.length === 0) return new Map();
  const open = emptyBits(ledger.nodes.length);
  for (const index of undecided) addBit(open, index);
  const bearsOn = (index: number): readonly number[] =>
    [...(links.strikes.get(index) ?? []), ...(links.supports.get(index) ?? [])].filter((to) => hasBit(open, to));
  // The smallest index is the one learned first. What bears on a component comes before it in topological order.
  const firsts = new Map<number, number>();
  for (const component of components(undecided, bearsOn).toReversed()) {
    let first = Number.POSITIVE_INFINITY;
    for (const index of component) {
      const own = nodeAt(ledger, index).statement.type === "retire" ? index : first;
      first = Math.min(first, own, firsts.get(index) ?? first);
    }
    for (const index of component) {
      firsts.set(index, first);
      for (const to of bearsOn(index)) firsts.set(to, Math.min(first, firsts.get(to) ?? first));
    }
  }
  const disputed = undecided
    .filter((index) => nodeAt(ledger, index).statement.type === "retire")
    .map((index) => ({ index, learned: nodeAt(ledger, index).learned, first: nodeAt(ledger, firsts.get(index) ?? index) }));
  return retireCyclesFreeze(disputed);
}
