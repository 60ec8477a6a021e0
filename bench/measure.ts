/** Rates in one process, and how figures are printed: a JSON line for each. */

export interface Figure {
  readonly suite: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The same kind of figure of a peer, in the same run; the ratio is value / beside. */
  readonly beside?: number;
}

/** Whether a first impression is enough: fewer rounds, and none that take minutes. */
export const isQuick = process.argv.includes("--quick");

const rounded = (value: number): number => Number(value.toPrecision(4));

/** Prints the figures of a suite. */
export const reporter =
  (suite: string) =>
  ({ what, value, unit, beside }: Omit<Figure, "suite">): void => {
    const figure: Figure = { suite, what, value: rounded(value), unit };
    const compared = beside === undefined ? figure : { ...figure, beside: rounded(beside), ratio: rounded(value / beside) };
    process.stdout.write(`${JSON.stringify(compared)}\n`);
  };

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Of times, the one that a tenth of them are below: what else runs on the machine, its caches and its clock can only add to
 * what a piece of work takes.
 */
export const quietest = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? Number.NaN;

/** Seconds of processor time that this process has used, on all its threads. */
export const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * Times that `once` can be done in a second of processor time: in the quietest of twenty rounds, after warming up for as long
 * as five. @param seconds of all rounds. @param atOnce how many make a step, where one takes less than the clock's grain.
 */
export async function rate(once: () => Promise<void>, seconds = isQuick ? 1 : 4, atOnce = 1): Promise<number> {
  const round = async (span: number): Promise<number> => {
    const started = processorTime();
    let count = 0;
    let now = started;
    for (; now - started < span; now = processorTime()) {
      for (let i = 0; i < atOnce; i++) await once();
      count += atOnce;
    }
    return (now - started) / count;
  };
  await round(seconds / 4);
  const times: number[] = [];
  for (let i = 0; i < 20; i++) times.push(await round(seconds / 20));
  return 1 / quietest(times);
}

/** Milliseconds of processor time that `once` takes: in the quietest of `rounds`, after one to warm up. */
export async function milliseconds(once: () => Promise<void>, rounds = 9): Promise<number> {
  await once();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const started = processorTime();
    await once();
    times.push((processorTime() - started) * 1000);
  }
  return quietest(times);
}
