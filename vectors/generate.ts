/**
 * `npm run vectors` writes `vectors/<topic>/{valid,invalid}.json` anew; `npm run vectors:check` says which of them would
 * change. A wire format that was published does not change: a changed vector is a new version of its type.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { buildVectors } from "./build.ts";

const check = process.argv.includes("--check");
const drifted: string[] = [];
for (const [path, text] of await buildVectors()) {
  const file = fileURLToPath(new URL(path, import.meta.url));
  if (check) {
    if (!existsSync(file) || readFileSync(file, "utf8") !== text) drifted.push(path);
    continue;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
for (const path of drifted) console.error(`vectors/${path} has drifted: run \`npm run vectors\` and look at the difference`);
process.exitCode = drifted.length === 0 ? 0 : 1;
