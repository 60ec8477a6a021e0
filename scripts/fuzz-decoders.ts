/**
 * `npm run fuzz`: mutated inputs for every decoder, in a process of its own. `--count` is the number for each of them,
 * `--seconds` the most that each may take, `--seed` repeats a run, `--share 2/3` takes every third decoder from the second on.
 */
import { parseArgs } from "node:util";
import { runFuzz } from "./fuzz/run.ts";
import { type Share, sharedTargets, wholeShare } from "./fuzz/targets.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { count: text, seconds: text, seed: text, share: text } });
const count = Number(values.count ?? "1000000");
const milliseconds = values.seconds === undefined ? Number.MAX_SAFE_INTEGER : Number(values.seconds) * 1000;
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const share = (values.share ?? wholeShare) as Share;
const targets = await sharedTargets(share);
console.log(`${count} inputs for each of ${targets.length} decoders, seed ${seed}`);
const report = await runFuzz({ count, milliseconds, seed, share });
let whole = 0;
for (const { name, inputs, slowest, cpu } of report.targets) {
  whole += (cpu / inputs) * count;
  const rate = Math.round((inputs / cpu) * 1000);
  console.log(`${String(inputs).padStart(8)}  ${String(rate).padStart(7)}/s  slowest ${String(slowest).padStart(5)} ms  ${name}`);
}
if (report.failure !== undefined) console.error(report.failure);
else {
  const inputs = report.targets.reduce((sum, one) => sum + one.inputs, 0);
  const hours = (whole / 3_600_000).toFixed(1);
  console.log(`${inputs} inputs: no crash, no hang, memory bounded; ${count} for each take ${hours} h of processor time`);
}
process.exitCode = report.failure === undefined ? 0 : 1;
