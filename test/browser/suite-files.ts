import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { scanImports } from "../../scripts/scan-imports.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Whose suites must pass in a browser as they do in Node. */
const folders = ["packages/protocol/test", "packages/engine/test", "apps/web/test"];

function testFiles(): readonly string[] {
  return folders
    .flatMap((folder) => {
      const names = readdirSync(`${root}${folder}`, { recursive: true, encoding: "utf8" });
      return names.filter((name) => name.endsWith(".test.ts")).map((name) => `${folder}/${name}`);
    })
    .toSorted();
}

const isForNode = (file: string): boolean => file.endsWith(".node.test.ts");

/** The test files that run in both places, as paths from the root of the checkout. */
export const portableFiles = (): readonly string[] => testFiles().filter((file) => !isForNode(file));

/** The test files that import a module of Node themselves but do not say so in their name. */
export const misnamedFiles = (): readonly string[] =>
  portableFiles().filter((file) =>
    scanImports(readFileSync(`${root}${file}`, "utf8")).imports.some(
      ({ specifier }) => specifier !== undefined && isBuiltin(specifier),
    ),
  );
