import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".js") && !name.startsWith("command/"))
      .map((name) => statSync(join(root, folder, name)).mtimeMs),
  );

test("the command that is tested was put together after what it consists of (`npm run build`)", () => {
  const bundled = statSync(join(root, "apps/cli/dist/command/main.js")).mtimeMs;
  for (const folder of ["packages/protocol/dist", "packages/engine/dist", "apps/cli/dist"])
    expect(newest(folder), folder).toBeLessThanOrEqual(bundled);
});
