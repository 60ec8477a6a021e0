/** Rates in one process, and how they are printed: a JSON line for each figure. */

export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The same kind of figure of a peer, in the same run; the ratio is value / beside. */
  readonly beside?: number;
}
const rounded = ({ value, beside }: Row): Pick<Row, "value" | "beside"> => ({
  value: Number(value.toPrecision(4)),
  ...(beside === undefined ? {} : { beside: Number(beside.toPrecision(4)) }),
});
export function report(row: Row): void {
  const ratio = row.beside === undefined ? {} : { ratio: Number((row.value / row.beside).toFixed(2)) };
  process.stdout.write(`${JSON.stringify({ suite: "engine", ...row, ...rounded(row), ...ratio })}\n`);
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Seconds of processor time that this process has used, on all its threads: what others on the machine do does not count. */
const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Times that `once` can be done in a second of processor time: the median of five rounds of about `seconds`, after warming up. */
export async function rate(once: () => Promise<void>, seconds = 0.8): Promise<number> {
  const round = async (span: number): Promise<number> => {
    const started = processorTime();
    let count = 0;
    let now = started;
    for (; now - started < span; now = processorTime()) {
      for (let i = 0; i < 8; i++) await once();
      count += 8;
    }
    return count / (now - started);
  };
  await round(seconds);
  const rates: number[] = [];
  for (let i = 0; i < 5; i++) rates.push(await round(seconds));
  return median(rates);
}

/** Milliseconds of processor time that `once` takes: the median of `rounds`, after one to warm up. */
export async function milliseconds(once: () => Promise<void>, rounds = 7): Promise<number> {
  await once();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const started = processorTime();
    await once();
    times.push((processorTime() - started) * 1000);
  }
  return median(times);
}

/** 200 bytes: a short text with its id, time and kind. */
export const plaintext = new Uint8Array(200).fill(97);
