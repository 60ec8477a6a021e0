/**
 * The suites of `protocol`, `engine` and the web app in headless Chromium, each of their tests as a test here. Files that need
 * Node are named `*.node.test.ts` and stay out; files that need a browser are named `*.browser.ts`. `PHOTON_CHROMIUM` is the browser's path, `PHOTON_SKIP_BROWSER=1` leaves all
 * of it out, and `PHOTON_BROWSER_FILES` keeps to the files whose path contains it.
 */
import { describe, expect, test } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { runSuites } from "./run-suites.ts";
import { browserFiles, misnamedFiles } from "./suite-files.ts";

const wanted = process.env["PHOTON_BROWSER_FILES"] ?? "";
const files = browserFiles().filter((file) => file.includes(wanted));
const chromium = chromiumPath();

test("a test file that imports a module of Node says so in its name: *.node.test.ts", () => {
  expect(misnamedFiles()).toEqual([]);
});

if (process.env["PHOTON_SKIP_BROWSER"] === "1") {
  test.skip("the suites in Chromium: left out, because PHOTON_SKIP_BROWSER=1", () => undefined);
} else if (chromium === undefined) {
  test("the suites in Chromium", () => {
    expect.fail("Chromium is not here: apt-get install chromium (or set PHOTON_CHROMIUM to its path, or PHOTON_SKIP_BROWSER=1)");
  });
} else {
  const { version, seconds, unportable, reports } = await runSuites(chromium, files);
  const tests = reports.flatMap((report) => report.tests);
  const passed = tests.filter(({ state }) => state === "passed").length;

  describe(`Chromium ${version}`, () => {
    test(`${passed} of ${tests.length} tests in ${reports.length} files passed, in ${Math.round(seconds)} s`, () => {
      expect(reports.map(({ file }) => file)).toEqual(files);
      expect(passed).toBeGreaterThan(0);
    });

    test("no module behind these suites asks for what only Node has", () => {
      expect(unportable).toEqual([]);
    });

    describe.each(reports)("$file", ({ errors, tests: own }) => {
      test("loads, and has tests", () => {
        expect(errors).toEqual([]);
        expect(own.length).toBeGreaterThan(0);
      });
      for (const { name, state, errors: words } of own) {
        test(name, (context) => {
          if (state === "skipped") return context.skip("skipped in the browser");
          expect(words).toEqual([]);
          expect(state).toBe("passed");
        });
      }
    });
  });
}
