/**
 * Sums the reports that a run left in `.reports/`: Vitest's JSON, and `{"passed": n, "failed": n}` of anything else, such
 * as the demo. Prints the one line `N passed, N failed`. What was skipped, and a report named on the command
 * line that is missing, count as failed. Exits non-zero when something failed, or nothing passed.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), ".reports");
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
let passed = 0;
let failed = 0;
let skipped = 0;
for (const name of names) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"));
  if ("numTotalTests" in report) {
    passed += report.numPassedTests;
    // A file that does not load has no tests to fail, so that its suite is counted instead.
    const unloaded = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
    failed += report.numFailedTests + unloaded;
    skipped += report.numPendingTests + report.numTodoTests;
  } else {
    passed += report.passed;
    failed += report.failed;
  }
}
for (const wanted of process.argv.slice(2)) {
  if (!names.includes(wanted)) {
    console.error(`no report ${wanted}: that run did not finish`);
    failed += 1;
  }
}
if (skipped > 0) console.error(`${skipped} tests were skipped: each counts as failed`);
failed += skipped;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
