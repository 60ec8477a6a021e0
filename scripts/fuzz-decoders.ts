/**
 * `npm run fuzz`: mutated inputs for every decoder, in a process of its own. `--count` is the number for all of them
 * together, `--seed` repeats a run.
 */
import { parseArgs } from "node:util";
import { runFuzz } from "./fuzz/run.ts";
import { allTargets } from "./fuzz/targets.ts";

const { values } = parseArgs({ options: { count: { type: "string" }, seed: { type: "string" } } });
const count = Number(values.count ?? "1000000");
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const targets = await allTargets();
console.log(`${count} inputs over ${targets.length} decoders, seed ${seed}`);
const report = await runFuzz({ count: Math.ceil(count / targets.length), milliseconds: Number.MAX_SAFE_INTEGER, seed });
for (const { name, inputs, slowest } of report.targets)
  console.log(`${String(inputs).padStart(8)}  slowest ${String(slowest).padStart(5)} ms  ${name}`);
if (report.failure !== undefined) console.error(report.failure);
else console.log(`${report.targets.reduce((sum, { inputs }) => sum + inputs, 0)} inputs: no crash, no hang, memory bounded`);
process.exitCode = report.failure === undefined ? 0 : 1;
