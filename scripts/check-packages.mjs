/** `npm run pack:check`: publint on what each publishable workspace would publish. Needs a build. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
let complaints = 0;
for (const folder of manifest(".").workspaces) {
  const contents = manifest(folder);
  if (contents.private) continue;
  const { messages } = await publint({ pkgDir: join(root, folder), strict: true });
  for (const message of messages) {
    if (message.type === "suggestion") continue;
    complaints += 1;
    console.error(`${folder}: ${formatMessage(message, contents)}`);
  }
}
console.log(`${complaints} complaints about packages`);
process.exitCode = complaints === 0 ? 0 : 1;
