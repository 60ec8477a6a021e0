/**
 * Proves that `protocol`, `engine` and the web app ask for nothing that only Node has, through all they import: bundles every
 * entry point but the adapters for Node as for a browser, and names each module that reaches for Node.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { browserConfig, noticeNode, type Unportable } from "./portable.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The only sources that may need Node, as `scripts/layers.ts` has them. */
const forNode = /^\.\/src\/(?:node\/|adapters\/(?:sqlite\/|node\/|http\/node-socket\.ts$))/u;

function entryPoints(package_: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(`${root}${package_}/package.json`, "utf8")) as {
    readonly exports: Readonly<Record<string, { readonly "photon-source": string }>>;
  };
  return Object.values(manifest.exports)
    .map((target) => target["photon-source"])
    .filter((source) => !forNode.test(source))
    .map((source) => `${root}${package_}/${source}`);
}

export const portableEntryPoints = (): readonly string[] => [
  ...entryPoints("packages/protocol"),
  ...entryPoints("packages/engine"),
  ...entryPoints("apps/web"),
];

/** Everything that the modules behind these files want of Node; empty if a browser can run them. */
export async function unportable(files: readonly string[]): Promise<readonly Unportable[]> {
  const found: Unportable[] = [];
  await build({
    ...browserConfig,
    plugins: [noticeNode(found)],
    build: {
      write: false,
      minify: false,
      target: "esnext",
      rolldownOptions: { input: [...files], treeshake: false, shimMissingExports: true, preserveEntrySignatures: "strict" },
    },
  });
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = portableEntryPoints();
  const found = await unportable(files);
  for (const { importer, wants } of found) console.error(`${importer} wants ${wants}`);
  console.log(`${files.length} entry points bundled for a browser, ${found.length} uses of Node`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
