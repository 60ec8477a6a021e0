/**
 * What a line of plans means for successions under them, by another way than `reduce`: from the sentences of page 3 on
 * `planMatures`, `replacingPlansWait`, `graceOfPlans`, `authorityOrder` and `peersWait`, lived through day by day.
 */

/** Days. */
const [maturing, replacement, grace, delay] = [14, 14, 45, 2];

/** A plan of the line; the first is of the `found`, and each other follows the one before. Times are days. */
export interface Planned {
  /** The commitment that it makes; undefined for none. */
  readonly commitment: number | undefined;
  readonly learned: number;
}

export interface Succeeded {
  /** The place of the plan in the line. */
  readonly plan: number;
  readonly learned: number;
}

export type Outcome = "pending" | "counts" | "void";

interface Standing {
  readonly known: number;
  readonly decides: number;
  /** Of the commitment: the first plan that makes it. */
  readonly age: number;
  readonly isReplaced: boolean;
  readonly isOver: boolean;
}

/** @returns the outcome of each succession. No two are to open one commitment: they would be rivals. */
export function outcomesOf(line: readonly Planned[], successions: readonly Succeeded[], now: number): readonly Outcome[] {
  const standings = successions.map((one) => standingOf(line, one));
  for (let today = 0; today <= now; today++) {
    // What is learned today comes too late for what is due today.
    for (const upTo of [today - 1, today]) {
      const best = bestOf(standings, upTo, today);
      if (best === undefined || Math.max(best.known + delay, best.decides) > today) continue;
      return standings.map((one) => (one === best ? "counts" : "void"));
    }
  }
  const best = bestOf(standings, now, now);
  return standings.map((one) => (one === best ? "pending" : "void"));
}

const forceOf = ({ learned }: Planned, place: number): number => (place === 0 ? learned : learned + maturing);

function standingOf(line: readonly Planned[], { plan, learned }: Succeeded): Standing {
  const opened = line[plan];
  if (opened?.commitment === undefined) throw new Error("it opens nothing");
  const isIt = ({ commitment }: Planned): boolean => commitment === opened.commitment;
  const known = Math.max(learned, opened.learned);
  const age = line.findIndex(isIt);
  const first = line[age] ?? opened;
  const isReplacing = line.slice(0, age).some(({ commitment }) => commitment !== undefined);
  const own = forceOf(opened, plan);
  const decides = isReplacing ? Math.max(own, forceOf(first, age) + replacement) : own;
  const place = line.findIndex((one, at) => at > plan && !isIt(one));
  const next = line[place];
  const isReplaced = next !== undefined && forceOf(next, place) + replacement <= Math.max(known, decides);
  const isOver = isReplaced && known >= next.learned + grace;
  return { known, decides, age, isReplaced, isOver };
}

function bestOf(all: readonly Standing[], upTo: number, today: number): Standing | undefined {
  const rank = ({ isReplaced, decides }: Standing): number => (isReplaced ? 1 : decides <= today ? 2 : 0);
  const open = all.filter(({ known, isOver }) => known <= upTo && !isOver);
  const highest = Math.max(...open.map(rank));
  const top = open.filter((one) => rank(one) === highest).toSorted((a, b) => a.age - b.age);
  return highest === 1 ? top.at(-1) : top[0];
}
