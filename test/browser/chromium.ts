import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

/** Where Chromium is: `PHOTON_CHROMIUM`, or where Debian puts it; undefined if it is not there. */
export function chromiumPath(): string | undefined {
  const path = process.env["PHOTON_CHROMIUM"] ?? "/usr/bin/chromium";
  return existsSync(path) ? path : undefined;
}

export interface Browser {
  readonly context: BrowserContext;
  readonly version: string;
  readonly close: () => Promise<void>;
}

/** A headless Chromium with an empty profile of its own that speaks to nobody but the pages' server. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "photon-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    context,
    version: context.browser()?.version() ?? "of unknown version",
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
