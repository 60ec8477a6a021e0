/** The long form of the stories that chance plays: more seeds, more crashes, 200 kills of real processes. */
import { spawnSync } from "node:child_process";

const environment = { PHOTON_STORIES: "20", PHOTON_CRASHES: "1000", PHOTON_KILLS: "200", ...process.env };
const files = ["test/story/convergence", "test/story/crash", "test/adversary/long-recovery", "test/process/kill9"];
const { status } = spawnSync("npx", ["vitest", "run", ...files, "--testTimeout=86400000"], { env: environment, stdio: "inherit" });
process.exitCode = status ?? 1;
