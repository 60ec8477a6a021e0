/**
 * Installs the dependencies if they are missing or are not those of the lockfile. Plain JavaScript without
 * dependencies: it runs before anything is installed. `npm ci` also builds, by the `prepare` script.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

/** The first package that is not installed as the lockfile says, or undefined. */
export function firstMissing(root) {
  const read = (path) => JSON.parse(readFileSync(join(root, path), "utf8")).packages;
  const wanted = read("package-lock.json");
  const installed = existsSync(join(root, "node_modules/.package-lock.json")) ? read("node_modules/.package-lock.json") : {};
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || entry.optional || entry.link || !path.includes("node_modules/")) continue;
    if (installed[path]?.version !== entry.version || !existsSync(join(root, path))) return path;
  }
  return undefined;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`Photon needs Node 20.19 or later; this is ${process.versions.node}.`);
    process.exit(1);
  }
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const missing = firstMissing(root);
  if (missing !== undefined) {
    console.error(`Installing (${missing} is missing or outdated) …`);
    const { status } = spawnSync("npm", ["ci"], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      shell: process.platform === "win32",
    });
    process.exit(status ?? 1);
  }
}
