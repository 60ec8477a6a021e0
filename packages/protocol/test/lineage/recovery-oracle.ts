/**
 * What small lineages with recoveries mean, by another way than `reduce`: each era is an oracle of its own, and what comes of
 * its successions is lived through hour by hour, from the first to now, by asking all rules at each.
 */
import { expiryOf, type Small } from "./dags.ts";
import { day, hour } from "./builder.ts";
import { has, learnedOf, Oracle } from "./oracle.ts";

/** Times of statements, delays and expiries are multiples of it. */
export const tick = 12 * hour;
const delay = 48 * hour;
const week = 7 * day;
/** For so long an escalation is waited for: 14 days of approvals, and the week after them. */
const escalation = 14 * day + week;

type Status = "pending" | "contested" | "counts" | "void";

export interface RecoveryOutcome {
  /** By leaf number, over all eras in force. */
  readonly leaves: ReadonlyMap<number, "live" | "retired" | "frozen">;
  /** By statement number. */
  readonly counts: readonly boolean[];
  /** By number of a `succeed` that opens a commitment. */
  readonly successions: ReadonlyMap<number, Status>;
}

interface Era {
  readonly root: number;
  readonly epoch: number;
  readonly oracle: Oracle;
  readonly old: ReadonlySet<number>;
  /** What opens its commitments. */
  readonly successions: readonly number[];
  /** By succession: `#contests` is slow. */
  readonly contests: Map<number, readonly number[]>;
}

interface Course {
  readonly status: ReadonlyMap<number, Status>;
  readonly since: number;
  readonly winner: number | undefined;
}

export class RecoveryOracle {
  readonly #list: readonly Small[];
  readonly #seen: readonly number[];
  readonly #learned: readonly number[];
  readonly #tieBreak: (a: number, b: number) => number;
  readonly #now: number;

  constructor(list: readonly Small[], seen: readonly number[], tieBreak: (a: number, b: number) => number, now: number) {
    this.#list = list;
    this.#seen = seen;
    this.#learned = learnedOf(list, seen);
    this.#tieBreak = tieBreak;
    this.#now = now;
  }

  outcome(): RecoveryOutcome {
    const successions = new Map<number, Status>();
    const counts = this.#list.map(() => false);
    const leaves = new Map<number, "live" | "retired" | "frozen">();
    let from = 0;
    for (let era: Era | undefined = this.#era(0); era !== undefined;) {
      const course: Course = this.#live(era, from);
      for (const [at, status] of course.status) successions.set(at, best(status, successions.get(at)));
      this.#tell(era, course, counts, leaves);
      this.#follow(era, course, from, successions);
      const { winner } = course;
      era = winner === undefined ? undefined : this.#era(winner);
      from = course.since;
    }
    for (const [at, status] of successions) counts[at] = status === "counts";
    return { leaves, counts, successions };
  }

  /** The successions of eras that are not in force: pending with theirs, or void with it. */
  #follow(era: Era, course: Course, from: number, successions: Map<number, Status>): void {
    for (const root of era.successions) {
      const status = course.status.get(root);
      if (status === "counts") continue;
      const next = this.#era(root);
      const due = status === "pending" ? this.#dueOf(era, root, from) : Number.POSITIVE_INFINITY;
      const inner =
        status === "pending" ? this.#live(next, due) : { status: new Map<number, Status>(), since: 0, winner: undefined };
      for (const at of next.successions) successions.set(at, best(inner.status.get(at) ?? "void", successions.get(at)));
      this.#follow(next, inner, due, successions);
    }
  }

  #era(root: number): Era {
    const epoch = this.#list[root]?.epoch ?? 0;
    const old = this.#oldFor(root, epoch);
    const successions = [...this.#list.keys()].filter(
      (at) => this.#list[at]?.kind === "succeed" && this.#list[at].epoch === epoch + 1 && (root === 0 || has(this.#past(at), root)),
    );
    const oracle = new Oracle(this.#list, this.#seen, this.#tieBreak, { root, old });
    return { root, epoch, old, successions, contests: new Map(), oracle };
  }

  /** The leaves in its past of all eras that it could be of. */
  #oldFor(root: number, epoch: number): ReadonlySet<number> {
    if (epoch === 0) return new Set();
    const isRoot = (at: number): boolean =>
      epoch === 1 ? at === 0 : this.#list[at]?.kind === "succeed" && this.#list[at].epoch === epoch - 1;
    const before = [...this.#list.keys()].filter((at) => has(this.#past(root), at) && isRoot(at)).map((at) => this.#era(at));
    return new Set(before.flatMap((era) => [...era.old, ...era.oracle.broughtBy(this.#past(root))]));
  }

  #past(at: number): number {
    return this.#list[at]?.past ?? 0;
  }
  #time(at: number): number {
    return this.#learned[at] ?? 0;
  }

  /** Contests of its request by leaves that no retire had struck when it was learned; in order. */
  #contests(era: Era, succession: number): readonly number[] {
    const before = era.contests.get(succession);
    if (before !== undefined) return before;
    const known = this.#time(succession);
    const late = [...this.#list.keys()].filter(
      (at) => this.#list[at]?.kind === "retire" && this.#time(at) >= known && !has(this.#past(succession), at),
    );
    const { labels } = era.oracle.without(new Set(late));
    const contests = [...this.#list.keys()]
      .filter((at) => {
        const one = this.#list[at];
        return one?.kind === "contest" && one.request === this.#list[succession]?.request && labels[at] === "in";
      })
      .toSorted((a, b) => this.#time(a) - this.#time(b) || this.#tieBreak(a, b));
    era.contests.set(succession, contests);
    return contests;
  }

  #dueOf(era: Era, at: number, from: number, now = this.#now): number {
    const known = this.#time(at);
    const isEscalation = this.#list[at]?.threshold === 1;
    let due = Math.max(known + delay, from);
    if (!isEscalation) return due;
    for (const other of era.successions) {
      const first = this.#contests(era, other)[0];
      if (this.#list[other]?.threshold !== 0 || this.#time(other) > known || first === undefined) continue;
      if (this.#time(first) <= known) due = Math.max(due, this.#time(first) + week);
    }
    const own = this.#contests(era, at)[0];
    return own !== undefined && this.#time(own) <= now ? Math.max(due, this.#time(own) + week) : due;
  }

  /** Hour by hour (tick by tick). At each, first what was there already, then what is learned then. */
  #live(era: Era, from: number): Course {
    const all = era.successions;
    const contested = new Map<number, number>();
    const ended = new Set<number>();
    const one = (at: number): Small => this.#list[at] as Small;
    const differ = (a: number, b: number): boolean =>
      a !== b && (one(a).request !== one(b).request || (one(a).threshold === 0 && one(b).threshold === 0));
    for (let now = 0; now <= this.#now; now += tick) {
      for (const upTo of [now - 1, now]) {
        const here = all.filter((at) => this.#time(at) <= upTo);
        for (const at of here) {
          const first = this.#contests(era, at)[0];
          if (one(at).threshold === 1 || contested.has(at) || first === undefined || this.#time(first) > upTo) continue;
          contested.set(at, Math.max(this.#time(first), this.#time(at)));
        }
        for (let before = -1; before !== contested.size + ended.size;) {
          before = contested.size + ended.size;
          const open = here.filter((at) => !ended.has(at));
          for (const at of open) {
            const isRivalled = open.some((other) => differ(at, other) && one(other).threshold >= one(at).threshold);
            if (isRivalled && !contested.has(at)) contested.set(at, now);
          }
          const isEscalated = open.some((at) => one(at).threshold === 1 && !contested.has(at));
          for (const at of open) {
            const since = contested.get(at);
            if (since === undefined || (isEscalated && one(at).threshold === 0)) continue;
            const expiry = expiryOf(this.#seen[at] ?? 0);
            if (this.#time(at) < expiry && Math.max(expiry, since + escalation) <= now) ended.add(at);
          }
        }
        const due = (at: number): number => this.#dueOf(era, at, from, upTo);
        const [winner] = here
          .filter((at) => !ended.has(at) && !contested.has(at) && due(at) <= now)
          .toSorted((a, b) => due(a) - due(b) || this.#time(a) - this.#time(b) || this.#tieBreak(a, b));
        if (winner === undefined) continue;
        return { winner, since: now, status: new Map(all.map((at) => [at, at === winner ? "counts" : "void"])) };
      }
    }
    const status = (at: number): Status => (ended.has(at) ? "void" : contested.has(at) ? "contested" : "pending");
    return { winner: undefined, since: Number.POSITIVE_INFINITY, status: new Map(all.map((at) => [at, status(at)])) };
  }

  /** What counts of an era in force, and who is on it. */
  #tell(era: Era, { winner, since, status }: Course, counts: boolean[], leaves: Map<number, "live" | "retired" | "frozen">): void {
    const open = era.successions.filter((at) => status.get(at) === "pending" || status.get(at) === "contested");
    const isBeside = (at: number): boolean =>
      winner === undefined
        ? this.#list[at]?.kind !== "contest" && open.some((succession) => !has(this.#past(succession), at))
        : !has(this.#past(winner), at);
    const quarantined = new Set([...this.#list.keys()].filter((at) => at !== era.root && isBeside(at)));
    const settled = era.oracle.without(quarantined);
    const before = [...this.#list.keys()].filter((at) => this.#time(at) < since).reduce((set, at) => set | (1 << at), 0);
    const everybody = era.oracle.view(before);
    for (const at of this.#list.keys()) if (settled.labels[at] === "in") counts[at] = true;
    for (const [at, one] of this.#list.entries()) {
      if (one.kind !== "contest" || !era.oracle.isLawful(at)) continue;
      const named = era.successions.filter((succession) => this.#list[succession]?.request === one.request);
      if (named.length === 0) continue;
      counts[at] = named.some((succession) => {
        const isFirst = this.#contests(era, succession)[0] === at;
        return isFirst && (winner === undefined || this.#time(at) < since || this.#time(at) <= this.#time(succession));
      });
    }
    if (winner === undefined) for (const [leaf, state] of settled.leaves) leaves.set(leaf, state);
    else for (const leaf of [...settled.leaves.keys(), ...everybody.leaves.keys()]) leaves.set(leaf, "retired");
  }
}

const order: readonly Status[] = ["counts", "pending", "contested", "void"];
const best = (a: Status, b: Status | undefined): Status => (b === undefined || order.indexOf(a) < order.indexOf(b) ? a : b);
