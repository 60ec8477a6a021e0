/** One small lineage, delivered in many ways and compared with the oracle. Shared by the bounded test and by the soak. */
import { reduce, rivalWindow, topologicalOrder } from "@photon/protocol/lineage";
import { idKey, type Statement } from "@photon/protocol/statement";
import { leafId } from "./builder.ts";
import { sameState, type Small, statementsFor } from "./dags.ts";
import { Oracle, type Outcome } from "./oracle.ts";
import { RecoveryOracle, tick } from "./recovery-oracle.ts";

const leafNames = [0, 1, 2, 3].map((leaf) => [leaf, idKey(leafId(`leaf ${leaf}`))] as const);

/** Small, repeatable numbers: xorshift32. */
export class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 0x9e37_79b1) ^ 0x5bd1_e995) | 1;
  }
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}

export function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length <= 1) yield items;
  for (const [at, item] of items.entries()) {
    for (const rest of permutations([...items.slice(0, at), ...items.slice(at + 1)])) yield [item, ...rest];
  }
}

export function shuffled<T>(items: readonly T[], dice: Dice): T[] {
  const out = [...items];
  for (let at = out.length - 1; at > 0; at--) {
    const with_ = dice.below(at + 1);
    const [a, b] = [out[at], out[with_]];
    if (a !== undefined && b !== undefined) [out[at], out[with_]] = [b, a];
  }
  return out;
}

const times = [0, 1, rivalWindow, rivalWindow + 1, 2 * rivalWindow + 2];
/** With recoveries: before, when and after the delay of 2 days, the 7 days of an escalation, and the 21 that it is waited for, are over. */
const ticks = [0, 0, 1, 3, 4, 5, 8, 17, 18, 19, 30, 42, 46];

export interface Effort {
  /** All delivery orders of the statements, or this many drawn ones, the last of them with repetitions. */
  readonly orders: "all" | number;
  /** Deliveries piece by piece that are looked at on their way: each, or one of so many lineages, at one drawn moment. */
  readonly pieces: "all" | number;
}

/** What lineages that begin with the same statements have in common, so that it is made and judged once. */
export interface Beginning {
  readonly number: number;
  readonly seen: readonly number[];
  readonly statements: readonly Statement[];
  /** Of the oracle. */
  views: ReadonlyMap<number, Outcome>;
}

/** @param number of this beginning; decides when its statements are first seen, and how their ids compare. */
export function beginningOf(list: readonly Small[], number: number): Beginning {
  const seen = seenTimes(list, list.some(isRecovery), number, new Dice(number));
  return { number, seen, statements: statementsFor(list, number % 64, seen), views: new Map() };
}

const isRecovery = ({ kind }: Small): boolean => kind === "succeed" || kind === "contest";

const aTime = (hasRecoveries: boolean, dice: Dice): number =>
  hasRecoveries ? (ticks[dice.below(ticks.length)] ?? 0) * tick : (times[dice.below(times.length)] ?? 0);

/** One in two lineages is seen all at once; the others straddle the window for rivals, or what recoveries wait for. */
function seenTimes(list: readonly Small[], hasRecoveries: boolean, seed: number, dice: Dice): readonly number[] {
  return list.map(() => (seed % 2 === 0 ? 0 : aTime(hasRecoveries, dice)));
}

/**
 * Throws, with the lineage in the message, if any delivery (in another order, with repetitions, or piece by piece, so that
 * statements wait for others) ends in another state, or if the state is not what the oracle says.
 *
 * @param beginning of this lineage, where others have it too; without recoveries only.
 */
export function checkLineage(list: readonly Small[], seed: number, effort: Effort, beginning?: Beginning): void {
  const dice = new Dice(seed);
  const hasRecoveries = list.some(isRecovery);
  const rest = seenTimes(list.slice(beginning?.seen.length ?? 0), hasRecoveries, beginning?.number ?? seed, dice);
  const seen = [...(beginning?.seen ?? []), ...rest];
  const statements = statementsFor(list, (beginning?.number ?? seed) % 64, seen, beginning?.statements);
  const firstSeen = new Map(statements.map((one, at) => [idKey(one.id), seen[at] ?? 0]));
  const now = hasRecoveries ? Math.max(...seen) + aTime(true, dice) : 3 * rivalWindow;
  const state = reduce(statements, firstSeen, now);
  const fail = (what: string): never => {
    throw new Error(`${what}: ${JSON.stringify({ seed, seen, list })}`);
  };

  const deliver = (order: readonly Statement[]): void => {
    if (!sameState(reduce(order, firstSeen, now), state)) fail("another order gave another state");
  };
  if (effort.orders === "all") for (const order of permutations(statements)) deliver(order);
  else for (let i = 1; i < effort.orders; i++) deliver(shuffled(statements, dice));
  deliver(shuffled([...statements, ...statements, ...statements.slice(dice.below(statements.length))], dice));

  // Piece by piece: what is judged with some statements missing must only ever wait, and be well-formed.
  const order = shuffled(statements, dice);
  const lookAt = (length: number): void => {
    const pieces = order.slice(0, length);
    const part = reduce(pieces, firstSeen, now);
    const here = new Set(pieces.map((each) => idKey(each.id)));
    for (const one of pieces) {
      const standing = part.standing.get(idKey(one.id));
      const isComplete = standing?.kind !== "waiting";
      const misses = one.heads.some((head) => !here.has(idKey(head)));
      if (standing === undefined || (misses && isComplete)) fail("a statement without its heads was judged");
    }
  };
  if (effort.pieces === "all") for (let length = 1; length < order.length; length++) lookAt(length);
  else if (order.length > 1 && seed % effort.pieces === 0) lookAt(1 + dice.below(order.length - 1));

  const ordered = topologicalOrder(statements);
  const rank = (at: number): number => ordered.findIndex((one) => one === statements[at]);
  const tieBreak = (a: number, b: number): number => rank(a) - rank(b);
  const { leaves, counts } = hasRecoveries ? recovered() : ordinary();
  for (const [leaf, key] of leafNames) {
    if (state.leaves.get(key)?.status !== leaves.get(leaf))
      fail(`leaf ${leaf} is ${state.leaves.get(key)?.status}, not ${leaves.get(leaf)}`);
  }
  for (const [at, statement] of statements.entries()) {
    const standing = state.standing.get(idKey(statement.id));
    if ((standing?.kind === "counts") !== counts[at]) fail(`statement ${at}: ${standing?.kind}`);
  }

  function ordinary() {
    const oracle = new Oracle(list, seen, tieBreak, undefined, beginning?.views);
    const outcome = oracle.outcome();
    if (beginning !== undefined) beginning.views = oracle.viewsOf(beginning.seen.length);
    return { leaves: outcome.leaves, counts: outcome.labels.map((label) => label === "in") };
  }
  function recovered() {
    const outcome = new RecoveryOracle(list, seen, tieBreak, now).outcome();
    for (const [at, status] of outcome.successions) {
      const found = state.successions.find((one) => idKey(one.statement) === idKey(statements[at]?.id ?? new Uint8Array(0)));
      if (found?.status !== status) fail(`succession ${at} is ${found?.status}, not ${status}`);
    }
    if (state.successions.length !== outcome.successions.size) fail("another number of successions");
    return outcome;
  }
}
