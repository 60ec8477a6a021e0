import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, test } from "vitest";

/**
 * `age-encryption` 0.3.1 imports names that `@noble/post-quantum` dropped in 0.6, while the MLS library is measured with
 * 0.7.1: the root `overrides` give `age-encryption` a 0.5 of its own. The day it takes a newer one, the override can go.
 */
test("age-encryption gets the @noble/post-quantum that it was written for, and nobody else does", () => {
  const versionFrom = (file: string): unknown => {
    const entry = createRequire(file).resolve("@noble/post-quantum/hybrid.js");
    return (JSON.parse(readFileSync(new URL("package.json", `file://${entry}`), "utf8")) as Record<string, unknown>)["version"];
  };
  const age = new URL("package.json", import.meta.resolve("age-encryption").replace("/dist/index.js", "/"));
  expect(versionFrom(age.pathname)).toBe("0.5.4");
  expect(versionFrom(import.meta.filename)).toBe("0.7.1");
});
