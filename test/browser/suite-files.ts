import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { scanImports } from "../../scripts/scan-imports.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Whose suites must pass in a browser as they do in Node. `*.test.ts` runs in both, `*.node.test.ts` in Node only,
 * `*.browser.ts` in browsers only.
 */
const folders = ["packages/protocol/test", "packages/engine/test", "apps/web/test"];

const isForNode = (file: string): boolean => file.endsWith(".node.test.ts");
const isForBrowsers = (file: string): boolean => file.endsWith(".browser.ts");

/** The test files that a browser runs, as paths from the root of the checkout. */
export function browserFiles(): readonly string[] {
  return folders
    .flatMap((folder) => {
      const names = readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" });
      return names.map((name) => `${folder}/${name}`);
    })
    .filter((file) => (file.endsWith(".test.ts") && !isForNode(file)) || isForBrowsers(file))
    .toSorted();
}

/** Those that import a module of Node themselves. */
export const misnamedFiles = (): readonly string[] =>
  browserFiles().filter((file) =>
    scanImports(readFileSync(`${root}${file}`, "utf8")).imports.some(
      ({ specifier }) => specifier !== undefined && isBuiltin(specifier),
    ),
  );
