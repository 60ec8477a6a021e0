/** `npm run layers`: checks every production file against the layer rules. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkFile } from "./layers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
let files = 0;
const violations = ["packages", "apps"].flatMap((folder) =>
  readdirSync(`${root}/${folder}`, { recursive: true, encoding: "utf8" })
    .filter((path) => /^[^/]+\/src\/.*\.tsx?$/u.test(path))
    .flatMap((path) => {
      files += 1;
      return checkFile(`${folder}/${path}`, readFileSync(`${root}/${folder}/${path}`, "utf8"));
    }),
);
for (const { file, line, words } of violations) console.error(`${file}:${line}: ${words}`);
console.log(`${files} files, ${violations.length} broken layer rules`);
process.exitCode = violations.length === 0 ? 0 : 1;
