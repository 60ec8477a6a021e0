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

/** Such as "2/3": every third decoder, from the second on; so that a whole run can be spread over processes and days. */
export type Share = `${number}/${number}`;
export const wholeShare: Share = "1/1";

/** @throws when it is no share. */
export async function sharedTargets(share: Share): Promise<readonly FuzzTarget[]> {
  const [part = 0, parts = 0] = share.split("/").map(Number);
  if (!(Number.isInteger(part) && Number.isInteger(parts) && part >= 1 && part <= parts))
    throw new Error(`${share} is no share, as 2/3 is`);
  return (await allTargets()).filter((_, index) => index % parts === part - 1);
}
