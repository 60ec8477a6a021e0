/** Every decoder that is fuzzed: the lists that each area of the protocol's tests exports from its `targets.ts`. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FuzzTarget } from "../../packages/protocol/test/queue/fuzz.ts";

export type { FuzzTarget };

export async function allTargets(): Promise<readonly FuzzTarget[]> {
  const folder = new URL("../../packages/protocol/test/", import.meta.url);
  const files = readdirSync(fileURLToPath(folder), { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith("targets.ts"),
  );
  const targets: FuzzTarget[] = [];
  for (const file of files.toSorted()) {
    const { fuzzTargets } = (await import(new URL(file, folder).href)) as { readonly fuzzTargets: readonly FuzzTarget[] };
    targets.push(...fuzzTargets);
  }
  return targets;
}
