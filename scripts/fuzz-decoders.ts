/**
 * `npm run fuzz`: mutated inputs for every decoder, in a process of its own. `--count` is the number for each of them,
 * `--seconds` the most that each may take, `--seed` repeats a run.
 */
import { parseArgs } from "node:util";
import { runFuzz } from "./fuzz/run.ts";
import { allTargets } from "./fuzz/targets.ts";

const { values } = parseArgs({ options: { count: { type: "string" }, seconds: { type: "string" }, seed: { type: "string" } } });
const count = Number(values.count ?? "1000000");
const milliseconds = values.seconds === undefined ? Number.MAX_SAFE_INTEGER : Number(values.seconds) * 1000;
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const targets = await allTargets();
console.log(`${count} inputs for each of ${targets.length} decoders, seed ${seed}`);
const report = await runFuzz({ count, milliseconds, seed });
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
