/**
 * What small lineages mean, straight from the definitions of spec/03-lineage.md and by another way than `reduce`: the past of
 * each statement is judged afresh by recursion, and of all labellings of the statements, tried one after the other, the
 * one is taken that satisfies the definition and decides least. Only fit for a handful of statements. Of one era:
 * `recovery-oracle.ts` puts several together.
 */
import { rivalWindow } from "@photon/protocol/lineage";
import { bitsOf, keySigner, type Small } from "./dags.ts";

export type Label = "in" | "out" | "undecided";

export interface Outcome {
  /** By leaf number; absent where nothing that stands or is disputed brought it in. */
  readonly leaves: ReadonlyMap<number, "live" | "retired" | "frozen">;
  /** By statement number; undefined for those void in their own past. */
  readonly labels: readonly (Label | undefined)[];
}

export const has = (set: number, at: number): boolean => ((set >>> at) & 1) === 1;

export interface SmallEra {
  /** The number of the `found`, which is 0, or of the `succeed` that it begins with. */
  readonly root: number;
  /** Leaves of the eras before. */
  readonly old: ReadonlySet<number>;
}

export class Oracle {
  readonly #list: readonly Small[];
  readonly #learned: readonly number[];
  readonly #tieBreak: (a: number, b: number) => number;
  readonly #era: SmallEra;
  readonly #views: Map<number, Outcome>;

  /**
   * @param seen when each statement was first seen, by number.
   * @param tieBreak compares two that were learned at once, by depth and id.
   * @param views what is known already of sets of statements that this lineage has in common with one judged before.
   */
  constructor(
    list: readonly Small[],
    seen: readonly number[],
    tieBreak: (a: number, b: number) => number,
    era: SmallEra = { root: 0, old: new Set() },
    views: ReadonlyMap<number, Outcome> = new Map(),
  ) {
    this.#views = new Map(views);
    this.#list = list;
    this.#tieBreak = tieBreak;
    this.#era = era;
    this.#learned = learnedOf(list, seen);
  }

  outcome(): Outcome {
    return this.view((1 << this.#list.length) - 1);
  }

  /** What was judged on the way of the first so many statements, with whatever else was given at the start. */
  viewsOf(length: number): ReadonlyMap<number, Outcome> {
    return new Map([...this.#views].filter(([set]) => set < 1 << length));
  }

  /** Of the statements of a set that holds the past of each. */
  view(set: number): Outcome {
    const known = this.#views.get(set);
    if (known !== undefined) return known;
    const outcome = this.without(new Set(), set);
    this.#views.set(set, outcome);
    return outcome;
  }

  /** The same, had some of them no effect. */
  without(quarantined: ReadonlySet<number>, set = (1 << this.#list.length) - 1): Outcome {
    const lawful = bitsOf(set).filter((at) => this.isLawful(at));
    const labels = this.#settle(lawful, quarantined);
    const leaves = new Map<number, "live" | "retired" | "frozen">();
    for (const leaf of new Set(lawful.flatMap((at) => this.#brings(at)))) {
      const status = this.#status(leaf, lawful, labels);
      if (status !== undefined) leaves.set(leaf, status);
    }
    return { leaves, labels };
  }

  /** Whether the signer had authority in the statement's own past, and what it says is of any use there. */
  isLawful(at: number): boolean {
    const one = this.#at(at);
    const { root, old } = this.#era;
    if (at === root) return true;
    if (one.kind === "found" || one.kind === "succeed" || (root > 0 && !has(one.past, root))) return false;
    const { leaves } = this.view(one.past);
    if (one.signer === keySigner) {
      if (root > 0 || one.kind === "move" || one.kind === "contest") return false;
    } else if (leaves.get(one.signer) !== "live") return false;
    return one.kind !== "admit" || (leaves.get(one.target) !== "retired" && !old.has(one.target));
  }

  #at(at: number): Small {
    const one = this.#list[at];
    if (one === undefined) throw new Error(`no statement ${at}`);
    return one;
  }

  #brings(at: number): readonly number[] {
    const { kind, target } = this.#at(at);
    return kind === "admit" || at === this.#era.root ? [target] : [];
  }

  /** The leaves that statements of a set bring in, whatever becomes of those. */
  broughtBy(set: number): readonly number[] {
    return bitsOf(set)
      .filter((at) => this.isLawful(at))
      .flatMap((at) => this.#brings(at));
  }

  /** The lawful statements in its past that gave its signer authority. */
  #origins(at: number): readonly number[] {
    const { signer, past } = this.#at(at);
    if (at === this.#era.root) return [];
    if (signer === keySigner) return [0];
    return bitsOf(past).filter(
      (from) => this.#brings(from).includes(signer) && this.isLawful(from) && this.view(past).labels[from] !== "out",
    );
  }

  #restsOn(at: number, what: number): boolean {
    return this.#origins(at).some((origin) => origin === what || this.#restsOn(origin, what));
  }

  #strikes(by: number, on: number): boolean {
    const retire = this.#at(by);
    const struck = this.#at(on);
    if (retire.kind !== "retire" || by === on || on === this.#era.root || struck.signer !== retire.target) return false;
    const areSelfRetires = [retire, struck].every((one) => one.kind === "retire" && one.signer === one.target);
    if (areSelfRetires && this.#comesBefore(on, by)) return false;
    if (bitsOf(retire.trusted).some((head) => head === on || has(this.#at(head).past, on))) return false;
    return !this.#restsOn(by, on);
  }

  #comesBefore(a: number, b: number): boolean {
    const [one, other] = [this.#learned[a] ?? 0, this.#learned[b] ?? 0];
    return one === other ? this.#tieBreak(a, b) < 0 : one < other;
  }

  /** The labelling that satisfies the definition and decides least, with late rivals taken out. */
  #settle(lawful: readonly number[], late: ReadonlySet<number>): readonly (Label | undefined)[] {
    const strikers = new Map(lawful.map((on) => [on, lawful.filter((by) => this.#strikes(by, on))]));
    const origins = new Map(lawful.map((at) => [at, this.#origins(at)]));
    let best: (Label | undefined)[] | undefined;
    let decided = Number.POSITIVE_INFINITY;
    // What an era begins with is in it, whatever becomes of the rest.
    const open = lawful.filter((at) => at !== this.#era.root);
    for (let code = 0; code < 3 ** open.length; code++) {
      const labels: (Label | undefined)[] = this.#list.map(() => undefined);
      if (open.length < lawful.length) labels[this.#era.root] = "in";
      let rest = code;
      let count = 0;
      for (const at of open) {
        const label = (["undecided", "in", "out"] as const)[rest % 3];
        if (label !== "undecided") count += 1;
        labels[at] = label;
        rest = Math.floor(rest / 3);
      }
      if (count >= decided) continue;
      const isComplete = open.every(
        (at) => labels[at] === this.#demanded(at, labels, strikers.get(at) ?? [], origins.get(at) ?? [], late),
      );
      if (!isComplete) continue;
      decided = count;
      best = labels;
    }
    if (best === undefined) throw new Error("no labelling satisfies the definition");
    const more = this.#lateRivals(lawful, best);
    return more.size === 0 ? best : this.#settle(lawful, new Set([...late, ...more]));
  }

  #lateRivals(lawful: readonly number[], labels: readonly (Label | undefined)[]): ReadonlySet<number> {
    const open = lawful.filter((at) => labels[at] === "undecided");
    const bears = (from: number, to: number): boolean => this.#strikes(from, to) || this.#origins(to).includes(from);
    const reaches = new Set<string>(open.flatMap((a) => open.filter((b) => bears(a, b)).map((b) => `${a} ${b}`)));
    for (const via of open) {
      for (const a of open)
        for (const b of open) if (reaches.has(`${a} ${via}`) && reaches.has(`${via} ${b}`)) reaches.add(`${a} ${b}`);
    }
    const late = new Map<number, number>();
    for (const at of open.filter((one) => this.#at(one).kind === "retire")) {
      const bearing = open.filter((one) => this.#at(one).kind === "retire" && (one === at || reaches.has(`${one} ${at}`)));
      const first = Math.min(...bearing.map((one) => this.#learned[one] ?? 0));
      const learned = this.#learned[at] ?? 0;
      if (learned > first + rivalWindow) late.set(at, learned);
    }
    const latest = Math.max(...late.values());
    return new Set([...late].filter(([, learned]) => learned === latest).map(([at]) => at));
  }

  #demanded(
    at: number,
    labels: readonly (Label | undefined)[],
    strikers: readonly number[],
    origins: readonly number[],
    late: ReadonlySet<number>,
  ): Label {
    if (late.has(at)) return "out";
    if (strikers.some((by) => labels[by] === "in") || origins.every((origin) => labels[origin] === "out")) return "out";
    return strikers.every((by) => labels[by] === "out") && origins.some((origin) => labels[origin] === "in") ? "in" : "undecided";
  }

  #status(
    leaf: number,
    lawful: readonly number[],
    labels: readonly (Label | undefined)[],
  ): "live" | "retired" | "frozen" | undefined {
    const brought = lawful.filter((at) => this.#brings(at).includes(leaf)).map((at) => labels[at]);
    if (brought.every((label) => label === "out")) return undefined;
    const retires = lawful.filter((at) => this.#at(at).kind === "retire" && this.#at(at).target === leaf).map((at) => labels[at]);
    if (retires.includes("in")) return "retired";
    return retires.includes("undecided") || !brought.includes("in") ? "frozen" : "live";
  }
}

/** When each was learned: it, and all that it builds on. */
export const learnedOf = (list: readonly Small[], seen: readonly number[]): readonly number[] =>
  list.map((one, at) => Math.max(...[at, ...bitsOf(one.past)].map((each) => seen[each] ?? 0)));
