/**
 * `npm run soak [-- lineage server store stories]`: every long run, whole, or those that are named; `npm test` runs a bounded
 * share of each. All lineages of six statements take most of a day of processor time: they are dealt to as many processes as
 * there are processors.
 */
import { availableParallelism } from "node:os";
import { runEach } from "./run-each.ts";

const shares = availableParallelism();
const inShares = (size: number, ...kind: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: shares }, (_, index) => [String(size), `${index + 1}/${shares}`, ...kind]);

await runEach(
  "soak-",
  "soak-all.ts",
  [
    { script: "soak-store.ts" },
    { script: "soak-server.ts", processes: [["200"]] },
    { script: "soak-stories.ts" },
    { script: "soak-lineage.ts", processes: [["4"], ["4", "1/1", "recoveries"]] },
    { script: "soak-lineage.ts", processes: inShares(5) },
    { script: "soak-lineage.ts", processes: inShares(5, "recoveries") },
    { script: "soak-lineage.ts", processes: inShares(6) },
  ],
  process.argv.slice(2),
);
