/**
 * The whole of what `npm test` takes a share of: every small lineage, delivered in many ways and compared with the oracle.
 *
 *     npx tsx --conditions=photon-source scripts/soak-lineage.ts [size] [share/shares] [recoveries]
 *
 * Size 5 (333,677 lineages) takes minutes, size 6 hours: shares, such as 1/8 to 8/8, can run beside each other. With
 * recoveries, successions and contests are among them: of size 4 there are 17,193, of size 5 1,712,412.
 */
import { smallLineages } from "../packages/protocol/test/lineage/dags.ts";
import { checkLineage } from "../packages/protocol/test/lineage/exhaust.ts";

const [sizeText = "5", shareText = "1/1", kind = "ordinary"] = process.argv.slice(2);
const recoveries = kind === "recoveries";
const size = Number(sizeText);
const [share = 1, shares = 1] = shareText.split("/").map(Number);
if (!(size >= 1 && size <= 7 && share >= 1 && share <= shares && (recoveries || kind === "ordinary"))) {
  console.error("usage: soak-lineage.ts [size 1..7] [share/shares] [recoveries]");
  process.exit(2);
}

let count = 0;
let checked = 0;
const begun = Date.now();
const effort = { orders: size < 5 ? "all" : size < 6 ? 3 : 1, withOracle: true } as const;
for (const list of smallLineages({ size, leaves: 4, recoveries })) {
  if (count++ % shares !== share - 1) continue;
  checkLineage(list, count, effort);
  checked += 1;
  if (checked % 10_000 === 0) console.error(`${checked} checked, ${Math.round((Date.now() - begun) / 1000)} s`);
}
console.log(
  JSON.stringify({
    schema: 1,
    size,
    leaves: 4,
    recoveries,
    share: shareText,
    lineages: count,
    checked,
    seconds: (Date.now() - begun) / 1000,
  }),
);
