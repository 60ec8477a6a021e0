/**
 * The whole of what `npm test` takes a share of: every small lineage, delivered in many ways and compared with the oracle.
 *
 *     npx tsx scripts/soak-lineage.ts [size] [share/shares] [recoveries]
 *
 * Size 5 (333,677 lineages) takes minutes, size 6 hours: shares, such as 1/8 to 8/8, can run beside each other, or on other
 * days. With recoveries, successions and contests are among them: of size 4 there are 17,193, of size 5 1,712,412.
 */
import { endings, smallBeginnings } from "../packages/protocol/test/lineage/dags.ts";
import { beginningOf, checkLineage } from "../packages/protocol/test/lineage/exhaust.ts";

const [sizeText = "5", shareText = "1/1", kind = "ordinary"] = process.argv.slice(2);
const recoveries = kind === "recoveries";
const size = Number(sizeText);
const [share = 1, shares = 1] = shareText.split("/").map(Number);
if (!(size >= 2 && size <= 7 && share >= 1 && share <= shares && (recoveries || kind === "ordinary"))) {
  console.error("usage: soak-lineage.ts [size 2..7] [share/shares] [recoveries]");
  process.exit(2);
}

let checked = 0;
let beginnings = 0;
let told = Date.now();
const begun = Date.now();
const bounds = { size, leaves: 4, recoveries };
const isLarge = size >= 6;
const effort = isLarge ? ({ orders: 1, pieces: 4 } as const) : ({ orders: size < 5 ? "all" : 4, pieces: "all" } as const);
for (const list of smallBeginnings(bounds)) {
  if (beginnings++ % shares !== share - 1) continue;
  // What the lineages with one beginning share is worth making once where there are many; apart, their times differ more.
  const beginning = isLarge && !recoveries ? beginningOf(list, beginnings) : undefined;
  for (const lineage of endings(list, bounds)) checkLineage(lineage, beginnings + checked++, effort, beginning);
  if (Date.now() - told < 60_000) continue;
  told = Date.now();
  console.error(`${sizeText} ${shareText}: ${checked} checked, ${Math.round((told - begun) / 1000)} s`);
}
console.log(
  JSON.stringify({
    schema: 1,
    size,
    leaves: 4,
    recoveries,
    share: shareText,
    beginnings,
    checked,
    seconds: (Date.now() - begun) / 1000,
  }),
);
