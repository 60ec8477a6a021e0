/**
 * `npm run bench`: every suite, one after another, each in a process of its own; their JSON lines as one table, and in
 * `.reports/bench.json`. The peers of the session suite are installed first, beside the workspace.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = dirname(fileURLToPath(import.meta.url));
const suites = ["session.ts", "peers-session.ts", "engine.ts", "relay.ts"];
const lines: Record<string, unknown>[] = [];
const failed: string[] = [];

spawnSync("npm", ["ci", "--prefix", folder, "--loglevel=error"], { stdio: "inherit" });
for (const suite of suites) {
  console.log(`== ${suite}`);
  const ran = spawnSync(process.execPath, [...process.execArgv, join(folder, suite)], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (ran.status !== 0) failed.push(suite);
  for (const line of ran.stdout.split("\n")) {
    if (line.startsWith("{")) lines.push(JSON.parse(line) as Record<string, unknown>);
    else if (line.trim() !== "") console.log(line);
  }
}
console.table(lines);
const reports = join(dirname(folder), ".reports");
mkdirSync(reports, { recursive: true });
writeFileSync(join(reports, "bench.json"), JSON.stringify(lines, undefined, 2));
if (failed.length > 0) console.error(`failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 && lines.length > 0 ? 0 : 1;
