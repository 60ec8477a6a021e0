/**
 * The process in which decoders are fed. Before each input it writes to `where` which target and input comes, so that the
 * parent can name the one that ended it. Arguments: where, seed, inputs for each target, milliseconds for each target, share.
 */
import { openSync, writeSync } from "node:fs";
import type { FuzzReport } from "./run.ts";
import { mutate } from "./mutate.ts";
import { type Share, sharedTargets, wholeShare } from "./targets.ts";

const [where = "", seedText = "", countText = "", millisecondsText = "", share = wholeShare] = process.argv.slice(2);
const [seed, count, milliseconds] = [Number(seedText), Number(countText), Number(millisecondsText)];
/** Resident memory, in bytes, above which the run has failed: no input of ours may need a fraction of it. */
const maxResident = 1.5 * 1024 ** 3;

const file = openSync(where, "w");
const mark = new Uint8Array(16);
const view = new DataView(mark.buffer);
const done: FuzzReport["targets"][number][] = [];

for (const [number, target] of (await sharedTargets(share as Share)).entries()) {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  let inputs = 0;
  let slowest = 0;
  let before = started;
  view.setFloat64(0, number);
  for (; inputs < count && before - started < milliseconds; inputs++) {
    view.setFloat64(8, inputs);
    writeSync(file, mark, 0, 16, 0);
    await target.run(mutate(seed + number, inputs, target.valid));
    const now = performance.now();
    slowest = Math.max(slowest, now - before);
    before = now;
    if (inputs % 500 === 0 && process.memoryUsage.rss() > maxResident)
      throw new Error(`${process.memoryUsage.rss()} bytes of memory`);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  done.push({ name: target.name, inputs, slowest: Math.round(slowest), cpu: (user + system) / 1000 });
}
process.stdout.write(JSON.stringify(done));
