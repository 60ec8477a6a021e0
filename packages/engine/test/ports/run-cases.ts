import { test } from "vitest";
import type { AcceptanceCase } from "@photon/engine/ports/acceptance";

/** Runs an acceptance suite, each case in a place of its own. */
export function runCases<Place>(cases: readonly AcceptanceCase<Place>[], freshPlace: () => Place | Promise<Place>): void {
  for (const { name, run } of cases) test(name, async () => run(await freshPlace()));
}
