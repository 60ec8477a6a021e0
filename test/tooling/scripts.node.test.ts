import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

/** A checkout with one script in it, and an `npm` that only says that it was called. */
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "photon-scripts-"));
  for (const folder of ["scripts", "bin", ".reports"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "bin/npm"), "#!/bin/sh\necho called npm $*\n");
  chmodSync(join(root, "bin/npm"), 0o755);
});
afterEach(() => rmSync(root, { recursive: true }));

function run(script: string, ...args: string[]): { readonly out: string; readonly status: number | null } {
  copyFileSync(fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url)), join(root, "scripts", script));
  const env = { ...process.env, PATH: `${join(root, "bin")}${delimiter}${process.env["PATH"] ?? ""}` };
  const { stdout, status } = spawnSync(process.execPath, [join(root, "scripts", script), ...args], { env, encoding: "utf8" });
  return { out: stdout, status };
}
const write = (path: string, value: unknown): void => {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(value));
};

describe("ensure-installed", () => {
  const lock = (version: string) => ({
    packages: { "": {}, "packages/x": { version: "1.0.0" }, "node_modules/x": { link: true }, "node_modules/a": { version }, "node_modules/b": { version, optional: true } }, // prettier-ignore
  });
  test("installs where nothing is installed", () => {
    write("package-lock.json", lock("1.0.0"));
    expect(run("ensure-installed.mjs")).toEqual({ out: "called npm ci\n", status: 0 });
  });
  test("does nothing where the lockfile's versions are installed", () => {
    write("package-lock.json", lock("1.0.0"));
    write("node_modules/.package-lock.json", { packages: { "node_modules/a": { version: "1.0.0" } } });
    write("node_modules/a/package.json", {});
    expect(run("ensure-installed.mjs")).toEqual({ out: "", status: 0 });
  });
  test("installs again where the lockfile has moved on, or a folder is gone", () => {
    write("node_modules/.package-lock.json", { packages: { "node_modules/a": { version: "1.0.0" } } });
    write("package-lock.json", lock("1.0.0"));
    expect(run("ensure-installed.mjs").out).toBe("called npm ci\n");
    write("node_modules/a/package.json", {});
    write("package-lock.json", lock("1.1.0"));
    expect(run("ensure-installed.mjs").out).toBe("called npm ci\n");
  });
});

describe("count-reports", () => {
  const vitest = { numTotalTests: 4, numPassedTests: 4, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  test("sums what passed, on one line", () => {
    write(".reports/vitest.json", vitest);
    write(".reports/demo.json", { passed: 3, failed: 0 });
    expect(run("count-reports.mjs", "vitest.json", "demo.json")).toEqual({ out: "7 passed, 0 failed\n", status: 0 });
  });
  test("what failed, was skipped, did not load or left no report is counted, and the run fails", () => {
    const unloaded = { status: "failed", assertionResults: [] };
    write(".reports/vitest.json", { ...vitest, numFailedTests: 1, numPendingTests: 2, testResults: [unloaded] });
    expect(run("count-reports.mjs", "vitest.json", "demo.json")).toEqual({ out: "4 passed, 5 failed\n", status: 1 });
  });
  test("nothing passed is a failure", () => {
    expect(run("count-reports.mjs")).toEqual({ out: "0 passed, 0 failed\n", status: 1 });
  });
});
