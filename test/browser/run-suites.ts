import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { parseConfig, type RunningServer, startServer } from "@photon/server";
import { expectOk } from "@photon/protocol/codec";
import type { Unportable } from "../../scripts/portable.ts";
import { bundleSuites, serve } from "./bundle.ts";
import { launchChromium } from "./chromium.ts";
import type { FileReport, PageSuite } from "./report.ts";

export interface SuiteRun {
  readonly version: string;
  readonly seconds: number;
  readonly unportable: readonly Unportable[];
  readonly reports: readonly FileReport[];
}

/** No file of ours takes nearly as long; a page that hangs is reported as a failure of its file. */
const longestFile = 300_000;

/** Pages, and so cores, that are used at once. */
const pages = 2;

/** Runs the test files in Chromium, one after the other in each page; after one that did not end well, in a fresh page. */
export async function runSuites(executablePath: string, files: readonly string[]): Promise<SuiteRun> {
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "photon-suites-"));
  const unportable = await bundleSuites(files, join(folder, "pages"));
  const served = await serve(join(folder, "pages"));
  const server = await relayAndVault(join(folder, "server"));
  const browser = await launchChromium(executablePath);
  try {
    const url = `${served.origin}/index.html?server=${encodeURIComponent(server.url)}`;
    const reports = await inTurn(files, () => suitePage(browser.context, url));
    return { version: browser.version, seconds: (performance.now() - started) / 1_000, unportable, reports };
  } finally {
    await browser.close();
    await server.close();
    await served.close();
    rmSync(folder, { recursive: true });
  }
}

/** As many at a time as there are pages; the results in the order of the files. */
async function inTurn(files: readonly string[], open: () => SuitePage): Promise<readonly FileReport[]> {
  const left = [...files.entries()];
  const results = new Map<number, FileReport>();
  const worker = async (): Promise<void> => {
    const page = open();
    for (let next = left.shift(); next !== undefined; next = left.shift()) results.set(next[0], await page.run(next[1]));
    await page.close();
  };
  await Promise.all(Array.from({ length: pages }, worker));
  return [...results.entries()].toSorted(([a], [b]) => a - b).map(([, result]) => result);
}

/** A real relay and vault on loopback, for the stories that the pages tell. */
const relayAndVault = (data: string): Promise<RunningServer> =>
  startServer(expectOk(parseConfig({ flags: { data, "listen.port": "0", "log.level": "error" } })));

interface SuitePage {
  /** Never rejects: what kept a file from ending is in its report. */
  run(file: string): Promise<FileReport>;
  close(): Promise<void>;
}

function suitePage(context: BrowserContext, url: string): SuitePage {
  let page: Page | undefined;
  const thrown: string[] = [];
  const opened = async (): Promise<Page> => {
    if (page !== undefined) return page;
    page = await context.newPage();
    page.on("pageerror", (error) => thrown.push(String(error.stack ?? error)));
    page.on("crash", () => thrown.push("the page crashed"));
    await page.goto(url);
    await page.waitForFunction(() => "photonSuite" in globalThis);
    return page;
  };
  const close = async (): Promise<void> => {
    await page?.close();
    page = undefined;
  };
  return {
    run: async (file) => {
      try {
        const ended = (await opened()).evaluate(
          (name) => (globalThis as unknown as { photonSuite: PageSuite }).photonSuite.run(name),
          file,
        );
        const report = await Promise.race([ended, tooLong(file)]);
        const errors = [...report.errors, ...thrown.splice(0)];
        if (errors.length > 0) await close();
        return { ...report, errors };
      } catch (error) {
        await close();
        return { file, errors: [error instanceof Error ? error.message : String(error), ...thrown.splice(0)], tests: [] };
      }
    },
    close,
  };
}

const tooLong = (file: string): Promise<never> =>
  new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`${file} did not end within ${longestFile / 1_000} s`)), longestFile).unref();
  });
