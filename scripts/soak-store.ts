/** `npm run soak`: 200 rounds of kill -9 in mid-commit on one SQLite profile; see the test for what must hold. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const rounds = process.env["PHOTON_SOAK_ROUNDS"] ?? "200";
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "packages/engine/test/adapters/sqlite-store.node.test.ts", "--testNamePattern", "kill -9"],
  { stdio: "inherit", env: { ...process.env, PHOTON_SOAK_ROUNDS: rounds }, cwd: fileURLToPath(new URL("..", import.meta.url)) },
);
console.log(`${rounds} rounds of kill -9 in mid-commit: ${status === 0 ? "nothing confirmed was lost" : "FAILED"}`);
process.exitCode = status ?? 1;
